//! The user's working tree as a commit that no ref holds: index, HEAD, stash and files stay as they
//! are.

use super::checkout::Checkout;
use super::snapshot::{Scratch, Staged};
use super::submodule_work::changed_submodule_files;
use crate::adapters::git::{GitError, Repo};
use crate::domain::diagnostic::{some_of, some_quoted_subject};
use crate::domain::id::Oid;

/// What is in the working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum WorkingTree {
    /// HEAD's files.
    AsCommitted {
        /// HEAD's commit.
        head: Oid,
        /// What is there beside them and cannot be part of a commit, as sentences.
        notes: Vec<String>,
    },
    /// Other files.
    Changed {
        /// A commit of all of them that are not ignored; HEAD is its parent.
        commit: Oid,
        /// What was not tracked and is in it, and what cannot be part of a commit, as sentences.
        notes: Vec<String>,
    },
    /// Files hold both sides of a conflict.
    Conflicted {
        /// Which.
        paths: Vec<String>,
    },
    /// There is no commit yet.
    Unborn,
    /// The repository has no working tree.
    Bare,
}

/// Makes a commit of the working tree in which the user stands: tracked files as they are, and
/// untracked ones that are not ignored. Submodules count as the commits that are checked out in them.
///
/// # Errors
/// Git cannot read the working tree or store it.
pub fn snapshot_of_working_tree(repo: &Repo) -> Result<WorkingTree, GitError> {
    let Some(path) = repo.worktree() else { return Ok(WorkingTree::Bare) };
    let git_dir = repo.git_dir().to_owned();
    let checkout =
        Checkout { repo: repo.clone(), path: path.to_owned(), git_dir: Some(git_dir.clone()) };
    let Some(head) = repo.head_at(&git_dir)?.tip() else { return Ok(WorkingTree::Unborn) };
    let staged = Scratch::of(&checkout, &git_dir)?.stage(&checkout, &git_dir)?;
    if !staged.conflicted.is_empty() {
        return Ok(WorkingTree::Conflicted { paths: Checkout::shown(&staged.conflicted) });
    }
    let inside = changed_submodule_files(&checkout, &git_dir)?;
    let inside: Vec<String> = inside.into_iter().map(|file| file.shown).collect();
    let notes = notes(&staged, &inside);
    if staged.tree == repo.tree_of(head)? {
        return Ok(WorkingTree::AsCommitted { head, notes });
    }
    let commit = checkout.snapshot(staged.tree, vec![head], "wt-orch: working tree")?;
    Ok(WorkingTree::Changed { commit, notes })
}

fn notes(staged: &Staged, inside: &[String]) -> Vec<String> {
    const NAMED: usize = 3;
    let mut notes = Vec::new();
    let untracked = Checkout::shown(&staged.untracked);
    if !untracked.is_empty() {
        notes.push(format!("untracked files are included: {}", some_of(&untracked, NAMED)));
    }
    let mut left_out = |paths: &[String], what: &str| {
        if !paths.is_empty() {
            let are = if paths.len() == 1 { "is" } else { "are" };
            notes.push(format!("{} {are} left out: {what}", some_quoted_subject(paths, NAMED)));
        }
    };
    left_out(&Checkout::shown(&staged.nested), "a commit cannot hold a repository");
    left_out(&Checkout::shown(&staged.skipped), "git cannot read such a file");
    left_out(&Checkout::shown(&staged.carried), "it was brought from another checkout");
    left_out(inside, "it is not committed in its submodule");
    notes
}

#[cfg(test)]
mod tests;
