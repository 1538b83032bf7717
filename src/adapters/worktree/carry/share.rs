//! Files that share their blocks until one of them is written, where the file system can do that.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// Makes `name` in the folder `to` a file with the content of `from`, sharing its blocks; `None` when
/// the file system cannot, and then nothing was made.
///
/// # Errors
/// The file exists, or cannot be made.
pub(super) fn share(from: &File, to: BorrowedFd<'_>, name: &Path) -> io::Result<Option<File>> {
    system::share(from, to, name)
}

/// Whether a file below `folder` could share the blocks of `from`. Leaves nothing behind. A folder
/// that is not there counts as its nearest parent that is.
pub(super) fn can_share(from: &File, folder: &Path) -> bool {
    let there = folder.ancestors().find(|place| place.is_dir());
    there.is_some_and(|place| system::can_share(from, place))
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::BorrowedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, unlinkat};

    use super::super::folder::create_file;

    pub(super) fn share(from: &File, to: BorrowedFd<'_>, name: &Path) -> io::Result<Option<File>> {
        let file = create_file(to, name)?;
        if rustix::fs::ioctl_ficlone(&file, from).is_ok() {
            return Ok(Some(file));
        }
        unlinkat(to, name, AtFlags::empty())?;
        Ok(None)
    }

    pub(super) fn can_share(from: &File, place: &Path) -> bool {
        // A file without a name, so that nobody sees it.
        tempfile::tempfile_in(place).is_ok_and(|file| rustix::fs::ioctl_ficlone(file, from).is_ok())
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::path::Path;

    use rustix::fs::{CloneFlags, Mode, OFlags, fclonefileat, openat};
    use rustix::io::Errno;

    pub(super) fn share(from: &File, to: BorrowedFd<'_>, name: &Path) -> io::Result<Option<File>> {
        match fclonefileat(from, to, name, CloneFlags::NOFOLLOW) {
            Ok(()) => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                Ok(Some(openat(to, name, flags, Mode::empty())?.into()))
            }
            Err(Errno::NOTSUP | Errno::XDEV | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn can_share(from: &File, place: &Path) -> bool {
        let Ok(folder) = tempfile::tempdir_in(place) else { return false };
        let Ok(opened) = File::open(folder.path()) else { return false };
        matches!(share(from, opened.as_fd(), Path::new("probe")), Ok(Some(_)))
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::BorrowedFd;
    use std::path::Path;

    pub(super) fn share(_: &File, _: BorrowedFd<'_>, _: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub(super) fn can_share(_: &File, _: &Path) -> bool {
        false
    }
}
