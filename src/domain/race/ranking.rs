//! Which of several proved arms is the best, and why.
//!
//! A criterion that is measured has ties: two arms are told apart only where their intervals don't
//! overlap. Such ties don't carry over from pair to pair, so arms are not sorted by comparing pairs:
//! whoever ties with the best of a group stays in its group, the next criterion divides that one, and
//! the rest forms groups of its own in the same way.

use std::cmp::Ordering;
use std::time::Duration;

use super::certainty::pass_rate;
use super::changes::Changes;
use super::metric::{MetricSummary, metric_text};
use super::tally::{Standing, Tally, standing};
use crate::domain::id::TaskId;
use crate::domain::task::{Better, RaceRules};
use crate::domain::time::human_duration;

/// An arm that may win.
#[derive(Debug, Clone, PartialEq)]
pub struct Contender {
    /// The arm.
    pub id: TaskId,
    /// Results of its check.
    pub tally: Tally,
    /// What the check printed in the runs that passed.
    pub metric: Option<MetricSummary>,
    /// Its diff.
    pub changes: Changes,
    /// Time of its command and, on average, of one run of its check.
    pub duration: Duration,
    /// Name that several arms of one command share.
    pub family: Option<String>,
}

/// Proved arms, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    /// Each with why it stands before the next; names are in backticks. The first one wins.
    pub places: Vec<Place>,
}

/// An arm in a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The arm.
    pub id: TaskId,
    /// Why it stands before the next one; of the last, and of an only one, `None`.
    pub before_next: Option<String>,
}

impl Ranking {
    /// The best arm.
    pub fn winner(&self) -> Option<&TaskId> {
        self.places.first().map(|place| &place.id)
    }

    /// Why that one wins.
    pub fn why(&self) -> Option<String> {
        let first = self.places.first()?;
        let only = || format!("`{}` is the only arm that is proved", first.id);
        Some(first.before_next.clone().unwrap_or_else(only))
    }
}

/// Ranks those that are proved. Of arms that nothing tells apart the earlier one is the better.
pub fn rank(rules: &RaceRules, contenders: &[Contender]) -> Ranking {
    let is_proved = |c: &&Contender| standing(rules, c.tally) == Standing::Proved;
    let proved: Vec<&Contender> = contenders.iter().filter(is_proved).collect();
    let field = Field { rules, all: &proved };
    let mut ranked = Vec::new();
    field.divide(proved.clone(), &Criterion::ALL, &mut ranked);
    let places = ranked.iter().enumerate().map(|(at, (arm, _))| {
        let before_next = ranked.get(at + 1).map(|(next, why)| why.sentence(arm, next, &field));
        Place { id: arm.id.clone(), before_next }
    });
    Ranking { places: places.collect() }
}

/// What arms are compared by, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Criterion {
    PassRate,
    Metric,
    Agreement,
    Lines,
    Files,
    Time,
}

impl Criterion {
    const ALL: [Self; 6] =
        [Self::PassRate, Self::Metric, Self::Agreement, Self::Lines, Self::Files, Self::Time];
}

/// Why an arm stands where it does.
#[derive(Debug, Clone)]
enum Why<'a> {
    /// It is worse than the best of the group before it.
    Worse { criterion: Criterion, best: &'a Contender },
    /// It stands later in the file, or first of all.
    Order,
}

/// The arms that are compared.
struct Field<'a> {
    rules: &'a RaceRules,
    all: &'a [&'a Contender],
}

impl<'a> Field<'a> {
    fn divide(
        &self,
        mut group: Vec<&'a Contender>,
        criteria: &[Criterion],
        ranked: &mut Vec<(&'a Contender, Why<'a>)>,
    ) {
        let Some((criterion, finer)) = criteria.split_first() else {
            ranked.extend(group.into_iter().map(|arm| (arm, Why::Order)));
            return;
        };
        let mut worse_than = None;
        while !group.is_empty() {
            let first = group[0];
            let best = group.iter().skip(1).fold(first, |best, arm| {
                if self.compare(*criterion, arm, best) == Ordering::Less { arm } else { best }
            });
            let (same, rest) = group.into_iter().partition(|arm| self.ties(*criterion, best, arm));
            let begins = ranked.len();
            self.divide(same, finer, ranked);
            if let (Some(best), Some((_, why))) = (worse_than, ranked.get_mut(begins)) {
                *why = Why::Worse { criterion: *criterion, best };
            }
            worse_than = Some(best);
            group = rest;
        }
    }

    /// `Less` for the better one, by what was seen.
    fn compare(&self, criterion: Criterion, one: &Contender, other: &Contender) -> Ordering {
        let rate = |arm: &Contender| f64::from(arm.tally.passes) / f64::from(arm.tally.runs());
        match criterion {
            Criterion::PassRate => rate(other).total_cmp(&rate(one)),
            Criterion::Metric => match (&one.metric, &other.metric, &self.rules.metric) {
                (Some(a), Some(b), Some(metric)) => match metric.better {
                    Better::Lower => a.median.total_cmp(&b.median),
                    Better::Higher => b.median.total_cmp(&a.median),
                },
                (Some(_), None, Some(_)) => Ordering::Less,
                (None, Some(_), Some(_)) => Ordering::Greater,
                (_, _, None) | (None, None, Some(_)) => Ordering::Equal,
            },
            Criterion::Agreement => self.agreeing(other).cmp(&self.agreeing(one)),
            Criterion::Lines => one.changes.lines.cmp(&other.changes.lines),
            Criterion::Files => one.changes.paths.len().cmp(&other.changes.paths.len()),
            Criterion::Time => match human_duration(one.duration) == human_duration(other.duration)
            {
                // Less than what is shown is chance.
                true => Ordering::Equal,
                false => one.duration.cmp(&other.duration),
            },
        }
    }

    /// Whether an arm cannot be told from the best of its group.
    fn ties(&self, criterion: Criterion, best: &Contender, arm: &Contender) -> bool {
        let seen_equal = self.compare(criterion, best, arm) == Ordering::Equal;
        seen_equal
            || match criterion {
                Criterion::PassRate => {
                    pass_rate(self.rules, best.tally).overlaps(pass_rate(self.rules, arm.tally))
                }
                Criterion::Metric => match (best.metric, arm.metric) {
                    (Some(one), Some(other)) => one.overlaps(other),
                    (None, _) | (_, None) => false,
                },
                // Arms that have no siblings could not agree with any.
                Criterion::Agreement => best.family != arm.family,
                Criterion::Lines | Criterion::Files | Criterion::Time => false,
            }
    }

    /// Siblings that arrived at the same change by themselves.
    fn agreeing(&self, arm: &Contender) -> usize {
        let siblings = self.all.iter().filter(|other| {
            arm.family.is_some() && other.family == arm.family && other.id != arm.id
        });
        siblings.filter(|other| other.changes.coincides_with(&arm.changes)).count()
    }
}

impl Why<'_> {
    /// `a` and `b` are neighbours; where `b` was compared with another one, that one is named.
    fn sentence(&self, a: &Contender, b: &Contender, field: &Field<'_>) -> String {
        let Self::Worse { criterion, best } = self else {
            return format!(
                "nothing tells `{}` from `{}`, which comes later in the file",
                a.id, b.id
            );
        };
        let (one, other) = (&best.id, &b.id);
        let exactly = field.compare(Criterion::PassRate, best, b) == Ordering::Equal;
        let about = if exactly { "" } else { "about " };
        let as_often = format!("`{one}` passes {about}as often as `{other}`");
        match criterion {
            Criterion::PassRate => format!(
                "`{one}` passes more often than `{other}`: {} of {} runs against {} of {}",
                best.tally.passes,
                best.tally.runs(),
                b.tally.passes,
                b.tally.runs()
            ),
            Criterion::Metric => match (best.metric, b.metric) {
                (Some(x), Some(y)) => {
                    format!("{as_often}; its metric is better: {} against {}", shown(x), shown(y))
                }
                (_, None) | (None, _) => format!("{as_often}, which printed no metric"),
            },
            Criterion::Agreement => format!(
                "{as_often}; {} of its siblings arrived at the same change, of `{other}` {}",
                field.agreeing(best),
                field.agreeing(b)
            ),
            Criterion::Lines => format!(
                "{as_often}; its diff is {}, that of `{other}` {}",
                counted(best.changes.lines, "line"),
                counted(b.changes.lines, "line")
            ),
            Criterion::Files => format!(
                "{as_often} with a diff of the same length; it touches {}, `{other}` {}",
                counted(best.changes.paths.len(), "file"),
                counted(b.changes.paths.len(), "file")
            ),
            Criterion::Time => format!(
                "{as_often} with a diff of the same size; it took {}, `{other}` {}",
                human_duration(best.duration),
                human_duration(b.duration)
            ),
        }
    }
}

/// `12.1 (11.8 to 12.6)`.
fn shown(metric: MetricSummary) -> String {
    let MetricSummary { runs, median, low, high, .. } = metric;
    let [median, low, high] = [median, low, high].map(metric_text);
    if runs == 1 {
        return format!("{median} (one run)");
    }
    let few = if metric.is_confident() { "" } else { ", too few runs for 95 %" };
    format!("{median} ({low} to {high}{few})")
}

/// `1 line`, `4 lines`.
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests;
