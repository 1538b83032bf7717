//! The report of a run: everything that is known of it, in the order in which it happened.

use super::advice::next_steps;
use super::agent_section::agents;
use super::failure_section::{failures, left_out};
use super::foreseen_section::foreseen_section;
use super::headline::{run_headline, verdict_line};
use super::integration_section::{integration_headline, integration_sections};
use super::layout::layout_lines;
use super::narrowing::narrowing;
use super::prediction::prediction;
use super::prose::Line;
use super::race_facts::race_facts;
use super::race_section::{race_headline, race_sections};
use super::section::{Block, Report, Section};
use super::suite_facts::suite_summary;
use super::suite_headline::suite_headline;
use super::suite_section::suite_sections;
use super::task_section::{decomposition, oddities, resources, timeline};
use crate::domain::run::{RunState, TaskState};
use crate::domain::time::Timestamp;

/// What a report shows beside the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportPlaces<'a> {
    /// Absolute path of the user's own checkout; `None` in a bare repository.
    pub root: Option<&'a str>,
}

/// The report of a run so far. Equal states give equal reports: what is under way is taken to have
/// lasted until the last thing that the journal tells.
pub fn run_report(state: &RunState, places: &ReportPlaces<'_>) -> Report {
    let now = last_seen(state);
    let race = race_facts(state);
    let told = suite_summary(state, now);
    let mut sections = race.as_ref().map(race_sections).unwrap_or_default();
    match &told {
        Some(summary) => sections.extend(suite_sections(summary)),
        None => sections.push(decomposition(state)),
    }
    sections.push(verdict(state, now));
    let layout = layout_lines(state, places.root);
    if !layout.is_empty() {
        sections.push(Section { heading: "Worktrees", blocks: vec![Block::Verbatim(layout)] });
    }
    sections.extend(timeline(state, now));
    sections.extend(resources(state));
    sections.extend(agents(state));
    sections.extend(prediction(state, now));
    if told.is_none() {
        sections.extend(failures(state));
    }
    sections.extend(left_out(state));
    sections.extend(foreseen_section(state));
    sections.extend(oddities(state));
    if let Some(integration) = state.integrations.last() {
        let mut of_it = integration_sections(&state.spec, integration);
        if let Some(first) = of_it.first_mut() {
            first.blocks.insert(0, Block::Line(integration_headline(&state.spec, integration)));
        }
        sections.extend(of_it);
    }
    sections.extend(next(state));
    let title = match (&race, &told) {
        (Some(race), _) if state.phase.is_over() => race_headline(race),
        (None, Some(summary)) => suite_headline(state, summary),
        (_, _) => run_headline(state, now),
    };
    Report { title, sections }
}

/// What a run that is over comes to: of a race its arms and what to do next, of any other run all that
/// is known.
pub fn result_report(state: &RunState, places: &ReportPlaces<'_>) -> Report {
    let Some(race) = race_facts(state).filter(|_| state.phase.is_over()) else {
        return run_report(state, places);
    };
    let mut sections = race_sections(&race);
    sections.extend(next(state));
    Report { title: race_headline(&race), sections }
}

fn next(state: &RunState) -> Option<Section> {
    let steps = next_steps(state);
    (!steps.is_empty()).then(|| Section { heading: "Next", blocks: vec![Block::Commands(steps)] })
}

fn verdict(state: &RunState, now: Timestamp) -> Section {
    let decision = &state.spec.plan.decision;
    let mut blocks = vec![Block::Line(verdict_line(&state.spec.plan))];
    blocks.extend(narrowing(state, now).map(|text| Block::Line(text.into())));
    let reasons: Vec<Line> =
        decision.reasons.iter().chain(&decision.flips).map(|text| Line::prose(text)).collect();
    if !reasons.is_empty() {
        blocks.push(Block::List(reasons));
    }
    Section { heading: "Verdict", blocks }
}

/// The latest point in time that the state knows of.
pub(super) fn last_seen(state: &RunState) -> Timestamp {
    let running = |task: &TaskState| match task {
        TaskState::Running { since, .. } => Some(*since),
        TaskState::Pending
        | TaskState::Provisioning { .. }
        | TaskState::Provisioned { .. }
        | TaskState::SettingUp { .. }
        | TaskState::SetUp { .. }
        | TaskState::Ended { .. }
        | TaskState::Committing { .. }
        | TaskState::Committed { .. }
        | TaskState::Checking { .. }
        | TaskState::Checked { .. }
        | TaskState::RetryWait { .. }
        | TaskState::Finished { .. } => None,
    };
    let tasks = state.tasks.iter().flat_map(|record| {
        [record.started, record.finished, running(&record.state)].into_iter().flatten()
    });
    tasks.chain(state.started).chain(state.ended).fold(state.created, Timestamp::max)
}
