//! The integration as facts: what was merged on top of what, how validations came out, which sets of
//! members break them. What follows from the facts is worked out anew each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::Candidate;
use super::ejection::{Ejection, EjectionReason, Refusal};
use super::event::{IntegrationEvent, IntegrationSpec, MergeRemarks};
use super::failing_set::FailingSet;
use super::matrix::ForecastKind;
use super::test_results::TestFormat;
use super::validation::{Failure, ValidationRun};
use crate::domain::id::{Oid, TaskId};
use crate::domain::time::Timestamp;

/// An integration so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// What it was started with.
    pub spec: Arc<IntegrationSpec>,
    /// Tip of the target that the train stands on.
    pub base: Oid,
    /// What became of each member on top of each commit.
    pub(super) merges: BTreeMap<(Oid, TaskId), Merge>,
    /// Runs of validations with the commit they ran on, oldest first.
    pub runs: Vec<(Oid, ValidationRun)>,
    /// Sets of members that break a validation, in the order in which they were found.
    pub failing_sets: Vec<FailingSet>,
    /// Ejections that were told of.
    pub(super) told: BTreeSet<(TaskId, EjectionReason)>,
    /// How often the target moved meanwhile.
    pub moved: u32,
    /// How it ended.
    pub outcome: Option<IntegrationOutcome>,
    /// When it began.
    pub started: Timestamp,
    /// When it was over.
    pub finished: Option<Timestamp>,
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Merge {
    Into { commit: Oid, remarks: MergeRemarks, engine: Option<String> },
    Out(Box<Ejection>),
}

/// How an integration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntegrationOutcome {
    /// The target moved.
    Landed {
        /// From.
        old: Oid,
        /// To.
        new: Oid,
        /// Operation that `undo` takes back.
        operation: u64,
        /// Worktree whose files were updated.
        checkout: Option<String>,
    },
    /// Merged in memory only, as asked.
    DryRun,
    /// Nothing was ready, or everything ready was left out.
    NothingToLand,
    /// Something was ready and the target was not moved.
    Refused(Refusal),
}

impl Integration {
    /// The state just after `started`.
    pub fn new(spec: IntegrationSpec, at: Timestamp) -> Self {
        Self {
            base: spec.old,
            spec: Arc::new(spec),
            merges: BTreeMap::new(),
            runs: Vec::new(),
            failing_sets: Vec::new(),
            told: BTreeSet::new(),
            moved: 0,
            outcome: None,
            started: at,
            finished: None,
        }
    }

    /// Adds one fact.
    pub fn apply(&mut self, event: &IntegrationEvent, at: Timestamp) {
        match event {
            IntegrationEvent::Started { .. }
            | IntegrationEvent::ValidationRequested { .. }
            | IntegrationEvent::StopRequested
            | IntegrationEvent::ValidationDropped { .. }
            | IntegrationEvent::LandRequested { .. } => {}
            IntegrationEvent::Merged { task, commit, onto, remarks, engine, .. } => {
                let onto = onto.unwrap_or_else(|| self.head());
                let (remarks, engine) = (remarks.clone(), engine.clone());
                let merge = Merge::Into { commit: *commit, remarks, engine };
                self.merges.insert((onto, task.clone()), merge);
            }
            IntegrationEvent::Ejected { ejection, onto, trial } => {
                if !trial {
                    self.told.insert((ejection.task.clone(), ejection.reason));
                }
                self.eject(ejection, *onto);
            }
            IntegrationEvent::ValidationFinished { commit, runs } => {
                self.runs.extend(runs.iter().map(|run| (*commit, run.clone())));
            }
            IntegrationEvent::Isolated { set } => self.failing_sets.push(set.clone()),
            IntegrationEvent::Landed { old, new, operation, checkout } => {
                self.outcome = Some(IntegrationOutcome::Landed {
                    old: *old,
                    new: *new,
                    operation: *operation,
                    checkout: checkout.clone(),
                });
            }
            IntegrationEvent::TargetMoved { now } => {
                // What breaks together is not asked again; what collides is.
                self.base = *now;
                self.moved += 1;
            }
            IntegrationEvent::Refused { refusal } => {
                self.outcome = Some(IntegrationOutcome::Refused(refusal.clone()));
            }
            IntegrationEvent::Finished => {
                self.finished = Some(at);
                if self.outcome.is_none() {
                    let dry = self.spec.dry_run && self.head() != self.base;
                    self.outcome = Some(if dry {
                        IntegrationOutcome::DryRun
                    } else {
                        IntegrationOutcome::NothingToLand
                    });
                }
            }
        }
    }

    fn eject(&mut self, ejection: &Ejection, onto: Option<Oid>) {
        match ejection.reason {
            EjectionReason::Conflict | EjectionReason::NeedsGit => {
                let onto = onto.unwrap_or_else(|| self.head());
                let out = Merge::Out(Box::new(ejection.clone()));
                self.merges.insert((onto, ejection.task.clone()), out);
            }
            EjectionReason::Validation | EjectionReason::Tainted => {
                let is_known =
                    self.failing_sets.iter().any(|set| set.members.contains(&ejection.task));
                if !is_known {
                    self.failing_sets.push(told_set(ejection));
                }
            }
            EjectionReason::Dependency | EjectionReason::Unfinished => {}
        }
    }

    /// The train as far as it is merged, and what is left out.
    pub fn candidate(&self) -> Candidate<'_> {
        Candidate::of(self)
    }

    /// Head of the train.
    pub fn head(&self) -> Oid {
        self.candidate().head()
    }

    /// Members merged, each with the train's head after it.
    pub fn train(&self) -> Vec<(&TaskId, Oid)> {
        self.candidate().train()
    }

    /// Tasks left out, as far as it is known.
    pub fn ejected(&self) -> Vec<Ejection> {
        self.candidate().ejected()
    }

    /// Runs of validations on a commit, oldest first.
    pub fn runs_on(&self, commit: Oid) -> impl Iterator<Item = &ValidationRun> {
        self.runs.iter().filter(move |(on, _)| *on == commit).map(|(_, run)| run)
    }

    /// Who writes the results by test of a validation, as far as it is known.
    pub fn test_format(&self, name: &str) -> Option<TestFormat> {
        let of = |run: &ValidationRun| run.results.as_ref().map(|results| results.format);
        self.runs.iter().filter(|(_, run)| run.name == *name).find_map(|(_, run)| of(run))
    }

    /// What was remarked when the members of the train were merged.
    pub fn remarks(&self) -> Vec<(&TaskId, &MergeRemarks)> {
        let mut onto = self.base;
        let mut found = Vec::new();
        for (task, commit) in self.train() {
            if let Some(Merge::Into { remarks, .. }) = self.merges.get(&(onto, task.clone()))
                && !remarks.is_empty()
            {
                found.push((task, remarks));
            }
            onto = commit;
        }
        found
    }

    /// What made the trees of the train, each with how many.
    pub fn engines(&self) -> BTreeMap<&str, usize> {
        let mut onto = self.base;
        let mut found = BTreeMap::new();
        for (task, commit) in self.train() {
            if let Some(Merge::Into { engine: Some(engine), .. }) =
                self.merges.get(&(onto, task.clone()))
            {
                *found.entry(engine.as_str()).or_default() += 1;
            }
            onto = commit;
        }
        found
    }

    /// The ejection of a member that conflicts with what is merged into `onto`.
    pub fn conflict(
        &self,
        onto: Oid,
        task: &TaskId,
        paths: Vec<String>,
        hunks: Vec<String>,
    ) -> Ejection {
        let collides = |other: &TaskId| {
            self.spec.matrix.iter().any(|cell| {
                let pair = (cell.a.as_str(), cell.b.as_str());
                let same = pair == (task.as_str(), other.as_str())
                    || pair == (other.as_str(), task.as_str());
                same && cell.forecast == ForecastKind::Conflict
            })
        };
        let below = self.merged_into(onto);
        let with: Vec<TaskId> = below.iter().copied().filter(|t| collides(t)).cloned().collect();
        let foreseen = |other: &TaskId| {
            self.spec.matrix.iter().any(|cell| {
                let pair = [cell.a.as_str(), cell.b.as_str()];
                cell.forecast != ForecastKind::Unknown
                    && pair.contains(&task.as_str())
                    && pair.contains(&other.as_str())
            })
        };
        let target = &self.spec.target;
        let note = with.is_empty().then(|| match below.len() {
            0 => format!("the other side is in `{target}` itself"),
            _ if below.iter().all(|other| foreseen(other)) => format!(
                "it merges with each other branch alone, but not with `{target}` and what is merged so \
                 far"
            ),
            _ => format!("the other side is in `{target}` or in what is merged so far"),
        });
        Ejection {
            with,
            paths,
            hunks,
            note,
            ..Ejection::plain(task.clone(), EjectionReason::Conflict)
        }
    }

    /// The members in a commit of ours, in merge order.
    pub fn merged_into(&self, commit: Oid) -> Vec<&TaskId> {
        let mut found = Vec::new();
        let mut at = commit;
        while at != self.base {
            let below = self.merges.iter().find(|((onto, _), merge)| {
                *onto != at && matches!(merge, Merge::Into { commit, .. } if *commit == at)
            });
            let Some(((onto, task), _)) = below else { break };
            found.push(task);
            at = *onto;
        }
        found.reverse();
        found
    }

    /// The fact that follows from a target that was elsewhere.
    pub fn target_moved(&self, now: Option<Oid>) -> IntegrationEvent {
        let refusal = match now {
            None => Refusal::TargetGone,
            Some(_) if self.moved >= self.spec.target_retries => {
                Refusal::TargetMoved { times: self.moved + 1 }
            }
            Some(now) => return IntegrationEvent::TargetMoved { now },
        };
        IntegrationEvent::Refused { refusal }
    }
}

/// What a journal of before sets were isolated tells of a member that breaks a validation.
fn told_set(ejection: &Ejection) -> FailingSet {
    FailingSet {
        members: vec![ejection.task.clone()],
        validation: ejection.tests.first().cloned().unwrap_or_default(),
        failures: vec![Failure::Command],
        ending: String::new(),
        tainted: ejection.paths.clone(),
        rates: None,
        by_prefix: true,
    }
}
