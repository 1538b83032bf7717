//! What there is to do in one worktree: what is missing or changed, what is in the way, what goes.

use std::collections::{BTreeSet, HashSet};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, statat, unlinkat};

use super::admit::Carry;
use super::folder::{open_below, split};
use super::record::{Record, Stamp, State};
use super::select::{Item, Kind, Nature, Root};
use super::skipped::{Skipped, Why};
use crate::adapters::git::{GitError, Repo, as_path, io};

impl Carry {
    /// Takes away what an earlier call brought and the checkout has no more, or is no longer to be
    /// brought. Caches stay: they are the worktree's by now.
    pub(super) fn take_back_unwanted(&self, site: &Site<'_>, record: &mut Record) {
        let wanted: HashSet<&[u8]> =
            self.selection.items.iter().map(|item| item.path.as_slice()).collect();
        record.entries.retain(|path, state| match state {
            State::Cache | State::CacheBegun => true,
            State::Installed(_) => {
                let wanted = |root: &Root| root.nature == Nature::Installed && root.path == *path;
                !self.selection.packages
                    || self.selection.roots.iter().any(wanted)
                    || site.remove(path).is_err()
            }
            State::Begun | State::There(_) if wanted.contains(path.as_slice()) => true,
            State::Begun | State::There(_) => {
                let (folder, name) = split(path);
                // Where a folder or nothing is by now, there is nothing of ours.
                let _removed = open_below(site.to.as_fd(), folder)
                    .is_ok_and(|to| unlinkat(to, as_path(name), AtFlags::empty()).is_ok());
                false
            }
        });
    }

    /// What is to be written, and what of it over something that was brought before.
    pub(super) fn wanted<'a>(
        &'a self,
        site: &Site<'_>,
        record: &Record,
        skipped: &mut Skipped,
    ) -> Result<Vec<Errand<'a>>, GitError> {
        let there = self.caches_there(site, record)?;
        let mut wanted = Vec::new();
        for item in &self.selection.items {
            if there.contains(&item.root) {
                continue;
            }
            let is_whole = self.selection.roots[item.root].is_whole();
            if site.is_tracked(&item.path) {
                if item.kind != Kind::Folder {
                    skipped.add(Why::Tracked, &item.path);
                }
            } else if is_whole || item.kind == Kind::Folder {
                wanted.push(Errand { item, replace: false });
            } else {
                match site.stat(&site.to, &item.path) {
                    Found::Nothing => wanted.push(Errand { item, replace: false }),
                    Found::Blocked => skipped.add(Why::Blocked, &item.path),
                    Found::Folder => skipped.add(Why::Occupied, &item.path),
                    Found::File(found) => match record.entries.get(&item.path) {
                        Some(State::There(stamp))
                            if *stamp == found
                                && site.stat(&site.from, &item.path) == Found::File(found) => {}
                        Some(_) => wanted.push(Errand { item, replace: true }),
                        None => skipped.add(Why::Occupied, &item.path),
                    },
                }
            }
        }
        let only_folders = wanted.iter().all(|errand| errand.item.kind == Kind::Folder);
        Ok(if only_folders { Vec::new() } else { wanted })
    }

    /// Caches that the worktree has, whoever made them, and the packages that the checkout has. What was
    /// cut short is taken away, and other packages.
    fn caches_there(&self, site: &Site<'_>, record: &Record) -> Result<HashSet<usize>, GitError> {
        let mut there = HashSet::new();
        for (index, root) in self.selection.roots.iter().enumerate().filter(|(_, r)| r.is_whole()) {
            match site.stat(&site.to, &root.path) {
                Found::Nothing => {}
                Found::Blocked => drop(there.insert(index)),
                Found::Folder | Found::File(_) => {
                    let state = record.entries.get(&root.path).copied();
                    if is_stale(root, state) && !site.holds_tracked(&root.path) {
                        site.remove(&root.path)?;
                    } else {
                        there.insert(index);
                    }
                }
            }
        }
        Ok(there)
    }
}

/// Whether what is there of a root is to be brought again. Packages of which nothing is known may be
/// those of any day.
fn is_stale(root: &Root, state: Option<State>) -> bool {
    match (root.nature, state) {
        (_, Some(State::CacheBegun)) => true,
        (Nature::Installed, Some(State::Installed(stamp))) => stamp != root.stamp(),
        (Nature::Installed, Some(State::Cache | State::Begun | State::There(_)) | None) => true,
        (
            Nature::Named | Nature::Cache,
            Some(State::Cache | State::Installed(_) | State::Begun | State::There(_)) | None,
        ) => false,
    }
}

/// One thing to be brought, perhaps in the place of what was brought before.
pub(super) struct Errand<'a> {
    pub(super) item: &'a Item,
    pub(super) replace: bool,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A parent is a link or a file.
    Blocked,
    Folder,
    File(Stamp),
}

/// Both sides, open.
pub(super) struct Site<'a> {
    pub(super) worktree: &'a Path,
    pub(super) from: OwnedFd,
    pub(super) to: OwnedFd,
    pub(super) tracked: HashSet<Vec<u8>>,
}

impl Site<'_> {
    /// Whether the worktree's commit has this path, or a file or submodule in the place of one of its
    /// folders.
    fn is_tracked(&self, path: &[u8]) -> bool {
        let ends = (0..path.len()).filter(|&at| path[at] == b'/').chain([path.len()]);
        ends.into_iter().any(|end| self.tracked.contains(&path[..end]))
    }

    /// Whether the worktree's commit has something below this path.
    fn holds_tracked(&self, path: &[u8]) -> bool {
        let is_below = |tracked: &Vec<u8>| {
            tracked.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/"))
        };
        self.tracked.iter().any(is_below)
    }

    fn stat(&self, top: &OwnedFd, path: &[u8]) -> Found {
        let (folder, name) = split(path);
        let found = match open_below(top.as_fd(), folder) {
            Ok(folder) => statat(folder, as_path(name), AtFlags::SYMLINK_NOFOLLOW).ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Found::Blocked;
            }
            Err(_) => None,
        };
        match found {
            None => Found::Nothing,
            Some(stat) if FileType::from_raw_mode(stat.st_mode).is_dir() => Found::Folder,
            Some(stat) => Found::File(Stamp::at(&stat)),
        }
    }

    /// Takes away a cache of ours that is there half. Its folders were found to be no links.
    pub(super) fn remove(&self, path: &[u8]) -> Result<(), GitError> {
        let whole = self.worktree.join(as_path(path));
        let removed = match whole.symlink_metadata() {
            Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(&whole),
            Ok(_) => std::fs::remove_file(&whole),
            Err(_) => Ok(()),
        };
        removed.map_err(io("delete", &whole))
    }
}

/// Every folder that these need, parents first.
pub(super) fn folders<'a>(items: impl Iterator<Item = &'a Item>) -> BTreeSet<Vec<u8>> {
    let mut needed = BTreeSet::new();
    for item in items {
        let mut folder = match item.kind {
            Kind::Folder => item.path.as_slice(),
            Kind::File { .. } | Kind::Link { .. } => split(&item.path).0,
        };
        while !folder.is_empty() && needed.insert(folder.to_vec()) {
            folder = split(folder).0;
        }
    }
    needed
}

/// Paths in the index of a worktree.
pub(super) fn tracked(
    repo: &Repo,
    worktree: &Path,
    git_dir: &Path,
) -> Result<HashSet<Vec<u8>>, GitError> {
    let listed = repo.git_in("ls-files", git_dir, worktree).args(["-z", "--cached"]).output()?;
    Ok(listed
        .split(|&byte| byte == 0)
        .map(<[u8]>::to_vec)
        .filter(|path| !path.is_empty())
        .collect())
}
