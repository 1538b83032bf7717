//! Whether the file system of the tests can share blocks, asked of the system itself.

use std::fs::File;
use std::path::Path;

/// Whether a file in this folder can share the blocks of another one there.
pub(super) fn shares_blocks(folder: &Path) -> bool {
    let place = tempfile::tempdir_in(folder).unwrap();
    let from = place.path().join("from");
    std::fs::write(&from, "content").unwrap();
    clone(&File::open(from).unwrap(), place.path())
}

#[cfg(target_os = "linux")]
fn clone(from: &File, folder: &Path) -> bool {
    let to = File::create(folder.join("to")).unwrap();
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

#[cfg(target_vendor = "apple")]
fn clone(from: &File, folder: &Path) -> bool {
    let folder = File::open(folder).unwrap();
    rustix::fs::fclonefileat(from, folder, "to", rustix::fs::CloneFlags::empty()).is_ok()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn clone(_: &File, _: &Path) -> bool {
    false
}
