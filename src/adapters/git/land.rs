//! Moving a branch, together with the worktree that has it checked out, or not at all.
//!
//! Where the branch is checked out, that worktree's `index.lock` is held from before the look until
//! after the move, so no git of the user's can come between: files are written by `git read-tree`
//! into the lock as if it were the index, then the branch is swapped, then the lock becomes the
//! index. A crash in between is undone by [`recover_landing`].

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::land_check::{Obstacles, obstacles, obstacles_in};
use super::land_restore::{restore, settle};
use super::land_session::{Begin, Session};
use super::path::shell_word;
use super::progress::Progress;
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
    Refused {
        /// Which.
        worktree: PathBuf,
        /// Why.
        reason: RefusedReason,
        /// One shell command that clears it.
        resolve: String,
    },
}

/// Why a worktree cannot follow its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedReason {
    /// A merge, rebase or the like waits for the user.
    InProgress(Progress),
    /// Files that the landing would change differ from the commit.
    Dirty {
        /// Which.
        paths: Vec<String>,
    },
    /// Files that are not tracked, ignored ones too, lie where the landing would write.
    Untracked {
        /// Which.
        paths: Vec<String>,
    },
    /// Another git holds the index.
    IndexLocked {
        /// Its lock.
        path: PathBuf,
    },
    /// A second worktree has the branch, too.
    CheckedOutTwice {
        /// Which.
        other: PathBuf,
    },
}

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |paths: &[String]| match paths {
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
            [] => "something".to_owned(),
        };
        match self {
            Self::InProgress(progress) => write!(f, "a {progress} is in progress"),
            Self::Dirty { paths } => {
                write!(f, "uncommitted changes in {} would be overwritten", first(paths))
            }
            Self::Untracked { paths } => {
                write!(f, "untracked {} would be overwritten", first(paths))
            }
            Self::IndexLocked { path } => write!(f, "another git holds {}", path.display()),
            Self::CheckedOutTwice { other } => {
                write!(f, "the branch is checked out in {} as well", other.display())
            }
        }
    }
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

/// As [`land`]; stops dead, as in a crash, where `observe` says `false`.
pub(super) fn land_observed(
    repo: &Repo,
    request: &LandRequest,
    observe: &mut dyn FnMut(Step) -> bool,
) -> Result<LandOutcome, GitError> {
    let now = repo.branch_tip(&request.branch)?;
    if now != Some(request.old) {
        return Ok(LandOutcome::TargetMoved { now });
    }
    let mut holders = repo.worktrees()?.into_iter().filter(|info| {
        !info.bare && info.branch.as_deref() == Some(request.branch.as_str()) && info.path.is_dir()
    });
    let (holder, second) = (holders.next(), holders.next());
    match (holder, second) {
        (None, _) => swap(repo, request, None),
        (Some(first), Some(other)) => {
            let resolve = format!("git -C {} switch --detach", word(&other.path));
            let reason = RefusedReason::CheckedOutTwice { other: other.path };
            Ok(LandOutcome::Refused { worktree: first.path, reason, resolve })
        }
        (Some(holder), None) => land_in(repo, request, holder, observe),
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
        if head.tip() != Some(request.old) || head.branch() != Some(&request.branch) {
            let now = repo.branch_tip(&request.branch)?;
            return Ok(LandOutcome::TargetMoved { now });
        }
        let changes = repo.raw_changes(request.old, request.new)?;
        // Files that were touched but are the same must not count as changed. Exit code 1 means
        // that some really are.
        session.git(repo, worktree, "update-index")?.args(["-q", "--refresh"]).answer()?;
        if let Some(found) = obstacles(repo, session, worktree, &changes)? {
            return Ok(self.blocked(found));
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
                return Ok(self.blocked(found));
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

    fn blocked(&self, found: Obstacles) -> LandOutcome {
        self.refused(match found {
            Obstacles::Dirty(paths) => RefusedReason::Dirty { paths },
            Obstacles::Untracked(paths) => RefusedReason::Untracked { paths },
        })
    }

    fn refused(&self, reason: RefusedReason) -> LandOutcome {
        let at = word(self.worktree);
        let listed = |paths: &[String]| {
            let words: Vec<String> = paths.iter().map(|path| shell_word(path)).collect();
            words.join(" ")
        };
        let resolve = match &reason {
            RefusedReason::InProgress(Progress::Bisect) => format!("git -C {at} bisect reset"),
            RefusedReason::InProgress(progress) => format!("git -C {at} {progress} --continue"),
            RefusedReason::Dirty { paths } => {
                format!("git -C {at} stash push -- {}", listed(paths))
            }
            RefusedReason::Untracked { paths } => {
                format!("git -C {at} stash push --all -- {}", listed(paths))
            }
            // Deleting it under a git that is at work would damage the index.
            RefusedReason::IndexLocked { path } => {
                format!("while [ -e {0} ]; do sleep 1; done", word(path))
            }
            RefusedReason::CheckedOutTwice { other } => {
                format!("git -C {} switch --detach", word(other))
            }
        };
        LandOutcome::Refused { worktree: self.worktree.to_owned(), reason, resolve }
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

fn word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
