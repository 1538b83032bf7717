//! Where the socket of a run lies.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::ControlError;
use crate::adapters::host::private::{ensure_private, own_name};
use crate::domain::id::stable_hash;

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
            match path.parent().map_or(Ok(()), |parent| Ok(ensure_private(parent)?)) {
                Ok(()) => return Ok(path.clone()),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    fn all(&self) -> Vec<PathBuf> {
        let dir = fs::canonicalize(self.dir).unwrap_or_else(|_| self.dir.to_owned());
        let hash = stable_hash(&[dir.as_os_str().as_bytes(), b"\0", self.run.as_bytes()]);
        let name = format!("{hash:016x}.sock");
        let mut all = vec![self.dir.join(format!("{}.sock", self.run))];
        all.extend(self.runtime_dir.map(|runtime| runtime.join("wt-orch").join(&name)));
        all.push(std::env::temp_dir().join(own_name()).join(name));
        all
    }
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= PATH_MAX
}
