//! What the runs of the check on one arm say so far.

use serde::{Deserialize, Serialize};

use crate::domain::task::{RaceRules, RaceStop};

/// How often the check passed and failed on one arm, or on the control. A run that could not be
/// carried out is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Runs with exit code 0.
    pub passes: u32,
    /// Runs that ended otherwise.
    pub fails: u32,
}

/// Where an arm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its next runs can still go either way.
    Open,
    /// It can no longer miss `need`.
    Proved,
    /// It can no longer reach `need`.
    Falsified,
}

/// What the control says: the base has the bug when the check does not prove it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reproduction {
    /// Its next runs can still go either way.
    Open,
    /// The base can no longer reach `need`: there is something to decide.
    Reproduced,
    /// The base reached `need`: there is nothing to decide.
    NotReproduced,
}

impl Tally {
    /// Runs that count.
    pub fn runs(self) -> u32 {
        self.passes + self.fails
    }

    /// With the result of one more run.
    #[must_use]
    pub fn with(self, passed: bool) -> Self {
        let Self { passes, fails } = self;
        if passed { Self { passes: passes + 1, fails } } else { Self { passes, fails: fails + 1 } }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { passes: self.passes + other.passes, fails: self.fails + other.fails }
    }
}

/// Where an arm with these results stands. Never changes once it is settled.
pub fn standing(rules: &RaceRules, tally: Tally) -> Standing {
    if tally.passes >= rules.need {
        Standing::Proved
    } else if tally.fails >= fails_that_settle(rules) {
        Standing::Falsified
    } else {
        Standing::Open
    }
}

/// What a control with these results says.
pub fn reproduction(rules: &RaceRules, tally: Tally) -> Reproduction {
    match standing(rules, tally) {
        Standing::Open => Reproduction::Open,
        Standing::Proved => Reproduction::NotReproduced,
        Standing::Falsified => Reproduction::Reproduced,
    }
}

/// Whether the check runs once more on this arm, or on the control, while the race is on.
pub fn goes_on(rules: &RaceRules, tally: Tally) -> bool {
    match rules.stop {
        RaceStop::First => standing(rules, tally) == Standing::Open,
        RaceStop::All => tally.runs() < rules.runs,
    }
}

/// So many failed runs and `need` is out of reach.
pub(super) fn fails_that_settle(rules: &RaceRules) -> u32 {
    rules.runs.saturating_sub(rules.need) + 1
}

#[cfg(test)]
mod tests;
