//! Work that would be lost.

use std::fmt;

use crate::adapters::git::{GitError, Repo};
use crate::adapters::worktree::KeptReason;
use crate::domain::diagnostic::some_quoted;
use crate::domain::id::Oid;

/// Most names in one sentence.
const NAMED: usize = 3;

/// One thing that nothing else holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A commit.
    Commit {
        /// Short id.
        id: String,
        /// First line of its message.
        subject: String,
    },
    /// A file that is not committed, relative to its worktree.
    File {
        /// Where.
        path: String,
    },
    /// Anything else, in words.
    State {
        /// What.
        what: String,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit { id, subject } => write!(f, "commit {id} {subject}"),
            Self::File { path } => write!(f, "file `{path}`"),
            Self::State { what } => f.write_str(what),
        }
    }
}

/// What goes with commits.
pub(super) fn of_commits(repo: &Repo, commits: &[Oid]) -> Result<Vec<Loss>, GitError> {
    let subjects = repo.subjects(commits)?;
    let each = commits.iter().zip(subjects);
    Ok(each.map(|(id, subject)| Loss::Commit { id: id.short(), subject }).collect())
}

/// What goes with a worktree against whose removal this speaks.
pub(super) fn of_reasons(repo: &Repo, reasons: &[KeptReason]) -> Result<Vec<Loss>, GitError> {
    let mut found = Vec::new();
    for reason in reasons {
        match reason {
            KeptReason::Dirty { paths } => {
                found.extend(paths.iter().map(|path| Loss::File { path: path.clone() }));
            }
            KeptReason::Unreachable { commits, .. } => found.extend(of_commits(repo, commits)?),
            KeptReason::Unpushed { submodule, commits } => {
                found.extend(commits.iter().map(|commit| {
                    let (id, subject) = commit.split_once(' ').unwrap_or((commit, ""));
                    let subject = format!("{subject} (in the submodule `{submodule}`)");
                    Loss::Commit { id: id.to_owned(), subject }
                }));
            }
            KeptReason::InProgress(progress) => {
                found.push(Loss::State { what: format!("the unfinished {progress}") });
            }
            KeptReason::Holds { .. }
            | KeptReason::Locked { .. }
            | KeptReason::Broken(_)
            | KeptReason::Stuck { .. }
            | KeptReason::NotOurs => found.push(Loss::State { what: reason.to_string() }),
        }
    }
    Ok(found)
}

/// Why a branch stays: how many commits, and which files they change.
pub(super) fn not_landed(commits: usize, paths: &[String]) -> String {
    let (verb, they) =
        if commits == 1 { ("commit is", "it changes") } else { ("commits are", "they change") };
    let mut text = format!("{commits} {verb} not landed");
    if !paths.is_empty() {
        text = format!("{text}; {they} {}", some_quoted(paths, NAMED));
    }
    text
}
