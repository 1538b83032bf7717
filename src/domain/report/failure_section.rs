//! What went wrong in tasks, with the end of their output.

use super::headline::reason_line;
use super::prose::{Line, Mark};
use super::section::{Block, Section};
use crate::domain::run::{Outcome, RunState, TaskRecord};

/// Lines of output shown for one task.
const LINES_SHOWN: usize = 8;

/// Tasks that ended otherwise than well, in the order of the plan.
pub(super) fn failures(state: &RunState) -> Option<Section> {
    let mut blocks = Vec::new();
    for (index, record) in state.tasks.iter().enumerate() {
        let Some(outcome) = record.outcome().filter(|outcome| *outcome != Outcome::Succeeded)
        else {
            continue;
        };
        let id = state.task(index).id.as_str();
        let line = Line::new().code(id).text(" ").mark(Mark::Bad, outcome.word()).text(": ");
        blocks.push(Block::Line(line.join(reason_line(record))));
        let lines = last_lines(record);
        if !lines.is_empty() {
            blocks.push(Block::Verbatim(lines));
        }
    }
    (!blocks.is_empty()).then_some(Section { heading: "Failures", blocks })
}

/// The end of the output of what failed: of the check where there was one, else of the command.
fn last_lines(record: &TaskRecord) -> Vec<String> {
    let ran = matches!(record.outcome(), Some(Outcome::Failed | Outcome::TimedOut));
    let end = match &record.check {
        Some(Ok(check)) => Some(check),
        Some(Err(_)) | None => record.end.as_ref(),
    };
    let lines = end.filter(|_| ran).map_or(&[][..], |end| &end.last_lines);
    lines[lines.len().saturating_sub(LINES_SHOWN)..].to_vec()
}
