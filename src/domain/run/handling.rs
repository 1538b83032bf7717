//! What a run spends on each task beside what is told of it: storing what happened, starting its
//! program, reading what that left, and in one lane making room for the next task.

use super::envelope::Envelope;
use super::event::Event;
use super::outcome::Outcome;
use crate::domain::plan::Verdict;
use crate::domain::time::Timestamp;

/// What was found in one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Handling {
    /// All tasks worked in one worktree.
    pub lane: bool,
    /// Tasks that were looked at: at least 1.
    pub tasks: usize,
    /// All of them together, seconds.
    pub seconds: f64,
}

/// What the journal of a run shows; `None` where no task came to its end in its first attempt, or where
/// the run was held, stopped, resumed or done again: then something else took the time.
///
/// Of a task, the time between its worktree and its end counts, less that of hooks, command, checks and
/// commit, which are costs of their own. In one lane the worktree of all but the first task is there
/// already, so that bringing it to their start counts, too.
pub fn handling(envelopes: &[Envelope]) -> Option<Handling> {
    let Event::RunCreated { spec } = &envelopes.first()?.event else { return None };
    let lane = spec.plan.decision.verdict == Verdict::Sequential;
    // A turn that a command waits for is not the handling of its task.
    let waits = spec.limits.jobserver;
    let mut open: Vec<Option<Open>> = vec![None; spec.plan.tasks.len()];
    let mut found = Handling { lane, tasks: 0, seconds: 0.0 };
    let mut is_first = true;
    for Envelope { at, event, .. } in envelopes {
        if is_interrupted(event) {
            return None;
        }
        let task = event.task().and_then(|id| spec.plan.index(id));
        let Some(task) = task.and_then(|task| open.get_mut(task)) else { continue };
        match moment(event, waits) {
            Moment::Asked { first } => {
                let is_handed_on = lane && !is_first && first;
                *task = is_handed_on.then_some(Open { from: *at, told: 0.0 });
                is_first = false;
            }
            Moment::There => *task = task.or(Some(Open { from: *at, told: 0.0 })),
            Moment::Begun => *task = task.map(|_| Open { from: *at, told: 0.0 }),
            Moment::Told { seconds } => {
                if let Some(open) = task {
                    open.told += seconds;
                }
            }
            Moment::Over => {
                if let Some(open) = task.take() {
                    found.tasks += 1;
                    found.seconds += (at.since(open.from).as_secs_f64() - open.told).max(0.0);
                }
            }
            Moment::Lost => *task = None,
            Moment::Other => {}
        }
    }
    (found.tasks > 0).then_some(found)
}

/// What an event is to the handling of its task.
enum Moment {
    /// Its worktree is asked for, for its first attempt or a later one.
    Asked { first: bool },
    /// Its worktree is there, for its first attempt.
    There,
    /// It has waited for its turn until now.
    Begun,
    /// A step of it took so long.
    Told { seconds: f64 },
    /// It came to its end.
    Over,
    /// Nobody knows what took how long of what is not done in one go, or had to wait.
    Lost,
    /// Nothing.
    Other,
}

/// `waits`: commands wait for their turn.
fn moment(event: &Event, waits: bool) -> Moment {
    match event {
        Event::ProvisionRequested { attempt, .. } => Moment::Asked { first: *attempt == 1 },
        Event::Provisioned { attempt: 1, .. } => Moment::There,
        Event::AttemptStarted { .. } if waits => Moment::Begun,
        Event::SetupFinished { seconds, .. } | Event::Committed { seconds, .. } => {
            Moment::Told { seconds: *seconds }
        }
        Event::AttemptFinished { end, .. } | Event::CheckFinished { end: Ok(end), .. } => {
            Moment::Told { seconds: end.usage.wall.as_secs_f64() }
        }
        Event::TaskFinished { outcome: Outcome::Succeeded | Outcome::Failed, .. } => Moment::Over,
        // When a check begins is not told.
        Event::CheckRequested { .. } if waits => Moment::Lost,
        Event::TaskFinished {
            outcome: Outcome::TimedOut | Outcome::Cancelled | Outcome::Skipped,
            ..
        }
        | Event::RetryScheduled { .. }
        | Event::ProvisionFailed { .. }
        | Event::CommitFailed { .. } => Moment::Lost,
        Event::RunCreated { .. }
        | Event::RunStarted { .. }
        | Event::StartResolved { .. }
        | Event::Provisioned { .. }
        | Event::SetupRequested { .. }
        | Event::AttemptRequested { .. }
        | Event::AttemptStarted { .. }
        | Event::AttemptNotStarted { .. }
        | Event::CommitRequested { .. }
        | Event::SuiteFinished { .. }
        | Event::CheckRequested { .. }
        | Event::CheckFinished { end: Err(_), .. }
        | Event::RetryReady { .. }
        | Event::StopRequested { .. }
        | Event::Halted { .. }
        | Event::Reconciled { .. }
        | Event::RetryRequested { .. }
        | Event::Replanned { .. }
        | Event::WidthChanged { .. }
        | Event::RaceDecided { .. }
        | Event::GroupTimedOut { .. }
        | Event::TrainRequested { .. }
        | Event::TrainValidated { .. }
        | Event::Suspended
        | Event::Continued
        | Event::SharedChanged { .. }
        | Event::ConflictForeseen { .. }
        | Event::Warned { .. }
        | Event::RunFinished
        | Event::RunStopped { .. }
        | Event::Integration { .. } => Moment::Other,
    }
}

/// A task in its first attempt.
#[derive(Clone, Copy)]
struct Open {
    from: Timestamp,
    /// Seconds that are told of.
    told: f64,
}

fn is_interrupted(event: &Event) -> bool {
    matches!(
        event,
        Event::RunStarted { resumed: true }
            | Event::Suspended
            | Event::StopRequested { .. }
            | Event::RunStopped { .. }
            | Event::RetryRequested { .. }
            | Event::Reconciled { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::plan::Preference;
    use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
    use crate::domain::run::{Input, StopReason};
    use crate::domain::task::Task;

    /// A run in which everything that is done for a task in the name of none of its steps takes so long:
    /// its end is told so much later, and in one lane that of each one before it.
    fn found(preference: Preference, seconds: f64) -> Option<Handling> {
        let tasks = ["a", "b", "c"].map(|id| task(id, &[], 10)).to_vec();
        let script = [("a", vec![Try::well(4.0, &["a"])]), ("b", vec![Try::fails(2.0, "no")])];
        let mut run = ScriptedRun::new(plan(tasks, preference), &script).finished();
        let lane = preference == Preference::Sequential;
        let mut ended = 0.0;
        for envelope in &mut run.envelopes {
            let is_end = matches!(envelope.event, Event::TaskFinished { .. });
            ended += if is_end { seconds } else { 0.0 };
            let late = if lane {
                ended
            } else if is_end {
                seconds
            } else {
                0.0
            };
            envelope.at = envelope.at.after(Duration::from_secs_f64(late));
        }
        handling(&run.envelopes)
    }

    #[test]
    fn what_no_step_of_a_task_tells_of_is_its_handling() {
        let Some(found) = found(Preference::ParallelWith(3), 0.25) else { panic!() };
        assert_eq!((found.lane, found.tasks), (false, 3));
        assert!((found.seconds - 0.75).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn in_one_lane_the_way_to_the_next_start_counts() {
        let Some(found) = found(Preference::Sequential, 0.25) else { panic!() };
        assert_eq!((found.lane, found.tasks), (true, 3));
        // Making the worktree is no part of it, bringing it to the start of the two others is: 0.1 s each.
        assert!((found.seconds - 0.75 - 0.2).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn a_task_whose_check_may_have_waited_for_its_turn_is_not_counted() {
        let checked = Task { check: Some("true".to_owned()), ..task("a", &[], 10) };
        let tasks = vec![checked, task("b", &[], 10)];
        let mut run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &[]).finished();
        let counted = |run: &ScriptedRun| handling(&run.envelopes).map(|found| found.tasks);
        assert_eq!(counted(&run), Some(2));
        let Event::RunCreated { spec } = &mut run.envelopes[0].event else { panic!() };
        spec.limits.jobserver = true;
        assert_eq!(counted(&run), Some(1));
    }

    #[test]
    fn a_run_that_was_stopped_shows_nothing() {
        let tasks = vec![task("a", &[], 10), task("b", &["a"], 10)];
        let mut run = ScriptedRun::new(plan(tasks, Preference::Rule), &[]).until(1.5);
        run.input(Input::Stop { reason: StopReason::Interrupted, force: false });
        while run.advance() {}
        assert_eq!(handling(&run.envelopes), None);
    }
}
