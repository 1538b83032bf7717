use super::*;

fn near(one: f64, other: f64) {
    assert!((one - other).abs() < 5e-5, "{one} and {other}");
}

#[test]
fn tails_are_the_sums_of_their_terms() {
    near(at_least(7, 4, 0.8), 0.96666);
    near(at_least(7, 4, 0.2), 0.03334);
    near(at_least(3, 0, 0.5), 1.0);
    for (n, p) in [(1, 0.3), (7, 0.2), (40, 0.9), (2000, 0.01), (2000, 0.99)] {
        let mut sum = 1.0;
        for k in 0..n {
            near(at_least(n, k, p), sum);
            sum -= exactly(n, k, p);
        }
    }
}

/// Values of the tables of Clopper and Pearson, as `binom.test` of R prints them.
#[test]
fn bounds_are_the_published_ones() {
    for (passes, runs, low, high) in [
        (0, 10, 0.0, 0.30850),
        (1, 10, 0.00253, 0.44502),
        (5, 10, 0.18709, 0.81291),
        (10, 10, 0.69150, 1.0),
        (8, 20, 0.19119, 0.63946),
    ] {
        near(lower_bound(runs, passes, 0.025), low);
        near(upper_bound(runs, passes, 0.025), high);
    }
    near(upper_bound(0, 0, 0.025), 1.0);
}

/// Every path of twelve runs, stopped at the moment at which it looks worst.
#[test]
fn whoever_stops_when_it_looks_worst_is_covered() {
    for p in [0.1, 0.2, 0.5, 0.8] {
        for better in [p, (p + 1.0) / 2.0] {
            for stated in [0.01, 0.05, 0.3] {
                let mut probability = 0.0;
                for path in 0_u32..1 << 12 {
                    let mut seen = Tally::default();
                    let mut ever = false;
                    for run in 0..12 {
                        seen = seen.with(path >> run & 1 == 1);
                        ever |= looks_as_bad(seen, p) <= stated;
                    }
                    if ever {
                        let rate: f64 = better;
                        probability += rate.powf(f64::from(seen.passes))
                            * (1.0 - rate).powf(f64::from(seen.fails));
                    }
                }
                assert!(probability <= stated, "{p} {better} {stated}: {probability}");
            }
        }
    }
}
