//! Submodules of a worktree: those that the repository has initialised, and no others, so that its
//! configuration stays as it is.

use std::path::Path;

use super::checkout::Checkout;
use crate::adapters::git::{GitError, Repo};
use crate::domain::run::Submodules;

/// A submodule of a commit.
struct Submodule {
    name: String,
    path: String,
}

impl Checkout {
    /// Brings submodules to what the worktree's commit wants, where they are wanted at all.
    ///
    /// # Errors
    /// Git cannot fetch or check out one of them.
    pub fn ensure_submodules(&self, wanted: Submodules) -> Result<(), GitError> {
        match (wanted, &self.git_dir) {
            (Submodules::Update, Some(git_dir)) => update(&self.repo, git_dir, &self.path),
            (Submodules::Update | Submodules::Empty, _) => Ok(()),
        }
    }
}

/// Fills the submodules, with objects borrowed from the main worktree's where it has them.
///
/// # Errors
/// Git cannot fetch or check out one of them.
pub(super) fn update(repo: &Repo, git_dir: &Path, worktree: &Path) -> Result<(), GitError> {
    for Submodule { name, path } in listed(repo, git_dir, worktree)? {
        if repo.settings().last(&format!("submodule.{name}.url")).is_none() {
            continue;
        }
        let command = repo.git_in("submodule", git_dir, worktree).ending_with_us();
        let mut command = command.args(["--quiet", "update", "--init", "--recursive"]);
        let known = repo.common_dir().join("modules").join(&name);
        if known.is_dir() {
            command = command.arg("--reference").arg(&known);
        }
        command.arg("--").arg(&path).output()?;
    }
    Ok(())
}

fn listed(repo: &Repo, git_dir: &Path, worktree: &Path) -> Result<Vec<Submodule>, GitError> {
    if !worktree.join(".gitmodules").is_file() {
        return Ok(Vec::new());
    }
    let command = repo.git_in("config", git_dir, worktree).args(["--file", ".gitmodules", "-z"]);
    let answer = command.args(["--get-regexp", r"^submodule\..*\.path$"]).answer()?;
    let entries = answer.stdout.split(|&byte| byte == 0).filter_map(|entry| {
        let (key, path) = std::str::from_utf8(entry).ok()?.split_once('\n')?;
        let name = key.strip_prefix("submodule.")?.strip_suffix(".path")?;
        Some(Submodule { name: name.to_owned(), path: path.to_owned() })
    });
    Ok(entries.collect())
}
