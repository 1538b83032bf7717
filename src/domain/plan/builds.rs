//! What tests must build before they run, once more in every new worktree.

use std::collections::{BTreeMap, BTreeSet};

use super::estimate::{Estimate, EstimateSource};
use super::history::ObservedAttempt;
use super::learn::work_digest;
use crate::domain::id::TaskId;
use crate::domain::task::Task;

/// Tasks whose tests are built first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Builds<'a> {
    /// Each with the name of the build whose products it shares with others.
    pub tasks: &'a BTreeMap<TaskId, String>,
    /// A new worktree begins with what the checkout has built.
    pub carried: bool,
    /// Compilers share what they make (sccache and the like).
    pub cached: bool,
}

static NOTHING: BTreeMap<TaskId, String> = BTreeMap::new();

/// Nothing is built.
pub static NO_BUILDS: Builds<'static> = Builds { tasks: &NOTHING, carried: false, cached: false };

/// What is known of the builds of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct BuildFacts {
    /// Tasks of which it is not known how long they take in a new worktree, or in a warm one.
    pub(super) unknown: usize,
    /// Seconds of the longest build that is known.
    pub(super) longest: f64,
    /// A task that was only seen behind others, while its build is not known: begun with, it shows what
    /// that takes.
    pub(super) telling: Option<usize>,
}

impl Builds<'_> {
    /// Gives tasks that were only seen behind others in a worktree, or only in a new one, what a build
    /// takes that they share. A build is known once one of its tasks was seen both ways.
    pub(super) fn complete(
        &self,
        tasks: &[Task],
        estimates: &mut [Estimate],
        attempts: &[ObservedAttempt],
    ) -> BuildFacts {
        let mut facts = BuildFacts::default();
        if self.carried || self.tasks.is_empty() {
            return facts;
        }
        let mut seen: BTreeSet<(&str, u64, bool)> = BTreeSet::new();
        for attempt in attempts.iter().filter(|attempt| !attempt.censored) {
            let warm = attempt.lane_position.is_some_and(|before| before > 0);
            seen.insert((&attempt.task, attempt.work, warm));
        }
        let ways = |task: &Task| {
            let (id, work) = (task.id.as_str(), work_digest(task));
            (seen.contains(&(id, work, false)), seen.contains(&(id, work, true)))
        };
        let mut known: BTreeMap<&str, f64> = BTreeMap::new();
        for (task, estimate) in tasks.iter().zip(estimates.iter()) {
            if let Some(build) = self.tasks.get(&task.id)
                && ways(task) == (true, true)
            {
                let seconds = known.entry(build).or_default();
                *seconds = seconds.max(estimate.warm_s);
                facts.longest = facts.longest.max(*seconds);
            }
        }
        for (at, (task, estimate)) in tasks.iter().zip(estimates).enumerate() {
            let Some(build) = self.tasks.get(&task.id) else { continue };
            let Some(&seconds) = known.get(build.as_str()) else {
                facts.unknown += 1;
                let tells = ways(task) == (false, true);
                facts.telling = facts.telling.or(tells.then_some(at));
                continue;
            };
            match (estimate.source, ways(task)) {
                (EstimateSource::History, (false, true)) => {
                    estimate.p50 += seconds;
                    estimate.warm_s = seconds;
                }
                (EstimateSource::History, (true, false)) => {
                    estimate.warm_s = estimate.warm_s.max(seconds.min(estimate.p50 / 2.0));
                }
                (_, _) => {}
            }
        }
        facts
    }
}
