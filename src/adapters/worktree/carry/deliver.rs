//! One file or link, from an open folder into an open folder.

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, statat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::folder::{create_file, open_file, split};
use super::record::Stamp;
use super::select::{Item, Kind};
use super::share::share;
use super::skipped::Why;
use super::times::set_time;
use crate::adapters::git::as_path;

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivered {
    Shared(Stamp),
    Copied(Stamp),
    Left(Why),
    /// Copying it would go beyond the limit.
    TooMuch,
}

/// The way into one worktree, and how much was copied on it.
pub(super) struct Delivery {
    shares: bool,
    limit: u64,
    copied: AtomicU64,
}

impl Delivery {
    pub(super) fn new(shares: bool, limit: u64) -> Self {
        Self { shares, limit, copied: AtomicU64::new(0) }
    }

    /// Brings an item from its folder into the folder of the same name; `replace` what is there,
    /// `copies` where blocks cannot be shared.
    pub(super) fn bring(
        &self,
        (from, to): (BorrowedFd<'_>, BorrowedFd<'_>),
        item: &Item,
        (replace, copies): (bool, bool),
    ) -> io::Result<Delivered> {
        let name = split(&item.path).1;
        let brought = match &item.kind {
            Kind::Folder => return Ok(Delivered::Left(Why::Special)),
            Kind::Link { target } => bring_link(target, (from, to), (name, replace)),
            Kind::File { .. } => {
                let source = match open_file(from, name) {
                    Ok(source) => source,
                    Err(error) => {
                        return why_not_read(&error).map(Delivered::Left).ok_or(error);
                    }
                };
                let meta = source.metadata()?;
                if !meta.is_file() {
                    return Ok(Delivered::Left(Why::Special));
                }
                self.bring_file((&source, &meta), (to, name), (replace, copies))
            }
        };
        match brought {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(Delivered::Left(Why::Occupied))
            }
            result => result,
        }
    }

    fn bring_file(
        &self,
        (source, meta): (&File, &Metadata),
        (to, name): (BorrowedFd<'_>, &[u8]),
        (replace, copies): (bool, bool),
    ) -> io::Result<Delivered> {
        let path = as_path(name);
        if replace {
            unlinkat(to, path, AtFlags::empty())?;
        }
        if self.shares
            && let Some(file) = share(source, to, path)?
        {
            return finish(&file, meta).map(Delivered::Shared);
        }
        if !copies {
            return Ok(Delivered::Left(Why::NotShared));
        }
        let before = self.copied.fetch_add(meta.len(), Ordering::Relaxed);
        if before.saturating_add(meta.len()) > self.limit {
            return Ok(Delivered::TooMuch);
        }
        let mut file = create_file(to, path)?;
        let mut source = source;
        let written = io::copy(&mut source, &mut file).and_then(|_| finish(&file, meta));
        if written.is_err() {
            // The first error is the one to tell.
            let _removed = unlinkat(to, path, AtFlags::empty()).is_ok();
        }
        written.map(Delivered::Copied)
    }
}

fn bring_link(
    target: &Path,
    (from, to): (BorrowedFd<'_>, BorrowedFd<'_>),
    (name, replace): (&[u8], bool),
) -> io::Result<Delivered> {
    let path = as_path(name);
    let Ok(source) = statat(from, path, AtFlags::SYMLINK_NOFOLLOW) else {
        return Ok(Delivered::Left(Why::Gone));
    };
    if replace {
        unlinkat(to, path, AtFlags::empty())?;
    }
    symlinkat(target, to, path)?;
    set_time(to, path, Some(Stamp::at(&source)))?;
    Ok(Delivered::Copied(Stamp::at(&statat(to, path, AtFlags::SYMLINK_NOFOLLOW)?)))
}

/// Gives a file the permissions and the time of the one it was made from.
fn finish(file: &File, meta: &Metadata) -> io::Result<Stamp> {
    file.set_permissions(Permissions::from_mode(meta.mode() & 0o777))?;
    file.set_times(FileTimes::new().set_modified(meta.modified()?))?;
    Ok(Stamp::of(&file.metadata()?))
}

/// Why a file of the checkout stays behind; `None` where it is no fault of the file.
pub(super) fn why_not_read(error: &io::Error) -> Option<Why> {
    match Errno::from_io_error(error)? {
        Errno::ACCESS | Errno::PERM => Some(Why::Unreadable),
        // A link or another kind of file came into its place.
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::MLINK | Errno::NXIO => Some(Why::Gone),
        _ => None,
    }
}
