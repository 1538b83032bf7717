//! Races whose checks pass by chance: cut anywhere and taken up again, and how often the right arm is
//! named.

use super::racing::{CONTROL, Race, winner};
use super::*;
use crate::domain::plan::Random;
use crate::domain::race::{Standing, Tally, luck, standing};
use crate::domain::report::race_winner;
use crate::domain::task::RaceStop;

/// A race whose checks pass by chance, always by the same.
fn by_chance(stop: RaceStop, preference: Preference) -> World {
    let mut race = Race::of(3, 4, 3, stop);
    race.preference = preference;
    race.world(|task, run| {
        let passes = !(task * 5 + run as usize * 3).is_multiple_of(4) && task != CONTROL;
        (3 + (task as i64 * 7 + i64::from(run)) % 5, i32::from(!passes))
    })
}

#[test]
fn a_race_cut_behind_any_event_and_resumed_comes_to_an_end_that_its_results_bear_out() {
    for stop in [RaceStop::First, RaceStop::All] {
        for preference in [Preference::Sequential, Preference::ParallelWith(2)] {
            let mut whole = by_chance(stop, preference);
            whole.run();
            assert!(winner(&whole).is_some());
            for cut in 1..=whole.journal.len() {
                let stored = &whole.journal[..cut];
                let mut world = by_chance(stop, preference);
                world.journal = stored.to_vec();
                world.state = RunState::fold(stored).unwrap();
                properties::resume(&mut world);
                let rules = &world.state.spec.kind.race().unwrap().rules;
                for record in &world.state.tasks[1..] {
                    let ended = (standing(rules, record.tally()), record.outcome().unwrap());
                    let borne_out = match ended {
                        (Standing::Proved, outcome) => outcome == Outcome::Succeeded,
                        (Standing::Falsified, outcome) => outcome == Outcome::Failed,
                        (Standing::Open, outcome) => outcome == Outcome::Cancelled,
                    };
                    assert!(borne_out, "cut behind event {cut}: {ended:?}");
                }
                let open =
                    world.state.tasks.iter().any(|r| r.outcome() == Some(Outcome::Cancelled));
                assert_eq!(open, world.state.decided.is_some() && open);
                assert_eq!(winner(&world).is_some(), winner(&whole).is_some(), "{cut}");
                if stop == RaceStop::All {
                    assert_eq!(winner(&world), winner(&whole), "cut behind event {cut}");
                }
            }
        }
    }
}

/// What came of races in which arms pass by chance.
struct Simulated {
    right: usize,
    /// What was stated of luck where a wrong arm was named.
    wrong: Vec<f64>,
}

const RACES: u64 = 100;

/// Races with five arms, of which one is right and passes in 80 of 100 runs; the base and the wrong
/// ones pass with that rate.
fn simulated(stop: RaceStop, preference: Preference, wrong_rate: f64) -> Simulated {
    let mut all = Simulated { right: 0, wrong: Vec::new() };
    for seed in 0..RACES {
        let mut random = Random::new(seed);
        let right = 1 + (random.uniform() * 5.0) as usize % 5;
        // Drawn before the race: whatever the plan, the arms meet the same results.
        let mut passes = |rate: f64| [(); 7].map(|()| random.uniform() <= rate);
        let results: Vec<[bool; 7]> =
            (0..6).map(|task| passes(if task == right { 0.8 } else { wrong_rate })).collect();
        let mut race = Race::of(5, 7, 4, stop);
        race.preference = preference;
        let world = race.held(move |task, run| {
            let time = 500 + (random.uniform() * 1000.0) as i64;
            (time, i32::from(!results[task][run as usize - 1]))
        });
        let named = race_winner(&world.state).map(|arm| world.state.index(&arm).unwrap());
        match named {
            Some(arm) if arm == right => all.right += 1,
            Some(arm) => all.wrong.push(stated(&world, arm)),
            None => {}
        }
    }
    all
}

fn stated(world: &World, winner: usize) -> f64 {
    let tally = |index: usize| world.state.tasks[index].tally();
    let others: Vec<Tally> = (1..6).filter(|arm| *arm != winner).map(tally).collect();
    let rules = &world.state.spec.kind.race().unwrap().rules;
    luck(rules, Some(tally(CONTROL)), &others).unwrap().any
}

const PLANS: [Preference; 2] = [Preference::ParallelWith(6), Preference::Sequential];

/// In theory 96.7 of 100: the right arm passes four of seven runs or more.
#[test]
fn with_a_check_that_fails_by_chance_in_20_of_100_runs_the_right_arm_is_named_and_no_wrong_one() {
    for stop in [RaceStop::First, RaceStop::All] {
        for plan in PLANS {
            let Simulated { right, wrong } = simulated(stop, plan, 0.0);
            assert!(right >= 95, "{right} with {stop:?} {plan:?}");
            assert_eq!(wrong.len(), 0, "what never passes by chance is not proved by it");
        }
    }
}

/// Of races that state at most `q`, so many are wrong at most.
#[test]
fn where_wrong_arms_pass_by_chance_the_stated_luck_bounds_how_often_one_is_named() {
    for plan in PLANS {
        let Simulated { right, wrong } = simulated(RaceStop::First, plan, 0.2);
        assert!(right + wrong.len() >= 90 && !wrong.is_empty(), "{right} right, {wrong:?} wrong");
        for q in [0.01, 0.05, 0.1, 0.2, 0.5] {
            let lucky = wrong.iter().filter(|stated| **stated <= q).count();
            assert!(lucky as f64 <= q * RACES as f64, "{lucky} at {q}: {wrong:?}");
        }
    }
}
