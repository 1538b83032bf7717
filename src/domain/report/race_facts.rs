//! What the journal of a race says of its arms.

use std::time::Duration;

use super::race_document::{ArmFacts, ArmVerdict, ControlFacts, RaceFacts};
use crate::domain::id::TaskId;
use crate::domain::plan::EstimateSource;
use crate::domain::race::{
    Arm, Changes, CheckOutput, Evidence, MetricSummary, RaceSpec, evidence, named_paths,
};
use crate::domain::run::{
    CheckEvidence, CheckRun, Ending, FailingTests, Outcome, Reason, RunState, TaskRecord,
};
use crate::domain::time::from_secs;

/// The race of a run; `None` where the run is none.
pub fn race_facts(state: &RunState) -> Option<RaceFacts> {
    let race = state.spec.kind.race()?;
    let control = race.control.as_ref().and_then(|control| state.index(control));
    Some(RaceFacts {
        run: state.spec.run.clone(),
        base: state.spec.base,
        rules: race.rules.clone(),
        control: control.map(|control| control_facts(state, control)),
        arms: race.arms.iter().filter_map(|arm| arm_facts(state, race, arm)).collect(),
        saved: saved(state, race),
    })
}

/// The arm that wins a race, as far as it is decided.
pub fn race_winner(state: &RunState) -> Option<TaskId> {
    race_facts(state)?.ranking().winner().cloned()
}

fn control_facts(state: &RunState, control: usize) -> ControlFacts {
    let record = &state.tasks[control];
    let told = match (record.outcome(), record.reason()) {
        (Some(Outcome::Succeeded), _) | (_, Some(Reason::NotReproduced { .. })) => None,
        (_, reason) => reason,
    };
    ControlFacts {
        tally: record.tally(),
        reason: told.map(ToString::to_string),
        duration: record.usage.wall,
        metric: metric_of(&record.checks, |_| true),
        evidence: evidence_of(state, None, control),
    }
}

/// Why an arm errored or was stopped.
fn told_reason(state: &RunState, race: &RaceSpec, record: &TaskRecord) -> Option<String> {
    let reason = record.reason()?;
    let Reason::Dependency { task } = reason else { return Some(reason.to_string()) };
    let control = Some(task).filter(|task| race.control.as_ref() == Some(task));
    let Some(control) = control.and_then(|control| state.index(control)) else {
        return Some(reason.to_string());
    };
    let why = match state.tasks[control].reason() {
        Some(Reason::NotReproduced { .. }) => "the base passes the check",
        Some(_) | None => "the check came to no result on the base",
    };
    Some(format!("never began: {why}"))
}

fn arm_facts(state: &RunState, race: &RaceSpec, arm: &Arm) -> Option<ArmFacts> {
    let index = state.index(&arm.task)?;
    let (task, record) = (state.task(index), &state.tasks[index]);
    let verdict = verdict(record);
    let told = matches!(verdict, Some(ArmVerdict::Errored | ArmVerdict::Stopped));
    let falsified = verdict == Some(ArmVerdict::Falsified);
    let control = race.control.as_ref().and_then(|control| state.index(control));
    let evidence = falsified.then(|| evidence_of(state, control, index)).flatten();
    // What passed, but changed what it was to judge, has no output that says anything.
    let told = told || (falsified && evidence.is_none());
    let changes = changes(record);
    Some(ArmFacts {
        id: arm.task.clone(),
        title: task.title.clone(),
        verdict,
        reason: match told {
            true => told_reason(state, race, record),
            false => falsified.then(|| cut_short(record, race)).flatten(),
        },
        tally: record.tally(),
        metric: metric_of(&record.checks, |run| run.passed),
        changes_check: named_paths(&race.rules.check, &changes.paths),
        changes,
        duration: record.usage.wall,
        once: once(record),
        family: arm.family.clone(),
        branch: state.spec.places[index].branch.clone(),
        tip: record.tip,
        evidence,
    })
}

/// How the check ended that shows an arm to be wrong, where it did not exit by itself.
fn cut_short(record: &TaskRecord, race: &RaceSpec) -> Option<String> {
    let run = shown_failure(record)?;
    match run.end {
        Ok(Ending::Code { .. }) => None,
        Ok(Ending::Signal { .. }) => {
            Some(format!("its check was {}", run.ended(race.rules.timeout)))
        }
        Ok(Ending::TimedOut | Ending::Stalled | Ending::Stopped) | Err(_) => {
            Some(format!("its check {}", run.ended(race.rules.timeout)))
        }
    }
}

fn shown_failure(record: &TaskRecord) -> Option<&CheckRun> {
    record.checks.iter().find(|run| !run.passed && run.counts() && !run.is_tainted())
}

/// With paths as every document names them, not as a diff does.
fn changes(record: &TaskRecord) -> Changes {
    let paths = record.changed.iter().map(|change| change.path.clone()).collect();
    Changes { paths, ..record.changes.as_deref().cloned().unwrap_or_default() }
}

fn verdict(record: &TaskRecord) -> Option<ArmVerdict> {
    Some(match (record.outcome()?, record.reason()?) {
        (Outcome::Succeeded, _) => ArmVerdict::Proved,
        (_, Reason::Falsified { .. }) => ArmVerdict::Falsified,
        // Also where the base does not have the bug, so that no arm was begun.
        (Outcome::Cancelled | Outcome::Skipped, _) => ArmVerdict::Stopped,
        (Outcome::Failed | Outcome::TimedOut, _) => ArmVerdict::Errored,
    })
}

/// Time of the command and, on average, of one run of the check.
fn once(record: &TaskRecord) -> Duration {
    let command = record.end.as_ref().map_or(Duration::ZERO, |end| end.usage.wall);
    let checks = record.checks.iter().filter(|run| run.counts());
    let walls: Vec<Duration> = checks.map(|run| run.wall).collect();
    let runs = u32::try_from(walls.len()).unwrap_or(u32::MAX).max(1);
    command + walls.iter().sum::<Duration>() / runs
}

fn metric_of(runs: &[CheckRun], counts: impl Fn(&CheckRun) -> bool) -> Option<MetricSummary> {
    let counted = runs.iter().filter(|run| counts(run));
    let numbers = counted.filter_map(|run| run.evidence.as_ref()?.metric);
    MetricSummary::of(&numbers.collect::<Vec<f64>>())
}

/// What the check said where it failed first, compared with what it said of the control.
fn evidence_of(state: &RunState, control: Option<usize>, index: usize) -> Option<Evidence> {
    let (said, output) = first_failure(state, index)?;
    let control = control.and_then(|control| first_failure(state, control));
    let found = evidence(output, control.map(|(_, output)| output));
    if said.failing.is_empty() {
        return Some(found);
    }
    // Of the whole log, of which only the end is kept. Journals of earlier versions name more.
    let FailingTests { named, more } = FailingTests::of(said.failing.iter().cloned());
    Some(Evidence { failing: named, more_failing: more + said.more_failing, ..found })
}

fn first_failure(state: &RunState, index: usize) -> Option<(&CheckEvidence, CheckOutput<'_>)> {
    let run = shown_failure(&state.tasks[index])?;
    let said = run.evidence.as_ref()?;
    let exit_code = match run.end {
        Ok(Ending::Code { code }) => Some(code),
        Ok(Ending::Signal { .. } | Ending::TimedOut | Ending::Stalled | Ending::Stopped)
        | Err(_) => None,
    };
    let worktree = &state.spec.places[index].worktree;
    Some((said, CheckOutput { exit_code, text: &said.output, worktree }))
}

/// What the arms that were stopped would have run on for: of what was learned of them, else of what the
/// file says, what was left; else as long as those took that came to an end.
fn saved(state: &RunState, race: &RaceSpec) -> Duration {
    let arms: Vec<usize> = race.arms.iter().filter_map(|arm| state.index(&arm.task)).collect();
    let ended = |&&arm: &&usize| {
        matches!(verdict(&state.tasks[arm]), Some(ArmVerdict::Proved | ArmVerdict::Falsified))
    };
    let times: Vec<Duration> =
        arms.iter().filter(ended).map(|&arm| state.tasks[arm].usage.wall).collect();
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX).max(1);
    let mean = times.iter().sum::<Duration>() / count;
    let stopped = arms
        .iter()
        .filter(|&&arm| matches!(state.tasks[arm].reason(), Some(Reason::RaceDecided { .. })));
    let saved = stopped.map(|&arm| {
        let estimate = &state.spec.plan.tasks[arm].estimate;
        let whole = match estimate.source {
            EstimateSource::History | EstimateSource::Estimate => from_secs(estimate.p50),
            EstimateSource::Category
            | EstimateSource::DefaultCommand
            | EstimateSource::DefaultAgent => mean,
        };
        whole.saturating_sub(state.tasks[arm].usage.wall)
    });
    saved.sum()
}
