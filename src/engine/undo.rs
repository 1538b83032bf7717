//! Taking an operation back: the same move in the other direction, by the same rules.

use super::error::EngineError;
use super::landing::{Change, Move, move_branch, refusal_text};
use super::site::Site;
use crate::adapters::git::{LandOutcome, Repo};
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::store::{Operation, OperationState, Store};
use crate::domain::id::Oid;

/// What came of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOutcome {
    /// The ref is back.
    Undone {
        /// The new operation, which can be undone in its turn.
        operation: Operation,
    },
    /// Another process takes something back.
    Busy {
        /// Its process id, when it is known.
        pid: Option<u32>,
    },
    /// There is no landing to take back.
    Nothing,
    /// No operation has this number.
    Unknown {
        /// The number.
        id: u64,
    },
    /// It was taken back before.
    Already {
        /// The number.
        id: u64,
    },
    /// It never moved the ref.
    NeverDone {
        /// The number.
        id: u64,
    },
    /// The ref moved after the operation.
    Moved {
        /// The ref.
        reference: String,
        /// Where the operation left it; `None` when it deleted it.
        left_at: Option<Oid>,
        /// Where it is; `None` when it is gone.
        now: Option<Oid>,
        /// Command that takes the content back all the same; `None` when it is not there any more.
        revert: Option<String>,
    },
    /// Others may have it already.
    Published {
        /// Remote-tracking ref that holds it.
        remote: String,
        /// Command that takes the content back without rewriting history.
        revert: String,
    },
    /// The branch is checked out where files would be overwritten.
    Refused {
        /// One sentence.
        message: String,
        /// The command that resolves it.
        resolve: String,
    },
}

/// Takes back the operation `id`, or the newest landing that was not taken back.
///
/// # Errors
/// Git, the database or the lock file.
pub fn undo(site: &Site, store: &mut Store, id: Option<u64>) -> Result<UndoOutcome, EngineError> {
    let operations = store.operations()?;
    let wanted = match id {
        Some(id) => match operations.into_iter().find(|operation| operation.id == id) {
            Some(operation) => operation,
            None => return Ok(UndoOutcome::Unknown { id }),
        },
        None => {
            let landed =
                |o: &Operation| o.undoes.is_none() && !o.undone && o.state == OperationState::Done;
            match operations.into_iter().find(landed) {
                Some(operation) => operation,
                None => return Ok(UndoOutcome::Nothing),
            }
        }
    };
    let id = wanted.id;
    if wanted.state != OperationState::Done {
        return Ok(UndoOutcome::NeverDone { id });
    }
    if wanted.undone {
        return Ok(UndoOutcome::Already { id });
    }
    let Some(change) = Change::back(&wanted) else { return Ok(UndoOutcome::NeverDone { id }) };
    let moves = matches!(change, Change::Moved { .. });
    if moves && let Some(remote) = published(&site.repo, &wanted)? {
        let revert = revert_command(&site.repo, &wanted)?;
        return Ok(UndoOutcome::Published { remote, revert });
    }
    let branch = wanted.reference.trim_start_matches("refs/heads/").to_owned();
    let back = Move { branch: &branch, change, run: wanted.run.clone(), undoes: Some(id) };
    // Tells everybody else that what is announced below is not cut off.
    let _at_work = match RunLock::acquire(&site.undo_lock_path())? {
        LockOutcome::Held(lock) => lock,
        LockOutcome::Busy { owner } => {
            return Ok(UndoOutcome::Busy { pid: owner.map(|owner| owner.pid) });
        }
    };
    let (number, outcome) = move_branch(site, store, &back)?;
    match outcome {
        LandOutcome::Landed { .. } => {
            let done = store.operations()?.into_iter().find(|o| o.id == number);
            Ok(done.map_or(UndoOutcome::Nothing, |operation| UndoOutcome::Undone { operation }))
        }
        LandOutcome::TargetMoved { now } => {
            let revert = match now {
                Some(now) if moves => revert_on_top(&site.repo, &wanted, now)?,
                Some(_) | None => None,
            };
            let (left_at, reference) = (wanted.after(), wanted.reference);
            Ok(UndoOutcome::Moved { reference, left_at, now, revert })
        }
        LandOutcome::Refused(refusal) => {
            let message = refusal_text(&branch, &refusal.worktree, &refusal.reason);
            Ok(UndoOutcome::Refused { message, resolve: refusal.resolve })
        }
    }
}

/// The command that takes the content back from a branch that went on; `None` where it is not on it.
fn revert_on_top(repo: &Repo, wanted: &Operation, now: Oid) -> Result<Option<String>, EngineError> {
    let forward = repo.is_ancestor(wanted.old, wanted.new)?;
    if forward && repo.is_ancestor(wanted.new, now)? {
        return revert_command(repo, wanted).map(Some);
    }
    Ok(None)
}

/// A remote-tracking ref that holds what the operation landed. Going forward again is no rewriting
/// of history, nor is it to delete a branch of which others have their own.
fn published(repo: &Repo, operation: &Operation) -> Result<Option<String>, EngineError> {
    if repo.is_ancestor(operation.new, operation.old)? {
        return Ok(None);
    }
    for (name, tip) in repo.refs_below("refs/remotes/")? {
        if repo.is_ancestor(operation.new, tip)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Commits that a revert names one by one, at most. Where the walk along first parents does not meet
/// the old commit, it would go on to the beginning of the history.
const MOST_REVERTED: usize = 1000;

/// A merge is reverted as a whole; a range of plain commits one by one; else all in one.
fn revert_command(repo: &Repo, operation: &Operation) -> Result<String, EngineError> {
    let (mut merges, mut commits, mut at) = (0, Vec::new(), operation.new);
    while at != operation.old && commits.len() < MOST_REVERTED {
        let parents = repo.parents(at)?;
        let Some(first) = parents.first() else { break };
        merges += usize::from(parents.len() > 1);
        commits.push(at.short());
        at = *first;
    }
    let met = at == operation.old;
    Ok(if met && merges == commits.len() {
        format!("git revert --no-edit -m 1 {}", commits.join(" "))
    } else if met && merges == 0 {
        format!("git revert --no-edit {}..{}", operation.old.short(), operation.new.short())
    } else {
        // Mixed, or too many: go back to the old content in one commit.
        let (old, new) = (operation.old.short(), operation.new.short());
        format!(
            "git diff --binary {new} {old} | git apply --index && git commit -m 'Revert to {old}'"
        )
    })
}
