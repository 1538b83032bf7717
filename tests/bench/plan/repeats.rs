//! Runs that were really repeated, each predicted from those before it.

use std::path::Path;

use wt_orch::domain::plan::median;

use crate::replay_data::{Trace, repeats, snapshots};
use crate::replay_world::{Played, World};
use crate::table::{Limit, Row};

/// Past runs from which a prediction counts.
const LEAST_PAST: usize = 3;

/// Workflows that mostly compute; the others wait for a network.
fn computes(trace: &Trace) -> bool {
    trace.name.starts_with("blast") || trace.name.starts_with("bwa")
}

/// Figures of `durations/`.
pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let (computing, waiting): (Vec<Trace>, Vec<Trace>) =
        repeats(data).into_iter().partition(computes);
    let tests = snapshots(data);
    let mut rows = Vec::new();
    let mut add = |what: &str, played: Vec<Played>, error: Limit, coverage: Limit| {
        rows.extend(figures(what, &played, error, coverage));
    };
    let (five, thirteen) = (Limit::AtMost(5.0), Limit::AtMost(13.0));
    let enough = Limit::AtLeast(93.0);
    let shown = Limit::Shown;
    add("blast and bwa, any order", in_any_order(&computing), five, enough);
    add("blast and bwa, as they happened", as_they_happened(&computing), shown, shown);
    // Months lie between some of these, so their order is part of them.
    add("conda-lock, as they happened", as_they_happened(&tests), thirteen, enough);
    add("conda-lock, any order", in_any_order(&tests), shown, shown);
    add("network-bound, any order", in_any_order(&waiting), shown, shown);
    rows
}

fn as_they_happened(traces: &[Trace]) -> Vec<Played> {
    traces.iter().flat_map(|trace| played(trace, (0..trace.runs.len()).collect())).collect()
}

/// In the order of the record and back, from every run on: too few runs were recorded to judge by
/// one order of them.
fn in_any_order(traces: &[Trace]) -> Vec<Played> {
    let mut found = Vec::new();
    for trace in traces {
        let runs = trace.runs.len();
        for first in 0..runs {
            let order: Vec<usize> = (0..runs).map(|run| (first + run) % runs).collect();
            found.extend(played(trace, order.iter().rev().copied().collect()));
            found.extend(played(trace, order));
        }
    }
    found
}

/// Runs with enough past in a repository of their own.
fn played(trace: &Trace, order: Vec<usize>) -> Vec<Played> {
    let mut world = World::default();
    let all: Vec<Played> = order
        .into_iter()
        .map(|run| {
            if let Some(&day) = trace.days.get(run) {
                world.wait_until(day);
            }
            world.play(trace, &trace.runs[run])
        })
        .collect();
    all.into_iter().skip(LEAST_PAST).collect()
}

/// Error, coverage, width and number of predictions.
pub(crate) fn figures(what: &str, played: &[Played], error: Limit, coverage: Limit) -> Vec<Row> {
    let row = |quantity: &str, measured: f64, unit: &'static str, limit: Limit| Row {
        quantity: format!("{what}: {quantity}"),
        measured,
        unit,
        limit,
    };
    if played.is_empty() {
        return vec![row("no data", 0.0, "runs", Limit::Shown)];
    }
    let count = played.len() as f64;
    let covered = played.iter().filter(|run| run.is_covered()).count() as f64;
    let width = |run: &Played| (run.shown.high - run.shown.low) / run.shown.p50;
    let middle = |of: &dyn Fn(&Played) -> f64| median(played.iter().map(of)).unwrap_or(f64::NAN);
    vec![
        row("predictions", count, "", Limit::Shown),
        row("median error", 100.0 * middle(&Played::error), "%", error),
        row("coverage of 95 %", 100.0 * covered / count, "%", coverage),
        row("median width", 100.0 * middle(&width), "%", Limit::Shown),
    ]
}
