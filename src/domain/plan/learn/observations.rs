//! Attempts put in order: one series for each task and work, solo times as logarithms.

use std::collections::BTreeMap;

use super::super::history::{History, ObservedAttempt};
use super::solo::Solo;
use crate::domain::time::Timestamp;

/// Attempts of one series that are looked at, the latest ones.
const WINDOW: usize = 12;

/// Shortest time that means anything, seconds.
const LEAST_S: f64 = 1e-3;

/// One attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Observation {
    /// Index of its run, in the order of time.
    pub(super) run: usize,
    /// Logarithm of the seconds it took, or would have taken alone.
    pub(super) log: f64,
    /// Another task had the lane before it.
    pub(super) warm: bool,
    /// It would have taken longer.
    pub(super) censored: bool,
}

/// Attempts of one task with one work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series<'a> {
    pub(super) task: &'a str,
    pub(super) work: u64,
    /// Name of the task set and kind of the task in the latest attempt.
    pub(super) workflow: &'a str,
    pub(super) category: &'a str,
    /// Oldest first.
    pub(super) observations: Vec<Observation>,
}

/// Everything that was observed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Observations<'a> {
    /// Ordered by task and work.
    pub(super) series: Vec<Series<'a>>,
    /// When the last attempt of each run ended; runs are in the order of these times.
    pub(super) runs: Vec<Timestamp>,
}

impl<'a> Observations<'a> {
    /// Attempts that can have happened, the latest ones of each series. Their order in the history
    /// does not matter, only their times.
    pub(super) fn of(history: &'a History, solo: &Solo<'_>) -> Self {
        let mut grouped: BTreeMap<(&str, u64), Vec<&ObservedAttempt>> = BTreeMap::new();
        let usable = |a: &&ObservedAttempt| a.wall_s.is_finite() && a.wall_s >= 0.0;
        for attempt in history.attempts.iter().filter(usable) {
            grouped.entry((&attempt.task, attempt.work)).or_default().push(attempt);
        }
        for attempts in grouped.values_mut() {
            attempts.sort_by(|a, b| {
                let key = |a: &ObservedAttempt| (a.at, a.run, a.lane_position, a.censored);
                key(a)
                    .cmp(&key(b))
                    .then(a.wall_s.total_cmp(&b.wall_s))
                    .then(a.active.total_cmp(&b.active))
            });
            attempts.drain(..attempts.len().saturating_sub(WINDOW));
        }
        let runs = runs(grouped.values().flatten().copied());
        let series = grouped
            .iter()
            .map(|(&(task, work), attempts)| Series {
                task,
                work,
                workflow: attempts.last().map_or("", |last| &last.workflow),
                category: attempts.last().map_or("", |last| &last.category),
                observations: attempts
                    .iter()
                    .map(|attempt| Observation {
                        run: runs.get(&attempt.run).copied().unwrap_or(0),
                        log: solo.seconds(attempt).max(LEAST_S).ln(),
                        warm: attempt.lane_position.is_some_and(|before| before > 0),
                        censored: attempt.censored,
                    })
                    .collect(),
            })
            .collect();
        let mut ended = vec![Timestamp(i64::MIN); runs.len()];
        for attempt in grouped.values().flatten() {
            if let Some(end) = runs.get(&attempt.run).and_then(|run| ended.get_mut(*run)) {
                *end = attempt.at.max(*end);
            }
        }
        Self { series, runs: ended }
    }

    /// The series of a task and work.
    pub(super) fn find(&self, task: &str, work: u64) -> Option<usize> {
        self.series.binary_search_by_key(&(task, work), |s| (s.task, s.work)).ok()
    }
}

/// Place of every run in the order of their last attempts.
fn runs<'a>(attempts: impl Iterator<Item = &'a ObservedAttempt>) -> BTreeMap<u64, usize> {
    let mut last = BTreeMap::new();
    for attempt in attempts {
        let at = last.entry(attempt.run).or_insert(attempt.at);
        *at = attempt.at.max(*at);
    }
    let mut ordered: Vec<_> = last.into_iter().map(|(run, at)| (at, run)).collect();
    ordered.sort_unstable();
    ordered.into_iter().enumerate().map(|(place, (_, run))| (run, place)).collect()
}
