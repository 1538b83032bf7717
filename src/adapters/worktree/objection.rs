//! What would be lost with a worktree.

use std::fmt;
use std::path::{Path, PathBuf};

use super::checkout::{Broken, Checkout};
use super::glance::{all_ignored, glance};
use super::nested::nested_repository;
use super::submodule_work::submodule_work;
use crate::adapters::git::{GitError, Progress, Repo, WorktreeInfo};
use crate::domain::diagnostic::some_quoted_subject;
use crate::domain::id::Oid;

/// Most files that are named in one sentence.
const NAMED: usize = 3;

/// Why a worktree was not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptReason {
    /// Changed or untracked files.
    Dirty {
        /// Which.
        paths: Vec<String>,
    },
    /// A merge, rebase or the like waits for somebody.
    InProgress(Progress),
    /// HEAD is detached at a commit that no ref holds.
    Unreachable {
        /// The commit.
        commit: Oid,
        /// Every commit that no ref holds, the latest first.
        commits: Vec<Oid>,
    },
    /// A submodule holds commits that are on none of its remotes.
    Unpushed {
        /// Where it is, relative to the worktree.
        submodule: String,
        /// Each one's short id and subject.
        commits: Vec<String>,
    },
    /// Another worktree of this repository lies in its folder.
    Holds {
        /// Which.
        worktree: PathBuf,
    },
    /// Somebody else guards it.
    Locked {
        /// In their words.
        reason: String,
    },
    /// It cannot be told whether something would be lost.
    Broken(Broken),
    /// It could not be taken away.
    Stuck {
        /// What went wrong.
        why: String,
    },
    /// The main worktree, or a folder that is no worktree of this repository.
    NotOurs,
}

impl fmt::Display for KeptReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dirty { paths } if paths.is_empty() => f.write_str("something is not committed"),
            Self::Dirty { paths } => {
                let are = if paths.len() == 1 { "is" } else { "are" };
                write!(f, "{} {are} not committed", some_quoted_subject(paths, NAMED))
            }
            Self::InProgress(progress) => write!(f, "a {progress} is in progress"),
            Self::Unreachable { commit, .. } => {
                write!(f, "HEAD is detached at {}, which no branch holds", commit.short())
            }
            Self::Unpushed { submodule, commits } => {
                let noun = if commits.len() == 1 { "commit" } else { "commits" };
                let count = commits.len();
                write!(f, "its submodule `{submodule}` has {count} {noun} that no remote holds")
            }
            Self::Holds { worktree } => {
                write!(f, "the worktree `{}` lies in it", worktree.display())
            }
            Self::Locked { reason } if reason.is_empty() => f.write_str("it is locked"),
            Self::Locked { reason } => write!(f, "it is locked: {reason}"),
            Self::Broken(broken) => write!(f, "{broken}"),
            Self::Stuck { why } => f.write_str(why),
            Self::NotOurs => f.write_str("it is no linked worktree of this repository"),
        }
    }
}

/// What speaks against removing a worktree, and what is in it that git ignores.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// Empty when nothing is lost but ignored files.
    pub(super) objections: Vec<KeptReason>,
    /// Ignored paths, each without what is below it; `None` where they were not looked for.
    pub(super) ignored: Option<Vec<Vec<u8>>>,
    /// What is ignored holds repositories that are nobody's work.
    pub(super) repositories: bool,
}

/// Looks at a linked worktree, cheap questions first.
pub(super) fn examine(
    repo: &Repo,
    info: &WorktreeInfo,
    all: &[WorktreeInfo],
) -> Result<Examined, GitError> {
    let mut found = Examined::default();
    let inside = |other: &&WorktreeInfo| {
        other.path != info.path && other.path.starts_with(&info.path) && other.path.exists()
    };
    if let Some(other) = all.iter().find(inside) {
        found.objections.push(KeptReason::Holds { worktree: other.path.clone() });
    }
    let checkout = Checkout::listed(repo, info);
    let git_dir = checkout.git_dir.clone();
    if let (Some(git_dir), None) = (&git_dir, checkout.broken())
        && let Some(ignored) = as_committed(&checkout, git_dir)?
    {
        found.objections.extend(repo.in_progress(git_dir)?.map(KeptReason::InProgress));
        let nested = nested_repository(&checkout.path, &ignored);
        found.objections.extend(nested.map(|path| KeptReason::Dirty { paths: vec![path] }));
        found.ignored = Some(ignored);
    } else {
        examine_with_git(&checkout, &mut found.objections)?;
        if let Some(git_dir) = &git_dir {
            found.objections.extend(submodule_work(&checkout, git_dir)?);
            if checkout.broken().is_none() {
                let list =
                    repo.git_in("ls-files", git_dir, &checkout.path).args(["-z", "--others"]);
                let list =
                    list.args(["--ignored", "--exclude-standard", "--directory"]).output()?;
                let ignored: Vec<Vec<u8>> = list
                    .split(|&byte| byte == 0)
                    .filter(|p| !p.is_empty())
                    .map(<[u8]>::to_vec)
                    .collect();
                let nested = nested_repository(&checkout.path, &ignored);
                found.objections.extend(nested.map(|path| KeptReason::Dirty { paths: vec![path] }));
            }
        }
    }
    if let Some(git_dir) = &git_dir {
        found.objections.extend(unreachable(&checkout, git_dir)?);
    }
    Ok(found)
}

/// The ignored paths of a worktree that has nothing else beyond its commit; `None` when only
/// `git status` can tell.
pub(super) fn as_committed(
    checkout: &Checkout,
    git_dir: &Path,
) -> Result<Option<Vec<Vec<u8>>>, GitError> {
    let repo = &checkout.repo;
    // After `git submodule deinit` the files are gone, and what was committed there is not.
    if git_dir.join("modules").symlink_metadata().is_ok() {
        return Ok(None);
    }
    let Some(tip) = repo.head_at(git_dir)?.tip() else { return Ok(None) };
    let Some(seen) = glance(git_dir, &checkout.path, repo.tree_of(tip)?) else { return Ok(None) };
    let only =
        seen.submodules.is_empty() && all_ignored(repo, (git_dir, &checkout.path), &seen.others)?;
    Ok(only.then_some(seen.others))
}

fn examine_with_git(checkout: &Checkout, found: &mut Vec<KeptReason>) -> Result<(), GitError> {
    let state = checkout.state()?;
    found.extend(state.in_progress.map(KeptReason::InProgress));
    let paths: Vec<String> = state.dirty.into_iter().chain(state.untracked).collect();
    if !paths.is_empty() {
        found.push(KeptReason::Dirty { paths });
    }
    match state.broken {
        None | Some(Broken::FolderGone | Broken::GitFileGone) => {}
        Some(broken @ (Broken::EntryGone | Broken::Replaced | Broken::PointsElsewhere)) => {
            found.push(KeptReason::Broken(broken));
        }
    }
    Ok(())
}

/// Commits that only a detached HEAD holds.
fn unreachable(checkout: &Checkout, git_dir: &Path) -> Result<Option<KeptReason>, GitError> {
    let head = checkout.repo.head_at(git_dir)?;
    let (Some(commit), None) = (head.tip(), head.branch()) else { return Ok(None) };
    // `--all` would take the HEADs of worktrees for refs.
    let command = checkout.repo.git("rev-list").arg(commit.to_string()).arg("--not");
    let listed = command.arg("--glob=refs/*").text()?;
    let commits: Vec<Oid> = listed.lines().filter_map(|line| line.parse().ok()).collect();
    Ok((!commits.is_empty()).then_some(KeptReason::Unreachable { commit, commits }))
}
