//! Least squares in two unknowns that must not be negative, with a prior.

/// One comparison: `y = sigma * of_sigma + kappa * of_kappa`, and noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) of_sigma: f64,
    pub(super) of_kappa: f64,
    pub(super) y: f64,
}

/// How many observations of the usual size the prior of each unknown counts for.
const PRIOR_WEIGHT: f64 = 2.0;

/// The normal equations, the prior included: `[[aa, ab], [ab, bb]] * (sigma, kappa) = (ay, by)`.
struct Equations {
    aa: f64,
    ab: f64,
    bb: f64,
    ay: f64,
    by: f64,
}

impl Equations {
    fn of(points: &[Point], (sigma, kappa): (f64, f64)) -> Self {
        let sum = |term: fn(&Point) -> f64| points.iter().map(term).sum::<f64>();
        let aa = sum(|p| p.of_sigma * p.of_sigma);
        let bb = sum(|p| p.of_kappa * p.of_kappa);
        let each = PRIOR_WEIGHT / points.len().max(1) as f64;
        Self {
            aa: aa * (1.0 + each),
            ab: sum(|p| p.of_sigma * p.of_kappa),
            bb: bb * (1.0 + each),
            ay: sum(|p| p.of_sigma * p.y) + each * aa * sigma,
            by: sum(|p| p.of_kappa * p.y) + each * bb * kappa,
        }
    }

    /// Sigma where kappa is given, at least 0.
    fn sigma(&self, kappa: f64) -> f64 {
        if self.aa > 0.0 { ((self.ay - self.ab * kappa) / self.aa).max(0.0) } else { 0.0 }
    }

    /// Kappa where sigma is given, at least 0.
    fn kappa(&self, sigma: f64) -> f64 {
        if self.bb > 0.0 { ((self.by - self.ab * sigma) / self.bb).max(0.0) } else { 0.0 }
    }
}

/// Both unknowns.
pub(super) fn both(points: &[Point], prior: (f64, f64)) -> (f64, f64) {
    let e = Equations::of(points, prior);
    let determinant = e.aa * e.bb - e.ab * e.ab;
    // The prior keeps it above 0 wherever there is a point.
    if determinant <= 0.0 {
        return prior;
    }
    let sigma = (e.ay * e.bb - e.by * e.ab) / determinant;
    let kappa = (e.by * e.aa - e.ay * e.ab) / determinant;
    // The function is convex, so that an unknown which would be negative is 0 at the best place.
    if sigma < 0.0 {
        (0.0, e.kappa(0.0))
    } else if kappa < 0.0 {
        (e.sigma(0.0), 0.0)
    } else {
        (sigma, kappa)
    }
}

/// Sigma alone; kappa is that of the prior.
pub(super) fn first_only(points: &[Point], prior: (f64, f64)) -> f64 {
    Equations::of(points, prior).sigma(prior.1)
}
