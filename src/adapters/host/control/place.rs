//! Where the socket of a run lies.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::ControlError;

/// Longest path of a socket, in bytes (`sun_path` less its final NUL).
const PATH_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// What names a run's socket: server and client find the same one from equal values.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Folder of the repository's own state.
    pub dir: &'a Path,
    /// Name of the run.
    pub run: &'a str,
    /// `$XDG_RUNTIME_DIR`, where set: holds the socket when `dir` is too long.
    pub runtime_dir: Option<&'a Path>,
}

impl Place<'_> {
    /// Paths short enough for a socket, best first.
    pub(super) fn candidates(&self) -> Vec<PathBuf> {
        self.all().into_iter().filter(|path| fits(path)).collect()
    }

    /// The path to bind, with its folder made.
    pub(super) fn ensure(&self) -> Result<PathBuf, ControlError> {
        let all = self.all();
        let first = &all[0];
        if fits(first) {
            return match fs::create_dir_all(self.dir) {
                Ok(()) => Ok(first.clone()),
                Err(source) => Err(ControlError::Io { path: self.dir.to_owned(), source }),
            };
        }
        let mut refusal = ControlError::TooLong { path: first.clone() };
        for path in &all[1..] {
            if !fits(path) {
                refusal = ControlError::TooLong { path: path.clone() };
                continue;
            }
            match path.parent().map_or(Ok(()), ensure_private) {
                Ok(()) => return Ok(path.clone()),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    fn all(&self) -> Vec<PathBuf> {
        let dir = fs::canonicalize(self.dir).unwrap_or_else(|_| self.dir.to_owned());
        let hash = fnv1a(&[dir.as_os_str().as_bytes(), b"\0", self.run.as_bytes()]);
        let name = format!("{hash:016x}.sock");
        let own = format!("wt-orch-{}", rustix::process::getuid().as_raw());
        let mut all = vec![self.dir.join(format!("{}.sock", self.run))];
        all.extend(self.runtime_dir.map(|runtime| runtime.join("wt-orch").join(&name)));
        all.push(std::env::temp_dir().join(own).join(name));
        all
    }
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= PATH_MAX
}

/// A folder of this user's, closed to others; anybody may have made one of that name in a shared
/// place.
fn ensure_private(folder: &Path) -> Result<(), ControlError> {
    let io = |source| ControlError::Io { path: folder.to_owned(), source };
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(io(error)),
    }
    let found = fs::symlink_metadata(folder).map_err(io)?;
    let own = found.uid() == rustix::process::getuid().as_raw();
    if found.is_dir() && own && found.mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(ControlError::NotPrivate { path: folder.to_owned() })
    }
}

/// A hash that stays the same between builds of the program.
fn fnv1a(parts: &[&[u8]]) -> u64 {
    parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_folder_open_to_others_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("sockets");
        ensure_private(&folder).unwrap();
        ensure_private(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(ensure_private(&folder), Err(ControlError::NotPrivate { .. })));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(matches!(ensure_private(&link), Err(ControlError::NotPrivate { .. })));
    }
}
