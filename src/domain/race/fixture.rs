//! Rules of races in tests.

use std::time::Duration;

use crate::domain::task::{RaceRules, RaceStop};

/// `need` of `runs`.
pub(in crate::domain) fn rules(runs: u32, need: u32, stop: RaceStop) -> RaceRules {
    RaceRules {
        check: "cargo test".to_owned(),
        control: true,
        runs,
        need,
        stop,
        metric: None,
        timeout: Duration::from_secs(60),
    }
}
