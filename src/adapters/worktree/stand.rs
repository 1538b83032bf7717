//! A worktree that stands at a commit for a check or a validation: whether it still does, and
//! putting it there.

use std::path::Path;

use super::carry::Record;
use super::checkout::Checkout;
use super::settle::HEAD;
use super::snapshot::{Scratch, forget_progress};
use crate::adapters::git::{GitError, Invocation, quote_path};
use crate::domain::id::Oid;

impl Checkout {
    /// Tracked files that differ from a commit, sorted; files are hashed wherever anything that the
    /// system tells of them changed since git last looked, times to the nanosecond. A worktree that is not whole counts as one changed path.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn changed_since(&self, commit: Oid) -> Result<Vec<String>, GitError> {
        let Some(git_dir) = self.git_dir.as_deref().filter(|_| self.broken().is_none()) else {
            return Ok(vec![".".to_owned()]);
        };
        let (committed, found) = (self.repo.tree_of(commit)?, self.tracked_tree(git_dir)?);
        if found == committed {
            return Ok(Vec::new());
        }
        // From tree to tree: flags of the worktree's own index would hide files.
        let diff = self.repo.git_in("diff-tree", git_dir, &self.path);
        let listed = diff
            .args(["-r", "-z", "--name-only", "--no-ext-diff", "--no-textconv", "--no-renames"])
            .args([committed.to_string(), found.to_string()])
            .output()?;
        let mut paths: Vec<String> =
            listed.split(|&byte| byte == 0).filter(|p| !p.is_empty()).map(quote_path).collect();
        paths.sort();
        Ok(paths)
    }

    /// As [`Self::changed_since`], and `HEAD` where it is not on this branch, at this commit.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn changed_on(&self, branch: &str, commit: Oid) -> Result<Vec<String>, GitError> {
        let mut changed = self.changed_since(commit)?;
        if let Some(git_dir) = self.git_dir.as_deref().filter(|_| self.is_whole()) {
            let head = self.repo.head_at(git_dir)?;
            if (head.branch(), head.tip()) != (Some(branch), Some(commit)) {
                changed.push(HEAD.to_owned());
            }
        }
        Ok(changed)
    }

    /// As [`Self::restore`], with HEAD on this branch again, and nothing half done.
    ///
    /// # Errors
    /// Git cannot write the worktree.
    pub fn restore_on(&self, branch: &str, commit: Oid) -> Result<(), GitError> {
        self.in_whole_worktree(|git_dir| {
            // Whatever held it was ended with the command.
            self.free_head(git_dir, Some(branch))?;
            if let Some(progress) = self.repo.in_progress(git_dir)? {
                forget_progress(&self.repo, git_dir, progress)?;
            }
            let head = format!("refs/heads/{branch}");
            let command = self.repo.git_in("symbolic-ref", git_dir, &self.path);
            command.args(["-m", "wt-orch: put back", "HEAD", &head]).output().map(|_| ())
        })?;
        self.restore(commit)
    }

    /// Gives tracked files the content of a commit again, and HEAD's branch that commit. Untracked
    /// files stay.
    ///
    /// # Errors
    /// Git cannot write the worktree.
    pub fn restore(&self, commit: Oid) -> Result<(), GitError> {
        self.in_whole_worktree(|git_dir| {
            Scratch::of(self, git_dir)?.install_read(self, git_dir)?;
            let reset = self.repo.git_in("reset", git_dir, &self.path);
            reset
                .args(["--hard", "--quiet", "--no-recurse-submodules", &commit.to_string()])
                .output()
                .map(|_| ())
        })
    }

    /// Moves HEAD, detached, to a commit: changed files are written anew, so they are newer than
    /// any build product; untracked files that are not ignored go, ignored ones stay. For worktrees
    /// that hold nobody's work.
    ///
    /// # Errors
    /// Git cannot write the worktree.
    pub fn ensure_detached(&self, commit: Oid) -> Result<(), GitError> {
        self.in_whole_worktree(|git_dir| {
            // Whoever was killed while a command ran here did not look at what it wrote.
            if git_dir.join("index").exists() {
                Scratch::of(self, git_dir)?.install_read(self, git_dir)?;
            }
            let git = |subcommand| self.repo.git_in(subcommand, git_dir, &self.path);
            git("checkout")
                .args(["--detach", "--force", "--quiet", "--no-recurse-submodules"])
                .arg(commit.to_string())
                .output()?;
            git("clean").args(["-f", "-d", "--quiet"]).output().map(|_| ())
        })
    }

    /// Takes away what is neither tracked nor brought from the user's checkout, ignored files too, but
    /// for what these lines of a `.gitignore` name.
    ///
    /// # Errors
    /// Git cannot write the worktree.
    pub fn clear_leftovers(&self, caches: &[String]) -> Result<(), GitError> {
        self.in_whole_worktree(|git_dir| {
            self.leftovers(git_dir, caches)?.arg("--quiet").output().map(|_| ())
        })
    }

    /// Whether [`Self::clear_leftovers`] would take anything away.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn has_leftovers(&self, caches: &[String]) -> Result<bool, GitError> {
        let (Some(git_dir), None) = (&self.git_dir, self.broken()) else { return Ok(false) };
        let listed = self.leftovers(git_dir, caches)?.arg("--dry-run").output()?;
        Ok(!listed.is_empty())
    }

    fn leftovers(&self, git_dir: &Path, caches: &[String]) -> Result<Invocation<'_>, GitError> {
        let brought = Record::load(git_dir)?.patterns();
        let kept = caches.iter().cloned().chain(brought).map(|line| format!("--exclude={line}"));
        // Twice: repositories that a command made go as well.
        let clean = self.repo.git_in("clean", git_dir, &self.path).args(["-f", "-f", "-d", "-x"]);
        Ok(clean.args(kept))
    }

    /// Untracked files that these lines of a `.gitignore` would hide; nothing where the worktree is
    /// not whole.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn untracked_matching(&self, lines: &[String]) -> Result<Vec<String>, GitError> {
        let (Some(git_dir), None) = (&self.git_dir, self.broken()) else { return Ok(Vec::new()) };
        let list = self.repo.git_in("ls-files", git_dir, &self.path);
        let list = list.args(["-z", "--others", "--ignored"]);
        let listed = list.args(lines.iter().map(|line| format!("--exclude={line}"))).output()?;
        Ok(listed.split(|&byte| byte == 0).filter(|p| !p.is_empty()).map(quote_path).collect())
    }

    /// What is there and ignored, each folder as one path, without what was brought from the user's
    /// checkout; nothing where the worktree is not whole.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn ignored(&self) -> Result<Vec<String>, GitError> {
        let (Some(git_dir), None) = (&self.git_dir, self.broken()) else { return Ok(Vec::new()) };
        let list = self.repo.git_in("ls-files", git_dir, &self.path).args(["-z", "--others"]);
        let list = list.args(["--ignored", "--exclude-standard", "--directory"]).output()?;
        let record = Record::load(git_dir)?;
        let paths = list.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        let own = paths.filter(|path| !record.holds(path.strip_suffix(b"/").unwrap_or(path)));
        Ok(own.map(quote_path).collect())
    }

    pub(super) fn in_whole_worktree(
        &self,
        act: impl FnOnce(&Path) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        act(self.whole_git_dir()?)
    }
}
