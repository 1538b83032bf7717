//! How often the check passed on an arm, and what follows from that.

use crate::domain::task::{RaceRules, RaceStop};

/// How often the check passed and failed on an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Runs that passed.
    pub passes: u32,
    /// Runs that failed.
    pub fails: u32,
}

/// What is settled about an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Open,
    /// As many runs passed as need to.
    Proved,
    /// So many can no longer pass.
    Falsified,
}

impl Tally {
    /// Runs that ended.
    pub fn runs(self) -> u32 {
        self.passes + self.fails
    }
}

/// What is settled.
pub fn standing(rules: &RaceRules, tally: Tally) -> Standing {
    if tally.passes >= rules.need {
        Standing::Proved
    } else if tally.fails > rules.runs - rules.need {
        Standing::Falsified
    } else {
        Standing::Open
    }
}

/// Whether the check runs once more on the arm.
pub fn goes_on(rules: &RaceRules, tally: Tally) -> bool {
    match rules.stop {
        RaceStop::First => standing(rules, tally) == Standing::Open,
        RaceStop::All => tally.runs() < rules.runs,
    }
}
