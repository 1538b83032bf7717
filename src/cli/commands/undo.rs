//! `wt-orch undo [OPERATION]`: puts a branch back to where it was before a landing.

use super::operations::entry;
use crate::cli::args::UndoArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::UndoDocument;
use crate::engine::{UndoOutcome, recover, undo};

/// Runs it.
pub(crate) fn run(context: &Context, args: &UndoArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let nothing = || {
        Failure::refused("nothing_to_do", "there is no landing to undo")
            .hint("`wt-orch operations` lists what can be undone")
    };
    if place.existing_store()?.is_none() {
        return Err(nothing());
    }
    let mut store = place.store()?;
    for done in recover(&place.site, &mut store)? {
        context.streams.note(&done);
    }
    let operation = match undo(&place.site, &mut store, args.operation)? {
        UndoOutcome::Undone { operation } => operation,
        UndoOutcome::Busy { pid } => {
            let by = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
            return Err(Failure::refused("busy", format!("another `wt-orch undo`{by} is at work"))
                .hint("wait for it; `wt-orch operations` shows what it took back"));
        }
        UndoOutcome::Nothing => return Err(nothing()),
        UndoOutcome::Unknown { id } => {
            return Err(Failure::refused(
                "unknown_operation",
                format!("there is no operation {id}"),
            )
            .hint("`wt-orch operations` lists them"));
        }
        UndoOutcome::Already { id } => {
            return Err(Failure::refused("already_undone", format!("operation {id} is undone"))
                .hint("`wt-orch operations` shows the undo; `wt-orch undo N` undoes that one"));
        }
        UndoOutcome::NeverDone { id } => {
            let message = format!("operation {id} moved nothing, so there is nothing to undo");
            return Err(Failure::refused("nothing_to_do", message));
        }
        UndoOutcome::Moved { reference, left_at, now, revert } => {
            let now =
                now.map_or_else(|| "is gone".to_owned(), |at| format!("is at {}", at.short()));
            let branch = reference.trim_start_matches("refs/heads/");
            let message = match left_at.map(|at| at.short()) {
                Some(at) => format!("`{branch}` moved since: it was left at {at} and {now}"),
                None => format!("`{branch}` was made since: it {now}"),
            };
            return Err(Failure::refused("moved", message).hint(match revert {
                Some(revert) => format!("take the content back by a commit on top: `{revert}`"),
                None => format!("`git reflog show {branch}` tells what became of it"),
            }));
        }
        UndoOutcome::Published { remote, revert } => {
            let message = format!("`{remote}` holds it already; others may have built on it");
            return Err(Failure::refused("published", message)
                .hint(format!("take the content back instead: `{revert}`")));
        }
        UndoOutcome::Refused { message, resolve } => {
            return Err(Failure::refused("target_checkout", message)
                .hint(format!("`{resolve}`, then `wt-orch undo` again")));
        }
    };
    let branch = operation.reference.trim_start_matches("refs/heads/");
    let became = match (operation.before(), operation.after()) {
        (Some(old), Some(new)) => format!("moved from {} to {}", old.short(), new.short()),
        (Some(old), None) => format!("is deleted; it was at {}", old.short()),
        (None, Some(new)) => format!("is made again at {}", new.short()),
        (None, None) => "is what it was".to_owned(),
    };
    context.streams.result(&format!("`{branch}` {became} (operation {})", operation.id));
    context.streams.hint(&format!("`wt-orch undo {}` takes this back", operation.id));
    context.streams.document(&UndoDocument::new(entry(&operation)));
    Ok(Exit::Done)
}
