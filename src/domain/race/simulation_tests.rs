//! Races in virtual time, decided by the functions of this module and nothing else.

use std::time::Duration;

use super::fixture::rules;
use super::*;
use crate::domain::id::TaskId;
use crate::domain::plan::Random;
use crate::domain::task::{RaceRules, RaceStop};

const ARMS: usize = 5;

/// How often a run of the check passes.
#[derive(Clone, Copy)]
struct Flake {
    right: f64,
    wrong: f64,
}

/// The right arm fails by chance in 20 of 100 runs, wrong ones always.
const ONE_SIDED: Flake = Flake { right: 0.8, wrong: 0.0 };
/// Results are the wrong way round in 20 of 100 runs.
const SYMMETRIC: Flake = Flake { right: 0.8, wrong: 0.2 };

/// Which arm a free slot goes to.
#[derive(Clone, Copy, PartialEq)]
enum Turn {
    /// The first in the file that goes on: one arm after another.
    File,
    /// The one with the fewest runs so far.
    Fair,
    /// Every arm once, then the one with the best results so far.
    Promising,
}

struct Race {
    rules: RaceRules,
    flake: Flake,
    width: usize,
    turn: Turn,
}

impl Race {
    /// Whether the right arm is the one that is named.
    fn names_the_right_arm(&self, seed: u64) -> bool {
        let mut random = Random::new(seed);
        let right = (random.uniform() * ARMS as f64) as usize % ARMS;
        let mut arms = [Tally::default(); ARMS];
        let mut running: Vec<(f64, usize)> = Vec::new();
        let mut now = 0.0;
        loop {
            while running.len() < self.width {
                let Some(next) = self.next(&arms, &running) else { break };
                running.push((now + 0.5 + random.uniform(), next));
            }
            let first = (0..running.len()).min_by(|a, b| running[*a].0.total_cmp(&running[*b].0));
            let Some(first) = first else { break };
            let (ends, arm) = running.swap_remove(first);
            now = ends;
            let rate = if arm == right { self.flake.right } else { self.flake.wrong };
            arms[arm] = arms[arm].with(random.uniform() <= rate);
            let proved = standing(&self.rules, arms[arm]) == Standing::Proved;
            if proved && self.rules.stop == RaceStop::First {
                break;
            }
        }
        let mut contender = |(at, tally)| Contender {
            id: name(at),
            tally,
            metric: None,
            // Of any size: it says nothing about who is right.
            changes: Changes { lines: (random.uniform() * 40.0) as usize, ..Changes::default() },
            duration: Duration::ZERO,
            family: None,
        };
        let named: Vec<Contender> = arms.into_iter().enumerate().map(&mut contender).collect();
        rank(&self.rules, &named).winner() == Some(&name(right))
    }

    fn next(&self, arms: &[Tally], running: &[(f64, usize)]) -> Option<usize> {
        let goes_on = |at: &usize| {
            goes_on(&self.rules, arms[*at]) && running.iter().all(|(_, other)| other != at)
        };
        let waiting = (0..arms.len()).filter(goes_on);
        match self.turn {
            Turn::File => waiting.min(),
            Turn::Fair => waiting.min_by_key(|at| arms[*at].runs()),
            Turn::Promising => waiting.min_by_key(|at| {
                let ahead = i64::from(arms[*at].fails) - i64::from(arms[*at].passes);
                (arms[*at].runs() > 0, ahead)
            }),
        }
    }

    fn right_of(&self, seeds: u64) -> usize {
        (0..seeds).filter(|seed| self.names_the_right_arm(*seed)).count()
    }
}

fn name(at: usize) -> TaskId {
    format!("arm-{at}").parse().unwrap()
}

fn races(flake: Flake) -> impl Iterator<Item = Race> {
    let stops = [RaceStop::First, RaceStop::All];
    let turns = [Turn::File, Turn::Fair, Turn::Promising];
    stops.into_iter().flat_map(move |stop| {
        [5, 2].into_iter().flat_map(move |width| {
            turns.map(|turn| Race { rules: rules(7, 4, stop), flake, width, turn })
        })
    })
}

/// In theory 96.7 of 100: the right arm passes four of seven runs or more.
#[test]
fn with_a_check_that_fails_by_chance_in_20_of_100_runs_the_right_arm_is_named() {
    for race in races(ONE_SIDED) {
        assert!(race.right_of(100) >= 95, "{}", race.right_of(100));
    }
    let many = races(ONE_SIDED).next().unwrap().right_of(10_000);
    assert!((9_600..=9_730).contains(&many), "{many}");
}

/// No promise, but seen with `first`: 94 of 100 on five slots; on two slots 92 when one arm goes after
/// another, 95 when the arm with the fewest runs goes first, 94 when the most promising one does. With
/// `all`, 90 to 92: where a lucky arm reaches `need` as well, the two rates differ by less than noise.
#[test]
fn with_a_check_that_is_wrong_either_way_in_20_of_100_runs_the_right_arm_is_mostly_named() {
    let named: Vec<usize> = races(SYMMETRIC).map(|race| race.right_of(2_000)).collect();
    assert!(named.iter().all(|right| *right >= 1_700), "{named:?}");
}
