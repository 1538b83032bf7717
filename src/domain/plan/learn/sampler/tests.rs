use super::*;
use crate::domain::plan::{DEFAULT_CONTENTION, NO_HISTORY};
use crate::domain::report::scripted_run::task;

fn drawn(ids: &[&str], draw: usize) -> Vec<(f64, f64)> {
    let tasks: Vec<_> = ids.iter().map(|id| task(id, &[], 100)).collect();
    let durations = Durations::learn(&tasks, "w", &NO_HISTORY, &DEFAULT_CONTENTION);
    let (mut seconds, mut chances) = (vec![0.0; ids.len()], vec![0.0; ids.len()]);
    Sampler::new(&durations, 5).fill(draw, &mut seconds, &mut chances);
    seconds.into_iter().zip(chances).collect()
}

#[test]
fn a_task_draws_the_same_whatever_its_place_and_the_other_tasks() {
    let pair = drawn(&["a", "b"], 7);
    let more = drawn(&["c", "b", "a"], 7);
    assert_eq!((pair[0], pair[1]), (more[2], more[1]));
    assert_ne!(pair, drawn(&["a", "b"], 8));
}

#[test]
fn without_history_draws_spread_as_the_users_estimate_does() {
    let mut seconds: Vec<f64> = (0..4000).map(|draw| drawn(&["a"], draw)[0].0).collect();
    seconds.sort_by(f64::total_cmp);
    let (median, sd) = median_and_spread(&seconds);
    let expected = 0.5_f64.hypot(0.15);
    assert!((median / 100.0 - 1.0).abs() < 0.03, "{median}");
    assert!((sd / expected - 1.0).abs() < 0.05, "{sd}");
}
