//! One event as one plain line: the same whether it happens now or is read from the journal.

use super::integration_line::told_integration;
use super::text::{cut, pad, visible};
use super::train_line::train_text;
use crate::domain::id::TaskId;
use crate::domain::integrate::Integration;
use crate::domain::plan::Verdict;
use crate::domain::report::{collision_sentences, counts, modules_of};
use crate::domain::run::{
    AttemptEnd, Envelope, Event, Outcome, RunPhase, RunState, SetupEnd, StopReason, WidthCause,
};
use crate::domain::suite::{SuiteResults, TestFailure};
use crate::domain::time::human_duration;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Failures and the end.
    Quiet,
    /// What changes for a task.
    #[default]
    Normal,
    /// Every event.
    Verbose,
}

/// Widest column of names.
const NAME_MAX: usize = 24;

/// The lines of an event without line ends, given the state after it: one, or one for each finding;
/// none when `verbosity` leaves it out. Times count from the start of the run, or of the integration.
pub fn event_lines(envelope: &Envelope, state: &RunState, verbosity: Verbosity) -> Vec<String> {
    let told = told(envelope, state);
    if told.from > verbosity {
        return Vec::new();
    }
    // An integration may come days later: it has a clock of its own.
    let is_of_it = matches!(envelope.event, Event::Integration { .. });
    let last = state.integrations.last();
    let is_on = |last: &&Integration| last.finished.is_none() && state.phase.is_over();
    let begun = last.filter(|last| is_of_it || is_on(last)).map(|last| last.started);
    let origin = begun.or(state.started).unwrap_or(state.created);
    let seconds = envelope.at.since(origin).as_secs_f64();
    let ids = state.spec.plan.tasks.iter().map(|planned| planned.task.id.as_str().len());
    let width = ids.max().unwrap_or(1).min(NAME_MAX);
    let name = told.task.map_or("-", TaskId::as_str);
    let name = pad(&cut(name, width), width);
    let head = format!("{:>8}  {name}  ", format!("{seconds:.1}s"));
    told.texts.iter().map(|text| format!("{head}{}", visible(text))).collect()
}

/// What is to be said of an event.
pub(super) struct Told<'a> {
    /// The least verbosity that tells it.
    pub(super) from: Verbosity,
    pub(super) task: Option<&'a TaskId>,
    /// One for each line.
    pub(super) texts: Vec<String>,
}

fn told<'a>(envelope: &'a Envelope, state: &'a RunState) -> Told<'a> {
    use Verbosity::{Normal, Quiet, Verbose};
    let event = &envelope.event;
    let (from, text) = match event {
        Event::RunCreated { .. } => (Normal, created_text(state)),
        Event::RunStarted { resumed } => started_text(*resumed),
        Event::StopRequested { reason, force } => (Normal, stop_text(*reason, *force).to_owned()),
        Event::Halted { cause, group } => {
            let rest = match group {
                Some(group) => format!("the rest of group `{group}`"),
                None => "the rest of the run".to_owned(),
            };
            (Quiet, format!("`{cause}` failed, which stops {rest} (`fail_fast`)"))
        }
        Event::RaceDecided { by } => {
            (Normal, format!("`{by}` is proved, which ends the race: stopping the other arms"))
        }
        Event::GroupTimedOut { group, limit } => {
            let whose = group.as_ref().map_or("the run".to_owned(), |g| format!("group `{g}`"));
            let limit = human_duration(*limit);
            (Quiet, format!("the time of {whose} is up ({limit}): stopping what is left of it"))
        }
        Event::RetryRequested { tasks } => {
            let again: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
            (Normal, format!("to run again: {}", again.join(", ")))
        }
        Event::WidthChanged { width, because } => (Normal, width_text(*width, because, state)),
        Event::Replanned { because, .. } => (
            Verbose,
            format!("what waits gets another order: `{because}` ended otherwise than planned"),
        ),
        Event::TrainRequested { train } => train_text(train, None),
        Event::TrainValidated { train, end } => train_text(train, Some(end)),
        Event::Suspended => (Normal, "suspended: everything that runs is held".to_owned()),
        Event::Continued => (Normal, "continued".to_owned()),
        Event::SharedChanged { finding } => {
            let from = if finding.put_back.is_empty() { Normal } else { Quiet };
            return Told { from, task: finding.sole_suspect(), texts: finding.sentences() };
        }
        Event::ConflictForeseen { task, collisions, .. } => {
            let texts = collision_sentences(state, task, collisions);
            return Told { from: Normal, task: Some(task), texts };
        }
        Event::StartResolved { task, merge, .. } => {
            return Told { from: Normal, task: Some(task), texts: merge.sentences().collect() };
        }
        Event::Warned { message } => (Quiet, format!("warning: {message}")),
        Event::RunFinished | Event::RunStopped { .. } => (Quiet, end_text(envelope, state)),
        Event::Integration { event } => return told_integration(event, state),
        Event::TaskFinished { task, outcome, reason } => {
            let took = duration_text(task, state);
            let word = outcome.word();
            match outcome {
                Outcome::Succeeded => (Normal, format!("{word}{took}: {reason}")),
                Outcome::Failed | Outcome::TimedOut | Outcome::Cancelled | Outcome::Skipped => {
                    (Quiet, format!("{word}{took}: {reason}"))
                }
            }
        }
        Event::RetryScheduled { failed_attempt, reason, not_before, .. } => {
            let wait = not_before.since(envelope.at);
            let again = match wait.is_zero() {
                true => "at once".to_owned(),
                false => format!("in {}", human_duration(wait)),
            };
            (Quiet, format!("attempt {failed_attempt} failed: {reason}; again {again}"))
        }
        Event::Reconciled { finding, .. } => (Normal, format!("will start again: {finding}")),
        Event::SuiteFinished { task, results, .. } => {
            let texts = failed_tests(results);
            return Told { from: Quiet, task: Some(task), texts };
        }
        Event::ProvisionRequested { .. }
        | Event::Provisioned { .. }
        | Event::ProvisionFailed { .. }
        | Event::SetupRequested { .. }
        | Event::SetupFinished { .. }
        | Event::AttemptRequested { .. }
        | Event::AttemptStarted { .. }
        | Event::AttemptNotStarted { .. }
        | Event::AttemptFinished { .. }
        | Event::CommitRequested { .. }
        | Event::Committed { .. }
        | Event::CommitFailed { .. }
        | Event::CheckRequested { .. }
        | Event::CheckFinished { .. }
        | Event::RetryReady { .. } => attempt_text(event, state),
    };
    Told { from, task: event.task(), texts: vec![text] }
}

/// Steps of an attempt: details, but for its start and for what was odd about its work.
fn attempt_text(event: &Event, state: &RunState) -> (Verbosity, String) {
    use Verbosity::{Normal, Verbose};
    let text = match event {
        Event::AttemptStarted { task, attempt, .. } => {
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            let place = state.index(task).and_then(|index| state.spec.places.get(index));
            let place = place.map_or(String::new(), |place| format!(" in {}", place.worktree));
            return (Normal, format!("started{again}{place}"));
        }
        Event::Committed { notes, .. } if state.spec.kind.is_test() => {
            let from = if notes.is_empty() { Verbose } else { Normal };
            let put_back = "its worktree is as it was before";
            return (from, if notes.is_empty() { put_back.to_owned() } else { notes.join("; ") });
        }
        Event::Committed { tip, changed, leftovers, notes, .. } => {
            let left = if *leftovers { ", what it left uncommitted included" } else { "" };
            let paths = if changed.len() == 1 { "path" } else { "paths" };
            let text = format!("committed {} {paths} as {}{left}", changed.len(), tip.short());
            let from = if notes.is_empty() { Verbose } else { Normal };
            return (
                from,
                std::iter::once(text).chain(notes.iter().cloned()).collect::<Vec<_>>().join("; "),
            );
        }
        Event::ProvisionRequested { from, .. } if from.is_empty() => {
            "worktree wanted at the base".to_owned()
        }
        Event::ProvisionRequested { from, .. } => {
            let tips: Vec<String> = from.iter().map(|(task, _)| format!("`{task}`")).collect();
            format!("worktree wanted at {}", tips.join(" + "))
        }
        Event::Provisioned { start, seconds, saved, by_git, brought, reused, .. } => {
            let saved = saved.map_or(String::new(), |commit| {
                format!("; leftovers of an earlier attempt are kept as {}", commit.short())
            });
            let by_git = by_git.as_ref().map_or(String::new(), |why| format!(", by git: {why}"));
            let brought = brought.as_ref().filter(|brought| brought.load.work() > 0.0);
            let brought = brought.map_or(String::new(), |brought| {
                format!(" (ignored files: {}, {:.1}s)", brought.load, brought.seconds)
            });
            let pool = if *reused { ", from the pool" } else { "" };
            let at = start.short();
            format!("worktree stands at {at} after {seconds:.1}s{pool}{by_git}{brought}{saved}")
        }
        Event::ProvisionFailed { .. } => "its worktree could not be made".to_owned(),
        Event::SetupRequested { .. } => "setup wanted".to_owned(),
        Event::SetupFinished { end, notes, seconds, .. } => {
            let text = format!("{} in {seconds:.1}s", setup_text(end));
            let from = if notes.is_empty() { Verbose } else { Normal };
            return (from, [&[text], &notes[..]].concat().join("; "));
        }
        Event::AttemptRequested { attempt, .. } => format!("attempt {attempt} wanted"),
        Event::AttemptNotStarted { message, .. } => format!("could not be started: {message}"),
        Event::AttemptFinished { end, .. } => {
            format!("ended after {}: {}{}", human_duration(end.usage.wall), end.ending, left(end))
        }
        Event::CommitRequested { .. } if state.spec.kind.is_test() => {
            "what its tests said is to be read".to_owned()
        }
        Event::CommitRequested { failed: None, .. } => "commit wanted".to_owned(),
        Event::CommitRequested { failed: Some(_), .. } => "its work is to be kept".to_owned(),
        Event::CommitFailed { message, .. } if state.spec.kind.is_test() => message.clone(),
        Event::CommitFailed { message, .. } => format!("could not be committed: {message}"),
        Event::CheckRequested { .. } => "check wanted".to_owned(),
        Event::CheckFinished { end: Ok(end), .. } => {
            let (time, left) = (human_duration(end.usage.wall), left(end));
            format!("check ended after {time}: {}{left}", end.ending)
        }
        Event::CheckFinished { end: Err(message), .. } => {
            format!("check could not be started: {message}")
        }
        Event::RetryReady { .. } => "ready for another attempt".to_owned(),
        Event::RunCreated { .. }
        | Event::RunStarted { .. }
        | Event::StartResolved { .. }
        | Event::RetryScheduled { .. }
        | Event::TaskFinished { .. }
        | Event::SuiteFinished { .. }
        | Event::StopRequested { .. }
        | Event::Halted { .. }
        | Event::RaceDecided { .. }
        | Event::GroupTimedOut { .. }
        | Event::Reconciled { .. }
        | Event::RetryRequested { .. }
        | Event::WidthChanged { .. }
        | Event::Replanned { .. }
        | Event::TrainRequested { .. }
        | Event::TrainValidated { .. }
        | Event::Suspended
        | Event::Continued
        | Event::SharedChanged { .. }
        | Event::ConflictForeseen { .. }
        | Event::Warned { .. }
        | Event::RunFinished
        | Event::RunStopped { .. }
        | Event::Integration { .. } => event.name().replace('_', " "),
    };
    (Verbose, text)
}

/// Tests of a module that failed, a line each.
fn failed_tests(results: &SuiteResults) -> Vec<String> {
    const SHOWN: usize = 5;
    let line = |failure: &TestFailure| match failure.message.as_str() {
        "" => format!("`{}` failed", failure.test),
        message => format!("`{}` failed: {message}", failure.test),
    };
    let mut lines: Vec<String> = results.failures.iter().take(SHOWN).map(line).collect();
    let listed = u64::try_from(results.failures.len().saturating_sub(SHOWN)).unwrap_or(u64::MAX);
    let more = results.more_failures.saturating_add(listed);
    if more > 0 {
        lines.push(format!("and {more} more failed"));
    }
    lines
}

fn width_text(width: usize, because: &WidthCause, state: &RunState) -> String {
    let of = match because {
        WidthCause::RateLimit { task } | WidthCause::RateEased { task } => {
            let preset = state.index(task).and_then(|task| state.preset(task));
            preset.map_or(String::new(), |preset| format!(" of `{preset}`"))
        }
        WidthCause::Load
        | WidthCause::Memory
        | WidthCause::OtherRuns
        | WidthCause::Failures { .. }
        | WidthCause::Eased => String::new(),
    };
    let otherwise = match because {
        WidthCause::Load | WidthCause::OtherRuns => " (`run.share_host = false` ignores it)",
        WidthCause::Memory
        | WidthCause::RateLimit { .. }
        | WidthCause::RateEased { .. }
        | WidthCause::Failures { .. }
        | WidthCause::Eased => "",
    };
    format!("at most {width}{of} at once from here on: {because}{otherwise}")
}

fn setup_text(end: &SetupEnd) -> String {
    match end {
        SetupEnd::Ready { ran, held } if ran.is_empty() && held.is_empty() => {
            "nothing to set up".to_owned()
        }
        SetupEnd::Ready { ran, .. } if ran.is_empty() => "set up before".to_owned(),
        SetupEnd::Ready { ran, .. } => {
            let ran: Vec<String> = ran.iter().map(|hook| format!("`{hook}`")).collect();
            format!("set up by {}", ran.join(", "))
        }
        SetupEnd::Failed { hook, ending, .. } => format!("setup hook `{hook}` failed: {ending}"),
        SetupEnd::Broken { message, .. } => format!("could not be set up: {message}"),
    }
}

fn started_text(resumed: bool) -> (Verbosity, String) {
    if resumed {
        (Verbosity::Normal, "resumed".to_owned())
    } else {
        (Verbosity::Verbose, "started".to_owned())
    }
}

fn created_text(state: &RunState) -> String {
    let spec = &state.spec;
    let work = work_text(state);
    let way = match spec.plan.decision.verdict {
        Verdict::Parallel => format!("parallel on {} slots", spec.plan.decision.width),
        Verdict::Sequential => "one after another".to_owned(),
    };
    let base = format!("`{}` at {}", spec.base_name, spec.base.short());
    format!("run `{}`: {work}, {way}, from {base}", spec.run)
}

/// `3 tasks`; of a test run `3 modules`, or `2 modules in 3 parts`.
fn work_text(state: &RunState) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let tasks = state.spec.plan.tasks.len();
    match state.spec.kind.suite().map(|suite| modules_of(&suite.parts).len()) {
        None => count(tasks, "task"),
        Some(modules) if modules == tasks => count(modules, "module"),
        Some(modules) => format!("{} in {tasks} parts", count(modules, "module")),
    }
}

fn stop_text(reason: StopReason, force: bool) -> &'static str {
    match (reason, force) {
        (StopReason::Interrupted, false) => {
            "interrupted: stopping what runs; Ctrl-C again kills it"
        }
        (StopReason::Interrupted, true) => "interrupted again: killing what runs",
        (StopReason::Aborted, false) => "aborted: stopping what runs",
        (StopReason::Aborted, true) => "aborted: killing what runs",
    }
}

fn end_text(envelope: &Envelope, state: &RunState) -> String {
    let wall = human_duration(state.wall(envelope.at));
    let text = format!("{} in {wall}: {}", state.phase.word(), counts(state));
    if state.phase == RunPhase::Stopped(StopReason::Interrupted) {
        format!("{text}; `wt-orch resume {}` goes on", state.spec.run)
    } else {
        text
    }
}

/// `; left 1 process behind, …`, if there was anything.
fn left(end: &AttemptEnd) -> String {
    end.leak().map_or(String::new(), |leak| format!("; {leak}"))
}

/// ` in 12s`, once it is known.
fn duration_text(task: &TaskId, state: &RunState) -> String {
    state
        .record(task)
        .and_then(|record| Some(record.finished?.since(record.started?)))
        .map_or(String::new(), |took| format!(" in {}", human_duration(took)))
}
