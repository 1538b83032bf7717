//! The integration as a state machine: `next()` says what is to be found out or done, facts are
//! applied, nothing here touches git.

use std::sync::Arc;

use super::closure::{Member, closed};
use super::event::{
    Ejection, EjectionReason, IntegrationEvent, IntegrationSpec, Refusal, ValidationRun,
    ValidationVerdict,
};
use super::matrix::ForecastKind;
use crate::domain::id::{Oid, TaskId};
use crate::domain::time::Timestamp;

/// An integration so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// What it was started with.
    pub spec: Arc<IntegrationSpec>,
    /// Tip of the target that the train stands on.
    pub base: Oid,
    /// Members merged so far, each with the train's head after it.
    pub train: Vec<(TaskId, Oid)>,
    /// Tasks left out.
    pub ejected: Vec<Ejection>,
    /// Validations, oldest first.
    pub validations: Vec<(Oid, Vec<ValidationRun>)>,
    /// How often the target moved meanwhile.
    pub moved: u32,
    /// How it ended.
    pub outcome: Option<IntegrationOutcome>,
    /// When it began.
    pub started: Timestamp,
    /// When it was over.
    pub finished: Option<Timestamp>,
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

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Facts that follow from what is known.
    Record(Vec<IntegrationEvent>),
    /// Merge a member on top of a commit.
    Merge {
        /// The train's head.
        onto: Oid,
        /// The member.
        member: Member,
    },
    /// Run the validations on a commit.
    Validate {
        /// That commit.
        commit: Oid,
    },
    /// Move the target by compare-and-swap.
    Land {
        /// Expected tip.
        old: Oid,
        /// Validated commit.
        new: Oid,
    },
    /// Over.
    Done,
}

impl Integration {
    /// The state just after `started`.
    pub fn new(spec: IntegrationSpec, at: Timestamp) -> Self {
        Self {
            base: spec.old,
            spec: Arc::new(spec),
            train: Vec::new(),
            ejected: Vec::new(),
            validations: Vec::new(),
            moved: 0,
            outcome: None,
            started: at,
            finished: None,
        }
    }

    /// Head of the train.
    pub fn head(&self) -> Oid {
        self.train.last().map_or(self.base, |(_, commit)| *commit)
    }

    /// Adds one fact.
    pub fn apply(&mut self, event: &IntegrationEvent, at: Timestamp) {
        match event {
            IntegrationEvent::Started { .. }
            | IntegrationEvent::ValidationRequested { .. }
            | IntegrationEvent::LandRequested { .. } => {}
            IntegrationEvent::Merged { task, commit } => self.train.push((task.clone(), *commit)),
            IntegrationEvent::Ejected { ejection } => {
                if let Some(at) = self.train.iter().position(|(task, _)| *task == ejection.task) {
                    self.train.truncate(at);
                }
                self.ejected.push(ejection.clone());
            }
            IntegrationEvent::ValidationFinished { commit, runs } => {
                self.validations.push((*commit, runs.clone()));
            }
            IntegrationEvent::Landed { old, new, operation, checkout } => {
                self.outcome = Some(IntegrationOutcome::Landed {
                    old: *old,
                    new: *new,
                    operation: *operation,
                    checkout: checkout.clone(),
                });
            }
            IntegrationEvent::TargetMoved { now } => {
                self.base = *now;
                self.moved += 1;
                self.train.clear();
                self.ejected.retain(|e| survives_a_moved_target(e.reason));
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

    /// What is to be done now.
    pub fn next(&self) -> Next {
        if self.finished.is_some() {
            return Next::Done;
        }
        if self.outcome.is_some() {
            return Next::Record(vec![IntegrationEvent::Finished]);
        }
        let left_out = self.missing_ejections();
        if !left_out.is_empty() {
            return Next::Record(left_out);
        }
        let out = self.ejected.iter().map(|e| &e.task);
        let (kept, _) = closed(&self.spec.members, out);
        let merged = |task: &TaskId| self.train.iter().any(|(t, _)| t == task);
        if let Some(member) = kept.into_iter().find(|member| !merged(&member.task)) {
            return Next::Merge { onto: self.head(), member: member.clone() };
        }
        // A head that is the base holds only work that is there already, in other commits.
        if self.head() == self.base || self.spec.dry_run {
            return Next::Record(vec![IntegrationEvent::Finished]);
        }
        self.next_validation()
    }

    fn next_validation(&self) -> Next {
        let land = Next::Land { old: self.base, new: self.head() };
        if self.spec.validations.is_empty() {
            return land;
        }
        let Some(at_head) = self.failing(self.head()) else {
            return Next::Validate { commit: self.head() };
        };
        if at_head.is_empty() {
            return land;
        }
        let Some(at_base) = self.failing(self.base) else {
            return Next::Validate { commit: self.base };
        };
        let red_base: Vec<String> =
            at_head.iter().filter(|name| at_base.contains(name)).map(|n| (*n).to_owned()).collect();
        if !red_base.is_empty() {
            let refusal = Refusal::RedBase { validations: red_base };
            return Next::Record(vec![IntegrationEvent::Refused { refusal }]);
        }
        self.isolate(&at_base)
    }

    /// Finds the first member of the train with which a validation fails, by bisection: `green` is
    /// a prefix length known to pass, `red` one known to fail.
    fn isolate(&self, at_base: &[&str]) -> Next {
        let prefix = |length: usize| if length == 0 { self.base } else { self.train[length - 1].1 };
        let verdict = |length: usize| {
            self.failing(prefix(length)).map(|f| f.iter().any(|name| !at_base.contains(name)))
        };
        let (mut green, mut red) = (0, self.train.len());
        while red - green > 1 {
            let middle = green.midpoint(red);
            match verdict(middle) {
                None => return Next::Validate { commit: prefix(middle) },
                Some(true) => red = middle,
                Some(false) => green = middle,
            }
        }
        let commit = prefix(red);
        let culprit = self.train[red - 1].0.clone();
        let runs = self.runs(commit);
        let breaks = |run: &ValidationRun| is_red(run) && !at_base.contains(&run.name.as_str());
        let tainted = runs.iter().any(|run| !run.tainted.is_empty());
        let reason = if tainted { EjectionReason::Tainted } else { EjectionReason::Validation };
        let ejection = Ejection {
            tests: runs.iter().filter(|r| breaks(r)).map(|r| r.name.clone()).collect(),
            paths: runs.iter().flat_map(|run| run.tainted.clone()).collect(),
            note: runs.iter().find(|run| breaks(run)).map(|run| {
                format!("`{}` passes without it and fails with it ({})", run.name, run.ending)
            }),
            ..Ejection::plain(culprit, reason)
        };
        Next::Record(vec![IntegrationEvent::Ejected { ejection }])
    }

    /// Ejections that follow from what is known: tasks that did not succeed, and dependents of
    /// anything that is out (landing.md rule 1).
    fn missing_ejections(&self) -> Vec<IntegrationEvent> {
        let is_out = |task: &TaskId| self.ejected.iter().any(|e| e.task == *task);
        let unfinished = self
            .spec
            .unfinished
            .iter()
            .filter(|task| !is_out(task))
            .map(|task| Ejection::plain(task.clone(), EjectionReason::Unfinished));
        let (_, dragged) = closed(&self.spec.members, self.ejected.iter().map(|e| &e.task));
        let dependents = dragged.into_iter().map(|(task, cause)| Ejection {
            with: vec![cause.clone()],
            ..Ejection::plain(task.clone(), EjectionReason::Dependency)
        });
        unfinished
            .chain(dependents)
            .map(|ejection| IntegrationEvent::Ejected { ejection })
            .collect()
    }

    /// The ejection of a member that conflicts with the train.
    pub fn conflict(&self, task: &TaskId, paths: Vec<String>, hunks: Vec<String>) -> Ejection {
        let collides = |other: &TaskId| {
            self.spec.matrix.iter().any(|cell| {
                let pair = (cell.a.as_str(), cell.b.as_str());
                let same = pair == (task.as_str(), other.as_str())
                    || pair == (other.as_str(), task.as_str());
                same && cell.forecast == ForecastKind::Conflict
            })
        };
        let with: Vec<TaskId> =
            self.train.iter().map(|(t, _)| t).filter(|t| collides(t)).cloned().collect();
        let note = with.is_empty().then(|| match self.train.len() {
            0 => format!("the other side is in `{}` itself", self.spec.target),
            _ => format!(
                "it merges with each other branch alone, but not with `{}` and what is merged so far",
                self.spec.target
            ),
        });
        Ejection {
            with,
            paths,
            hunks,
            note,
            ..Ejection::plain(task.clone(), EjectionReason::Conflict)
        }
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

    /// Runs of the last validation of `commit`.
    pub fn runs(&self, commit: Oid) -> &[ValidationRun] {
        self.validations.iter().rev().find(|(c, _)| *c == commit).map_or(&[], |(_, runs)| runs)
    }

    /// Names of the validations that fail on `commit`; `None` when it was not validated.
    fn failing(&self, commit: Oid) -> Option<Vec<&str>> {
        self.validations.iter().rev().find(|(c, _)| *c == commit).map(|(_, runs)| {
            runs.iter().filter(|run| is_red(run)).map(|run| run.name.as_str()).collect()
        })
    }
}

fn is_red(run: &ValidationRun) -> bool {
    !run.tainted.is_empty()
        || match run.verdict {
            ValidationVerdict::Failed | ValidationVerdict::Baseline => true,
            ValidationVerdict::Passed | ValidationVerdict::Flaky => false,
        }
}

fn survives_a_moved_target(reason: EjectionReason) -> bool {
    match reason {
        EjectionReason::Unfinished | EjectionReason::Validation | EjectionReason::Tainted => true,
        EjectionReason::Conflict | EjectionReason::Dependency | EjectionReason::NeedsGit => false,
    }
}
