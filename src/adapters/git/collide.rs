//! Merges that collide, with all that is needed to resolve them: the tree that git would leave in a
//! worktree, and the versions of each path.

use std::collections::{BTreeMap, HashSet};

use super::error::GitError;
use super::merge::MergeRequest;
use super::merge::moved_aside::real_path;
use super::merge_git::{Merging, answered};
use super::path::quote_path;
use super::repo::Repo;
use crate::domain::id::Oid;

/// How the two sides stand beside one another in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerStyle {
    /// As the user configured it, which recorded resolutions go by.
    Configured,
    /// With the common ancestor between the two, without what all three share.
    Zdiff3,
}

/// A merge that left conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collided {
    /// What the files would be, those in conflict with markers.
    pub tree: Oid,
    /// The paths in conflict, sorted.
    pub paths: Vec<CollidedPath>,
}

/// One path in conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollidedPath {
    /// The path in the tree; see [`quote_path`](super::quote_path).
    pub path: String,
    /// The path that the sides know it by; another one where git made up a name for one of them.
    pub real: String,
    /// Before both sides.
    pub base: Option<FileVersion>,
    /// In the commit merged into.
    pub ours: Option<FileVersion>,
    /// In the commit merged.
    pub theirs: Option<FileVersion>,
}

/// One version of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileVersion {
    /// As git writes it in octal: `100644`.
    pub(in crate::adapters) mode: u32,
    /// Its content.
    pub id: Oid,
}

impl FileVersion {
    /// Whether it is a file, no link or submodule.
    pub fn is_file(self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

impl CollidedPath {
    /// Whether git made the path up, so that nobody wants a file there.
    pub fn is_made_up(&self) -> bool {
        self.path != self.real
    }
}

impl Repo {
    /// What is left to resolve of a merge; `None` when it is clean, or when this git is too old to
    /// say (2.38; 2.40 with an explicit base).
    ///
    /// # Errors
    /// Git fails.
    pub fn collide(
        &self,
        request: MergeRequest,
        style: MarkerStyle,
    ) -> Result<Option<Collided>, GitError> {
        let version = self.program().version();
        if !version.at_least(2, if request.base.is_some() { 40 } else { 38 }) {
            return Ok(None);
        }
        let mut command = self.git("merge-tree").durable();
        if style == MarkerStyle::Zdiff3 {
            command = command.config("merge.conflictStyle=zdiff3");
        }
        let Merging { words, answer } = answered(command, version, request)?;
        let mut records =
            answer.stdout.split(|&byte| byte == 0).filter(|record| !record.is_empty());
        let tree = records.next().and_then(|text| str::from_utf8(text).ok()?.parse().ok());
        match (answer.code, tree) {
            (Some(0), Some(_)) => Ok(None),
            (Some(1), Some(tree)) => {
                let sides = [request.ours, request.theirs];
                let paths = parse_paths(records, sides).ok_or_else(|| GitError::Answer {
                    words,
                    what: "a conflict's record".into(),
                })?;
                Ok(Some(Collided { tree, paths }))
            }
            (code, _) => Err(GitError::Command { words, code, stderr: answer.stderr }),
        }
    }

    /// Contents of files, in the order of `ids`; `None` for what is no file or larger than `limit`
    /// bytes.
    ///
    /// # Errors
    /// The objects cannot be read.
    pub fn contents(&self, ids: &[Oid], limit: usize) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        self.reader().blobs(ids, limit)
    }

    /// The files of a tree or commit at these paths, those that are there.
    ///
    /// # Errors
    /// Git cannot read it.
    pub fn versions_in(
        &self,
        tree: Oid,
        paths: &[String],
    ) -> Result<BTreeMap<String, FileVersion>, GitError> {
        let command = self.git("ls-tree").args(["-r", "-z", "--full-tree"]).arg(tree.to_string());
        let listed = command.output()?;
        let paths: HashSet<&str> = paths.iter().map(String::as_str).collect();
        let mut found = BTreeMap::new();
        for record in listed.split(|&byte| byte == 0) {
            let Some(tab) = record.iter().position(|&byte| byte == b'\t') else { continue };
            let path = quote_path(&record[tab + 1..]);
            if paths.contains(path.as_str())
                && let Some(version) = parse_version(&record[..tab], 2)
            {
                found.insert(path, version);
            }
        }
        Ok(found)
    }
}

/// Mode and object of `<mode> … <object>`, which stands in the field of this number.
fn parse_version(head: &[u8], object: usize) -> Option<FileVersion> {
    let fields: Vec<&str> = str::from_utf8(head).ok()?.split(' ').collect();
    let mode = u32::from_str_radix(fields.first()?, 8).ok()?;
    Some(FileVersion { mode, id: fields.get(object)?.parse().ok()? })
}

/// Records of the form `<mode> <object> <stage>\t<path>`.
fn parse_paths<'a>(
    records: impl Iterator<Item = &'a [u8]>,
    sides: [Oid; 2],
) -> Option<Vec<CollidedPath>> {
    let mut found: BTreeMap<String, CollidedPath> = BTreeMap::new();
    for record in records {
        let tab = record.iter().position(|&byte| byte == b'\t')?;
        let path = quote_path(&record[tab + 1..]);
        let real = quote_path(real_path(&record[tab + 1..], sides));
        let version = parse_version(&record[..tab], 1)?;
        let fresh = CollidedPath { path: path.clone(), real, base: None, ours: None, theirs: None };
        let entry = found.entry(path).or_insert(fresh);
        match record[..tab].last()? {
            b'1' => entry.base = Some(version),
            b'2' => entry.ours = Some(version),
            b'3' => entry.theirs = Some(version),
            _ => return None,
        }
    }
    Some(found.into_values().collect())
}
