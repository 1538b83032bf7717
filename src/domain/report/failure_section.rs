//! What went wrong in tasks, with the end of their output.

use super::headline::reason_line;
use super::prose::{Line, Mark};
use super::section::{Block, Section};
use crate::domain::run::{Outcome, RunState, TaskRecord};

/// Lines of output shown for one task.
const LINES_SHOWN: usize = 8;

/// Tasks that ended otherwise than well, in the order of the plan.
pub(super) fn failures(state: &RunState) -> Option<Section> {
    section(state, "Failures", |record| !record.is_left_out())
}

/// Tasks that a condition left out, which is no failure.
pub(super) fn left_out(state: &RunState) -> Option<Section> {
    section(state, "Left out", TaskRecord::is_left_out)
}

fn section(
    state: &RunState,
    heading: &'static str,
    belongs: impl Fn(&TaskRecord) -> bool,
) -> Option<Section> {
    let mut blocks = Vec::new();
    for (index, record) in state.tasks.iter().enumerate().filter(|(_, record)| belongs(record)) {
        let Some(outcome) = record.outcome().filter(|outcome| *outcome != Outcome::Succeeded)
        else {
            continue;
        };
        let id = state.task(index).id.as_str();
        let mark = if record.is_left_out() { Mark::Dim } else { Mark::Bad };
        let line = Line::new().code(id).text(" ").mark(mark, outcome.word()).text(": ");
        blocks.push(Block::Line(line.join(reason_line(record))));
        let lines = last_lines(record);
        if !lines.is_empty() {
            blocks.push(Block::Verbatim(lines));
        }
    }
    (!blocks.is_empty()).then_some(Section { heading, blocks })
}

/// The end of the output of what failed: of the check where there was one, else of the command.
pub(super) fn last_lines(record: &TaskRecord) -> Vec<String> {
    let ran = matches!(record.outcome(), Some(Outcome::Failed | Outcome::TimedOut));
    let end = match &record.check {
        Some(Ok(check)) => Some(check),
        Some(Err(_)) | None => record.end.as_ref(),
    };
    let lines = end.filter(|_| ran).map_or(&[][..], |end| &end.last_lines);
    lines[lines.len().saturating_sub(LINES_SHOWN)..].to_vec()
}
