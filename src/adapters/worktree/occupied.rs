//! What is in the way of a new worktree. Nothing that exists is ever reused silently.

use std::path::{Path, PathBuf};

use crate::adapters::git::{BranchConflict, GitError, Repo, real_path};
use crate::domain::id::Oid;
use crate::domain::report::shell_word;

/// What is in the way, and the command that clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    /// What is there.
    pub what: Occupant,
    /// One shell command.
    pub resolve: String,
}

/// What is in the way of a new worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupant {
    /// The branch.
    Branch {
        /// Its name.
        name: String,
        /// Its commit.
        tip: Oid,
    },
    /// A branch that git cannot have beside it.
    BranchClash {
        /// The name asked for.
        name: String,
        /// The branch that is there.
        with: String,
    },
    /// A file or folder, even an empty one.
    Path {
        /// Where.
        path: PathBuf,
    },
    /// A worktree, though its folder may be gone.
    Worktree {
        /// Where.
        path: PathBuf,
    },
    /// Git does not allow the branch's name.
    InvalidBranch {
        /// The name.
        name: String,
    },
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Branch { name, tip } => {
                write!(f, "the branch `{name}` exists, at {}", tip.short())
            }
            Self::BranchClash { name, with } => {
                write!(f, "the branch `{name}` cannot be made beside the branch `{with}`")
            }
            Self::Path { path } => write!(f, "`{}` exists", path.display()),
            Self::Worktree { path } => {
                write!(f, "`{}` is registered as a worktree", path.display())
            }
            Self::InvalidBranch { name } => write!(f, "`{name}` is no valid branch name"),
        }
    }
}

/// The worktrees and branches of a repository, read once to be asked for several new ones.
pub(super) struct Known<'a> {
    repo: &'a Repo,
    worktrees: Vec<PathBuf>,
    branches: Vec<String>,
    /// How the repository is named in a shell.
    at: String,
}

impl<'a> Known<'a> {
    pub(super) fn load(repo: &'a Repo) -> Result<Self, GitError> {
        let at = shell_word(&repo.root().display().to_string());
        Ok(Self { repo, worktrees: repo.worktree_folders()?, branches: repo.branch_names()?, at })
    }

    /// What is in the way of a worktree at `path` (a real path) on a new `branch`.
    pub(super) fn occupant(
        &self,
        path: &Path,
        branch: Option<&str>,
    ) -> Result<Option<Occupied>, GitError> {
        let in_branch = branch.map(|name| self.of_branch(name)).transpose()?.flatten();
        Ok(in_branch.or_else(|| self.of_path(path)))
    }

    fn of_branch(&self, name: &str) -> Result<Option<Occupied>, GitError> {
        let conflict = self.repo.branch_conflict_among(name, &self.branches)?;
        let Some(conflict) = conflict else { return Ok(None) };
        let clash = |with: String| {
            let resolve = format!("git -C {} branch -m {} NEW-NAME", self.at, shell_word(&with));
            Occupied { what: Occupant::BranchClash { name: name.to_owned(), with }, resolve }
        };
        Ok(match conflict {
            BranchConflict::Exists { tip } => {
                // Renaming loses nothing, wherever the branch is checked out.
                let to = free(&format!("{name}-old"), |to| self.branches.iter().any(|b| b == to));
                let (from, to) = (shell_word(name), shell_word(&to));
                let resolve = format!("git -C {} branch -m {from} {to}", self.at);
                Some(Occupied { what: Occupant::Branch { name: name.to_owned(), tip }, resolve })
            }
            BranchConflict::Clash { with } => Some(clash(with)),
            BranchConflict::CaseOnly { with } => {
                self.repo.settings().is_true("core.ignorecase").then(|| clash(with))
            }
            BranchConflict::Invalid => {
                let what = Occupant::InvalidBranch { name: name.to_owned() };
                Some(Occupied { what, resolve: "wt-orch config".to_owned() })
            }
        })
    }

    fn of_path(&self, path: &Path) -> Option<Occupied> {
        let shown = shell_word(&path.display().to_string());
        let there = path.symlink_metadata().is_ok();
        let path = path.to_owned();
        if self.worktrees.iter().any(|known| real_path(known) == path) {
            let words = if there { format!("remove {shown}") } else { "prune".to_owned() };
            let resolve = format!("git -C {} worktree {words}", self.at);
            return Some(Occupied { what: Occupant::Worktree { path }, resolve });
        }
        let to = free(&format!("{}.old", path.display()), |to| Path::new(to).exists());
        let resolve = format!("mv {shown} {}", shell_word(&to));
        there.then_some(Occupied { what: Occupant::Path { path }, resolve })
    }
}

/// The name itself, or with the first number behind it under which nothing is.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}
