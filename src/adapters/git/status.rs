//! What a worktree has beyond its commit, asked of `git status`.

use std::ffi::OsStr;
use std::path::Path;

use super::error::GitError;
use super::path::quote_path;
use super::program::Invocation;
use super::repo::Repo;

/// Paths that differ from HEAD, by kind; a path may be both staged and unstaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dirty {
    /// The index differs from HEAD.
    pub staged: Vec<String>,
    /// The file differs from the index.
    pub unstaged: Vec<String>,
    /// Neither tracked nor ignored; a whole folder stands as `name/`.
    pub untracked: Vec<String>,
    /// Left by a merge.
    pub conflicted: Vec<String>,
}

impl Dirty {
    /// Nothing at all.
    pub fn is_clean(&self) -> bool {
        self.untracked.is_empty() && self.tracked().next().is_none()
    }

    /// Tracked paths that differ, each as often as it differs.
    pub fn tracked(&self) -> impl Iterator<Item = &String> {
        self.staged.iter().chain(&self.unstaged).chain(&self.conflicted)
    }
}

/// One line of `git status --porcelain=v2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters) struct StatusEntry {
    pub(in crate::adapters) path: Vec<u8>,
    pub(in crate::adapters) kind: StatusKind,
    submodule: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum StatusKind {
    /// `added`: HEAD does not have the path.
    Changed {
        staged: bool,
        unstaged: bool,
        added: bool,
    },
    Conflicted,
    Untracked,
}

impl StatusEntry {
    /// Whether HEAD does not have the path: it is untracked, or only in the index.
    pub(in crate::adapters) fn is_new(&self) -> bool {
        match self.kind {
            StatusKind::Changed { added, .. } => added,
            StatusKind::Untracked => true,
            StatusKind::Conflicted => false,
        }
    }

    /// Whether all that differs is which commit a submodule has checked out.
    pub(super) fn is_other_commit_of_submodule(&self) -> bool {
        self.submodule && matches!(self.kind, StatusKind::Changed { staged: false, .. })
    }
}

impl Repo {
    /// What the worktree stood in has beyond its commit; nothing in a bare repository.
    ///
    /// # Errors
    /// `git status` fails.
    pub fn dirty(&self) -> Result<Dirty, GitError> {
        let Some(worktree) = self.worktree() else { return Ok(Dirty::default()) };
        let command = self.git_in("status", self.git_dir(), worktree);
        Ok(summary(&parse_status(&status_words(command, "normal").output()?)))
    }

    /// All entries of another worktree's status; `untracked` is git's `all`, `normal` or `no`.
    pub(in crate::adapters) fn status_at(
        &self,
        git_dir: &Path,
        worktree: &Path,
        index: Option<&Path>,
        untracked: &str,
    ) -> Result<Vec<StatusEntry>, GitError> {
        let mut command = self.git_in("status", git_dir, worktree);
        if let Some(index) = index {
            command = command.env("GIT_INDEX_FILE", OsStr::new(index));
        }
        Ok(parse_status(&status_words(command, untracked).output()?))
    }
}

fn status_words<'a>(command: Invocation<'a>, untracked: &str) -> Invocation<'a> {
    command
        .args(["--porcelain=v2", "-z", "--no-renames", "--ignore-submodules=dirty"])
        .arg(format!("--untracked-files={untracked}"))
}

pub(in crate::adapters) fn summary(entries: &[StatusEntry]) -> Dirty {
    let mut dirty = Dirty::default();
    for entry in entries {
        let path = quote_path(&entry.path);
        match entry.kind {
            StatusKind::Untracked => dirty.untracked.push(path),
            StatusKind::Conflicted => dirty.conflicted.push(path),
            StatusKind::Changed { staged, unstaged, .. } => {
                if staged {
                    dirty.staged.push(path.clone());
                }
                if unstaged {
                    dirty.unstaged.push(path);
                }
            }
        }
    }
    dirty
}

fn parse_status(output: &[u8]) -> Vec<StatusEntry> {
    let mut entries = Vec::new();
    let mut records = output.split(|&byte| byte == 0);
    while let Some(record) = records.next() {
        // "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path", "? path"
        let (fields, kind) = match record.first() {
            Some(b'1') => (8, changed(record)),
            Some(b'2') => {
                records.next();
                (9, changed(record))
            }
            Some(b'u') => (10, StatusKind::Conflicted),
            Some(b'?') => (1, StatusKind::Untracked),
            _ => continue,
        };
        if let Some(path) = record.splitn(fields + 1, |&byte| byte == b' ').last() {
            let submodule = record.get(5) == Some(&b'S');
            entries.push(StatusEntry { path: path.to_vec(), kind, submodule });
        }
    }
    entries
}

fn changed(record: &[u8]) -> StatusKind {
    let differs = |at: usize| record.get(at).is_some_and(|&byte| byte != b'.');
    let added = record.get(2) == Some(&b'A') || record.get(3) == Some(&b'A');
    StatusKind::Changed { staged: differs(2), unstaged: differs(3), added }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_status_line_is_read() {
        let output = b"1 .M N... 100644 100644 100644 aa bb a b\xff\0\
            1 A. N... 000000 100644 100644 00 bb new\0\
            2 R. N... 100644 100644 100644 aa bb R100 to\0from\0\
            u UU N... 100644 100644 100644 100644 aa bb cc clash\0? x y\0? nested/\0";
        let dirty = summary(&parse_status(output));
        assert_eq!(dirty.unstaged, ["\"a b\\377\""]);
        assert_eq!(dirty.staged, ["new", "to"]);
        assert_eq!(dirty.conflicted, ["clash"]);
        assert_eq!(dirty.untracked, ["x y", "nested/"]);
        assert!(!dirty.is_clean() && summary(&[]).is_clean());
    }
}
