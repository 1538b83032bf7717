//! What is to be found out or done next. A pure reading of the facts: the search for what breaks a
//! validation is played again from its beginning each time, up to the first thing not known.

use std::collections::BTreeSet;

use super::assess::Assessment;
use super::closure::Member;
use super::ejection::Refusal;
use super::event::IntegrationEvent;
use super::isolate::Missing;
use super::state::Integration;
use crate::domain::id::Oid;

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Facts that follow from what is known.
    Record(Vec<IntegrationEvent>),
    /// Merge a member on top of a commit.
    Merge(MergeRequest),
    /// Run validations, the most wanted first; equal ones mean that it is to run so many times. What
    /// runs and is not among them is not needed any more.
    Validate(Vec<ValidationRequest>),
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

/// A merge to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeRequest {
    /// On top of this commit.
    pub onto: Oid,
    /// This member.
    pub member: Member,
    /// It is one of the trial merges by which a failure is isolated.
    pub trial: bool,
}

/// A validation to be run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValidationRequest {
    /// On this commit.
    pub commit: Oid,
    /// Its name.
    pub name: String,
    /// Only these tests; empty for all.
    pub only: Vec<String>,
    /// It must really run, because what is asked is whether it comes out the same again.
    pub fresh: bool,
}

impl Integration {
    /// What is to be done now.
    pub fn next(&self) -> Next {
        if self.finished.is_some() {
            return Next::Done;
        }
        if self.outcome.is_some() {
            return Next::Record(vec![IntegrationEvent::Finished]);
        }
        let candidate = self.candidate();
        let untold: Vec<IntegrationEvent> = candidate
            .ejected()
            .into_iter()
            .filter(|ejection| !self.told.contains(&(ejection.task.clone(), ejection.reason)))
            .map(|ejection| IntegrationEvent::Ejected { ejection, onto: None, trial: false })
            .collect();
        if !untold.is_empty() {
            return Next::Record(untold);
        }
        if let Some((onto, at)) = candidate.walk.missing {
            let member = self.spec.members[at].clone();
            return Next::Merge(MergeRequest { onto, member, trial: false });
        }
        // A head that is the base holds only work that is there already, in other commits.
        let head = candidate.head();
        if head == self.base || self.spec.dry_run {
            return Next::Record(vec![IntegrationEvent::Finished]);
        }
        match self.assess(head) {
            Assessment::Passes => Next::Land { old: self.base, new: head },
            Assessment::Ask(asks) => Next::Validate(asks),
            Assessment::Fails => {
                let last = candidate.train().last().map(|(task, _)| (*task).clone());
                let refused = last.map(|arm| IntegrationEvent::Refused {
                    refusal: Refusal::CheckFails {
                        arm,
                        target: self.spec.target.clone(),
                        env: self.spec.arm_env.clone(),
                    },
                });
                Next::Record(vec![refused.unwrap_or(IntegrationEvent::Finished)])
            }
            Assessment::RedBase(validations) => {
                let of_base = self.runs_on(self.base);
                let of_base = of_base.filter(|run| validations.contains(&run.name));
                let tainted: BTreeSet<String> =
                    of_base.flat_map(|run| run.tainted.iter().cloned()).collect();
                let tainted = tainted.into_iter().collect();
                let refusal = Refusal::RedBase { validations, tainted };
                Next::Record(vec![IntegrationEvent::Refused { refusal }])
            }
            Assessment::Breaks { target, meanwhile } => {
                match self.isolate(&candidate.walk.train, &target) {
                    Err(Missing::Merge(request)) => Next::Merge(*request),
                    Err(Missing::Runs(mut asks)) => {
                        asks.extend(meanwhile);
                        Next::Validate(asks)
                    }
                    Ok(set) => Next::Record(vec![IntegrationEvent::Isolated { set }]),
                }
            }
        }
    }
}
