//! Which attempts of the past can be compared, and what each comparison says.

use std::collections::{BTreeMap, BTreeSet};

use super::regression::Point;
use crate::domain::plan::history::{History, ObservedAttempt};
use crate::domain::plan::median::median;

/// Share of the cores that a run may keep busy before its attempts may have waited for one.
const UNSATURATED: f64 = 0.8;

/// What was observed.
pub(super) struct Comparisons {
    /// One for each kind of work at each width above its lowest.
    pub(super) points: Vec<Point>,
    /// Widths, to the nearest whole number, at which comparable work ran.
    pub(super) widths: BTreeSet<u32>,
    /// How many different widths the points are of.
    pub(super) compared: usize,
}

/// Attempts of one kind of work at about one width.
#[derive(Default)]
struct Group<'a> {
    attempts: Vec<&'a ObservedAttempt>,
}

impl Group<'_> {
    fn width(&self) -> f64 {
        let sum: f64 = self.attempts.iter().map(|attempt| attempt.active).sum();
        sum / self.attempts.len().max(1) as f64
    }

    /// Median of the wall times.
    fn wall(&self) -> f64 {
        median(self.attempts.iter().map(|attempt| attempt.wall_s)).unwrap_or_default()
    }
}

/// Compares every kind of work with itself at the lowest width it was seen at.
///
/// With `s(n)` the slowdown of the law, `r = wall(n) / wall(m)` is `s(n) / s(m)`, hence
/// `r − 1 = sigma ((n − 1) − r (m − 1)) + kappa (n (n − 1) − r m (m − 1))`, which for `m = 1` is the
/// usual form.
pub(super) fn comparisons(history: &History, cores: f64) -> Comparisons {
    let busy = busy_cores(history);
    let counts = |attempt: &&ObservedAttempt| {
        let fits = [attempt.wall_s, attempt.active].iter().all(|n| n.is_finite());
        let free = busy.get(&attempt.run).is_some_and(|busy| *busy <= UNSATURATED * cores);
        let cold = attempt.lane_position.is_none_or(|position| position == 0);
        fits && attempt.wall_s > 0.0 && attempt.active >= 1.0 && !attempt.censored && free && cold
    };
    let mut kinds: BTreeMap<(&str, &str, u64), BTreeMap<u32, Group<'_>>> = BTreeMap::new();
    for attempt in history.attempts.iter().filter(counts) {
        let kind = (attempt.workflow.as_str(), attempt.task.as_str(), attempt.work);
        // Conversion saturates.
        let width = attempt.active.round() as u32;
        kinds.entry(kind).or_default().entry(width).or_default().attempts.push(attempt);
    }
    let mut found = Comparisons { points: Vec::new(), widths: BTreeSet::new(), compared: 0 };
    let mut compared = BTreeSet::new();
    for groups in kinds.values().filter(|groups| groups.len() > 1) {
        found.widths.extend(groups.keys());
        let mut groups = groups.iter();
        let Some((_, lowest)) = groups.next() else { continue };
        for (width, group) in groups {
            found.points.push(comparison(lowest, group));
            compared.insert(*width);
        }
    }
    found.compared = compared.len();
    found
}

fn comparison(lowest: &Group<'_>, group: &Group<'_>) -> Point {
    let (m, n) = (lowest.width(), group.width());
    let ratio = group.wall() / lowest.wall();
    Point {
        of_sigma: (n - 1.0) - ratio * (m - 1.0),
        of_kappa: n * (n - 1.0) - ratio * m * (m - 1.0),
        y: ratio - 1.0,
    }
}

/// Mean number of cores that the tasks of each run kept busy while they ran: the mean of what one
/// of them used, times how many ran beside one another. A run with an attempt whose processor time
/// is unknown is left out.
fn busy_cores(history: &History) -> BTreeMap<u64, f64> {
    #[derive(Default)]
    struct Sums {
        cpu: Option<f64>,
        wall: f64,
        active: f64,
    }
    let mut runs: BTreeMap<u64, Sums> = BTreeMap::new();
    for attempt in &history.attempts {
        let fresh = Sums { cpu: Some(0.0), ..Sums::default() };
        let sums = runs.entry(attempt.run).or_insert(fresh);
        sums.cpu = sums.cpu.zip(attempt.cpu_s).map(|(sum, own)| sum + own);
        sums.wall += attempt.wall_s;
        sums.active += attempt.wall_s * attempt.active;
    }
    let busy = |sums: Sums| {
        let (used, beside) = (sums.cpu? / sums.wall, sums.active / sums.wall);
        Some(used * beside).filter(|busy| busy.is_finite())
    };
    runs.into_iter().filter_map(|(run, sums)| Some((run, busy(sums)?))).collect()
}
