//! Words that several reports start with: the verdict, how a run stands, how a task stands.

use super::prose::{Line, Mark};
use super::suite_facts::suite_summary;
use super::suite_headline::module_counts;
use crate::domain::plan::{Interval, Plan, Verdict};
use crate::domain::run::{Outcome, RunPhase, RunState, TaskRecord};
use crate::domain::time::{Timestamp, human_duration};

/// Prediction for the way that was chosen.
pub fn chosen_interval(plan: &Plan) -> Interval {
    match plan.decision.verdict {
        Verdict::Parallel => plan.predicted.parallel,
        Verdict::Sequential => plan.predicted.sequential,
    }
}

/// `PARALLEL on 3 slots` or `SEQUENTIAL`.
pub(super) fn verdict_line(plan: &Plan) -> Line {
    match plan.decision.verdict {
        Verdict::Parallel => Line::new()
            .mark(Mark::Strong, "PARALLEL")
            .text(format!(" on {}", slots(plan.decision.width))),
        Verdict::Sequential => Line::new()
            .mark(Mark::Strong, "SEQUENTIAL")
            .text(": one worktree, one task after another"),
    }
}

/// `1 slot`, `3 slots`.
fn slots(width: usize) -> String {
    if width == 1 { "1 slot".to_owned() } else { format!("{width} slots") }
}

/// The run in one line: `run `auth` finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped`.
pub(super) fn run_headline(state: &RunState, now: Timestamp) -> Line {
    let mark = match state.phase {
        RunPhase::Finished if state.count(Outcome::Succeeded) == state.tasks.len() => Mark::Good,
        RunPhase::Finished => Mark::Bad,
        RunPhase::Created | RunPhase::Running => Mark::Strong,
        RunPhase::Stopping(_) | RunPhase::Stopped(_) => Mark::Warn,
    };
    let wall = human_duration(state.wall(now));
    let connects = if state.ended.is_some() { "in" } else { "for" };
    let time = state.started.map_or(String::new(), |_| format!(" {connects} {wall}"));
    Line::new()
        .text("run ")
        .code(state.spec.run.as_str())
        .text(" ")
        .mark(mark, state.phase.word())
        .text(format!("{time}: {}", counts(state)))
}

/// `3 of 5 tasks succeeded, 1 failed, 1 skipped`; of a test run the same of its modules.
pub fn counts(state: &RunState) -> String {
    if let Some(summary) = suite_summary(state, state.created) {
        return module_counts(&summary);
    }
    let total = state.tasks.len();
    let tasks = if total == 1 { "task" } else { "tasks" };
    let mut text = format!("{} of {total} {tasks} succeeded", state.count(Outcome::Succeeded));
    for outcome in [Outcome::Failed, Outcome::TimedOut, Outcome::Cancelled, Outcome::Skipped] {
        let count = state.count(outcome);
        if count > 0 {
            text = format!("{text}, {count} {}", outcome.word());
        }
    }
    text
}

/// How a task stands, in one word.
pub(super) fn standing(record: &TaskRecord) -> Line {
    match record.outcome() {
        Some(Outcome::Succeeded) if record.leak().is_some() => {
            Line::new().mark(Mark::Warn, "succeeded, leaked")
        }
        Some(Outcome::Succeeded) => Line::new().mark(Mark::Good, "succeeded"),
        Some(Outcome::Skipped) => Line::new().mark(Mark::Warn, "skipped"),
        Some(outcome) => Line::new().mark(Mark::Bad, outcome.word()),
        None => Line::new().text(record.state.word()),
    }
}

/// Why a task ended as it did; empty before its end.
pub(super) fn reason_line(record: &TaskRecord) -> Line {
    record.reason().map_or_else(Line::new, |reason| Line::prose(&reason.to_string()))
}
