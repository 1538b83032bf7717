//! Git's index as far as it tells what the files of a worktree looked like when git last saw them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::adapters::git::FileMode;
use crate::domain::id::Oid;

/// An index without anything that only git understands.
#[derive(Debug)]
pub(super) struct IndexFile {
    /// In git's order: by the bytes of the path.
    pub(super) entries: Vec<IndexEntry>,
    /// The tree that the entries make, where git noted it.
    pub(super) tree: Option<Oid>,
    /// When it was written: seconds and nanoseconds.
    pub(super) written: (u32, u32),
}

/// One tracked path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) path: Vec<u8>,
    pub(super) mode: FileMode,
    pub(super) id: Oid,
    pub(super) stat: FileStat,
}

/// What git remembers of a file, each number cut to 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStat {
    pub(super) changed: (u32, u32),
    pub(super) modified: (u32, u32),
    pub(super) inode: u32,
    pub(super) owner: (u32, u32),
    pub(super) size: u32,
}

/// Bytes of an entry before its path, for ids of 20 bytes.
const FIXED: usize = 62;

/// Reads the index of a worktree. `None` when it is not there, cannot be read, is of a kind that is
/// not known here (version 4, split, sparse, other ids than sha1), or when it holds conflicts or
/// paths that git is told not to look at or has not yet taken in.
pub(super) fn load_index(path: &Path) -> Option<IndexFile> {
    let meta = path.metadata().ok()?;
    let bytes = std::fs::read(path).ok()?;
    let written = (cut(meta.mtime()), cut(meta.mtime_nsec()));
    let mut index = parse_index(&bytes)?;
    index.written = written;
    Some(index)
}

fn parse_index(bytes: &[u8]) -> Option<IndexFile> {
    let body = bytes.get(..bytes.len().checked_sub(20)?)?;
    if body.get(..4)? != b"DIRC" || !matches!(number(body, 4)?, 2 | 3) {
        return None;
    }
    let count = usize::try_from(number(body, 8)?).ok()?;
    let mut entries = Vec::with_capacity(count.min(body.len() / FIXED));
    let mut at = 12;
    for _ in 0..count {
        let (entry, length) = parse_entry(body.get(at..)?)?;
        entries.push(entry);
        at += length;
    }
    let tree = parse_extensions(body.get(at..)?)?;
    Some(IndexFile { entries, tree, written: (0, 0) })
}

fn parse_entry(bytes: &[u8]) -> Option<(IndexEntry, usize)> {
    let field = |position: usize| number(bytes, position * 4);
    let pair = |position: usize| Some((field(position)?, field(position + 1)?));
    let stat = FileStat {
        changed: pair(0)?,
        modified: pair(2)?,
        inode: field(5)?,
        owner: pair(7)?,
        size: field(9)?,
    };
    let mode = match field(6)? {
        0o100_644 => FileMode::File,
        0o100_755 => FileMode::Executable,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Submodule,
        _ => return None,
    };
    // Bit 14 announces further flags (skip-worktree, intent to add), bits 12 and 13 are a conflict's.
    let flags = u16::from_be_bytes(bytes.get(60..FIXED)?.try_into().ok()?);
    if flags & 0x7000 != 0 {
        return None;
    }
    let id = Oid::from_bytes(bytes.get(40..60)?)?;
    let path = bytes.get(FIXED..)?;
    let length = path.iter().position(|&byte| byte == 0)?;
    let whole = (FIXED + length + 8) & !7;
    Some((IndexEntry { path: path[..length].to_vec(), mode, id, stat }, whole))
}

/// The root of the noted trees; `None` when there is an extension that changes what entries mean.
#[expect(clippy::option_option, reason = "not understood, understood without a tree, a tree")]
fn parse_extensions(mut bytes: &[u8]) -> Option<Option<Oid>> {
    let mut tree = None;
    while !bytes.is_empty() {
        let name = bytes.get(..4)?;
        let length = usize::try_from(number(bytes, 4)?).ok()?;
        let content = bytes.get(8..8usize.checked_add(length)?)?;
        if name == b"TREE" {
            tree = root_tree(content);
        } else if !name[0].is_ascii_uppercase() {
            return None;
        }
        bytes = &bytes[8 + length..];
    }
    Some(tree)
}

/// `\0<entries> <subtrees>\n<id>`; a negative number of entries says that the tree is out of date.
fn root_tree(content: &[u8]) -> Option<Oid> {
    let rest = content.strip_prefix(b"\0")?;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let counts = std::str::from_utf8(&rest[..end]).ok()?;
    counts.split(' ').next()?.parse::<u32>().ok()?;
    Oid::from_bytes(rest.get(end + 1..end + 21)?)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The lower 32 bits, as git stores them.
pub(super) fn cut(value: impl Into<i128>) -> u32 {
    let low = value.into() & i128::from(u32::MAX);
    u32::try_from(low).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::git::fixture::{Sandbox, make_executable};

    fn index_of(sandbox: &Sandbox) -> Option<IndexFile> {
        load_index(&sandbox.root().join(".git/index"))
    }

    #[test]
    fn entries_and_the_tree_are_those_that_git_wrote() {
        let long = "l".repeat(180);
        let sandbox = Sandbox::ordinary(&[("a/b", "1\n"), ("a-b", "22\n"), (long.as_str(), "")]);
        std::os::unix::fs::symlink("a-b", sandbox.root().join("z")).unwrap();
        make_executable(&sandbox.root().join("a-b"));
        sandbox.git(&["add", "-A"]);
        sandbox.git(&["commit", "-q", "-m", "more"]);
        let index = index_of(&sandbox).unwrap();
        let found: Vec<(&[u8], FileMode, u32)> =
            index.entries.iter().map(|e| (e.path.as_slice(), e.mode, e.stat.size)).collect();
        assert_eq!(
            found,
            [
                (b"a-b".as_slice(), FileMode::Executable, 3),
                (b"a/b", FileMode::File, 2),
                (long.as_bytes(), FileMode::File, 0),
                (b"z", FileMode::Link, 3),
            ]
        );
        assert_eq!(index.tree.unwrap().to_string(), sandbox.git(&["rev-parse", "HEAD^{tree}"]));
        sandbox.write("a/b", "2\n");
        sandbox.git(&["add", "-A"]);
        assert_eq!(index_of(&sandbox).unwrap().tree, None);
    }

    #[test]
    fn an_index_that_only_git_understands_is_left_to_git() {
        let sandbox = Sandbox::ordinary(&[("a", "1\n"), ("b", "1\n")]);
        assert!(index_of(&sandbox).is_some());
        sandbox.git(&["update-index", "--index-version=4"]);
        assert!(index_of(&sandbox).is_none());
        sandbox.git(&["update-index", "--index-version=2", "--skip-worktree", "a"]);
        assert!(index_of(&sandbox).is_none());
        sandbox.git(&["update-index", "--no-skip-worktree", "a"]);
        assert!(index_of(&sandbox).is_some());
        sandbox.git(&["update-index", "--split-index"]);
        assert!(index_of(&sandbox).is_none());
        assert!(parse_index(b"DIRC").is_none() && parse_index(b"").is_none());
    }
}
