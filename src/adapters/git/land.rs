//! Moving a branch, together with the worktree that has it checked out, or not at all.
//!
//! Where the branch is checked out, that worktree's `index.lock` is held from before the look until
//! after the move, so no git of the user's can come between: files are written by `git read-tree`
//! into the lock as if it were the index, then the branch is swapped, then the lock becomes the
//! index. A crash in between is undone by [`recover_landing`].

use std::path::{Path, PathBuf};

use super::error::GitError;
use super::land_check::{Looked, obstacles, obstacles_in};
use super::land_holder::{Holder, holder};
use super::land_refusal::{LandRefusal, RefusedReason};
use super::land_restore::{restore, settle};
use super::land_session::{Begin, Session};
use super::repo::Repo;
use super::worktrees::WorktreeInfo;
use super::write::{Expected, RefOutcome, RefUpdate};
use crate::domain::id::Oid;

/// A branch to be moved. Undoing a landing is the same with `old` and `new` swapped.
#[derive(Debug, Clone)]
pub struct LandRequest {
    /// Its name without `refs/heads/`.
    pub branch: String,
    /// Where it must be.
    pub old: Oid,
    /// Where it is to be.
    pub new: Oid,
    /// For the reflog.
    pub message: String,
}

/// What came of a landing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum LandOutcome {
    /// The branch moved.
    Landed {
        /// The worktree whose files moved along.
        checked_out: Option<PathBuf>,
    },
    /// The branch was not where it was expected; nothing changed.
    TargetMoved {
        /// Where it is.
        now: Option<Oid>,
    },
    /// The worktree that has the branch cannot follow; nothing changed.
    Refused(LandRefusal),
}

/// Points at which a landing can be interrupted, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Marked,
    Locked,
    Writing,
    Written,
    Swapped,
    Released,
}

/// Moves the branch by compare-and-swap, with the files of the worktree that has it checked out.
///
/// # Errors
/// Git or the file system fails; files that were written by then are put back.
pub fn land(repo: &Repo, request: &LandRequest) -> Result<LandOutcome, GitError> {
    land_observed(repo, request, &mut |_| true)
}

/// How often the worktree of a branch is looked for that is at something else by the time it is held.
const SWITCHES: u32 = 3;

/// As [`land`]; stops dead, as in a crash, where `observe` says `false`.
pub(super) fn land_observed(
    repo: &Repo,
    request: &LandRequest,
    observe: &mut dyn FnMut(Step) -> bool,
) -> Result<LandOutcome, GitError> {
    // Moving a symbolic ref moves the branch behind it, whose worktree is the one to follow.
    let branch = repo.branch_behind(&request.branch)?;
    let request = &LandRequest { branch, ..request.clone() };
    let (mut flushed, mut switches) = (false, 0);
    loop {
        let now = repo.branch_tip(&request.branch)?;
        if now != Some(request.old) {
            return Ok(LandOutcome::TargetMoved { now });
        }
        if !flushed {
            repo.sync_objects(request.new, &[request.old])?;
            flushed = true;
        }
        let (outcome, worktree) = match holder(repo, &request.branch)? {
            Holder::Nobody => return swap(repo, request, None),
            Holder::Refused(refusal) => return Ok(LandOutcome::Refused(refusal)),
            Holder::One(info) => {
                let worktree = info.path.clone();
                (land_in(repo, request, info, observe)?, worktree)
            }
        };
        // Still there: it was the worktree's HEAD that moved.
        if outcome != (LandOutcome::TargetMoved { now: Some(request.old) }) {
            return Ok(outcome);
        }
        switches += 1;
        if switches == SWITCHES {
            let refusal = LandRefusal::new(&worktree, RefusedReason::Switching);
            return Ok(LandOutcome::Refused(refusal));
        }
    }
}

fn land_in(
    repo: &Repo,
    request: &LandRequest,
    holder: WorktreeInfo,
    observe: &mut dyn FnMut(Step) -> bool,
) -> Result<LandOutcome, GitError> {
    let WorktreeInfo { path: worktree, git_dir, .. } = holder;
    let Some(git_dir) = git_dir.filter(|dir| *dir != worktree) else {
        return Err(GitError::Unsupported {
            feature: format!("the worktree of `{}`", request.branch),
            why: "its folder is not known from here".to_owned(),
            way_out: "run the command in that worktree".to_owned(),
        });
    };
    settle(repo, &worktree, &git_dir)?;
    let place = Place { repo, request, worktree: &worktree, git_dir: &git_dir };
    let mut session = match Session::begin(repo, request, &git_dir, observe)? {
        Begin::Held(session) => session,
        Begin::Stopped => return Ok(LandOutcome::TargetMoved { now: None }),
        Begin::Locked(path) => {
            return Ok(place.refused(RefusedReason::IndexLocked { path }));
        }
    };
    let mut writing = false;
    let outcome = place.attempt(&mut session, &mut |step| {
        writing |= matches!(step, Step::Writing);
        observe(step)
    });
    if session.is_stopped() {
        return outcome;
    }
    if writing && outcome.is_err() {
        // Left as a crash would leave it, and put in order by the same means: now, or by the next
        // command.
        let _stopped = session.stop();
        drop(session);
        let _tried_again_later = settle(repo, &worktree, &git_dir);
        return outcome;
    }
    if matches!(outcome, Ok(LandOutcome::Landed { .. })) {
        session.release_forward(observe)?;
    } else {
        session.release_back()?;
    }
    outcome
}

/// One landing in one worktree.
struct Place<'a> {
    repo: &'a Repo,
    request: &'a LandRequest,
    worktree: &'a Path,
    git_dir: &'a Path,
}

impl Place<'_> {
    fn attempt(
        &self,
        session: &mut Session,
        observe: &mut dyn FnMut(Step) -> bool,
    ) -> Result<LandOutcome, GitError> {
        let Self { repo, request, worktree, git_dir } = *self;
        if let Some(progress) = repo.in_progress(git_dir)? {
            return Ok(self.refused(RefusedReason::InProgress(progress)));
        }
        let head = repo.head_at(git_dir)?;
        let stands_on = head.branch().map(|name| repo.branch_behind(name)).transpose()?;
        if head.tip() != Some(request.old) || stands_on.as_ref() != Some(&request.branch) {
            let now = repo.branch_tip(&request.branch)?;
            return Ok(LandOutcome::TargetMoved { now });
        }
        let changes = repo.raw_changes(request.old, request.new)?;
        // Files that were touched but are the same must not count as changed. Exit code 1 means
        // that some really are.
        session.git(repo, worktree, "update-index")?.args(["-q", "--refresh"]).answer()?;
        let lock = session.lock_path();
        let looked = Looked { repo, git_dir, worktree, index: Some(&lock) };
        if let Some(found) = obstacles(&looked, &changes)? {
            return Ok(self.refused(found.into()));
        }
        if !observe(Step::Writing) {
            return Ok(session.stop());
        }
        let (old, new) = (request.old.to_string(), request.new.to_string());
        let read_tree = session.git(repo, worktree, "read-tree")?.args(["-m", "-u", &old, &new]);
        let words = read_tree.shown();
        let answer = read_tree.answer()?;
        if answer.code != Some(0) {
            restore(repo, session, worktree, &changes)?;
            if let Some(found) = obstacles_in(&answer.stderr) {
                return Ok(self.refused(found.into()));
            }
            return Err(GitError::Command { words, code: answer.code, stderr: answer.stderr });
        }
        session.written()?;
        if !observe(Step::Written) {
            return Ok(session.stop());
        }
        let swapped = swap(repo, request, Some((session, worktree)));
        if matches!(swapped, Ok(LandOutcome::Landed { .. })) {
            if !observe(Step::Swapped) {
                return Ok(session.stop());
            }
            return swapped;
        }
        let back = session.git(repo, worktree, "read-tree")?.args(["-m", "-u", &new, &old]);
        if back.answer()?.code != Some(0) {
            restore(repo, session, worktree, &changes)?;
        }
        swapped
    }

    fn refused(&self, reason: RefusedReason) -> LandOutcome {
        LandOutcome::Refused(LandRefusal::new(self.worktree, reason))
    }
}

/// The compare-and-swap; in a worktree, so that its HEAD's log is written as well. There it holds the
/// landing's marker: should this process die, nobody takes the landing back while git may still move
/// the branch.
fn swap(
    repo: &Repo,
    request: &LandRequest,
    place: Option<(&Session, &Path)>,
) -> Result<LandOutcome, GitError> {
    let update = RefUpdate {
        name: format!("refs/heads/{}", request.branch),
        new: Some(request.new),
        expected: Expected::At(request.old),
        message: request.message.clone(),
    };
    let command = match place {
        Some((session, worktree)) => session.git(repo, worktree, "update-ref")?,
        None => repo.git("update-ref"),
    };
    Ok(match repo.update_ref_with(command, &update)? {
        RefOutcome::Moved => {
            LandOutcome::Landed { checked_out: place.map(|(_, worktree)| worktree.to_owned()) }
        }
        RefOutcome::Lost { now } => LandOutcome::TargetMoved { now },
    })
}
