//! What the end of a race spares the arms that were not decided.

use std::sync::Arc;

use super::racing::{Race, passes_on};
use super::*;
use crate::domain::report::race_facts;
use crate::domain::task::RaceStop;

/// Two arms at once of which `a` is proved after 15 seconds, when `b` has run for as long and `c` has not
/// begun; those are expected to take so many.
fn saved(estimate: Option<u64>) -> u64 {
    let mut race = Race::of(3, 1, 1, RaceStop::First);
    race.preference = Preference::ParallelWith(2);
    for arm in &mut race.arms {
        arm.estimate = estimate.map(Duration::from_secs);
    }
    let mut world = race.world(passes_on(1));
    world.seconds[2] = 1000;
    world.run();
    for arm in [1, 2] {
        Arc::make_mut(&mut world.state.tasks[arm]).usage.wall = Duration::from_secs(15);
    }
    race_facts(&world.state).unwrap().saved.as_secs()
}

#[test]
fn an_arm_that_is_stopped_saves_what_was_left_of_its_estimate_and_at_least_nothing() {
    assert_eq!(saved(Some(40)), (40 - 15) + 40);
    assert_eq!(saved(Some(12)), 12);
}

#[test]
fn an_arm_of_which_nothing_is_known_counts_as_long_as_those_that_came_to_an_end() {
    assert_eq!(saved(None), 15);
}
