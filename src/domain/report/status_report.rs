//! What `status` prints.

use super::advice::next_steps;
use super::forecast_section::live_section;
use super::headline::{reason_line, run_headline, standing, verdict_line};
use super::integrate_document::MatrixEntry;
use super::narrowing::narrowing;
use super::prose::Line;
use super::race_facts::race_facts;
use super::race_section::{race_headline, race_progress};
use super::section::{Block, Report, Section, Table};
use super::task_section::oddities;
use crate::domain::diagnostic::some_of;
use crate::domain::run::{RunPhase, RunState, TaskState};
use crate::domain::time::{Timestamp, human_duration};

/// The run as it stands at `now`, as far as its state tells.
pub fn status_report(state: &RunState, now: Timestamp) -> Report {
    live_status_report(state, &[], now)
}

/// The run as it stands at `now`, with the predicted conflicts of its branches: what `status`
/// prints.
pub fn live_status_report(state: &RunState, matrix: &[MatrixEntry], now: Timestamp) -> Report {
    let mut table = Table::new(&["Task", "State", ">Tries", ">Time", "Detail"]);
    for (index, record) in state.tasks.iter().enumerate() {
        let time = record.started.map_or(String::new(), |from| {
            human_duration(record.finished.unwrap_or(now).since(from))
        });
        table.rows.push(vec![
            Line::new().text(state.task(index).id.as_str()),
            standing(record),
            Line::new().text(record.attempts.to_string()),
            Line::new().text(time),
            status_detail(state, index, now),
        ]);
    }
    let (mut title, mut verdict) = (run_headline(state, now), verdict_blocks(state, now));
    let race = race_facts(state);
    if let Some(race) = race.as_ref().filter(|_| state.phase.is_over()) {
        verdict.insert(0, Block::Line(std::mem::replace(&mut title, race_headline(race))));
    }
    let mut sections = vec![Section { heading: "Verdict", blocks: verdict }];
    sections.extend(race.filter(|_| !state.phase.is_over()).map(|race| race_progress(&race)));
    sections.push(Section { heading: "Tasks", blocks: vec![Block::Table(table)] });
    sections.extend(oddities(state));
    sections.extend(live_forecast(state, matrix));
    let steps = next_steps(state);
    if !steps.is_empty() {
        sections.push(Section { heading: "Next", blocks: vec![Block::Commands(steps)] });
    }
    Report { title, sections }
}

/// The predicted conflicts of a run's branches, as far as there is something to say.
pub fn live_forecast(state: &RunState, matrix: &[MatrixEntry]) -> Option<Section> {
    let ids = state.spec.plan.tasks.iter().map(|planned| planned.task.id.as_str());
    let compared = ids.filter(|id| matrix.iter().any(|entry| entry.a == *id || entry.b == *id));
    live_section(&compared.collect::<Vec<_>>(), matrix)
}

/// Adds a warning of processes that still run although nobody drives the run.
pub fn warn_of_strays(state: &mut RunState, pids: &[u32]) {
    const NAMED: usize = 10;
    let run = &state.spec.run;
    let (what, them) = match pids.len() {
        0 => return,
        1 => ("1 process of it still runs".to_owned(), "it"),
        count => (format!("{count} processes of it still run"), "them"),
    };
    let numbers: Vec<String> = pids.iter().map(ToString::to_string).collect();
    let numbers = some_of(&numbers, NAMED);
    state.warnings.push(format!(
        "{what} although nobody drives the run (process {numbers}): `wt-orch resume {run}` and \
         `wt-orch abort {run}` both end {them} first"
    ));
}

/// With what holds the run back at the moment.
fn verdict_blocks(state: &RunState, now: Timestamp) -> Vec<Block> {
    let mut blocks = vec![Block::Line(verdict_line(&state.spec.plan))];
    blocks.extend(narrowing(state, now).map(|text| Block::Line(text.into())));
    if state.phase != RunPhase::Running {
        return blocks;
    }
    let width = state.dispatcher.width();
    if width < state.widest() {
        let text = format!("at the moment at most {width} at once");
        blocks.push(Block::Line(Line::new().text(text)));
    }
    if let Some(train) = &state.trains.under_way {
        let tasks: Vec<&str> = train.iter().map(|(task, _)| task.as_str()).collect();
        blocks.push(Block::Line(Line::new().text("validating ahead: ").codes(tasks)));
    }
    blocks.extend(state.throttles.iter().map(|(preset, throttle)| {
        let text = format!("at the moment at most {} at once of ", throttle.most);
        Block::Line(Line::new().text(text).code(preset).text(", whose provider limits the rate"))
    }));
    blocks
}

fn rate_limit(preset: &str) -> Line {
    Line::new().text("waits for the rate limit of ").code(preset)
}

fn status_detail(state: &RunState, index: usize, now: Timestamp) -> Line {
    let record = &state.tasks[index];
    match &record.state {
        TaskState::Pending => {
            let before = state.spec.plan.problem.jobs[index].predecessors.iter();
            let unfinished = before.filter(|&&first| !state.tasks[first].state.is_finished());
            let waits: Vec<&str> = unfinished.map(|&first| state.task(first).id.as_str()).collect();
            match (waits.is_empty(), state.rate_limited(index)) {
                (false, _) => Line::new().text("waits for ").codes(waits),
                (true, _) if state.phase != RunPhase::Running => Line::new(),
                (true, Some(preset)) => rate_limit(preset),
                (true, None) => Line::new().text("waits for room"),
            }
        }
        TaskState::RetryWait { until } => {
            let wait = human_duration(until.since(now));
            match state.rate_limited(index) {
                Some(preset) => rate_limit(preset).text(format!(", next try in {wait}")),
                None => Line::new().text(format!("again in {wait}")),
            }
        }
        TaskState::Finished { .. } => reason_line(record),
        TaskState::Provisioning { .. }
        | TaskState::Provisioned { .. }
        | TaskState::SettingUp { .. }
        | TaskState::SetUp { .. }
        | TaskState::Running { .. }
        | TaskState::Ended { .. }
        | TaskState::Committing { .. }
        | TaskState::Committed { .. }
        | TaskState::Checking { .. }
        | TaskState::Checked { .. } => match state.spec.places.get(index) {
            Some(place) => Line::new().text("in ").code(place.worktree.as_str()),
            None => Line::new(),
        },
    }
}
