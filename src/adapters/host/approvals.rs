//! What the user has approved of repositories: in a file of the user's own, out of reach of whoever
//! made the repository or runs in it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::digest::sha256;

/// Why approvals cannot be read or added.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The file belongs to somebody else, or others may write to it.
    #[error("others may write to {}, so what it says does not count", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// Verb.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The list of approvals: one a line, as the SHA-256 of repository and content, and then the
/// repository's path for people.
#[derive(Debug, Clone)]
pub struct Approvals {
    path: PathBuf,
}

impl Approvals {
    /// The list in this state folder (`$XDG_STATE_HOME`).
    pub fn at(state_home: &Path) -> Self {
        Self { path: state_home.join("wt-orch/approved") }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this content was approved for this repository.
    ///
    /// # Errors
    /// [`ApprovalError`]
    pub fn holds(&self, repository: &Path, content: &str) -> Result<bool, ApprovalError> {
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(self.error("read", source)),
        };
        let text = self.trusted(file)?;
        let wanted = digest(repository, content);
        Ok(text.lines().any(|line| line.split(' ').next() == Some(wanted.as_str())))
    }

    /// Adds an approval.
    ///
    /// # Errors
    /// [`ApprovalError`]
    pub fn add(&self, repository: &Path, content: &str) -> Result<(), ApprovalError> {
        if self.holds(repository, content)? {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|source| self.error("write", source))?;
        }
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path);
        let mut file = opened.map_err(|source| self.error("write", source))?;
        let shown = repository.to_string_lossy().escape_debug().to_string();
        let line = format!("{} {shown}\n", digest(repository, content));
        // One write: two processes do not mix their lines.
        file.write_all(line.as_bytes()).map_err(|source| self.error("write", source))
    }

    fn trusted(&self, mut file: fs::File) -> Result<String, ApprovalError> {
        let found = file.metadata().map_err(|source| self.error("read", source))?;
        if found.uid() != rustix::process::getuid().as_raw() || found.mode() & 0o022 != 0 {
            return Err(ApprovalError::Open { path: self.path.clone() });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|source| self.error("read", source))?;
        Ok(text)
    }

    fn error(&self, what: &'static str, source: io::Error) -> ApprovalError {
        ApprovalError::Io { what, path: self.path.clone(), source }
    }
}

fn digest(repository: &Path, content: &str) -> String {
    sha256(&[repository.as_os_str().as_bytes(), b"\0", content.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_sha256sum_program() {
        // printf '/r\0{}' | sha256sum
        let expected = "8309c005e9a258e65d69135dcf62e0644f3ac2d11d214b009f659c208d7e0944";
        assert_eq!(digest(Path::new("/r"), "{}"), expected);
    }

    #[test]
    fn an_approval_is_of_one_content_in_one_repository() {
        let dir = tempfile::tempdir().unwrap();
        let approvals = Approvals::at(dir.path());
        let (here, there) = (Path::new("/r\nx"), Path::new("/other"));
        assert!(!approvals.holds(here, "a").unwrap());
        for content in ["a", "b", "a"] {
            approvals.add(here, content).unwrap();
        }
        assert!(approvals.holds(here, "a").unwrap() && approvals.holds(here, "b").unwrap());
        assert!(!approvals.holds(here, "c").unwrap() && !approvals.holds(there, "a").unwrap());
        let file = dir.path().join("wt-orch/approved");
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_list_that_others_may_write_to_counts_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let approvals = Approvals::at(dir.path());
        approvals.add(Path::new("/r"), "a").unwrap();
        fs::set_permissions(approvals.path(), fs::Permissions::from_mode(0o622)).unwrap();
        let refused = approvals.holds(Path::new("/r"), "a");
        assert!(matches!(refused, Err(ApprovalError::Open { .. })));
        assert!(approvals.add(Path::new("/r"), "b").is_err());
    }
}
