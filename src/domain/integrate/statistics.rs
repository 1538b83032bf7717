//! Telling a failure from a flake by how often something fails (landing.md rule 12).

use serde::{Deserialize, Serialize};

/// How often a thing was seen to fail and to pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) reds: u32,
    pub(super) greens: u32,
}

impl Tally {
    pub(super) fn runs(self) -> u32 {
        self.reds + self.greens
    }

    pub(super) fn is_mixed(self) -> bool {
        self.reds > 0 && self.greens > 0
    }

    pub(super) fn is_all_red(self) -> bool {
        self.reds > 0 && self.greens == 0
    }

    pub(super) fn note(&mut self, red: bool) {
        if red {
            self.reds += 1;
        } else {
            self.greens += 1;
        }
    }

    /// The rate of failures, kept off 0 and 1 by half a run.
    fn rate(self) -> f64 {
        (f64::from(self.reds) + 0.5) / (f64::from(self.runs()) + 1.0)
    }
}

/// How often a thing fails, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Without its cause.
    pub without: f64,
    /// With it.
    pub with: f64,
}

/// What a tally says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Red,
    Green,
    /// This many more runs, if all of them are green, say green.
    Undecided {
        more: u32,
    },
}

impl Rates {
    /// A thing that fails always with its cause and never without it.
    pub(super) const CERTAIN: Self = Self { without: 0.0, with: 1.0 };

    pub(super) fn of(without: Tally, with: Tally) -> Self {
        Self { without: without.rate(), with: with.rate() }
    }

    pub(super) fn is_certain(self) -> bool {
        self == Self::CERTAIN
    }

    /// Wald's sequential test between the two rates, either error at most `error`. Where nothing
    /// fails without the cause, that is rule 12's `k = ⌈ln(error) / ln(1 − rate)⌉` green runs for green.
    pub(super) fn judge(self, seen: Tally, error: f64) -> Said {
        if self.is_certain() {
            return match seen {
                Tally { reds: 0, greens: 0 } => Said::Undecided { more: 1 },
                Tally { reds: 0, .. } => Said::Green,
                Tally { .. } => Said::Red,
            };
        }
        let enough = ((1.0 - error) / error).ln();
        let for_red = (self.with / self.without).ln();
        let for_green = ((1.0 - self.without) / (1.0 - self.with)).ln();
        let so_far = f64::from(seen.reds) * for_red - f64::from(seen.greens) * for_green;
        if so_far >= enough {
            Said::Red
        } else if so_far <= -enough {
            Said::Green
        } else {
            let more = ((so_far + enough) / for_green).ceil();
            // Between 1 and a few hundred: the rates are at least half a run apart.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let more = more.clamp(1.0, 10_000.0) as u32;
            Said::Undecided { more }
        }
    }
}

/// Probability that `one` has at least its share of the failures of both by chance: Fisher's exact
/// test, one-sided.
pub(super) fn chance_of_no_difference(one: Tally, other: Tally) -> f64 {
    let (n, m) = (one.runs(), other.runs());
    let reds = one.reds + other.reds;
    let ways = |reds_of_one: u32| {
        (ln_choose(n, reds_of_one) + ln_choose(m, reds - reds_of_one) - ln_choose(n + m, reds))
            .exp()
    };
    (one.reds..=reds.min(n)).filter(|of_one| reds - of_one <= m).map(ways).sum::<f64>().min(1.0)
}

fn ln_choose(n: u32, k: u32) -> f64 {
    (1..=k).map(|i| (f64::from(n - k + i) / f64::from(i)).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(reds: u32, greens: u32) -> Tally {
        Tally { reds, greens }
    }

    #[test]
    fn fishers_test_gives_the_textbook_values() {
        let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
        // Fisher's tea: three of four cups right.
        assert!(near(chance_of_no_difference(tally(3, 1), tally(1, 3)), 17.0 / 70.0));
        assert!(near(chance_of_no_difference(tally(4, 0), tally(0, 4)), 1.0 / 70.0));
        assert!(near(chance_of_no_difference(tally(0, 5), tally(3, 2)), 1.0));
    }

    #[test]
    fn one_run_decides_what_is_certain() {
        assert_eq!(Rates::CERTAIN.judge(tally(0, 0), 0.01), Said::Undecided { more: 1 });
        assert_eq!(Rates::CERTAIN.judge(tally(1, 0), 0.01), Said::Red);
        assert_eq!(Rates::CERTAIN.judge(tally(0, 1), 0.01), Said::Green);
    }

    /// Landing.md rule 12: `k = ⌈ln(α/steps) / ln(1 − q)⌉`.
    #[test]
    fn rule_12_a_subset_is_green_only_after_enough_runs_for_the_rate_of_failures() {
        for (rate, error) in [(0.1, 0.01), (0.3, 0.01), (0.5, 0.005)] {
            let rates = Rates { without: 1e-9, with: rate };
            let k = (f64::ln(error) / f64::ln(1.0 - rate)).ceil();
            let mut seen = tally(0, 0);
            while rates.judge(seen, error) != Said::Green {
                seen.greens += 1;
            }
            assert!((f64::from(seen.greens) - k).abs() <= 1.0, "{rate}: {} and {k}", seen.greens);
            assert_eq!(rates.judge(tally(1, seen.greens - 1), error), Said::Red);
        }
    }

    #[test]
    fn a_failure_that_comes_without_its_cause_too_needs_more_than_one_red_run() {
        let rates = Rates { without: 0.2, with: 0.97 };
        assert!(matches!(rates.judge(tally(1, 0), 0.01), Said::Undecided { .. }));
        assert_eq!(rates.judge(tally(3, 0), 0.01), Said::Red);
        assert!(matches!(rates.judge(tally(0, 1), 0.01), Said::Undecided { more: 1 }));
        assert_eq!(rates.judge(tally(0, 2), 0.01), Said::Green);
    }
}
