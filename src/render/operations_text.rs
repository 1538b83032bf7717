//! What can be taken back, as a table.

use super::blocks::{Layout, block_lines};
use super::style::Style;
use crate::domain::report::{Block, Line, Mark, OperationEntry, Step, Table};

/// The operations, with the command that takes the last one back.
pub fn operations_text(operations: &[OperationEntry], style: Style) -> String {
    if operations.is_empty() {
        return "no operations yet\n".to_owned();
    }
    let mut table = Table::new(&[">Id", "At", "Kind", "Ref", "Old", "New", "Run", "State"]);
    for operation in operations {
        let text = |text: &str| Line::new().text(text);
        let oid = |oid: Option<crate::domain::id::Oid>| {
            Line::new().text(oid.map_or("-".to_owned(), |oid| oid.short()))
        };
        let state =
            if operation.undone { Line::new().mark(Mark::Warn, "undone") } else { Line::new() };
        table.rows.push(vec![
            text(&operation.id.to_string()),
            text(&operation.at),
            text(&operation.kind),
            text(&operation.reference),
            oid(operation.old),
            oid(operation.new),
            text(operation.run.as_ref().map_or("-", |run| run.as_str())),
            state,
        ]);
    }
    let layout = Layout { style, brief: false };
    let mut lines = block_lines(&Block::Table(table), layout);
    if let Some(last) = operations.iter().rev().find(|operation| !operation.undone) {
        let step = Step::new(format!("wt-orch undo {}", last.id), "take the last one back");
        lines.push(String::new());
        lines.extend(block_lines(&Block::Commands(vec![step]), layout));
    }
    lines.join("\n") + "\n"
}
