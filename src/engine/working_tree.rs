//! What `--working-tree` tests.

use super::error::EngineError;
use super::site::Site;
use crate::adapters::worktree::{WorkingTree, snapshot_of_working_tree};
use crate::domain::diagnostic::some_quoted_subject;
use crate::domain::id::Oid;

/// The user's working tree, ready to be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// It is that of HEAD, which is tested itself.
    AsCommitted {
        /// HEAD's commit.
        head: Oid,
        /// What was left out, as sentences.
        notes: Vec<String>,
    },
    /// A commit of it, which no ref holds until a run is created with it.
    Taken {
        /// The commit; HEAD is its parent.
        commit: Oid,
        /// What is in it that was not tracked, and what was left out, as sentences.
        notes: Vec<String>,
    },
    /// It is in no state to be tested.
    Refused {
        /// Why, as a sentence without its end.
        what: String,
        /// The way out, which begins with a command in backticks.
        resolve: String,
    },
}

/// Takes it, and leaves index, branch, stash and files as they are.
///
/// # Errors
/// Git cannot read the working tree, or not store it.
pub fn snapshot_working_tree(site: &Site) -> Result<Snapshot, EngineError> {
    const NAMED: usize = 3;
    let refused =
        |what: String, resolve: &str| Snapshot::Refused { what, resolve: resolve.to_owned() };
    Ok(match snapshot_of_working_tree(&site.repo)? {
        WorkingTree::AsCommitted { head, notes } => Snapshot::AsCommitted { head, notes },
        WorkingTree::Changed { commit, notes } => Snapshot::Taken { commit, notes },
        WorkingTree::Conflicted { paths } => {
            let hold = if paths.len() == 1 { "holds" } else { "hold" };
            refused(
                format!("{} {hold} both sides of a conflict", some_quoted_subject(&paths, NAMED)),
                "`git status` names them; `git add` says that one is resolved",
            )
        }
        WorkingTree::Unborn => refused(
            "the repository has no commit yet".to_owned(),
            "`git commit` makes the first one",
        ),
        WorkingTree::Bare => refused(
            "the repository has no working tree".to_owned(),
            "`wt-orch test` without `--working-tree` tests a commit",
        ),
    })
}
