//! Whether the candidate passes: its failures against those of the target, and how often each fails
//! (landing.md rules 8, 10 and 12).

use std::collections::BTreeSet;
use std::time::Duration;

use super::next::ValidationRequest;
use super::state::Integration;
use super::statistics::{Rates, Said, Tally, chance_of_no_difference};
use super::validation::{Failure, ValidationRun};
use crate::domain::id::Oid;
use crate::domain::task::{PassRule, Validation};

/// Runs on each side before a difference is looked for.
const FEWEST: u32 = 5;
/// A difference this unlikely by chance ends the comparison early.
const CLEAR: f64 = 0.005;
/// A difference this unlikely by chance counts in the end.
const SIGNIFICANT: f64 = 0.02;
/// A target that fails, too, with a difference as likely as this: the flake is its own.
const ALIKE: f64 = 0.3;

/// Time for runs of a flake on each side; long validations are run less often than asked for,
const FLAKE_TIME: Duration = Duration::from_secs(600);
/// but not less often than this.
const FEWEST_LONG: u32 = 4;

/// Time for runs that confirm a failure, and the most of them.
const CONFIRM_TIME: Duration = Duration::from_secs(60);
const MOST_CONFIRMATIONS: u32 = 5;

/// What the validations say of a commit.
#[derive(Debug)]
pub(super) enum Assessment {
    Passes,
    Ask(Vec<ValidationRequest>),
    /// Validations that cannot vouch for anything.
    RedBase(Vec<String>),
    /// One that must pass whatever the target does fails.
    Fails,
    Breaks {
        target: Target,
        /// What else of the candidate is to be found out while slots are free.
        meanwhile: Vec<ValidationRequest>,
    },
}

/// What the search for a failing set looks for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) validation: String,
    pub(super) failures: BTreeSet<Failure>,
    pub(super) rates: Rates,
}

/// What one validation says.
pub(super) enum Verdict {
    Passes,
    Fails,
    Ask(Vec<ValidationRequest>),
    RedBase,
    Breaks(Target),
}

/// What one failure is.
enum Class {
    /// Of the target, or a flake of the target's.
    Excused,
    /// One more run on this commit tells whether it is steady.
    Confirm(Oid),
    /// One more run on each of these tells how often it fails.
    Repeat(Vec<Oid>),
    New(Rates),
}

impl Integration {
    pub(super) fn assess(&self, head: Oid) -> Assessment {
        let (mut asks, mut red_base, mut breaks) = (Vec::new(), Vec::new(), None);
        for validation in &self.spec.validations {
            match self.verdict(validation, head) {
                Verdict::Passes => {}
                Verdict::Fails => return Assessment::Fails,
                Verdict::Ask(more) => asks.extend(more),
                Verdict::RedBase => red_base.push(validation.name.clone()),
                Verdict::Breaks(target) => breaks = breaks.or(Some(target)),
            }
        }
        if !red_base.is_empty() {
            return Assessment::RedBase(red_base);
        }
        match breaks {
            Some(target) => Assessment::Breaks { target, meanwhile: asks },
            None if asks.is_empty() => Assessment::Passes,
            None => Assessment::Ask(asks),
        }
    }

    fn verdict(&self, validation: &Validation, head: Oid) -> Verdict {
        let name = &validation.name;
        if let PassRule::Outright { runs, need } = validation.pass {
            return self.outright(name, head, (runs, need));
        }
        let whole: Vec<&ValidationRun> = self.whole_runs(head, name).collect();
        if whole.is_empty() {
            return Verdict::Ask(vec![self.whole(head, name)]);
        }
        let failures: BTreeSet<Failure> = whole.iter().flat_map(|run| run.failures()).collect();
        if failures.is_empty() {
            return self.cured(head, name);
        }
        if self.whole_runs(self.base, name).next().is_none() {
            return Verdict::Ask(vec![self.whole(self.base, name)]);
        }
        if let Some(verdict) = self.red_base(name, &failures) {
            return verdict;
        }
        self.compared(validation, head, &failures)
    }

    /// A candidate that is green: also often enough, where what was cured was not always red?
    fn cured(&self, head: Oid, name: &str) -> Verdict {
        for set in self.failing_sets.iter().filter(|set| set.validation == *name) {
            let Some(rates) = set.rates else { continue };
            let seen = self.tally(head, name, &set.failures);
            match rates.judge(seen, self.error()) {
                Said::Green => {}
                Said::Undecided { more } => {
                    let ask = self.again(head, name, set.failures.iter());
                    return Verdict::Ask(vec![ask; more.min(self.spec.slots) as usize]);
                }
                // Another one makes the same fail.
                Said::Red => {
                    let failures = set.failures.iter().cloned().collect();
                    return Verdict::Breaks(Target {
                        validation: name.to_owned(),
                        failures,
                        rates,
                    });
                }
            }
        }
        Verdict::Passes
    }

    /// A command that fails on the target without results by test vouches for nothing.
    fn red_base(&self, name: &str, failures: &BTreeSet<Failure>) -> Option<Verdict> {
        for failure in [Failure::Command, Failure::Tainted] {
            let seen = self.tally(self.base, name, std::slice::from_ref(&failure));
            if !seen.is_all_red() {
                continue;
            }
            let enough = self.confirmations(name, std::slice::from_ref(&failure));
            return Some(if seen.runs() < enough {
                Verdict::Ask(vec![self.fresh(self.base, name)])
            } else if self.spec.allow_red_base && failure == Failure::Command {
                // What changes tracked files is not a matter of tests.
                if failures.contains(&Failure::Tainted) {
                    return None;
                }
                Verdict::Passes
            } else {
                Verdict::RedBase
            });
        }
        None
    }

    fn compared(
        &self,
        validation: &Validation,
        head: Oid,
        failures: &BTreeSet<Failure>,
    ) -> Verdict {
        let name = &validation.name;
        let (mut certain, mut flaky) = (BTreeSet::new(), None);
        // What may be steady is asked about before what is a flake.
        let (mut confirm, mut repeat) = (Vec::new(), Vec::new());
        for failure in failures {
            match self.class(name, failure, head) {
                Class::Excused => {}
                Class::Confirm(commit) => confirm.push((commit, failure)),
                Class::Repeat(commits) => {
                    repeat.extend(commits.into_iter().map(|commit| (commit, failure)));
                }
                Class::New(rates) if rates.is_certain() => {
                    certain.insert(failure.clone());
                }
                Class::New(rates) => flaky = flaky.or(Some((failure.clone(), rates))),
            }
        }
        if !confirm.is_empty() {
            return Verdict::Ask(self.asks(name, &confirm));
        }
        let target =
            |failures, rates| Verdict::Breaks(Target { validation: name.clone(), failures, rates });
        if !certain.is_empty() {
            return target(certain, Rates::CERTAIN);
        }
        if !repeat.is_empty() {
            return Verdict::Ask(self.asks(name, &repeat));
        }
        if let Some((failure, rates)) = flaky {
            return target(BTreeSet::from([failure]), rates);
        }
        self.excused(name, head, failures)
    }

    /// One run on each commit for all that is to be seen there.
    fn asks(&self, name: &str, wanted: &[(Oid, &Failure)]) -> Vec<ValidationRequest> {
        let mut commits: Vec<Oid> = Vec::new();
        for (commit, _) in wanted {
            if !commits.contains(commit) {
                commits.push(*commit);
            }
        }
        let on = |commit: Oid| wanted.iter().filter(move |(on, _)| *on == commit).map(|(_, f)| *f);
        commits.into_iter().map(|commit| self.again(commit, name, on(commit))).collect()
    }

    /// Everything that failed is the target's, or a flake of its own. It must also have run what the
    /// target ran, and a whole run must have shown nothing but what always fails there.
    fn excused(&self, name: &str, head: Oid, failures: &BTreeSet<Failure>) -> Verdict {
        let whole: Vec<&ValidationRun> = self.whole_runs(head, name).collect();
        let seen = self.tally(head, name, &[Failure::Missing]);
        if seen.reds > 0 && !whole.iter().any(|run| run.is_green()) {
            let missing = Failure::Missing;
            match self.class(name, &missing, head) {
                Class::Excused => {}
                Class::Confirm(commit) => {
                    return Verdict::Ask(self.asks(name, &[(commit, &missing)]));
                }
                Class::Repeat(commits) => {
                    let wanted: Vec<_> = commits.into_iter().map(|on| (on, &missing)).collect();
                    return Verdict::Ask(self.asks(name, &wanted));
                }
                Class::New(rates) => {
                    let failures = BTreeSet::from([missing]);
                    return Verdict::Breaks(Target {
                        validation: name.to_owned(),
                        failures,
                        rates,
                    });
                }
            }
        }
        let always = |failure: &Failure| {
            self.tally(self.base, name, std::slice::from_ref(failure)).is_all_red()
        };
        if whole.iter().any(|run| run.failures().iter().all(always)) {
            return self.cured(head, name);
        }
        let tries = u32::try_from(whole.len()).unwrap_or(u32::MAX);
        if tries < self.flake_budget(name, &[Failure::Command]) {
            return Verdict::Ask(vec![self.fresh(head, name)]);
        }
        let left_out = self.spec.allow_red_base && failures.contains(&Failure::Command);
        if left_out { Verdict::Passes } else { Verdict::RedBase }
    }

    fn class(&self, name: &str, failure: &Failure, head: Oid) -> Class {
        let only = std::slice::from_ref(failure);
        let (with, without) = (self.tally(head, name, only), self.tally(self.base, name, only));
        let enough = self.confirmations(name, only);
        if without.is_all_red() && without.runs() < enough {
            return Class::Confirm(self.base);
        }
        if without.is_all_red() {
            return Class::Excused;
        }
        let steady = without.reds == 0 && with.is_all_red();
        if steady && !self.is_contradicted(name, only) {
            return if with.runs() < enough {
                Class::Confirm(head)
            } else if enough > 2 && without.runs() < 2 {
                // Once more where it costs little.
                Class::Confirm(self.base)
            } else {
                Class::New(Rates::CERTAIN)
            };
        }
        let chance = chance_of_no_difference(with, without);
        let fewest = with.runs().min(without.runs());
        // A tree that was changed once is not one that a flake can excuse.
        let taint = *failure == Failure::Tainted;
        if fewest >= FEWEST && (chance <= CLEAR || taint) {
            return Class::New(Rates::of(without, with));
        }
        if fewest >= FEWEST && without.reds >= 2 && chance >= ALIKE {
            return Class::Excused;
        }
        if fewest < self.flake_budget(name, only) {
            // One more on each side; on the one that is ahead only in its turn.
            let skipped = usize::from(with.runs() > without.runs());
            return Class::Repeat([head, self.base].into_iter().skip(skipped).collect());
        }
        if chance <= SIGNIFICANT || steady || taint {
            Class::New(Rates::of(without, with))
        } else {
            Class::Excused
        }
    }

    /// Runs on each side before a flake is judged.
    pub(super) fn flake_budget(&self, name: &str, failures: &[Failure]) -> u32 {
        let whole = self.again(self.base, name, failures.iter()).only.is_empty();
        let fits = self.fitting(FLAKE_TIME, name, whole);
        fits.max(FEWEST_LONG).min(self.spec.flake_runs.max(2))
    }

    /// How often any of the failures was seen on a commit. A run that says nothing of them, such as
    /// one that crashed before, is one that did not show them.
    pub(super) fn tally(&self, commit: Oid, name: &str, failures: &[Failure]) -> Tally {
        let mut tally = Tally::default();
        for run in self.runs_on(commit).filter(|run| run.name == *name) {
            // Green is only a run that can have shown all of them.
            let red = failures.iter().any(|failure| self.is_shown(run, failure));
            if red || failures.iter().all(|failure| run.is_about(failure)) {
                tally.note(red);
            }
        }
        tally
    }

    fn is_shown(&self, run: &ValidationRun, failure: &Failure) -> bool {
        match failure {
            Failure::Missing => self.lacks_tests(run),
            Failure::Test(_) | Failure::Command | Failure::Tainted => run.is_red_by(failure),
        }
    }

    /// Whether a red run did not execute all that the target's executed (landing.md rule 10).
    fn lacks_tests(&self, run: &ValidationRun) -> bool {
        let Some(results) = run.complete_results().filter(|_| run.is_whole() && !run.is_green())
        else {
            return false;
        };
        let executed: BTreeSet<&str> = results.executed().collect();
        let before = self.whole_runs(self.base, &run.name).filter_map(|run| run.complete_results());
        before.flat_map(|results| results.executed()).any(|test| !executed.contains(test))
    }

    /// Whether any commit was seen both to show the failures and not to.
    pub(super) fn is_contradicted(&self, name: &str, failures: &[Failure]) -> bool {
        let commits: BTreeSet<Oid> = self.runs.iter().map(|(commit, _)| *commit).collect();
        commits.into_iter().any(|commit| self.tally(commit, name, failures).is_mixed())
    }

    /// Errors allowed for each commit that is judged: 5 % over a whole search.
    pub(super) fn error(&self) -> f64 {
        let halvings = usize::BITS - self.spec.members.len().leading_zeros();
        0.05 / f64::from(2 * halvings + 6)
    }

    /// Red runs, one after the other, after which a failure is held to be steady: as many as take a
    /// minute, but two of a long validation, and three where the tests can be run alone.
    pub(super) fn confirmations(&self, name: &str, failures: &[Failure]) -> u32 {
        let whole = self.again(self.base, name, failures.iter()).only.is_empty();
        let fits = self.fitting(CONFIRM_TIME, name, whole);
        fits.clamp(if whole { 2 } else { 3 }, MOST_CONFIRMATIONS)
    }

    /// Runs that fit into a time, by the longest so far.
    fn fitting(&self, time: Duration, name: &str, whole: bool) -> u32 {
        let alike = |run: &&ValidationRun| run.name == *name && run.is_whole() == whole;
        let runs = self.runs.iter().map(|(_, run)| run).filter(alike);
        let longest = runs.map(|run| run.duration).max().unwrap_or_default();
        let fits = time.as_millis() / longest.as_millis().max(1);
        u32::try_from(fits).unwrap_or(u32::MAX)
    }
}
