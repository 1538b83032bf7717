//! What the facts of a run say about costs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Driver;
use crate::adapters::store::CostSample;
use crate::domain::run::{Event, Input, SetupEnd};
use crate::engine::carry;
use crate::engine::costs::RENEW;
use crate::engine::error::EngineError;

impl Driver {
    /// What an observation says about costs.
    pub(super) fn costs_of(&mut self, input: &Input) -> Vec<(&'static str, CostSample)> {
        let Input::Fact(event) = input else { return Vec::new() };
        let at = self.journal.now();
        let sample = |quantity, seconds| CostSample { quantity, seconds, at };
        let mut costs = Vec::new();
        if let Event::Provisioned { seconds, attempt, brought, reused, together, .. } = event {
            let brought = brought.as_ref().map(|brought| (brought.load.work(), brought.seconds));
            if *attempt == 1 && self.makes_worktree() {
                let made = seconds - brought.map_or(0.0, |(_, seconds)| seconds);
                let files = self.files.max(1) as f64;
                costs.push(match (*reused, *together) {
                    (true, _) => ("reuse", sample(1.0, made)),
                    (false, 0 | 1) => ("provision_single", sample(files, made)),
                    (false, _) => ("provision", sample(files, made)),
                });
            }
            if let Some((work, seconds)) = brought.filter(|(work, _)| *work > 0.0) {
                costs.push((carry::COST, sample(work, seconds)));
            }
        }
        if let Event::SetupFinished { seconds, end: SetupEnd::Ready { ran, held }, .. } = event
            && !ran.is_empty()
            && held.is_empty()
        {
            costs.push(("setup", sample(ran.len() as f64, *seconds)));
        }
        if let Event::Committed { .. } | Event::CommitFailed { .. } = event {
            let task = event.task().and_then(|task| self.journal.state().index(task));
            let part = task.and_then(|task| self.committing.end(task, self.site.clock.elapsed()));
            if let (Event::Committed { seconds, .. }, Some(part)) = (event, part) {
                let kind = if self.spec.kind.is_test() { RENEW } else { "commit" };
                costs.push((kind, sample(1.0, part.as_secs_f64().min(*seconds))));
            }
        }
        costs
    }

    /// Whether a worktree is made for a task: in one lane for the first one only.
    fn makes_worktree(&self) -> bool {
        let state = self.journal.state();
        !state.is_lane() || state.lane_before.is_none()
    }

    /// Stores what was measured. A measurement is not worth a run.
    pub(super) fn store_measured(&mut self) -> Result<(), EngineError> {
        let measured = std::mem::take(&mut self.measured);
        if measured.is_empty() {
            return Ok(());
        }
        let Err(error) = self.journal.store.observe_costs(&measured) else { return Ok(()) };
        let message = format!("costs could not be stored: {error}");
        let now = self.journal.now();
        self.journal.record(vec![Event::Warned { message }], now)
    }
}

/// Commits under way. Several at once are written side by side while a plan counts one after
/// another, so each is taken for its equal part of the time in which they overlap: together they
/// cost what passed.
#[derive(Debug, Default)]
pub(super) struct Committing {
    /// By task: its part so far.
    parts: BTreeMap<usize, Duration>,
    /// Up to when the parts are counted.
    counted: Duration,
}

impl Committing {
    /// A task's work is being committed from now on.
    pub(super) fn begin(&mut self, task: usize, now: Duration) {
        self.count(now);
        self.parts.insert(task, Duration::ZERO);
    }

    /// The part of a task whose commit is over; `None` when it was not under way.
    fn end(&mut self, task: usize, now: Duration) -> Option<Duration> {
        self.count(now);
        self.parts.remove(&task)
    }

    fn count(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted);
        self.counted = now;
        let each = passed.div_f64(self.parts.len().max(1) as f64);
        for part in self.parts.values_mut() {
            *part += each;
        }
    }
}

#[cfg(test)]
mod tests;
