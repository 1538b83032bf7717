//! A worktree in which a command ran that was to change nothing (landing.md rule 8), and files in it
//! that are another commit's (rule 11).

use std::fs;
use std::path::Path;

use super::checkout::Checkout;
use super::snapshot::Scratch;
use super::stale_locks::free_index;
use super::submodule_work::{changed_submodule_files, submodule};
use super::whole_file::temporary_file;
use crate::adapters::git::{GitError, as_path, io};
use crate::domain::id::Oid;
use crate::domain::run::Submodules;

/// What stands in a list of changed paths for a HEAD that is somewhere else.
pub(super) const HEAD: &str = "HEAD";

impl Checkout {
    /// Tracked files that are not as in the commit at which the worktree was put, also in submodules
    /// and where flags of the index or their times hide them; `HEAD` where a branch or another commit is checked out.
    /// All of it is put back. The `lent` paths are another commit's: they do not count, and are put
    /// back as well.
    ///
    /// # Errors
    /// Git cannot read the worktree, or it cannot be put back.
    pub fn settle_at(
        &self,
        commit: Oid,
        lent: &[String],
        submodules: Submodules,
    ) -> Result<Vec<String>, GitError> {
        let Some(git_dir) = self.git_dir.clone() else { return Ok(vec![".".to_owned()]) };
        // Whatever held it was ended with the command.
        free_index(&git_dir)?;
        let mut changed = self.changed_since(commit)?;
        changed.retain(|path| !lent.iter().any(|lent| touches(path, lent)));
        let inside = match submodules {
            Submodules::Update => changed_submodule_files(self, &git_dir)?,
            Submodules::Empty => Vec::new(),
        };
        changed.extend(inside.into_iter().map(|file| file.shown));
        let head = self.repo.head_at(&git_dir)?;
        if head.branch().is_some() || head.tip() != Some(commit) {
            changed.push(HEAD.to_owned());
        }
        if !changed.is_empty() {
            self.rewrite(commit, submodules)?;
        } else {
            self.lend(commit, lent)?;
        }
        Ok(changed)
    }

    /// Gives these paths the content that they have in another commit, in the folder and not in the
    /// index; those that it does not have are removed. They are newer than any build product.
    ///
    /// # Errors
    /// Git cannot write them.
    pub fn lend(&self, from: Oid, paths: &[String]) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        self.in_whole_worktree(|git_dir| {
            let index = temporary_file(git_dir)?.into_temp_path();
            fs::remove_file(&index).map_err(io("delete", &index))?;
            let git = |subcommand| {
                let command = self.repo.git_in(subcommand, git_dir, &self.path);
                command.env("GIT_INDEX_FILE", &*index)
            };
            git("read-tree").arg(from.to_string()).output()?;
            let literal = paths.iter().map(|path| format!(":(literal,top){path}"));
            let listed = git("ls-files").args(["-z", "--"]).args(literal).output()?;
            let there: Vec<&[u8]> =
                listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()).collect();
            for path in paths.iter().filter(|path| !there.contains(&path.as_bytes())) {
                self.remove_file(path)?;
            }
            if there.is_empty() {
                return Ok(());
            }
            git("checkout-index").args(["--force", "-z", "--stdin"]).input(listed).output()?;
            Ok(())
        })
    }

    fn remove_file(&self, path: &str) -> Result<(), GitError> {
        let file = self.path.join(as_path(path.as_bytes()));
        match fs::remove_file(&file) {
            Err(error) if file.symlink_metadata().is_ok_and(|found| !found.is_dir()) => {
                Err(io("remove", &file)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes every tracked file anew, whatever the index says of it, and takes HEAD off its branch.
    fn rewrite(&self, commit: Oid, submodules: Submodules) -> Result<(), GitError> {
        self.in_whole_worktree(|git_dir| {
            let index = git_dir.join("index");
            match fs::remove_file(&index) {
                Err(error) if index.exists() => Err(io("delete", &index)(error)),
                Ok(()) | Err(_) => Ok(()),
            }
        })?;
        self.ensure_detached(commit)?;
        if submodules == Submodules::Update
            && let Some(git_dir) = &self.git_dir
        {
            for file in changed_submodule_files(self, git_dir)? {
                self.reset_submodule(&file.git_dir, &file.folder)?;
            }
            self.ensure_submodules(submodules)?;
        }
        let left = self.changed_since(commit)?;
        if left.is_empty() {
            return Ok(());
        }
        Err(GitError::Mismatch {
            what: format!("the worktree at `{}`", self.path.display()),
            expected: format!("as in {}", commit.short()),
            found: format!("{} differ", left.join(", ")),
        })
    }

    fn reset_submodule(&self, git_dir: &Path, folder: &Path) -> Result<(), GitError> {
        let inside = submodule(&self.repo, git_dir, folder);
        Scratch::of(&inside, git_dir)?.install_read(&inside, git_dir)?;
        let reset = self.repo.git_in("reset", git_dir, folder);
        reset.args(["--hard", "--quiet"]).output().map(|_| ())
    }
}

/// Whether a change of one path comes with that of another: the same, or a folder where a file is.
fn touches(path: &str, lent: &str) -> bool {
    let below = |path: &str, folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    path == lent || below(path, lent) || below(lent, path)
}

#[cfg(test)]
mod tests;
