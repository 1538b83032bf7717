//! Numbers that look like chance and are the same everywhere.

/// SplitMix64 (Steele, Lea, Flood 2014), Box–Muller and its extension to Student's t (Bailey 1994):
/// small, seeded, the same everywhere.
#[derive(Debug, Clone)]
pub(in crate::domain) struct Random(u64);

impl Random {
    /// Equal seeds give equal numbers.
    pub(in crate::domain) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Numbers of their own for each part of each draw, so that no part changes those of another.
    pub(in crate::domain) fn of(seed: u64, draw: u64, part: u64) -> Self {
        let mut draws = Self(seed ^ draw.wrapping_mul(0xd134_2543_de82_ef95));
        Self(draws.bits() ^ part)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1].
    pub(in crate::domain) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    /// Mean 0, standard deviation 1.
    pub(in crate::domain) fn normal(&mut self) -> f64 {
        normal_from(self.uniform(), self.uniform())
    }

    /// Student's t.
    pub(in crate::domain) fn student(&mut self, freedom: f64) -> f64 {
        student_from(freedom, self.uniform(), self.uniform())
    }
}

/// Mean 0, standard deviation 1, from two numbers in (0, 1].
pub(super) fn normal_from(radius: f64, angle: f64) -> f64 {
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// Student's t from two numbers in (0, 1].
pub(super) fn student_from(freedom: f64, radius: f64, angle: f64) -> f64 {
    let radius = (freedom * (radius.powf(-2.0 / freedom) - 1.0)).sqrt();
    radius * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_draws_have_mean_zero_and_deviation_one() {
        let mut random = Random::new(7);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn student_draws_have_the_published_quantiles() {
        let mut random = Random::new(7);
        let mut draws: Vec<f64> = (0..40_000).map(|_| random.student(5.0)).collect();
        draws.sort_by(f64::total_cmp);
        let quantile = |q: f64| draws[(q * draws.len() as f64) as usize];
        for (q, expected) in [(0.025, -2.571), (0.5, 0.0), (0.9, 1.476), (0.975, 2.571)] {
            assert!((quantile(q) - expected).abs() < 0.06, "{q}: {}", quantile(q));
        }
    }
}
