use super::*;
use crate::domain::plan::history::{ObservedAttempt, ResourceUse};
use crate::domain::time::Timestamp;

/// A machine on which tasks that wait most of the time never lack a core.
const CORES: f64 = 16.0;

/// Seconds that the law gives for work of 100 s.
fn wall(sigma: f64, kappa: f64, active: f64) -> f64 {
    100.0 * Contention { sigma, kappa, ..DEFAULT_CONTENTION }.slowdown(active)
}

fn attempt(run: u64, active: f64, wall_s: f64) -> ObservedAttempt {
    ObservedAttempt {
        run,
        workflow: "w".to_owned(),
        task: "t".to_owned(),
        work: 1,
        category: "agent".to_owned(),
        wall_s,
        cpu_s: Some(0.1 * wall_s),
        active,
        lane_position: None,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(0),
    }
}

/// Several runs at each width, as the law has it.
fn history(sigma: f64, kappa: f64, widths: &[f64], runs: u64) -> History {
    let attempts = widths.iter().enumerate().flat_map(|(at, active)| {
        let first = at as u64 * runs;
        (first..first + runs).map(|run| attempt(run, *active, wall(sigma, kappa, *active)))
    });
    History { attempts: attempts.collect(), runs: Vec::new() }
}

/// Many kinds of work, so that the prior weighs little.
fn many_kinds(sigma: f64, kappa: f64, widths: &[f64]) -> History {
    let mut all = History::default();
    for work in 0..60 {
        let mut one = history(sigma, kappa, widths, 1);
        for attempt in &mut one.attempts {
            attempt.work = work;
        }
        all.attempts.extend(one.attempts);
    }
    all
}

#[test]
fn defaults_hold_until_three_widths_were_seen() {
    assert_eq!(Contention::fit(&History::default(), CORES), DEFAULT_CONTENTION);
    let two = history(0.5, 0.1, &[1.0, 4.0], 30);
    assert_eq!(Contention::fit(&two, CORES), DEFAULT_CONTENTION);
    let three = history(0.5, 0.1, &[1.0, 2.0, 4.0], 30);
    assert_eq!(Contention::fit(&three, CORES).widths, 3);
}

#[test]
fn what_made_the_observations_is_found_again() {
    for (sigma, kappa) in [(0.1, 0.01), (0.3, 0.0), (0.0, 0.05), (0.03, 0.002)] {
        let fit = Contention::fit(&many_kinds(sigma, kappa, &[1.0, 2.0, 4.0, 6.0]), CORES);
        for active in [2.0, 3.0, 4.0, 6.0] {
            let (found, made) = (fit.slowdown(active), wall(sigma, kappa, active) / 100.0);
            assert!((found / made - 1.0).abs() < 0.04, "{sigma} {kappa} at {active}: {fit:?}");
        }
        assert!((fit.sigma - sigma).abs() < 0.06, "{sigma} {kappa}: {fit:?}");
        assert!((fit.kappa - kappa).abs() < 0.015, "{sigma} {kappa}: {fit:?}");
    }
}

#[test]
fn work_that_was_never_seen_alone_is_compared_with_its_lowest_width() {
    let fit = Contention::fit(&many_kinds(0.1, 0.01, &[2.0, 4.0, 6.0]), CORES);
    assert!((fit.sigma - 0.1).abs() < 0.04 && (fit.kappa - 0.01).abs() < 0.006, "{fit:?}");
}

#[test]
fn few_observations_move_the_defaults_part_of_the_way() {
    let fit = Contention::fit(&history(0.4, 0.05, &[1.0, 2.0, 4.0], 1), CORES);
    assert!(fit.sigma > DEFAULT_CONTENTION.sigma && fit.sigma < 0.4, "{fit:?}");
    let (few, many) = (fit.slowdown(4.0), wall(0.4, 0.05, 4.0) / 100.0);
    assert!(few > DEFAULT_CONTENTION.slowdown(4.0) && few < many, "{fit:?}");
}

#[test]
fn one_width_beyond_the_lowest_says_nothing_of_kappa() {
    let mut one = history(0.2, 0.0, &[1.0, 4.0], 5);
    let mut other = history(0.2, 0.0, &[2.0, 4.0], 5);
    for attempt in &mut other.attempts {
        attempt.work = 2;
        attempt.run += 100;
    }
    one.attempts.extend(other.attempts);
    let fit = Contention::fit(&one, CORES);
    assert!((fit.kappa - DEFAULT_CONTENTION.kappa).abs() < f64::EPSILON, "{fit:?}");
    assert!(fit.sigma > 0.08 && fit.sigma < 0.2, "{fit:?}");
}

#[test]
fn work_that_gets_faster_beside_others_never_makes_a_parameter_negative() {
    let mut faster = history(0.0, 0.0, &[1.0, 2.0, 4.0], 3);
    for attempt in &mut faster.attempts {
        attempt.wall_s /= attempt.active;
    }
    let fit = Contention::fit(&faster, CORES);
    assert!(fit.sigma >= 0.0 && fit.kappa >= 0.0, "{fit:?}");
    assert!(fit.slowdown(8.0) < DEFAULT_CONTENTION.slowdown(8.0), "{fit:?}");
}

#[test]
fn waiting_for_a_core_is_not_taken_for_contention() {
    // Two cores, tasks that keep one busy each: the queue for the cores explains all of it.
    let mut starved = History::default();
    for (run, active) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)] {
        let mut one = attempt(run, active, 100.0 * f64::max(1.0, active / 2.0));
        one.cpu_s = Some(100.0);
        starved.attempts.push(one);
    }
    assert_eq!(Contention::fit(&starved, 2.0), DEFAULT_CONTENTION);
}

#[test]
fn attempts_that_cannot_be_compared_do_not_count() {
    let spoil: [fn(&mut ObservedAttempt); 5] = [
        |attempt| attempt.censored = true,
        |attempt| attempt.cpu_s = None,
        |attempt| attempt.lane_position = Some(2),
        |attempt| attempt.wall_s = f64::NAN,
        |attempt| attempt.work = attempt.run,
    ];
    for spoil in spoil {
        let mut spoilt = history(0.5, 0.1, &[1.0, 2.0, 4.0], 10);
        spoilt.attempts.iter_mut().for_each(spoil);
        assert_eq!(Contention::fit(&spoilt, CORES), DEFAULT_CONTENTION);
    }
}

#[test]
fn beyond_the_peak_more_tasks_get_less_done() {
    assert_eq!(DEFAULT_CONTENTION.peak(), Some(22));
    let contention = Contention { sigma: 0.3, kappa: 0.02, ..DEFAULT_CONTENTION };
    let done = |tasks: usize| tasks as f64 / contention.slowdown(tasks as f64);
    let peak = contention.peak().unwrap();
    assert_eq!(peak, 5);
    assert!(done(peak) >= done(peak - 1) && done(peak + 1) >= done(peak + 2));
    assert_eq!(Contention { kappa: 0.0, ..contention }.peak(), None);
    assert_eq!(Contention { sigma: 1.0, ..contention }.peak(), Some(1));
}
