use super::super::binomial::exactly;
use super::super::tally::{Standing, goes_on, standing};
use super::*;
use crate::domain::plan::Random;
use crate::domain::race::fixture::rules;

const RULES: [(u32, u32); 5] = [(7, 4), (7, 7), (5, 1), (9, 6), (1, 1)];
const RATES: [f64; 7] = [0.02, 0.1, 0.2, 0.5, 0.77, 0.8, 0.95];

/// Every end of an arm that nobody stops, with its probability.
fn ends(rules: &RaceRules, rate: f64) -> Vec<(Tally, f64)> {
    let mut open = vec![(Tally::default(), 1.0)];
    let mut ends = Vec::new();
    while let Some((tally, probability)) = open.pop() {
        if goes_on(rules, tally) {
            open.push((tally.with(true), probability * rate));
            open.push((tally.with(false), probability * (1.0 - rate)));
        } else {
            ends.push((tally, probability));
        }
    }
    ends
}

/// By exact enumeration.
#[test]
fn the_bounds_of_a_rate_miss_it_on_either_side_in_at_most_2_5_of_100_arms() {
    for (runs, need) in RULES {
        for stop in [RaceStop::First, RaceStop::All] {
            let rules = rules(runs, need, stop);
            for rate in RATES {
                let (mut above, mut below) = (0.0, 0.0);
                for (tally, probability) in ends(&rules, rate) {
                    let bounds = pass_rate(&rules, tally);
                    above += if bounds.low > rate { probability } else { 0.0 };
                    below += if bounds.high < rate { probability } else { 0.0 };
                }
                assert!(above <= 0.025 && below <= 0.025, "{rules:?} {rate}: {above} {below}");
            }
        }
    }
}

#[test]
fn knowing_how_an_arm_was_stopped_narrows_its_bounds() {
    let bounds = pass_rate(&rules(7, 4, RaceStop::First), Tally { passes: 3, fails: 4 });
    assert!(bounds.low > lower_bound(7, 3, 0.025), "{bounds:?}");
    assert!((bounds.high - upper_bound(7, 3, 0.025)).abs() < 1e-12, "{bounds:?}");
}

#[test]
fn an_arm_that_was_stopped_has_wider_bounds_than_any_of_its_ends() {
    let rules = rules(7, 4, RaceStop::First);
    let stopped = pass_rate(&rules, Tally { passes: 2, fails: 1 });
    for (passes, fails) in [(4, 1), (4, 3), (2, 4), (3, 4)] {
        let end = pass_rate(&rules, Tally { passes, fails });
        assert!(stopped.low <= end.low && end.high <= stopped.high, "{stopped:?} {end:?}");
    }
    assert_eq!(pass_rate(&rules, Tally::default()), RateBounds { low: 0.0, high: 1.0 });
}

#[test]
fn bounds_are_plain_clopper_pearson_where_everything_runs() {
    let bounds = pass_rate(&rules(10, 5, RaceStop::All), Tally { passes: 5, fails: 5 });
    assert!((bounds.low - 0.18709).abs() < 5e-5 && (bounds.high - 0.81291).abs() < 5e-5);
}

/// The results of one race in which every arm runs in turn, a run at a time.
struct Race {
    control: Tally,
    arms: Vec<Tally>,
}

fn race(rules: &RaceRules, wrong: f64, right: Option<f64>, random: &mut Random) -> Option<Race> {
    let mut control = Tally::default();
    while goes_on(rules, control) {
        control = control.with(random.uniform() <= wrong);
    }
    if standing(rules, control) == Standing::Proved {
        return None;
    }
    let mut arms = vec![Tally::default(); 5];
    while arms.iter().any(|arm| goes_on(rules, *arm)) {
        for at in 0..arms.len() {
            let rate = if at == 4 { right.unwrap_or(wrong) } else { wrong };
            if goes_on(rules, arms[at]) {
                arms[at] = arms[at].with(random.uniform() <= rate);
            }
            if rules.stop == RaceStop::First && standing(rules, arms[at]) == Standing::Proved {
                return Some(Race { control, arms });
            }
        }
    }
    Some(Race { control, arms })
}

/// 1000 races for each rate and rule, arms stopped by the winner included: a wrong arm that is proved
/// under a stated bound of `q` or less is as rare as stated, and the interval of an arm holds.
#[test]
fn the_stated_bounds_hold_over_simulated_races() {
    const RACES: u32 = 1000;
    for stop in [RaceStop::First, RaceStop::All] {
        let rules = rules(7, 4, stop);
        for right in [None, Some(0.8)] {
            for wrong in [0.05, 0.2, 0.5] {
                let mut random = Random::new(11);
                let (mut lucky, mut missed) = ([0_u32; 3], [0_u32; 2]);
                for _ in 0..RACES {
                    let Some(race) = race(&rules, wrong, right, &mut random) else { continue };
                    for (seen, at) in [(race.arms[0], 0), (race.arms[3], 1)] {
                        let bounds = pass_rate(&rules, seen);
                        let holds = (bounds.low..=bounds.high).contains(&wrong);
                        missed[at] += u32::from(!holds);
                    }
                    let wrong_arms = if right.is_some() { 0..4 } else { 0..5 };
                    let stated = wrong_arms
                        .filter(|at| standing(&rules, race.arms[*at]) == Standing::Proved)
                        .map(|at| {
                            let mut others = race.arms.clone();
                            others.remove(at);
                            luck(&rules, Some(race.control), &others).unwrap().any
                        })
                        .fold(1.0, f64::min);
                    for (count, q) in lucky.iter_mut().zip([0.01, 0.05, 0.3]) {
                        *count += u32::from(stated <= q);
                    }
                }
                for (count, q) in lucky.into_iter().zip([0.01, 0.05, 0.3]) {
                    assert!(
                        f64::from(count) <= q * f64::from(RACES),
                        "{stop:?} {wrong} {q}: {count}"
                    );
                }
                for count in missed {
                    assert!(
                        f64::from(count) <= 0.05 * f64::from(RACES),
                        "{stop:?} {wrong}: {count}"
                    );
                }
            }
        }
    }
}

#[test]
fn luck_is_small_where_the_others_never_pass_and_certain_where_they_often_do() {
    let rules = rules(7, 4, RaceStop::First);
    let seen = |passes, fails| Tally { passes, fails };
    let clear = luck(&rules, Some(seen(0, 4)), &[seen(0, 4); 4]).unwrap();
    assert!(clear.one < 0.005 && (clear.any - 5.0 * clear.one).abs() < 1e-12, "{clear:?}");
    let noisy = luck(&rules, Some(seen(3, 4)), &[seen(3, 4); 4]).unwrap();
    assert!(noisy.any > 0.9, "{noisy:?}");
    // Another right arm among the others is left out of the comparison.
    let two = luck(&rules, Some(seen(0, 4)), &[seen(4, 0), seen(0, 4), seen(0, 4), seen(0, 4)]);
    assert!(two.unwrap().others == seen(0, 16) && two.unwrap().any < 0.5, "{two:?}");
    assert_eq!(luck(&rules, None, &[]), None);
}

#[test]
fn a_winner_misses_with_the_chance_of_its_rate_and_at_most_of_its_bound() {
    let rules = rules(7, 4, RaceStop::All);
    let seen = miss(&rules, Tally { passes: 6, fails: 1 }, 5).unwrap();
    let expected: f64 = (0..4).map(|passes| exactly(7, passes, 6.0 / 7.0)).sum();
    assert!((seen.estimate - expected).abs() < 1e-9 && seen.at_most > seen.estimate);
    assert_eq!(miss(&rules, Tally::default(), 5), None);
}
