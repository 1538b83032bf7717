//! Why the verdict is what it is.

use super::{Evidence, human, percent};
use crate::domain::plan::costs::DEFAULT_HOOK_S;
use crate::domain::plan::decide::rule::{LEAST_WINS, MOST_LOSSES};
use crate::domain::plan::estimate::EstimateSource;
use crate::domain::plan::learn::Calibration;
use crate::domain::plan::plan_type::Verdict;

/// Shorter times show as none.
const LEAST_TOLD_S: f64 = 0.05;

/// Plain sentences, the weightiest first.
pub(in crate::domain::plan) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let tasks = e.candidate.tasks.len();
    let mut reasons = Vec::new();
    if e.verdict != e.ruled {
        let word = if e.ruled == Verdict::Parallel { "parallel" } else { "sequential" };
        reasons.push(format!("you overruled the verdict, which was {word}"));
    }
    if tasks < 2 {
        let there = if tasks == 0 { "are no tasks" } else { "is one task" };
        reasons.push(format!("there {there}: nothing to split"));
        return reasons;
    }
    if e.candidate.slots() < 2 {
        reasons.push("there is one slot: nothing can run side by side".to_owned());
        reasons.extend(e.candidate.request.race_rules().map(|_| provenance(e)));
        return reasons;
    }
    if e.width < 2 {
        reasons.push("no two tasks can run side by side".to_owned());
        reasons.push(format!("they are bound by {}", e.bound.phrase));
        reasons.extend(e.candidate.request.race_rules().map(|_| provenance(e)));
        return reasons;
    }
    let predicted = e.predicted;
    reasons.push(rule_sentence(e));
    reasons.extend(uncertainty(e));
    reasons.push(format!(
        "one after another {}, side by side on {} slots {} (medians{}, {} draws)",
        human(predicted.sequential.p50),
        e.width,
        human(predicted.parallel.p50),
        if e.candidate.is_test() { "" } else { " up to landed" },
        e.draws,
    ));
    reasons.extend(builds(e));
    reasons.push(format!("the parallel schedule is bound by {}", e.bound.phrase));
    reasons.extend(overhead(e));
    reasons
}

fn rule_sentence(e: &Evidence<'_>) -> String {
    let c = e.comparison;
    if e.ruled == Verdict::Sequential && e.candidate.builds_are_unknown(e.width) {
        let (made, _) = e.candidate.request.costs.made_and_reused(e.candidate.tasks.len(), e.width);
        let worktrees = if made == 1 { "a new worktree" } else { "each new worktree" };
        return format!(
            "{worktrees} would build again what the tests need, and how long that takes is not known \
             yet: a run in one worktree builds once"
        );
    }
    let probability = percent(c.wins);
    if c.benefit.abs() < LEAST_TOLD_S {
        "splitting saves nothing".to_owned()
    } else if c.benefit < 0.0 {
        format!("splitting would take {} longer on average", human(-c.benefit))
    } else if c.benefit < e.needed {
        let saved = human(c.benefit);
        format!("splitting saves {saved} on average; it pays from {} on", human(e.needed))
    } else if c.wins < LEAST_WINS {
        let least = percent(LEAST_WINS);
        format!("splitting is faster in only {probability} of the draws; {least} are wanted")
    } else if c.losses > MOST_LOSSES {
        let (losses, most) = (percent(c.losses), percent(MOST_LOSSES));
        format!("splitting is more than 5 % slower in {losses} of the draws; at most {most} may be")
    } else {
        let saved = human(c.benefit);
        format!("splitting saves {saved} on average and is faster in {probability} of the draws")
    }
}

/// What new worktrees build once more.
fn builds(e: &Evidence<'_>) -> Option<String> {
    let c = e.candidate;
    let (made, _) = c.request.costs.made_and_reused(c.tasks.len(), e.width);
    let more = made.saturating_sub(usize::from(!c.request.costs.lane_ready));
    (more > 0 && c.builds.longest >= LEAST_TOLD_S).then(|| {
        let worktrees = if more == 1 { "one more worktree" } else { "more worktrees" };
        format!("{worktrees} would build again, which takes up to {} each", human(c.builds.longest))
    })
}

/// What splitting costs beside the tasks, in its parts, and whether that was measured.
fn overhead(e: &Evidence<'_>) -> Option<String> {
    let costs = &e.candidate.request.costs;
    let tasks = e.candidate.tasks.len();
    let (made, reused) = costs.made_and_reused(tasks, e.width);
    let clear = if e.candidate.is_test() { "clean-up" } else { "commit" };
    let parts = [
        (made, "worktree", costs.provision + costs.carry),
        (reused, "reused worktree", costs.reuse.map_or(0.0, |reuse| reuse.seconds)),
        (made, "setup", costs.setup.seconds),
        (tasks, "start and end", costs.handling),
        (tasks, clear, costs.commit),
        (e.candidate.merges(), "merge", costs.merge),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|&(count, _, each)| count > 0 && each >= LEAST_TOLD_S)
        .map(|(count, what, each)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {what}{plural} at {}", human(each))
        })
        .collect();
    if parts.is_empty() {
        return None;
    }
    let known = match costs.measured {
        0 => "defaults, not measured here yet",
        1 | 2 => "in part measured here, in part defaults",
        _ => "measured here",
    };
    Some(format!("beside the tasks, splitting costs {} ({known})", parts.join(", ")))
}

fn uncertainty(e: &Evidence<'_>) -> Vec<String> {
    let mut found = vec![provenance(e)];
    let setup = e.candidate.request.costs.setup;
    if setup.hooks > 0 && !setup.measured {
        let each = human(DEFAULT_HOOK_S);
        let hooks = if setup.hooks == 1 { "setup hook was" } else { "setup hooks were" };
        found.push(format!(
            "provisional: {} {hooks} never measured here, so a default of {each} each stands in",
            setup.hooks
        ));
    }
    let durations = e.candidate.durations;
    let learned = durations.estimates.iter().any(|one| one.source == EstimateSource::History);
    let warms = !e.candidate.is_test() || e.candidate.builds.unknown > 0;
    if e.verdict == Verdict::Parallel && learned && warms && !durations.warmth_known {
        found.push(
            "what one lane saves by what is built already is unknown: no run with `--sequential` yet"
                .to_owned(),
        );
    }
    let (unknown, tasks) = (e.candidate.unknown_conflicts(), e.candidate.tasks.len());
    if unknown > 0 {
        found.push(format!("conflicts of {unknown} of {tasks} tasks are unknown: no `owns`"));
    }
    if e.comparison.redone >= 1.0 {
        let redone = human(e.comparison.redone);
        found.push(format!("conflicts cost {redone} on average, which is counted in"));
    }
    found
}

/// What the durations and the intervals rest on.
fn provenance(e: &Evidence<'_>) -> String {
    let estimates = &e.candidate.durations.estimates;
    let tasks = estimates.len();
    let count = |wanted: fn(EstimateSource) -> bool| {
        estimates.iter().filter(|estimate| wanted(estimate.source)).count()
    };
    let defaults = count(EstimateSource::is_default);
    let learned = count(|source| source == EstimateSource::History);
    let Calibration { runs, calibrated, .. } = e.candidate.calibration(e.verdict);
    let plural = if runs == 1 { "run" } else { "runs" };
    let held = format!("held against {runs} past {plural}");
    if calibrated {
        return format!("calibrated: {learned} of {tasks} tasks known from past runs, {held}");
    }
    let from = if defaults > 0 {
        let repeats = e
            .candidate
            .request
            .race_rules()
            .filter(|rules| rules.runs > 1)
            .map_or_else(String::new, |rules| {
                format!(" for each of {} runs of the check", rules.runs)
            });
        format!(
            "{defaults} of {tasks} tasks have neither history nor `estimate`, a default stands \
             in{repeats}"
        )
    } else if learned == tasks {
        "every task is known from past runs".to_owned()
    } else if learned > 0 {
        format!("{learned} of {tasks} tasks are known from past runs")
    } else {
        "from your estimates".to_owned()
    };
    let held = if runs == 0 { "not held against past runs".to_owned() } else { held };
    format!("provisional: {from}; {held}")
}
