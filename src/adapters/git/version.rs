//! The version of a git program.

use std::fmt;

use super::error::GitError;
use super::program::GitProgram;

/// Version of a git program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl GitVersion {
    /// Oldest git that understands every option used here.
    pub(super) const OLDEST: Self = Self { major: 2, minor: 34, patch: 0 };

    /// Asks a program; one that is too old is an error.
    pub(super) fn load(program: &GitProgram) -> Result<Self, GitError> {
        let answer = program.command("version").text()?;
        let version = Self::parse(&answer)
            .ok_or(GitError::Answer { words: "version".to_owned(), what: answer })?;
        if version < Self::OLDEST {
            return Err(GitError::Unsupported {
                feature: format!("git {version}"),
                why: format!("options of git {} are used", Self::OLDEST),
                way_out: "install a later git".to_owned(),
            });
        }
        Ok(version)
    }

    /// Whether this is `major.minor` or later.
    pub fn at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Reads what `git --version` prints.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.trim().strip_prefix("git version ")?.split_whitespace().next()?;
        let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        Some(Self { major: parts.next()?, minor: parts.next()?, patch: parts.next().unwrap_or(0) })
    }
}

impl fmt::Display for GitVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_vendors_are_read() {
        let parsed = |text| GitVersion::parse(text).map(|version| version.to_string());
        assert_eq!(parsed("git version 2.47.3\n").as_deref(), Some("2.47.3"));
        assert_eq!(parsed("git version 2.39.5 (Apple Git-154)").as_deref(), Some("2.39.5"));
        assert_eq!(parsed("git version 2.50.0.windows.1").as_deref(), Some("2.50.0"));
        assert_eq!(parsed("gitk"), None);
    }
}
