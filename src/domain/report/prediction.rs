//! What was predicted against what happened.

use super::headline::chosen_interval;
use super::prose::Line;
use super::run_document::measured_total;
use super::section::{Block, Section, Table};
use crate::domain::integrate::IntegrationOutcome;
use crate::domain::plan::{Interval, Verdict};
use crate::domain::run::{Outcome, RunPhase, RunState, TaskRecord};
use crate::domain::time::{Timestamp, from_secs, human_duration};

/// The section; `None` before anything ran to its end.
pub(super) fn prediction(state: &RunState, now: Timestamp) -> Option<Section> {
    let mut table = Table::new(&["Task", ">Estimate", "95 %", ">Took", ">Error", "Interval"]);
    let ended = |record: &TaskRecord| match record.outcome() {
        Some(Outcome::Succeeded | Outcome::Failed | Outcome::TimedOut) => record.end.is_some(),
        Some(Outcome::Cancelled | Outcome::Skipped) | None => false,
    };
    for (index, record) in state.tasks.iter().enumerate().filter(|(_, record)| ended(record)) {
        let planned = &state.spec.plan.tasks[index];
        let interval = planned.estimate.interval();
        let took = record.usage.wall.as_secs_f64();
        let cells = [
            planned.task.id.to_string(),
            human(interval.p50),
            range(&interval),
            human(took),
            error_percent(took, interval.p50),
            placement(took, &interval).to_owned(),
        ];
        table.rows.push(cells.map(|cell| Line::new().text(cell)).to_vec());
    }
    if table.rows.is_empty() {
        return None;
    }
    let mut facts = vec![total_line(state, now)];
    facts.extend(lane_line(state, now));
    Some(Section {
        heading: "Predicted against actual",
        blocks: vec![Block::List(facts), Block::Table(table)],
    })
}

fn total_line(state: &RunState, now: Timestamp) -> Line {
    let predicted = chosen_interval(&state.spec.plan);
    let run = state.wall(now).as_secs_f64();
    let landing = landing_s(state);
    let took = run + landing.unwrap_or(0.0);
    let over = state.phase == RunPhase::Finished;
    let is_test = state.spec.kind.is_test();
    let what = match landing {
        Some(landing) => {
            format!("took {} (run {}, landing {})", human(took), human(run), human(landing))
        }
        None if over && is_test => format!("the run took {}", human(took)),
        None if over => format!("the run took {}, not counting a landing", human(took)),
        None => format!("the run has taken {} so far", human(took)),
    };
    let landed = if is_test { "" } else { " up to landed" };
    let (p50, range) = (human(predicted.p50), range(&predicted));
    let mut text = format!("predicted {p50} ({range}){landed}; {what}");
    if over && landing.is_some() {
        let error = error_percent(took, predicted.p50);
        text = format!("{text}: {error}, {} the interval", placement(took, &predicted));
    }
    Line::new().text(text)
}

/// What one lane would have taken: the measured times of the tasks one after another.
fn lane_line(state: &RunState, now: Timestamp) -> Option<Line> {
    let total = measured_total(state)?;
    if state.spec.plan.decision.verdict == Verdict::Sequential || state.phase != RunPhase::Finished
    {
        return None;
    }
    let wall = state.wall(now);
    let gain = match total.checked_sub(wall) {
        Some(saved) => format!("side by side saved {}", human_duration(saved)),
        None => format!("side by side cost {} more", human_duration(wall.saturating_sub(total))),
    };
    let total = human_duration(total);
    let text =
        format!("the tasks' own times add up to {total}, what one lane would have taken: {gain}");
    Some(Line::new().text(text))
}

/// Time of the integration that landed, seconds.
fn landing_s(state: &RunState) -> Option<f64> {
    let landed = state.integrations.iter().rev().find(|integration| {
        matches!(integration.outcome, Some(IntegrationOutcome::Landed { .. }))
    })?;
    Some(landed.finished?.since(landed.started).as_secs_f64())
}

/// `+10 %`: how far the actual time is from the prediction.
fn error_percent(actual: f64, predicted: f64) -> String {
    if predicted > 0.0 {
        match ((actual / predicted - 1.0) * 100.0).round() {
            0.0 => "0 %".to_owned(),
            percent => format!("{percent:+} %"),
        }
    } else {
        "-".to_owned()
    }
}

fn placement(actual: f64, interval: &Interval) -> &'static str {
    if (interval.low..=interval.high).contains(&actual) { "inside" } else { "outside" }
}

/// `24s to 45s`.
pub(super) fn range(interval: &Interval) -> String {
    format!("{} to {}", human(interval.low), human(interval.high))
}

/// Seconds for people.
pub(super) fn human(seconds: f64) -> String {
    human_duration(from_secs(seconds))
}
