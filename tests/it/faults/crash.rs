//! F1: the program dies at any point of any command, and going on comes to the same end.
//!
//! The points are those of `adapters::host::crash_point`. A few of each scenario are tried every
//! time, others each time; the slow tier tries all of them.

mod aftermath;
mod enumerate;
mod scenario;

use enumerate::{Points, enumerate};
use scenario::{
    ABORT, AHEAD, CLEAN, DIAMOND, FAILURES, INDEPENDENT, INTEGRATE, INTEGRATE_ELSEWHERE,
    INTEGRATE_ON_A_BRANCH, RACE, RESUME, Scenario, UNDO, UNDO_A_BRANCH,
};

/// Points of a scenario that are tried every time.
const FEW: u64 = 4;

fn try_a_few(scenario: &Scenario) {
    // Builds that users run have no points to die at.
    if cfg!(debug_assertions) {
        enumerate(scenario, Points::Some(FEW));
    }
}

#[test]
fn independent_tasks_survive_a_crash() {
    try_a_few(&INDEPENDENT);
}

#[test]
fn dependent_tasks_survive_a_crash() {
    try_a_few(&DIAMOND);
}

#[test]
fn failures_retries_checks_and_the_landing_survive_a_crash() {
    try_a_few(&FAILURES);
}

#[test]
fn a_run_that_validates_ahead_survives_a_crash() {
    try_a_few(&AHEAD);
}

#[test]
fn a_race_survives_a_crash() {
    try_a_few(&RACE);
}

#[test]
fn a_second_crash_while_resuming_is_survived() {
    try_a_few(&RESUME);
}

#[test]
fn an_integration_survives_a_crash() {
    try_a_few(&INTEGRATE);
    try_a_few(&INTEGRATE_ELSEWHERE);
    try_a_few(&INTEGRATE_ON_A_BRANCH);
}

#[test]
fn an_undo_survives_a_crash() {
    try_a_few(&UNDO);
    try_a_few(&UNDO_A_BRANCH);
}

#[test]
fn cleaning_and_aborting_survive_a_crash() {
    try_a_few(&CLEAN);
    try_a_few(&ABORT);
}

mod slow {
    use super::*;

    fn try_all(scenario: &Scenario) {
        if cfg!(debug_assertions) {
            enumerate(scenario, Points::All);
        }
    }

    #[test]
    #[ignore = "slow: every crash of a run takes a second"]
    fn independent_tasks_survive_every_crash() {
        try_all(&INDEPENDENT);
    }

    #[test]
    #[ignore = "slow: every crash of a run takes a second"]
    fn dependent_tasks_survive_every_crash() {
        try_all(&DIAMOND);
    }

    #[test]
    #[ignore = "slow: every crash of a run takes two seconds"]
    fn failures_retries_checks_and_the_landing_survive_every_crash() {
        try_all(&FAILURES);
    }

    #[test]
    #[ignore = "slow: every crash of a run takes two seconds"]
    fn a_run_that_validates_ahead_survives_every_crash() {
        try_all(&AHEAD);
    }

    #[test]
    #[ignore = "slow: every crash of a run takes two seconds"]
    fn a_race_survives_every_crash() {
        try_all(&RACE);
    }

    #[test]
    #[ignore = "slow: every crash of a run takes two seconds"]
    fn every_second_crash_while_resuming_is_survived() {
        try_all(&RESUME);
    }

    #[test]
    #[ignore = "slow: every crash of an integration takes a second"]
    fn an_integration_survives_every_crash() {
        try_all(&INTEGRATE);
        try_all(&INTEGRATE_ELSEWHERE);
        try_all(&INTEGRATE_ON_A_BRANCH);
    }

    #[test]
    #[ignore = "slow: every crash of an undo takes a second"]
    fn an_undo_survives_every_crash() {
        try_all(&UNDO);
        try_all(&UNDO_A_BRANCH);
    }

    #[test]
    #[ignore = "slow: every crash of a removal takes a second"]
    fn cleaning_survives_every_crash() {
        try_all(&CLEAN);
    }

    #[test]
    #[ignore = "slow: every crash of an abort takes a second"]
    fn aborting_survives_every_crash() {
        try_all(&ABORT);
    }
}
