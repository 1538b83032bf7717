//! The search for the smallest set of members that breaks a validation (landing.md rule 14): the
//! train is cut by cumulative parts, as many at once as there are slots, for the first member with
//! which it fails; then again for what that one needs before it to fail; in the end each is left out
//! in turn, so that the set is 1-minimal.

use std::collections::BTreeSet;

use super::assess::Target;
use super::candidate::Places;
use super::failing_set::FailingSet;
use super::next::{MergeRequest, ValidationRequest};
use super::state::Integration;
use super::statistics::{Said, Tally};
use super::validation::Failure;
use crate::domain::id::Oid;

/// Larger sets are not told apart from a train that cannot be taken apart.
const LARGEST: usize = 6;

/// What the search must know to go on.
#[derive(Debug)]
pub(super) enum Missing {
    Merge(Box<MergeRequest>),
    Runs(Vec<ValidationRequest>),
}

/// What is known of a set of members.
enum Answer {
    Red,
    Green,
    Open(Missing),
}

/// A search over one train for one target.
struct Hunt<'a> {
    integration: &'a Integration,
    target: &'a Target,
    failures: Vec<Failure>,
    /// Places of the members in the train.
    line: Vec<usize>,
}

impl Integration {
    /// The set, or the first thing on the way to it that is not known.
    pub(super) fn isolate(
        &self,
        train: &[(usize, Oid)],
        target: &Target,
    ) -> Result<FailingSet, Missing> {
        let line = train.iter().map(|(at, _)| *at).collect();
        let failures = target.failures.iter().cloned().collect();
        Hunt { integration: self, target, failures, line }.search()
    }
}

impl Hunt<'_> {
    fn search(&self) -> Result<FailingSet, Missing> {
        let mut culprits: Vec<usize> = Vec::new();
        let mut red = self.line.len();
        let mut first = None;
        loop {
            let found = self.first_red(&culprits, red)?;
            first = first.or(Some(found));
            culprits.push(found - 1);
            red = found - 1;
            if self.is_steadily_red(&culprits)? {
                break;
            }
            // The set fails only with more of what was merged before it, if it fails at all.
            if red == 0 || culprits.len() >= LARGEST || !self.still_red(&culprits, red)? {
                let last = first.unwrap_or(self.line.len()) - 1;
                return Ok(self.failing_set(&[last], true));
            }
        }
        let culprits = self.minimal(culprits)?;
        Ok(self.failing_set(&culprits, false))
    }

    /// The shortest prefix of the train that fails together with `culprits`, where the prefix of length
    /// `red` is known to.
    fn first_red(&self, culprits: &[usize], mut red: usize) -> Result<usize, Missing> {
        let mut green = 0;
        while red - green > 1 {
            let points = cuts(green, red, self.integration.spec.slots as usize);
            let mut answers = Vec::new();
            for point in points {
                match self.ask(&self.prefix(point, culprits), 1) {
                    Answer::Open(Missing::Merge(merge)) => return Err(Missing::Merge(merge)),
                    answer @ (Answer::Red | Answer::Green | Answer::Open(Missing::Runs(_))) => {
                        answers.push((point, answer));
                    }
                }
            }
            let is = |wanted: fn(&Answer) -> bool| {
                answers.iter().filter(move |(_, answer)| wanted(answer)).map(|(point, _)| *point)
            };
            let lowest = is(|answer| matches!(answer, Answer::Red)).min().unwrap_or(red);
            let highest = is(|answer| matches!(answer, Answer::Green))
                .filter(|point| *point < lowest)
                .max()
                .unwrap_or(green);
            let mut asks = Vec::new();
            for (point, answer) in answers {
                if let Answer::Open(Missing::Runs(more)) = answer
                    && (highest..lowest).contains(&point)
                {
                    asks.extend(more);
                }
            }
            if !asks.is_empty() {
                return Err(Missing::Runs(asks));
            }
            (green, red) = (highest, lowest);
        }
        Ok(red)
    }

    /// Whether these alone, with what they started from, fail: a set is blamed only when it was red
    /// more than once.
    fn is_steadily_red(&self, culprits: &[usize]) -> Result<bool, Missing> {
        let reds = self.integration.confirmations(&self.target.validation, &self.failures);
        answered(self.ask(&self.closure(culprits), reds))
    }

    /// Looks again at the set that was red with more before it: a flake may have made it so.
    fn still_red(&self, culprits: &[usize], red: usize) -> Result<bool, Missing> {
        answered(self.ask(&self.prefix(red, culprits), 2))
    }

    /// Leaves out, one after the other, what is not needed to fail.
    fn minimal(&self, mut culprits: Vec<usize>) -> Result<Vec<usize>, Missing> {
        culprits.sort_unstable();
        'again: while culprits.len() > 1 {
            let mut asks = Vec::new();
            for leave in 0..culprits.len() {
                let mut rest = culprits.clone();
                rest.remove(leave);
                let closure = self.closure(&rest);
                if closure == self.closure(&culprits) {
                    // Another one started from it: it goes without saying.
                    culprits = rest;
                    continue 'again;
                }
                match self.ask(&closure, 1) {
                    Answer::Red => {
                        culprits = rest;
                        continue 'again;
                    }
                    Answer::Green => {}
                    Answer::Open(Missing::Runs(more)) => asks.extend(more),
                    Answer::Open(merge @ Missing::Merge(_)) => return Err(merge),
                }
            }
            if asks.is_empty() {
                break;
            }
            return Err(Missing::Runs(asks));
        }
        Ok(culprits)
    }

    /// Whether a set fails, by at least so many red runs where one is enough otherwise.
    fn ask(&self, places: &Places, reds: u32) -> Answer {
        let (integration, target) = (self.integration, self.target);
        let walk = integration.walk(places);
        if let Some((onto, at)) = walk.missing {
            let member = integration.spec.members[at].clone();
            let merge = MergeRequest { onto, member, trial: true };
            return Answer::Open(Missing::Merge(Box::new(merge)));
        }
        let head = walk.train.last().map_or(integration.base, |(_, commit)| *commit);
        // A set that does not merge without the others shows nothing.
        if head == integration.base || !walk.out.is_empty() {
            return Answer::Green;
        }
        let seen = integration.tally(head, &target.validation, &self.failures);
        let more = match target.rates.judge(seen, integration.error()) {
            Said::Green => return Answer::Green,
            Said::Red if !target.rates.is_certain() || seen.reds >= reds => return Answer::Red,
            Said::Red => reds - seen.reds,
            Said::Undecided { more } => more.max(reds.saturating_sub(seen.reds).min(reds)),
        };
        Answer::Open(Missing::Runs(self.runs(head, seen, more)))
    }

    fn runs(&self, head: Oid, seen: Tally, more: u32) -> Vec<ValidationRequest> {
        let (integration, target) = (self.integration, self.target);
        let mut ask = integration.again(head, &target.validation, self.failures.iter());
        ask.fresh = seen.runs() > 0 || !target.rates.is_certain();
        let copies = if target.rates.is_certain() { 1 } else { more };
        vec![ask; copies.clamp(1, integration.spec.slots) as usize]
    }

    fn failing_set(&self, culprits: &[usize], by_prefix: bool) -> FailingSet {
        let (integration, target) = (self.integration, self.target);
        let members = &integration.spec.members;
        let places =
            if by_prefix { self.prefix(culprits[0] + 1, &[]) } else { self.closure(culprits) };
        let walk = integration.walk(&places);
        let head = walk.train.last().map_or(integration.base, |(_, commit)| *commit);
        let red =
            integration.runs_on(head).find(|run| run.name == target.validation && !run.is_green());
        let shown = |failure: &&Failure| {
            let only = std::slice::from_ref(*failure);
            integration.tally(head, &target.validation, only).reds > 0
        };
        let own: Vec<Failure> = self.failures.iter().filter(shown).cloned().collect();
        FailingSet {
            members: culprits.iter().map(|at| members[self.line[*at]].task.clone()).collect(),
            validation: target.validation.clone(),
            failures: if own.is_empty() { self.failures.clone() } else { own },
            ending: red.map_or_else(String::new, |run| run.ending.clone()),
            tainted: red.map_or_else(Vec::new, |run| run.tainted.clone()),
            rates: (!target.rates.is_certain()).then_some(target.rates),
            by_prefix,
        }
    }

    /// The first members of the train and some more, with what they started from.
    fn prefix(&self, length: usize, more: &[usize]) -> Places {
        let positions: Vec<usize> = (0..length).chain(more.iter().copied()).collect();
        self.closure(&positions)
    }

    /// Members by their positions in the train, with what they started from.
    fn closure(&self, positions: &[usize]) -> Places {
        let members = &self.integration.spec.members;
        let mut open: Vec<usize> = positions.iter().map(|at| self.line[*at]).collect();
        let mut places: Places = BTreeSet::new();
        while let Some(at) = open.pop() {
            if places.insert(at) {
                let needs = &members[at].needs;
                open.extend(
                    self.line.iter().copied().filter(|other| needs.contains(&members[*other].task)),
                );
            }
        }
        places
    }
}

fn answered(answer: Answer) -> Result<bool, Missing> {
    match answer {
        Answer::Red => Ok(true),
        Answer::Green => Ok(false),
        Answer::Open(missing) => Err(missing),
    }
}

/// Points that cut the stretch between two lengths into equal parts, one for each slot.
fn cuts(green: usize, red: usize, slots: usize) -> Vec<usize> {
    let parts = slots.max(1) + 1;
    let points: BTreeSet<usize> =
        (1..parts).map(|part| green + (red - green) * part / parts).collect();
    points.into_iter().filter(|point| (green + 1..red).contains(point)).collect()
}
