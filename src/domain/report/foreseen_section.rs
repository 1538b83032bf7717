//! Collisions that were foreseen while tasks ran.

use super::advice::waits_for_landing;
use super::prose::{Line, Mark};
use super::run_document::ConflictEntry;
use super::section::{Block, Section, Step};
use super::shell_word;
use crate::domain::diagnostic::{some_quoted, told_of};
use crate::domain::id::TaskId;
use crate::domain::run::{Collision, Foreseen, RunState};

/// Most collisions of one task, or of a report, that are told one by one.
const MOST_TOLD: usize = 5;
/// Most paths named of one.
const PATHS_NAMED: usize = 3;

/// What is told of the collisions of a task at the moment in which they are foreseen: one sentence for
/// each, with the command that shows the lines.
pub fn collision_sentences(
    state: &RunState,
    task: &TaskId,
    collisions: &[Collision],
) -> Vec<String> {
    let told = told_of(collisions.len(), MOST_TOLD);
    let one = |collision: &Collision| {
        let command = lines_command(state, task, &collision.with)?;
        let (with, places) = (&collision.with, places(collision));
        Some(format!("will conflict with `{with}`{places}: `{command}` shows the lines"))
    };
    let mut sentences: Vec<String> = collisions[..told].iter().filter_map(one).collect();
    if collisions.len() > told {
        let others: Vec<&str> = collisions[told..].iter().map(|c| c.with.as_str()).collect();
        let (others, run) = (some_quoted(&others, MOST_TOLD), &state.spec.run);
        sentences.push(format!(
            "will conflict with {others} as well: `wt-orch status {run}` says where"
        ));
    }
    sentences
}

/// Collisions between tasks that wait for their landing, and that nothing has resolved.
pub(super) fn foreseen_section(state: &RunState) -> Option<Section> {
    let foreseen: Vec<&Foreseen> = waiting(state).collect();
    let told = &foreseen[..told_of(foreseen.len(), MOST_TOLD)];
    let line = |foreseen: &&Foreseen| {
        let (with, task) = (&foreseen.collision.with, &foreseen.task);
        let pair = Line::new().code(with.as_str()).text(" and ").code(task.as_str());
        let verb = pair.text(" will ").mark(Mark::Bad, "conflict");
        verb.join(Line::prose(&places(&foreseen.collision)))
    };
    let mut lines: Vec<Line> = told.iter().map(line).collect();
    if foreseen.len() > told.len() {
        let (more, run) = (foreseen.len() - told.len(), &state.spec.run);
        lines.push(format!("and {more} more pairs: `wt-orch status {run}` shows all").into());
    }
    let first = foreseen.first()?;
    let command = lines_command(state, &first.task, &first.collision.with)?;
    let steps = vec![Step::new(command, "show the lines")];
    let blocks = vec![Block::List(lines), Block::Commands(steps)];
    Some(Section { heading: "Conflicts ahead", blocks })
}

/// The same for the document of a run.
pub(super) fn conflict_entries(state: &RunState) -> Vec<ConflictEntry> {
    let entry = |foreseen: &Foreseen| ConflictEntry {
        a: foreseen.collision.with.clone(),
        b: foreseen.task.clone(),
        paths: foreseen.collision.paths.clone(),
        more_paths: foreseen.collision.more,
    };
    waiting(state).map(entry).collect()
}

fn waiting(state: &RunState) -> impl Iterator<Item = &Foreseen> {
    let waits =
        |task: &TaskId| state.index(task).is_some_and(|task| waits_for_landing(state, task));
    state.foreseen().filter(move |foreseen| {
        let Collision { with, tip, .. } = &foreseen.collision;
        let ends = [&foreseen.task, with];
        // A check may still be at work on what stands.
        let stay = ends.into_iter().all(|task| {
            waits(task) || state.record(task).is_some_and(|record| !record.state.is_finished())
        });
        stay && !state.is_resolved_in_a_start((&foreseen.task, foreseen.tip), (with, *tip))
    })
}

/// ` in …`, where it is known.
fn places(collision: &Collision) -> String {
    let all = collision.paths.len() + collision.more;
    let told = told_of(all, PATHS_NAMED).min(collision.paths.len());
    let named = some_quoted(&collision.paths[..told], told);
    match all - told {
        _ if told == 0 => String::new(),
        0 => format!(" in {named}"),
        more => format!(" in {named} and {more} more"),
    }
}

/// `None` for a task that is none of the run's.
fn lines_command(state: &RunState, one: &TaskId, two: &TaskId) -> Option<String> {
    let branch = |task: &TaskId| {
        let place = state.spec.places.get(state.index(task)?)?;
        place.branch.as_deref().map(shell_word)
    };
    Some(format!("wt-orch forecast {} {}", branch(two)?, branch(one)?))
}

#[cfg(test)]
mod tests;
