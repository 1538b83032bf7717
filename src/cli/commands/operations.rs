//! `wt-orch operations`: landings and undos so far.

use crate::adapters::store::{Operation, OperationState};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::{OperationEntry, OperationsDocument};
use crate::render::operations_text;

/// Runs it.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let place = context.place()?;
    let mut operations = match place.existing_store()? {
        Some(store) => store.operations()?,
        None => Vec::new(),
    };
    operations.retain(|operation| operation.state == OperationState::Done);
    operations.sort_by_key(|operation| operation.id);
    let entries: Vec<OperationEntry> = operations.iter().map(entry).collect();
    context.streams.result(&operations_text(&entries, context.streams.out));
    context.streams.document(&OperationsDocument::new(entries));
    Ok(Exit::Done)
}

/// An operation as it is shown.
pub(crate) fn entry(operation: &Operation) -> OperationEntry {
    OperationEntry {
        id: operation.id,
        at: OperationEntry::time_text(operation.at),
        kind: operation.kind.clone(),
        reference: operation.reference.clone(),
        old: operation.before(),
        new: operation.after(),
        run: operation.run.clone(),
        undone: operation.undone,
    }
}
