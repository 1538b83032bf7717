//! Putting a worktree back to a commit on a branch, for a retry and for a lane's next task, without
//! losing what is in it.

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::admin;
use super::checkout::{Broken, Checkout};
use super::recover::write_link;
use super::snapshot::{Scratch, forget_progress, held_commits};
use super::stale_locks;
use crate::adapters::git::{
    Expected, GitError, Head, RefOutcome, RefUpdate, StatusKind, io, quote_path,
};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

pub use super::snapshot::Saved;

/// What came of putting a worktree back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum EnsureOutcome {
    /// HEAD is on the branch at the start, and no tracked or untracked file differs.
    Ready {
        /// What had been there beyond that.
        saved: Option<Saved>,
        /// What stayed behind all the same (repositories inside).
        notes: Vec<String>,
    },
    /// No ref to keep things under was given, and there is something to lose. Nothing changed.
    WouldLose {
        /// Commits that no branch would hold.
        commits: Vec<Oid>,
        /// Files that differ from the commit.
        paths: Vec<String>,
    },
    /// There is no worktree to put back.
    Gone {
        /// What is wrong with it.
        reason: Broken,
    },
    /// Another worktree is on the branch.
    Elsewhere {
        /// Which.
        worktree: PathBuf,
    },
}

impl Checkout {
    /// Puts the worktree on `branch` at `start`: the branch is made or moved there, tracked files
    /// become the commit's, untracked files that are not ignored go, ignored ones (build products)
    /// stay. What would be lost is kept under `keep_ref` first. A `.git` file that is gone is
    /// written again. Doing it twice changes nothing.
    ///
    /// # Errors
    /// Git or the file system fails, or the worktree is still not as it should be.
    pub fn ensure_at(
        &self,
        branch: &str,
        start: Oid,
        keep_ref: Option<&str>,
    ) -> Result<EnsureOutcome, GitError> {
        let git_dir = match (self.broken(), &self.git_dir) {
            (None, Some(git_dir)) => git_dir,
            (Some(Broken::GitFileGone), Some(git_dir)) => {
                write_link(&self.path, git_dir)?;
                git_dir
            }
            (reason, _) => {
                return Ok(EnsureOutcome::Gone { reason: reason.unwrap_or(Broken::EntryGone) });
            }
        };
        let holder = self.repo.worktrees()?.into_iter().find(|info| {
            info.branch.as_deref() == Some(branch) && info.git_dir.as_deref() != Some(git_dir)
        });
        if let Some(info) = holder {
            return Ok(EnsureOutcome::Elsewhere { worktree: info.path });
        }
        let scratch = Scratch::of(self, git_dir)?;
        let staged = scratch.stage(self, git_dir)?;
        crash_point("worktree: to be put back");
        let endangered = self.endangered((branch, start), git_dir, staged.tree)?;
        let mut saved = None;
        // Where files were still being written nobody has worked.
        if !endangered.is_empty() && !admin::is_half_made(git_dir) {
            let Some(name) = keep_ref else {
                let entries = scratch_paths(self, git_dir)?;
                return Ok(EnsureOutcome::WouldLose {
                    commits: endangered.commits,
                    paths: entries,
                });
            };
            saved = Some(self.keep(name, endangered.as_commit(self, name)?)?);
        }
        if let Some(progress) = self.repo.in_progress(git_dir)? {
            forget_progress(&self.repo, git_dir, progress)?;
        }
        stale_locks::free_index(git_dir)?;
        self.free_head(git_dir, Some(branch))?;
        // With everything in the index the reset removes what the start does not have, and leaves
        // files alone that are already right.
        scratch.install(git_dir)?;
        self.move_branch(branch, start)?;
        let git = |subcommand| self.repo.git_in(subcommand, git_dir, &self.path);
        let message = ["-m", "wt-orch: put back"];
        git("symbolic-ref")
            .args(message)
            .args(["HEAD", &format!("refs/heads/{branch}")])
            .output()?;
        git("reset").args(["--hard", "--quiet", "--no-recurse-submodules"]).output()?;
        git("clean").args(["-f", "-d", "--quiet"]).output()?;
        if admin::is_half_made(git_dir) {
            admin::unlock(git_dir, None)?;
        }
        self.forget_left(git_dir)?;
        let notes = self.verify((branch, start), git_dir)?;
        Ok(EnsureOutcome::Ready { saved, notes })
    }

    /// Keeps under `keep_ref` whatever is in the worktree or on `branch` beyond `start`, and changes
    /// nothing. `None` when there is nothing, or no worktree any more.
    ///
    /// # Errors
    /// Git or the file system fails.
    pub fn save(
        &self,
        branch: &str,
        start: Oid,
        keep_ref: &str,
    ) -> Result<Option<Saved>, GitError> {
        let whole = self.recovered(branch, start)?.checkout;
        let (None, Some(git_dir)) = (whole.broken(), &whole.git_dir) else { return Ok(None) };
        let staged = Scratch::of(&whole, git_dir)?.stage(&whole, git_dir)?;
        let endangered = whole.endangered((branch, start), git_dir, staged.tree)?;
        if endangered.is_empty() {
            return Ok(None);
        }
        whole.keep(keep_ref, endangered.as_commit(&whole, keep_ref)?).map(Some)
    }

    fn endangered(
        &self,
        (branch, start): (&str, Oid),
        git_dir: &Path,
        tree: Oid,
    ) -> Result<Endangered, GitError> {
        let head = self.repo.head_at(git_dir)?;
        let at = self.last_commit(git_dir, &head)?.unwrap_or(start);
        let mut commits = Vec::new();
        let mut candidates = held_commits(self, git_dir)?;
        candidates.extend(self.repo.branch_tip(branch)?);
        match head {
            Head::Detached { tip } => candidates.push(tip),
            Head::Unborn { .. } => candidates.push(at),
            Head::Branch { .. } => {}
        }
        for commit in candidates {
            if !commits.contains(&commit) && !self.is_held(commit, branch, start)? {
                commits.push(commit);
            }
        }
        let files = (tree != self.repo.tree_of(at)?).then_some((at, tree));
        Ok(Endangered { commits, files })
    }

    /// Whether a commit stays reachable when `branch` moves to `start`.
    fn is_held(&self, commit: Oid, branch: &str, start: Oid) -> Result<bool, GitError> {
        if self.repo.is_ancestor(commit, start)? {
            return Ok(true);
        }
        let command = self.repo.git("for-each-ref").args(["--format=%(refname)", "--contains"]);
        let kept = ["refs/wt-orch/*/*/attempt-*", "refs/wt-orch/*/*/found-*"];
        let command = command.args([&commit.to_string(), "refs/heads/", "refs/tags/"]);
        let refs = command.args(kept).text()?;
        Ok(refs.lines().any(|name| name != format!("refs/heads/{branch}")))
    }

    fn move_branch(&self, branch: &str, start: Oid) -> Result<(), GitError> {
        let name = format!("refs/heads/{branch}");
        let now = self.repo.branch_tip(branch)?;
        if now == Some(start) {
            return Ok(());
        }
        let update = RefUpdate {
            name,
            new: Some(start),
            expected: now.map_or(Expected::Absent, Expected::At),
            message: "wt-orch: put back".to_owned(),
        };
        match self.repo.update_ref(&update)? {
            RefOutcome::Moved => Ok(()),
            RefOutcome::Lost { now } => Err(GitError::Mismatch {
                what: format!("the branch {branch}"),
                expected: "left alone while its worktree is put back".to_owned(),
                found: now.map_or_else(|| "deleted".to_owned(), |now| format!("at {now}")),
            }),
        }
    }

    fn verify(
        &self,
        (branch, start): (&str, Oid),
        git_dir: &Path,
    ) -> Result<Vec<String>, GitError> {
        let head = self.repo.head_at(git_dir)?;
        let mismatch = |what: &str, expected: String, found: String| GitError::Mismatch {
            what: format!("{what} of the worktree at `{}`", self.path.display()),
            expected,
            found,
        };
        if (head.branch(), head.tip()) != (Some(branch), Some(start)) {
            let expected = format!("{branch} at {start}");
            return Err(mismatch("HEAD", expected, format!("{head:?}")));
        }
        let mut notes = Vec::new();
        let status = || self.repo.status_at(git_dir, &self.path, None, "all");
        let mut found = status()?;
        if found.iter().any(|entry| entry.kind != StatusKind::Untracked) {
            // Git compares what is as young as its index, and a conversion may not give back what
            // is stored (line ends of a file that was never normalised).
            outlive(&git_dir.join("index"))?;
            found = status()?;
        }
        for entry in found {
            let path = quote_path(&entry.path);
            if entry.kind != StatusKind::Untracked {
                return Err(mismatch("the files", "as committed".to_owned(), path));
            }
            notes.push(format!("{path} was left where it is"));
        }
        Ok(notes)
    }
}

/// What no ref holds.
struct Endangered {
    commits: Vec<Oid>,
    /// Files that differ from HEAD: HEAD's commit and their tree.
    files: Option<(Oid, Oid)>,
}

impl Endangered {
    fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.files.is_none()
    }

    /// One commit that holds it all.
    fn as_commit(&self, checkout: &Checkout, name: &str) -> Result<Oid, GitError> {
        let (tree, mut parents) = match (&self.files, self.commits.as_slice()) {
            (None, [only]) => return Ok(*only),
            (Some((at, tree)), _) => (*tree, vec![*at]),
            (None, all) => {
                let last = all.last().copied().unwrap_or_else(|| unreachable!());
                (checkout.repo.tree_of(last)?, Vec::new())
            }
        };
        for commit in &self.commits {
            if !parents.contains(commit) {
                parents.push(*commit);
            }
        }
        checkout.snapshot(tree, parents, &format!("wt-orch: leftovers for {name}"))
    }
}

/// Makes an index younger, by whole seconds, than the files that were written before it. Waits for
/// less than a second.
fn outlive(index: &Path) -> Result<(), GitError> {
    let file = File::options().write(true).open(index).map_err(io("open", index))?;
    let written = file.metadata().and_then(|meta| meta.modified()).map_err(io("look at", index))?;
    let since = written.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let rest =
        Duration::from_secs(1).saturating_sub(Duration::from_nanos(since.subsec_nanos().into()));
    std::thread::sleep(rest);
    file.set_times(FileTimes::new().set_modified(written + rest)).map_err(io("touch", index))
}

fn scratch_paths(checkout: &Checkout, git_dir: &Path) -> Result<Vec<String>, GitError> {
    let scratch = Scratch::of(checkout, git_dir)?;
    let entries = scratch.status(checkout, git_dir)?;
    Ok(entries.iter().map(|entry| quote_path(&entry.path)).collect())
}
