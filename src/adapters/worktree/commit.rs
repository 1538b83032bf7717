//! Bringing what was done in a worktree onto its branch.

use std::path::Path;

use super::checkout::{Broken, Checkout};
use super::snapshot::{Saved, Scratch, Staged, forget_progress, held_commits};
use super::stale_locks;
use crate::adapters::git::{Expected, GitError, Head, PathChange, Progress, RefOutcome, RefUpdate};
use crate::domain::id::Oid;

/// What the work in a worktree is to become.
#[derive(Debug, Clone)]
pub struct CommitRequest {
    /// The branch that holds the task's work.
    pub branch: String,
    /// The commit it began at.
    pub start: Oid,
    /// Message of a commit of leftovers.
    pub message: String,
    /// Full name of the ref under which work is kept that cannot go on the branch.
    pub keep_ref: String,
}

/// What became of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum CommitOutcome {
    /// All of it is on the branch, and HEAD is there too.
    Committed(Committed),
    /// A merge, rebase or the like was left half done. The branch is untouched.
    Unfinished {
        /// Which.
        progress: Progress,
        /// Everything in the worktree, and what the operation held on to.
        saved: Saved,
    },
    /// Files hold both sides of a conflict that nobody has resolved. The branch is untouched.
    Conflicted {
        /// Which.
        paths: Vec<String>,
        /// Everything in the worktree.
        saved: Saved,
    },
    /// HEAD is at a commit that does not descend from the start. The branch is untouched.
    Astray {
        /// Where HEAD is.
        head: Oid,
        /// That commit, or one of the files on top of it.
        saved: Saved,
    },
    /// The worktree is gone or no longer ours.
    Lost {
        /// What is wrong with it.
        reason: Broken,
        /// The branch's commit, where it descends from the start: commits that were made count.
        tip: Option<Oid>,
        /// The files, where there are some and the repository knows whose they are.
        saved: Option<Saved>,
    },
}

/// Work that is on the task's branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The branch's commit.
    pub tip: Oid,
    /// Whether something had been left uncommitted.
    pub committed_leftovers: bool,
    /// What the task changed, from its start to `tip`.
    pub changed: Vec<PathChange>,
    /// What else was found and done, as sentences for a report.
    pub notes: Vec<String>,
    /// Paths brought from the user's checkout that the task itself committed, if only for a while.
    pub carried: Vec<String>,
}

impl Checkout {
    /// Commits whatever is not ignored, wherever HEAD is, onto the task's branch. Doing it twice
    /// changes nothing.
    ///
    /// # Errors
    /// Git fails: a required filter, a full disk, a signature.
    pub fn commit_all(&self, request: &CommitRequest) -> Result<CommitOutcome, GitError> {
        let found = self.recovered(&request.branch, request.start)?;
        if found.forgot {
            return found.checkout.lost(request, Broken::EntryGone);
        }
        match (found.checkout.broken(), &found.checkout.git_dir) {
            (None, Some(git_dir)) => found.checkout.commit_whole(request, git_dir, found.notes),
            (reason, _) => found.checkout.lost(request, reason.unwrap_or(Broken::EntryGone)),
        }
    }

    fn commit_whole(
        &self,
        request: &CommitRequest,
        git_dir: &Path,
        mut notes: Vec<String>,
    ) -> Result<CommitOutcome, GitError> {
        let freed = self.free_head(git_dir, Some(&request.branch))?;
        notes.extend(freed.iter().map(|name| stale_locks::note(name)));
        let head = self.repo.head_at(git_dir)?;
        let scratch = Scratch::of(self, git_dir)?;
        let staged = scratch.stage(self, git_dir)?;
        let at = self.last_commit(git_dir, &head)?.unwrap_or(request.start);
        let progress = self.repo.in_progress(git_dir)?;
        let mut parents = vec![at];
        if let Some(progress) = progress {
            let Some(further) = self.conclusion(progress, git_dir, (&head, at), &staged)? else {
                let saved = self.save_unfinished(request, git_dir, (at, staged.tree))?;
                return Ok(CommitOutcome::Unfinished { progress, saved });
            };
            parents.extend(further);
            notes.push(format!("it left a {progress} open, which was ended for it"));
        } else if !staged.conflicted.is_empty() {
            let saved = self.save_unfinished(request, git_dir, (at, staged.tree))?;
            let paths = Self::shown(&staged.conflicted);
            return Ok(CommitOutcome::Conflicted { paths, saved });
        }
        let leftovers = staged.tree != self.repo.tree_of(at)? || parents.len() > 1;
        let work =
            if leftovers { self.snapshot(staged.tree, parents, &request.message)? } else { at };
        notes.extend(staged_notes(&staged));
        let on_branch = head.branch() == Some(request.branch.as_str());
        let found = Found { work, leftovers, on_branch };
        let Some(tip) = self.settle(request, &found, &mut notes)? else {
            let saved = self.keep(&request.keep_ref, work)?;
            return Ok(CommitOutcome::Astray { head: at, saved });
        };
        if let Some(progress) = progress {
            forget_progress(&self.repo, git_dir, progress)?;
        }
        // Also when a process was killed that had committed everything and not yet said so.
        if staged.stale {
            scratch.install(git_dir)?;
            notes.extend(stale_locks::free_index(git_dir)?.as_deref().map(stale_locks::note));
        }
        if !on_branch {
            notes.insert(0, place_note(&head, &request.branch));
            self.return_to_branch(&request.branch, git_dir, (tip, work))?;
        } else if matches!(head, Head::Unborn { .. }) {
            notes.push(format!("the branch {} had been deleted", request.branch));
        }
        let inside = self.embedded_notes(&staged.nested, (request.start, tip), &request.keep_ref);
        notes.extend(inside?);
        let changed = self.repo.changed_paths(request.start, tip)?;
        let carried = self.carried_since(request.start, (tip, git_dir))?;
        let committed_leftovers = leftovers;
        let done = Committed { tip, committed_leftovers, changed, notes, carried };
        Ok(CommitOutcome::Committed(done))
    }

    fn lost(&self, request: &CommitRequest, reason: Broken) -> Result<CommitOutcome, GitError> {
        let tip = match self.repo.branch_tip(&request.branch)? {
            Some(tip) if self.repo.is_ancestor(request.start, tip)? => Some(tip),
            _ => None,
        };
        let mut saved = None;
        let folder_is_there = !matches!(reason, Broken::FolderGone | Broken::Replaced);
        if let Some(git_dir) = self.git_dir.as_deref().filter(|_| folder_is_there) {
            let head = self.repo.head_at(git_dir)?;
            let at = self.last_commit(git_dir, &head)?.unwrap_or(request.start);
            let staged = Scratch::of(self, git_dir)?.stage(self, git_dir)?;
            if staged.tree != self.repo.tree_of(at)? {
                let commit = self.snapshot(staged.tree, vec![at], &request.message)?;
                saved = Some(self.keep(&request.keep_ref, commit)?);
            }
        }
        Ok(CommitOutcome::Lost { reason, tip, saved })
    }

    fn save_unfinished(
        &self,
        request: &CommitRequest,
        git_dir: &Path,
        (at, tree): (Oid, Oid),
    ) -> Result<Saved, GitError> {
        let mut parents = vec![at];
        parents.extend(held_commits(self, git_dir)?.into_iter().filter(|commit| *commit != at));
        let commit = self.snapshot(tree, parents, &request.message)?;
        self.keep(&request.keep_ref, commit)
    }

    /// Decides which commit is the branch's and moves it there; `None` when the work does not
    /// descend from the start.
    fn settle(
        &self,
        request: &CommitRequest,
        found: &Found,
        notes: &mut Vec<String>,
    ) -> Result<Option<Oid>, GitError> {
        let repo = &self.repo;
        let name = format!("refs/heads/{}", request.branch);
        let work = found.work;
        // The branch may move between the look and the swap, if something still runs.
        for _ in 0..3 {
            let branch = repo.branch_tip(&request.branch)?;
            let descends = |commit: Oid| repo.is_ancestor(request.start, commit);
            let work_descends = descends(work)?;
            if let Some(tip) = branch.filter(|_| !found.on_branch && !found.leftovers)
                && descends(tip)?
                && (!work_descends || repo.is_ancestor(work, tip)?)
            {
                return Ok(Some(tip));
            }
            if !work_descends {
                return Ok(None);
            }
            if branch == Some(work) {
                return Ok(Some(work));
            }
            if let Some(tip) = branch
                && !repo.is_ancestor(tip, work)?
            {
                let saved = self.keep(&request.keep_ref, tip)?;
                notes.push(format!(
                    "the branch {} had gone another way; that is kept under {}",
                    request.branch, saved.name
                ));
            }
            let update = RefUpdate {
                name: name.clone(),
                new: Some(work),
                expected: branch.map_or(Expected::Absent, Expected::At),
                message: "wt-orch: commit".to_owned(),
            };
            if repo.update_ref(&update)? == RefOutcome::Moved {
                return Ok(Some(work));
            }
        }
        Err(GitError::Mismatch {
            what: format!("the branch {}", request.branch),
            expected: "left alone while its work is committed".to_owned(),
            found: "moved three times".to_owned(),
        })
    }

    /// Puts HEAD on the branch; files change only where the branch is ahead of what was there.
    fn return_to_branch(
        &self,
        branch: &str,
        git_dir: &Path,
        (tip, work): (Oid, Oid),
    ) -> Result<(), GitError> {
        let git = |subcommand| self.repo.git_in(subcommand, git_dir, &self.path);
        let message = ["-m", "wt-orch: back to the task's branch"];
        git("symbolic-ref")
            .args(message)
            .args(["HEAD", &format!("refs/heads/{branch}")])
            .output()?;
        if tip != work {
            git("reset").args(["--hard", "--quiet", "--no-recurse-submodules"]).output()?;
        }
        Ok(())
    }
}

/// What the worktree holds.
struct Found {
    work: Oid,
    leftovers: bool,
    on_branch: bool,
}

fn staged_notes(staged: &Staged) -> Vec<String> {
    let skipped = Checkout::shown(&staged.skipped).into_iter();
    let skipped = skipped.map(|path| format!("{path} is no readable file; it was not committed"));
    let carried = Checkout::shown(&staged.carried).into_iter();
    let carried = carried.map(|path| {
        format!("{path} was staged; it was brought from your checkout, so it was not committed")
    });
    skipped.chain(carried).collect()
}

fn place_note(head: &Head, branch: &str) -> String {
    match head {
        Head::Branch { name, .. } => {
            format!("HEAD was on the branch {name}; the work was brought onto {branch}")
        }
        Head::Unborn { name } => {
            format!(
                "HEAD was on the branch {name}, which is gone; the work was brought onto {branch}"
            )
        }
        Head::Detached { tip } => {
            format!("HEAD was detached at {}; the work was brought onto {branch}", tip.short())
        }
    }
}
