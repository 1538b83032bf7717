//! Which file one side made of another: only where no measure could doubt it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use crate::adapters::git::diff::{FileMode, RawChange, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::oid::to_git2;
use crate::domain::id::Oid;

/// In hundredths of the larger file: git takes a file for renamed from 50 on, and measures a little
/// otherwise than libgit2 and this file do.
const SURELY: u64 = 58;
const POSSIBLY: u64 = 42;

/// Most files that are compared with one another; beyond, nothing is sure.
const MOST: usize = 200_000;

/// A part of a file that is counted as one, as long as it has no end of a line.
const CHUNK: usize = 64;

/// What one side removed and added.
pub(super) struct Renames<'a> {
    git: &'a git2::Repository,
    removed: Vec<(&'a [u8], TreeFile)>,
    added: Vec<(&'a [u8], TreeFile)>,
    chunks: HashMap<Oid, Chunks>,
    compared: usize,
}

/// Where a file went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Sure(Vec<u8>, TreeFile),
    Unsure,
}

impl<'a> Renames<'a> {
    pub(super) fn of(git: &'a git2::Repository, changes: &'a [RawChange]) -> Self {
        let only = |one: Option<TreeFile>, other: Option<TreeFile>| {
            one.filter(|file| other.is_none() && is_file(*file))
        };
        let path = |change: &'a RawChange| change.path.as_slice();
        let removed = changes.iter().filter_map(|c| Some((path(c), only(c.old, c.new)?))).collect();
        let added = changes.iter().filter_map(|c| Some((path(c), only(c.new, c.old)?))).collect();
        Self { git, removed, added, chunks: HashMap::new(), compared: 0 }
    }

    /// Added files that may be `base` under another name.
    pub(super) fn likely_targets(
        &mut self,
        base: TreeFile,
    ) -> Result<Vec<(&'a [u8], TreeFile)>, GitError> {
        let mut found = Vec::new();
        for (path, file) in self.added.clone() {
            if self.similarity(base.id, file.id)? >= POSSIBLY {
                found.push((path, file));
            }
        }
        Ok(found)
    }

    /// The added file that `path` became.
    pub(super) fn target(&mut self, path: &[u8], base: TreeFile) -> Result<Target, GitError> {
        if !is_file(base) {
            return Ok(Target::Unsure);
        }
        let same = |files: &[(&'a [u8], TreeFile)]| {
            let mut same = files.iter().filter(|(_, file)| file.id == base.id);
            (same.next().copied(), same.next().is_some())
        };
        if let ((Some((target, file)), false), (Some(_), false)) =
            (same(&self.added), same(&self.removed))
        {
            return Ok(Target::Sure(target.to_vec(), file));
        }
        let likely = self.likely_targets(base)?;
        let [(target, file)] = likely[..] else { return Ok(Target::Unsure) };
        if self.similarity(base.id, file.id)? < SURELY {
            return Ok(Target::Unsure);
        }
        for (other, rival) in self.removed.clone() {
            if other != path && self.similarity(rival.id, file.id)? >= POSSIBLY {
                return Ok(Target::Unsure);
            }
        }
        Ok(Target::Sure(target.to_vec(), file))
    }

    /// How much of two files is the same. Past the limit everything is.
    fn similarity(&mut self, one: Oid, other: Oid) -> Result<u64, GitError> {
        if one == other {
            return Ok(100);
        }
        self.compared += 1;
        if self.compared > MOST {
            return Ok(100);
        }
        for id in [one, other] {
            if !self.chunks.contains_key(&id) {
                let blob = self.git.find_blob(to_git2(id)?);
                let blob = blob.map_err(library("read a file's content"))?;
                self.chunks.insert(id, Chunks::of(blob.content()));
            }
        }
        Ok(self.chunks[&one].similarity(&self.chunks[&other]))
    }
}

fn is_file(file: TreeFile) -> bool {
    match file.mode {
        FileMode::File | FileMode::Executable => true,
        FileMode::Link | FileMode::Submodule => false,
    }
}

/// How many bytes a file has of which lines.
struct Chunks {
    bytes: HashMap<u64, u64>,
    total: u64,
}

impl Chunks {
    fn of(content: &[u8]) -> Self {
        let mut bytes: HashMap<u64, u64> = HashMap::new();
        for line in content.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r\n").unwrap_or(line);
            for chunk in line.chunks(CHUNK) {
                let mut hasher = DefaultHasher::new();
                hasher.write(chunk.strip_suffix(b"\n").unwrap_or(chunk));
                *bytes.entry(hasher.finish()).or_default() += chunk.len() as u64;
            }
        }
        Self { bytes, total: content.len() as u64 }
    }

    fn similarity(&self, other: &Self) -> u64 {
        let (small, large) = if self.total < other.total { (self, other) } else { (other, self) };
        if large.total == 0 {
            return 100;
        }
        if small.total * 100 < large.total * POSSIBLY {
            return 0;
        }
        let common =
            |(hash, count): (&u64, &u64)| large.bytes.get(hash).map_or(0, |n| *n.min(count));
        small.bytes.iter().map(common).sum::<u64>() * 100 / large.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_is_the_part_of_the_larger_file_that_both_have() {
        let alike = |one: &str, other: &str| {
            let (one, other) = (Chunks::of(one.as_bytes()), Chunks::of(other.as_bytes()));
            assert_eq!(one.similarity(&other), other.similarity(&one));
            one.similarity(&other)
        };
        assert_eq!(alike("aa\nbb\ncc\ndd\n", "aa\nbb\ncc\nee\n"), 75);
        assert_eq!(alike("aa\nbb\n", "aa\nbb\ncc\ndd\n"), 50);
        assert_eq!(alike("aa\n", "aa\nbb\ncc\ndd\n"), 0, "too small to be the same");
        assert_eq!(alike("", ""), 100);
        let long = "x".repeat(640);
        assert_eq!(alike(&long, &format!("{long}y")), 99);
    }
}
