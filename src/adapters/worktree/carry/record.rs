//! What was brought into a worktree, remembered beside its index: so that it is never committed, and
//! so that it can be told whether it is still as it was.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::Stat;

use crate::adapters::git::{GitError, as_path, io};
use crate::adapters::worktree::whole_file::write_whole;

/// Its file in the worktree's git directory: entries that end with a NUL, each `KIND SIZE SECONDS
/// NANOSECONDS PATH`.
const FILE: &str = "wt-orch-carried";

/// Size and modification time of what was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) seconds: i64,
    pub(super) nanoseconds: i64,
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self { size: meta.len(), seconds: meta.mtime(), nanoseconds: meta.mtime_nsec() }
    }

    pub(super) fn at(stat: &Stat) -> Self {
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            seconds: stat.st_mtime,
            nanoseconds: i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
        }
    }
}

/// How far one path has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A file or link that is about to be brought, or was when something ended us.
    Begun,
    /// A file or link, as it was when it was there.
    There(Stamp),
    /// A cache that is about to be brought; one that is there half.
    CacheBegun,
    /// A cache. What is in it changes with every build and is not remembered.
    Cache,
    /// Packages, with the stamp of what they were made from.
    Installed(Stamp),
}

/// Everything that was brought into one worktree.
#[derive(Debug, Clone, Default)]
pub(in crate::adapters::worktree) struct Record {
    pub(super) entries: BTreeMap<Vec<u8>, State>,
}

impl Record {
    /// Reads it; empty where nothing was ever brought.
    pub(in crate::adapters::worktree) fn load(git_dir: &Path) -> Result<Self, GitError> {
        let path = git_dir.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(io("read", &path)(error)),
        };
        let entries = bytes.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
        let damaged = || io("read", &path)(std::io::ErrorKind::InvalidData.into());
        let entries = entries.map(|entry| parse_entry(entry).ok_or_else(damaged));
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Replaces the file in one step.
    pub(super) fn save(&self, git_dir: &Path) -> Result<(), GitError> {
        let mut text = Vec::new();
        for (path, state) in &self.entries {
            let (kind, stamp) = match state {
                State::Begun => ("begun", Stamp::default()),
                State::There(stamp) => ("there", *stamp),
                State::CacheBegun => ("cache-begun", Stamp::default()),
                State::Cache => ("cache", Stamp::default()),
                State::Installed(stamp) => ("installed", *stamp),
            };
            let Stamp { size, seconds, nanoseconds } = stamp;
            text.extend_from_slice(format!("{kind} {size} {seconds} {nanoseconds} ").as_bytes());
            text.extend_from_slice(path);
            text.push(0);
        }
        write_whole(&git_dir.join(FILE), &text)
    }

    /// Forgets all but the caches that are still there, when a worktree waits for its next task: what
    /// that makes in the place of something that went is its own.
    pub(in crate::adapters::worktree) fn retain_caches(
        git_dir: &Path,
        worktree: &Path,
    ) -> Result<(), GitError> {
        let mut record = Self::load(git_dir)?;
        if record.is_empty() {
            return Ok(());
        }
        record.entries.retain(|path, state| match state {
            State::Cache | State::CacheBegun | State::Installed(_) => {
                worktree.join(as_path(path)).symlink_metadata().is_ok()
            }
            State::Begun | State::There(_) => false,
        });
        record.save(git_dir)
    }

    /// Forgets everything: what is there belongs to the next task.
    pub(in crate::adapters::worktree) fn remove(git_dir: &Path) -> Result<(), GitError> {
        let path = git_dir.join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io("delete", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Lines of a `.gitignore` that name what was brought, and nothing else.
    pub(in crate::adapters::worktree) fn patterns(&self) -> Vec<String> {
        let escaped = |path: &[u8]| {
            let text = String::from_utf8_lossy(path);
            let special = |c: char| "*?[]\\!# ".contains(c);
            let words = text.chars().map(|c| if special(c) { format!("\\{c}") } else { c.into() });
            format!("/{}", words.collect::<String>())
        };
        self.entries.keys().map(|path| escaped(path)).collect()
    }

    /// Whether nothing was brought.
    pub(in crate::adapters::worktree) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether this path, or a cache that it lies in, was brought.
    pub(in crate::adapters::worktree) fn holds(&self, path: &[u8]) -> bool {
        self.entries.contains_key(path) || self.is_in_cache(path)
    }

    /// Whether a path that was brought is still as it was; what is in a cache always counts so.
    pub(in crate::adapters::worktree) fn is_unchanged(&self, worktree: &Path, path: &[u8]) -> bool {
        match self.entries.get(path) {
            Some(State::There(stamp)) => {
                let found = worktree.join(as_path(path)).symlink_metadata();
                found.is_ok_and(|meta| !meta.is_dir() && Stamp::of(&meta) == *stamp)
            }
            // Half brought by us and untouched since: nobody's work.
            Some(State::Begun | State::CacheBegun | State::Cache | State::Installed(_)) => true,
            None => self.is_in_cache(path),
        }
    }

    fn is_in_cache(&self, path: &[u8]) -> bool {
        let parents = (0..path.len()).filter(|&at| path[at] == b'/').map(|at| &path[..at]);
        parents.filter_map(|parent| self.entries.get(parent)).any(|state| match state {
            State::Cache | State::CacheBegun | State::Installed(_) => true,
            State::Begun | State::There(_) => false,
        })
    }
}

fn parse_entry(entry: &[u8]) -> Option<(Vec<u8>, State)> {
    let mut words = entry.splitn(5, |&byte| byte == b' ');
    let mut word = || std::str::from_utf8(words.next()?).ok();
    let kind = word()?;
    let stamp = Stamp {
        size: word()?.parse().ok()?,
        seconds: word()?.parse().ok()?,
        nanoseconds: word()?.parse().ok()?,
    };
    let path = words.next()?.to_vec();
    let state = match kind {
        "begun" => State::Begun,
        "there" => State::There(stamp),
        "cache-begun" => State::CacheBegun,
        "cache" => State::Cache,
        "installed" => State::Installed(stamp),
        _ => return None,
    };
    Some((path, state))
}
