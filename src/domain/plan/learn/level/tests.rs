use super::*;

fn seen(effects: &[f64], apart_ms: i64) -> Vec<Seen> {
    let run = |(i, effect): (usize, &f64)| Seen {
        effect: *effect,
        variance: 0.0,
        at: Timestamp(apart_ms * i as i64),
    };
    effects.iter().enumerate().map(run).collect()
}

#[test]
fn runs_close_to_one_another_count_alike_and_a_long_pause_makes_the_latest_count_most() {
    let effects = [0.1, -0.1, 0.06, 0.3];
    let mean = effects.iter().sum::<f64>() / 4.0;
    let close = Level::of(&seen(&effects, 60_000)).unwrap();
    assert!((close.mean - mean).abs() < 1e-3, "{close:?}");
    assert!((close.variance - close.noise / 4.0).abs() < 1e-3 * close.noise);
    let apart = Level::of(&seen(&effects, 300 * 86_400_000)).unwrap();
    assert!(apart.mean > 0.25, "{apart:?}");
}

#[test]
fn a_trend_is_followed() {
    let rising: Vec<f64> = (0..10).map(|i| 0.1 * f64::from(i)).collect();
    let level = Level::of(&seen(&rising, 60_000)).unwrap();
    assert!(level.mean > 0.7, "{level:?}");
    assert!(Level::of(&[]).is_none());
}
