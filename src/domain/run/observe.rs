//! What the journal of a run shows of durations, for later predictions.

use std::collections::{BTreeSet, HashMap};

use super::envelope::Envelope;
use super::event::Event;
use super::outcome::{AttemptEnd, Ending, Outcome, Usage};
use super::spec::RunSpec;
use crate::domain::id::{TaskId, stable_hash};
use crate::domain::plan::{
    Observations, ObservedAttempt, ObservedRun, RecordedAttempt, RecordedRun, ResourceUse, Verdict,
    category, work_digest,
};
use crate::domain::suite::SuiteResults;
use crate::domain::time::Timestamp;

/// Number of a run in its observations. It hangs on name, base and moment of the run, so that runs
/// of two machines have two numbers and a run has the same one whenever it is looked at.
pub fn run_number(spec: &RunSpec, created: Timestamp) -> u64 {
    stable_hash(&[
        spec.run.as_str().as_bytes(),
        &[0],
        spec.base.as_bytes(),
        &created.0.to_le_bytes(),
    ])
}

/// What a journal shows behind its event number `after`; nothing when it does not begin with
/// `run_created`.
///
/// Attempts that succeeded, and those that their own time limit ended; any other says nothing about
/// how long the task takes; a suite whose tests failed ran as one that passes. The duration is that of the
/// command and of its check. A run counts when every task ran so before anything was stopped, resumed
/// or run again.
///
/// What the first events of a journal show, the whole of it shows as well.
pub fn observe(envelopes: &[Envelope], after: u64) -> Observations {
    let Some((first, rest)) = envelopes.split_first() else { return Observations::default() };
    let Event::RunCreated { spec } = &first.event else { return Observations::default() };
    let mut watch = Watch::new(spec, first.at);
    for envelope in rest {
        let observed = watch.see(envelope);
        if envelope.seq > after {
            watch.found.attempts.extend(observed.attempts);
            watch.found.runs.extend(observed.runs);
        }
    }
    watch.found
}

/// Number of the event up to which a journal was observed before: the end of the run, or its stop,
/// that precedes the last one. What was forgotten since then stays forgotten.
pub fn already_observed(envelopes: &[Envelope]) -> u64 {
    envelopes
        .iter()
        .rev()
        .filter(|envelope| envelope.event.ends_run())
        .nth(1)
        .map_or(0, |end| end.seq)
}

/// A time in which something ran for a task.
struct Busy {
    task: usize,
    from: Timestamp,
    to: Option<Timestamp>,
}

/// An attempt that may still succeed.
#[derive(Default)]
struct Open {
    attempt: u32,
    lane_position: Option<u32>,
    /// Of command and check.
    spans: Vec<(Timestamp, Timestamp)>,
    used: Usage,
}

struct Watch<'a> {
    spec: &'a RunSpec,
    run: u64,
    index: HashMap<&'a TaskId, usize>,
    busy: Vec<Busy>,
    open: Vec<Option<Open>>,
    /// Tasks that had the lane.
    lane: BTreeSet<usize>,
    /// Tasks that took as long as they take: they succeeded, or are suites that came to their end.
    ran: BTreeSet<usize>,
    /// Tasks that changed something.
    changed: BTreeSet<usize>,
    began: Option<Timestamp>,
    /// When the last task was over.
    over: Option<Timestamp>,
    /// Its wall time says something.
    in_one_go: bool,
    found: Observations,
}

impl<'a> Watch<'a> {
    fn new(spec: &'a RunSpec, created: Timestamp) -> Self {
        Self {
            spec,
            run: run_number(spec, created),
            index: spec.plan.tasks.iter().map(|planned| &planned.task.id).zip(0..).collect(),
            busy: Vec::new(),
            open: spec.plan.tasks.iter().map(|_| None).collect(),
            lane: BTreeSet::new(),
            ran: BTreeSet::new(),
            changed: BTreeSet::new(),
            began: None,
            over: None,
            in_one_go: true,
            found: Observations::default(),
        }
    }

    /// What one more event shows.
    fn see(&mut self, envelope: &Envelope) -> Observations {
        let (at, event) = (envelope.at, &envelope.event);
        let task = event.task().and_then(|task| self.index.get(task).copied());
        let mut observed = Observations::default();
        match (event, task) {
            (Event::RunStarted { resumed }, _) => {
                self.in_one_go &= !resumed && self.began.is_none();
                self.began.get_or_insert(at);
            }
            (
                Event::StopRequested { .. }
                | Event::RunStopped { .. }
                | Event::RetryRequested { .. },
                _,
            ) => self.in_one_go = false,
            (Event::RunFinished, _) => observed.runs.extend(self.run_result(at)),
            (Event::ProvisionRequested { attempt, .. }, Some(task)) => self.begin(task, *attempt),
            (Event::Provisioned { reused: true, .. }, Some(task)) => self.found_warm(task),
            (
                Event::SetupRequested { .. }
                | Event::AttemptStarted { .. }
                | Event::CheckRequested { .. },
                Some(task),
            ) => self.busy.push(Busy { task, from: at, to: None }),
            (Event::SetupFinished { .. }, Some(task)) => {
                self.idle(task, at);
            }
            (Event::AttemptFinished { end, .. }, Some(task)) => {
                observed.attempts.extend(self.command_ended(task, at, end));
            }
            (Event::SuiteFinished { results, .. }, Some(task)) => {
                observed.attempts.extend(self.suite_ended(task, results));
            }
            (Event::Committed { changed, .. }, Some(task)) => {
                self.changed.extend((!changed.is_empty()).then_some(task));
            }
            (Event::CheckFinished { end: Ok(end), .. }, Some(task)) => {
                self.add_span(task, at, end);
            }
            (Event::TaskFinished { outcome, .. }, Some(task)) => {
                observed.attempts.extend(self.task_over(task, at, *outcome));
            }
            (Event::RetryScheduled { .. }, Some(task)) => self.give_up(task, at),
            (Event::Reconciled { .. }, Some(task)) => {
                self.in_one_go = false;
                self.give_up(task, at);
            }
            (_, _) => {}
        }
        observed
    }

    fn begin(&mut self, task: usize, attempt: u32) {
        let lane = self.spec.plan.decision.verdict == Verdict::Sequential;
        let before = u32::try_from(self.lane.len()).unwrap_or(u32::MAX);
        self.lane.insert(task);
        let lane_position = lane.then_some(before);
        self.open[task] = Some(Open { attempt, lane_position, ..Open::default() });
    }

    /// A worktree of tests is handed on with what was built in it, in the run and between runs.
    fn found_warm(&mut self, task: usize) {
        if let Some(open) = self.open[task].as_mut().filter(|_| self.spec.kind.is_test()) {
            open.lane_position = Some(open.lane_position.unwrap_or(0).max(1));
        }
    }

    fn command_ended(
        &mut self,
        task: usize,
        at: Timestamp,
        end: &AttemptEnd,
    ) -> Option<RecordedAttempt> {
        self.add_span(task, at, end);
        match end.ending {
            Ending::Code { code: 0 } => None,
            // What it was that failed is told next.
            Ending::Code { .. } if self.spec.kind.is_test() => None,
            Ending::TimedOut => self.close(task, true),
            Ending::Code { .. } | Ending::Signal { .. } | Ending::Stalled | Ending::Stopped => {
                self.open[task] = None;
                None
            }
        }
    }

    /// A suite whose tests failed has run as one that passes; not so one that could not be built.
    fn suite_ended(&mut self, task: usize, results: &SuiteResults) -> Option<RecordedAttempt> {
        if results.passed() {
            return None;
        }
        if !results.ran_to_the_end() {
            self.open[task] = None;
            return None;
        }
        self.ran.insert(task);
        self.close(task, false)
    }

    fn task_over(
        &mut self,
        task: usize,
        at: Timestamp,
        outcome: Outcome,
    ) -> Option<RecordedAttempt> {
        self.idle(task, at);
        self.over = Some(at);
        if outcome == Outcome::Succeeded {
            self.ran.insert(task);
        } else if outcome != Outcome::Failed || self.spec.kind.race().is_none() {
            self.open[task] = None;
        }
        self.close(task, false)
    }

    fn give_up(&mut self, task: usize, at: Timestamp) {
        self.idle(task, at);
        self.open[task] = None;
    }

    /// Nothing runs for the task any more; answers since when something did.
    fn idle(&mut self, task: usize, at: Timestamp) -> Option<Timestamp> {
        let mut running = self.busy.iter_mut().rev();
        let running = running.find(|busy| busy.task == task && busy.to.is_none())?;
        running.to = Some(at);
        Some(running.from)
    }

    fn add_span(&mut self, task: usize, at: Timestamp, end: &AttemptEnd) {
        let from = self.idle(task, at);
        if let Some(open) = &mut self.open[task] {
            open.spans.extend(from.map(|from| (from, at)));
            open.used.add(&end.usage);
        }
    }

    /// The attempt of a task is over and says something.
    fn close(&mut self, task: usize, censored: bool) -> Option<RecordedAttempt> {
        let open = self.open[task].take()?;
        let declared = &self.spec.plan.tasks[task].task;
        let (_, at) = *open.spans.last()?;
        // What a command takes to die after its limit is no part of its duration.
        let used = open.used;
        let wall = if censored { used.wall.min(declared.timeout) } else { used.wall };
        let observed = ObservedAttempt {
            run: self.run,
            workflow: self.spec.workflow().to_owned(),
            task: declared.id.to_string(),
            work: work_digest(declared),
            category: category(declared),
            wall_s: wall.as_secs_f64(),
            cpu_s: Some(used.cpu.as_secs_f64()),
            active: self.active(task, &open.spans),
            lane_position: open.lane_position,
            censored,
            used: ResourceUse {
                peak_rss: Some(used.peak_rss).filter(|&bytes| bytes > 0),
                read_bytes: used.read_bytes,
                written_bytes: used.written_bytes,
                processes: used.processes,
            },
            at,
        };
        Some(RecordedAttempt { attempt: open.attempt, imported: false, observed })
    }

    /// Mean number of tasks for which something ran during the spans of one of them, that one
    /// included: its command, its check or its setup hooks.
    fn active(&self, task: usize, spans: &[(Timestamp, Timestamp)]) -> f64 {
        let length: f64 = spans.iter().map(|(from, to)| to.since(*from).as_secs_f64()).sum();
        let others = self.busy.iter().filter(|busy| busy.task != task);
        let shared: f64 = others
            .flat_map(|busy| spans.iter().map(move |span| (busy, span)))
            .map(|(busy, (from, to))| {
                let end = busy.to.map_or(*to, |end| end.min(*to));
                end.since(busy.from.max(*from)).as_secs_f64()
            })
            .sum();
        if length > 0.0 { 1.0 + shared / length } else { 1.0 }
    }

    fn run_result(&self, at: Timestamp) -> Option<RecordedRun> {
        let plan = &self.spec.plan;
        let predicted = plan.predicted.run?;
        // Tasks that a condition left out as expected took no time in the prediction either.
        let mut tasks = plan.tasks.iter().enumerate();
        let as_planned = tasks.all(|(task, planned)| planned.left_out != self.ran.contains(&task));
        if !self.in_one_go || !as_planned {
            return None;
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let observed = ObservedRun {
            run: self.run,
            workflow: self.spec.workflow().to_owned(),
            width: count(plan.decision.width),
            tasks: count(plan.tasks.len()),
            predicted_s: predicted.median_s,
            sd: predicted.sd,
            low_s: predicted.interval.low,
            high_s: predicted.interval.high,
            calibrated: plan.predicted.calibrated,
            overruled: plan.decision.overruled.is_some(),
            actual_s: self.over?.since(self.began?).as_secs_f64(),
            conflicts: None,
            branches: count(self.changed.len()),
            at,
        };
        Some(RecordedRun { imported: false, observed })
    }
}

#[cfg(test)]
mod tests;
