//! Opening a file for output where tasks could have put something else.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Opens a file for reading and writing and makes it and its folders where they are missing. Goes
/// through no link, neither as the file nor on the way to it (where the kernel can tell), and writes
/// into no pipe: a task may have planted one to have another file written.
pub(super) fn open_log(path: &Path, overwrite: bool) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = open(path)?;
    let found = file.metadata()?;
    if !(found.is_file() || found.file_type().is_char_device()) {
        return Err(io::Error::other("something that is no file lies there"));
    }
    if overwrite && found.is_file() {
        file.set_len(0)?;
    }
    Ok(file)
}

/// Without waiting for the other end of a pipe.
fn flags() -> OFlags {
    OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC
}

fn mode() -> Mode {
    Mode::RUSR | Mode::WUSR
}

#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, ResolveFlags, openat2};
    use rustix::io::Errno;

    match openat2(CWD, path, flags(), mode(), ResolveFlags::NO_SYMLINKS) {
        Ok(file) => Ok(file.into()),
        // A kernel before 5.6, or a sandbox that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => Ok(rustix::fs::open(path, flags(), mode())?.into()),
        Err(Errno::LOOP) => Err(io::Error::other("a symbolic link lies there or on the way")),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, flags(), mode())?.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_pipes_are_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/log"), "kept").unwrap();
        symlink("real", root.join("folder")).unwrap();
        symlink("real/log", root.join("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("pipe"),
            rustix::fs::FileType::Fifo,
            mode(),
            0,
        )
        .unwrap();
        let through_folder = cfg!(target_os = "linux").then_some("folder/log");
        for name in ["link", "pipe"].into_iter().chain(through_folder) {
            assert!(open_log(&root.join(name), true).is_err(), "{name}");
        }
        assert_eq!(fs::read_to_string(root.join("real/log")).unwrap(), "kept");
        open_log(&root.join("real/log"), true).unwrap();
        open_log(&root.join("new/log"), false).unwrap();
        assert_eq!(fs::read_to_string(root.join("real/log")).unwrap(), "");
    }
}
