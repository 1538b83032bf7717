//! One worktree of ours, as it is.

use std::fmt;
use std::path::{Path, PathBuf};

use super::carry::Record;
use super::snapshot::Scratch;
use crate::adapters::git::{
    GitError, Head, Progress, Repo, WorktreeInfo, quote_path, real_path, real_place, summary,
};
use crate::domain::id::Oid;

/// A worktree of ours, by its folder.
#[derive(Debug, Clone)]
pub struct Checkout {
    pub(super) repo: Repo,
    pub(super) path: PathBuf,
    pub(super) git_dir: Option<PathBuf>,
}

/// What is wrong with a worktree as a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Its folder is not there.
    FolderGone,
    /// Git does not know it.
    EntryGone,
    /// Its `.git` file is not there, or empty.
    GitFileGone,
    /// A link, or something else that is no folder, stands in its place; what a link leads to is not
    /// looked at.
    Replaced,
    /// Its `.git` is another repository's, or a repository of its own.
    PointsElsewhere,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FolderGone => "the worktree's folder is gone",
            Self::EntryGone => "the worktree's entry in the repository is gone",
            Self::GitFileGone => "the worktree's .git file is gone",
            Self::Replaced => "something that is no folder stands in the worktree's place",
            Self::PointsElsewhere => "the worktree's .git belongs to another repository",
        })
    }
}

/// Where a worktree stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckoutState {
    /// Its commit.
    pub head: Option<Oid>,
    /// Its branch, `None` when detached.
    pub branch: Option<String>,
    /// What is half done there.
    pub in_progress: Option<Progress>,
    /// Tracked paths that differ from the commit, also those hidden by index flags.
    pub dirty: Vec<String>,
    /// Paths neither tracked nor ignored, less what was brought from the user's checkout and is as
    /// it was; a repository inside stands as `name/`.
    pub untracked: Vec<String>,
    /// Why it cannot be worked in.
    pub broken: Option<Broken>,
}

impl CheckoutState {
    /// Whether its removal loses no file and no unfinished operation.
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty() && self.untracked.is_empty() && self.in_progress.is_none()
    }
}

impl Checkout {
    /// The worktree of `repo` at this folder; whether it is there, [`Self::state`] says.
    ///
    /// # Errors
    /// The repository's worktrees cannot be listed.
    pub fn at(repo: &Repo, path: &Path) -> Result<Self, GitError> {
        let git_dir = repo.worktree_at(path)?.and_then(|info| info.git_dir);
        Ok(Self { repo: repo.clone(), path: real_place(path), git_dir })
    }

    /// A worktree of `repo` as a listing named it.
    pub(super) fn listed(repo: &Repo, info: &WorktreeInfo) -> Self {
        Self { repo: repo.clone(), path: real_place(&info.path), git_dir: info.git_dir.clone() }
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads where it stands.
    ///
    /// # Errors
    /// Git cannot read it although it looks whole.
    pub fn state(&self) -> Result<CheckoutState, GitError> {
        let broken = self.broken();
        let Some(git_dir) = &self.git_dir else {
            return Ok(CheckoutState { broken, ..CheckoutState::default() });
        };
        let head = self.repo.head_at(git_dir)?;
        let mut state = CheckoutState {
            head: head.tip(),
            branch: head.branch().map(str::to_owned),
            in_progress: self.repo.in_progress(git_dir)?,
            broken,
            ..CheckoutState::default()
        };
        if !matches!(state.broken, Some(Broken::FolderGone | Broken::Replaced)) {
            let scratch = Scratch::of(self, git_dir)?;
            let record = Record::load(git_dir)?;
            let mut entries = scratch.status(self, git_dir)?;
            entries
                .retain(|entry| !(entry.is_new() && record.is_unchanged(&self.path, &entry.path)));
            let dirty = summary(&entries);
            state.dirty = dirty.tracked().cloned().collect();
            state.dirty.sort();
            state.dirty.dedup();
            state.untracked = dirty.untracked;
        }
        Ok(state)
    }

    /// Whether the tracked files are exactly this tree; files are hashed wherever anything that the
    /// system tells of them changed since git last looked.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn matches_tree(&self, tree: Oid) -> Result<bool, GitError> {
        let (None, Some(git_dir)) = (self.broken(), &self.git_dir) else { return Ok(false) };
        Ok(self.tracked_tree(git_dir)? == tree)
    }

    /// Whether folder and entry are there and belong to one another.
    pub fn is_whole(&self) -> bool {
        self.broken().is_none()
    }

    /// The tree of the tracked files as they are.
    pub(super) fn tracked_tree(&self, git_dir: &Path) -> Result<Oid, GitError> {
        Scratch::of(self, git_dir)?.stage_tracked(self, git_dir)
    }

    pub(super) fn broken(&self) -> Option<Broken> {
        match self.path.symlink_metadata() {
            Err(_) => return Some(Broken::FolderGone),
            Ok(found) if !found.is_dir() => return Some(Broken::Replaced),
            Ok(_) => {}
        }
        let Some(git_dir) = self.git_dir.as_deref().filter(|dir| dir.is_dir()) else {
            return Some(Broken::EntryGone);
        };
        let file = self.path.join(".git");
        // Whoever was killed when it was about to write one left it empty.
        if !file.symlink_metadata().is_ok_and(|found| !found.is_file() || found.len() > 0) {
            return Some(Broken::GitFileGone);
        }
        if real_path(&file) == real_path(git_dir) {
            return None;
        }
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let target = text.strip_prefix("gitdir: ").map(str::trim_end);
        let ours = target.is_some_and(|to| real_path(&self.path.join(to)) == real_path(git_dir));
        (!ours).then_some(Broken::PointsElsewhere)
    }

    /// HEAD's commit; for a branch that was deleted the last commit HEAD's log knows, where that log
    /// is a file (git itself does not show the log of a HEAD without a commit).
    pub(super) fn last_commit(&self, git_dir: &Path, head: &Head) -> Result<Option<Oid>, GitError> {
        if let Some(tip) = head.tip() {
            return Ok(Some(tip));
        }
        let log = std::fs::read(git_dir.join("logs/HEAD")).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        // `<old> <new> …`; the line of a deletion has a zero in the place of the new one.
        let ids = text.lines().rev().flat_map(|line| {
            let mut words = line.split(' ').map(str::parse::<Oid>);
            let (old, new) = (words.next(), words.next());
            [new, old].into_iter().flatten().flatten()
        });
        let last = ids.into_iter().find(|id| *id != id.zero());
        let Some(commit) = last else { return Ok(None) };
        self.repo.resolve_commit(&commit.to_string())
    }

    /// Paths as a shell and a person read them.
    pub(super) fn shown(paths: &[Vec<u8>]) -> Vec<String> {
        paths.iter().map(|path| quote_path(path)).collect()
    }
}
