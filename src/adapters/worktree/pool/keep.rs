//! Putting a worktree into the pool.

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};

use super::caches::{CacheLines, newest};
use super::record::{PoolRecord, conversion};
use super::{REASON, folder_in, forget_if_empty, is_pooled, pool_taken};
use crate::adapters::git::{GitError, Repo, WorktreeInfo, as_path, io, real_path};
use crate::adapters::host::crash_point::crash_point;
use crate::adapters::worktree::carry::Record;
use crate::adapters::worktree::objection::Examined;
use crate::adapters::worktree::trash::{Trash, discarded_folder};
use crate::adapters::worktree::whole_file::write_whole;

/// How many worktrees wait at most, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<'a> {
    /// Most worktrees of the repository that wait.
    pub size: u32,
    /// Ignored paths that stay, as lines of a `.gitignore`.
    pub caches: &'a [String],
}

/// What an entry of git's keeps, that of which caches were brought there included; logs and what
/// commands noted are of the last task.
const STAYS: [&str; 7] =
    ["HEAD", "commondir", "gitdir", "index", "locked", "wt-orch-carried", "wt-orch-pool"];

impl Keeping<'_> {
    /// How many more may wait.
    pub(in crate::adapters::worktree) fn room(&self, repo: &Repo) -> Result<usize, GitError> {
        let waiting = repo.worktrees()?.iter().filter(|info| is_pooled(repo, info)).count();
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        Ok(size.saturating_sub(waiting))
    }

    /// Puts a worktree into the pool that was found to hold nothing but its commit and ignored
    /// files; needs the repository's lock. False when it is not fit for it, or could not be moved.
    pub(in crate::adapters::worktree) fn keep(
        &self,
        repo: &Repo,
        info: &WorktreeInfo,
        examined: &Examined,
        trash: &Trash,
    ) -> Result<bool, GitError> {
        let Some(fit) = Fit::of(repo, info, examined) else { return Ok(false) };
        let pool = folder_in(repo, info.path.parent().unwrap_or(&info.path));
        if std::fs::create_dir_all(&pool).is_err() {
            return Ok(false);
        }
        let Some(place) = (1..u32::MAX)
            .map(|number| pool.join(number.to_string()))
            .find(|place| place.symlink_metadata().is_err())
        else {
            return Ok(false);
        };
        crash_point("pool: before it is stripped");
        let kept = fit.strip(repo, self.caches, trash).and_then(|()| fit.shelve(&place));
        if kept.is_err() {
            // What cannot be kept is deleted by the caller, wherever it got to.
            trash.add(discarded_folder(repo, &place)?);
            forget_if_empty(&pool);
        }
        Ok(kept.is_ok())
    }
}

/// Whether a worktree is one that can wait for another task.
pub(in crate::adapters::worktree) fn is_fit(
    repo: &Repo,
    info: &WorktreeInfo,
    examined: &Examined,
) -> bool {
    Fit::of(repo, info, examined).is_some()
}

/// A worktree that can wait.
struct Fit<'a> {
    entry: &'a Path,
    path: &'a Path,
    head: crate::domain::id::Oid,
    ignored: &'a [Vec<u8>],
    repositories: bool,
}

impl<'a> Fit<'a> {
    fn of(repo: &Repo, info: &'a WorktreeInfo, examined: &'a Examined) -> Option<Self> {
        let entry = info.git_dir.as_deref()?;
        let ignored = examined.ignored.as_deref().filter(|_| examined.objections.is_empty())?;
        let settings = ["config.worktree", "info/sparse-checkout", "modules"];
        let plain = settings.iter().all(|name| entry.join(name).symlink_metadata().is_err())
            // HEAD of an entry in a reftable is no file to be written.
            && repo.checkout_needs_git().is_none();
        // After a move a relative path would lead elsewhere.
        let link = std::fs::read_to_string(info.path.join(".git")).ok()?;
        let target = PathBuf::from(link.strip_prefix("gitdir: ")?.trim_end_matches('\n'));
        let found = target.is_absolute() && real_path(&target) == real_path(entry);
        let head = info.head?;
        let room = pool_taken(repo, info.path.parent()?).is_none();
        (room && plain && found && info.path.to_str().is_some() && !is_pooled(repo, info))
            .then_some(Self {
                entry,
                path: &info.path,
                head,
                ignored,
                repositories: examined.repositories,
            })
    }

    /// Takes out what belongs to the last task: its branch, its logs, its ignored files.
    fn strip(&self, repo: &Repo, caches: &[String], trash: &Trash) -> Result<(), GitError> {
        write_whole(&self.entry.join("locked"), REASON.as_bytes())?;
        let head = self.entry.join("HEAD");
        write_whole(&head, format!("{}\n", self.head).as_bytes())?;
        let index = self.entry.join("index");
        // Every file was just found to be as the index says. Noted as of now, git takes that for
        // granted where it would read files again that are as young as the index was.
        head.metadata()
            .and_then(|head| head.modified())
            .and_then(|now| {
                let times = FileTimes::new().set_modified(now);
                File::options().write(true).open(&index)?.set_times(times)
            })
            .map_err(io("touch", &index))?;
        let lines = CacheLines::new(caches);
        let mut youngest = None;
        for path in self.ignored {
            let whole = self.path.join(as_path(path));
            if lines.contains(self.path, path) {
                youngest = youngest.max(newest(&whole));
            } else {
                discard(repo, &whole, self.path, trash)?;
            }
        }
        let record = PoolRecord {
            home: self.path.to_owned(),
            newest: youngest,
            conversion: conversion(repo),
            repositories: self.repositories,
        };
        record.write(self.entry)?;
        Record::retain_caches(self.entry, self.path)?;
        let entries = self.entry.read_dir().map_err(io("list", self.entry))?;
        for entry in entries.flatten() {
            if !STAYS.iter().any(|name| entry.file_name() == *name) {
                let path = entry.path();
                let gone = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    true => std::fs::remove_dir_all(&path),
                    false => std::fs::remove_file(&path),
                };
                gone.map_err(io("delete", &path))?;
            }
        }
        Ok(())
    }

    /// Moves it. Killed between the two steps, it is an entry without a folder and a folder without
    /// an entry, and both are found by `clean`.
    fn shelve(&self, place: &Path) -> Result<(), GitError> {
        crash_point("pool: before the move in");
        std::fs::rename(self.path, place).map_err(io("rename", self.path))?;
        crash_point("pool: moved in");
        let link = format!("{}\n", place.join(".git").display());
        write_whole(&self.entry.join("gitdir"), link.as_bytes())
    }
}

/// Takes an ignored file or folder out of a worktree.
pub(super) fn discard(
    repo: &Repo,
    path: &Path,
    worktree: &Path,
    trash: &Trash,
) -> Result<(), GitError> {
    if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        trash.add(crate::adapters::worktree::trash::discarded_part(repo, path, worktree)?);
        return Ok(());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("delete", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
