//! The order in which the arms of a race begin: that of the file, whatever is known of their times.

use super::racing::Race;
use super::*;
use crate::domain::task::RaceStop;

/// Arms that are expected to take these seconds, and do take `seconds`; none of them is right.
fn begun(estimates: &[u64], (preference, seconds): (Preference, i64)) -> Vec<usize> {
    let mut race = Race::of(estimates.len(), 1, 1, RaceStop::First);
    (race.preference, race.seconds) = (preference, seconds);
    for (arm, estimate) in race.arms.iter_mut().zip(estimates) {
        arm.estimate = Some(Duration::from_secs(*estimate));
    }
    race.held(|_, _| (1, 1)).starts()
}

#[test]
fn a_long_arm_begins_no_earlier_than_the_file_says_neither_side_by_side_nor_in_a_lane() {
    for preference in [Preference::ParallelWith(2), Preference::Parallel, Preference::Sequential] {
        assert_eq!(begun(&[1, 30, 60, 90], (preference, 1)), [0, 1, 2, 3, 4], "{preference:?}");
    }
}

#[test]
fn arms_that_take_longer_than_expected_change_nothing_in_the_order() {
    let mut race = Race::of(5, 1, 1, RaceStop::First);
    race.preference = Preference::ParallelWith(2);
    for arm in &mut race.arms {
        arm.estimate = Some(Duration::from_secs(1));
    }
    let mut world = race.world(|_, _| (1, 1));
    world.replanning = true;
    world.run();
    assert_eq!((world.starts(), world.replans), (vec![0, 1, 2, 3, 4, 5], Vec::new()));
}

#[test]
fn an_arm_of_a_higher_priority_begins_first() {
    let mut race = Race::of(3, 1, 1, RaceStop::First);
    race.preference = Preference::ParallelWith(1);
    race.arms[2].priority = Priority::High;
    assert_eq!(race.held(|_, _| (1, 1)).starts(), [0, 3, 1, 2]);
}
