//! The form of an index file: extensions that change what its entries mean.

use std::path::Path;

/// Bytes of an entry before its object id: times, device, inode, mode, owner, size.
const STAT_LENGTH: usize = 40;
/// Flag of an entry: two more bytes of flags follow.
const EXTENDED: u16 = 0x4000;
/// Part of an entry's flags that holds the length of its name.
const NAME_MASK: u16 = 0x0fff;

/// Extensions without which the entries are misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct IndexForm {
    /// Most entries are in another file (`link`).
    pub(super) split: bool,
    /// Whole folders stand as one entry (`sdir`).
    pub(super) sparse: bool,
}

impl IndexForm {
    /// Reads an index whose object ids have `id_length` bytes; `None` when there is none, or none of
    /// a form that is known.
    pub(super) fn load(path: &Path, id_length: usize) -> Option<Self> {
        Self::parse(&std::fs::read(path).ok()?, id_length)
    }

    fn parse(index: &[u8], id_length: usize) -> Option<Self> {
        let (content, _checksum) = index.split_at_checked(index.len().checked_sub(id_length)?)?;
        let rest = content.strip_prefix(b"DIRC")?;
        let (version, rest) = number(rest)?;
        let (count, mut rest) = number(rest)?;
        for _ in 0..count {
            rest = match version {
                2 | 3 => after_padded_entry(rest, id_length)?,
                4 => after_compressed_entry(rest, id_length)?,
                _ => return None,
            };
        }
        let mut form = Self::default();
        while !rest.is_empty() {
            let (signature, tail) = rest.split_at_checked(4)?;
            let (length, tail) = number(tail)?;
            rest = tail.get(usize::try_from(length).ok()?..)?;
            form.split |= signature == b"link";
            form.sparse |= signature == b"sdir";
        }
        Some(form)
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*digits), rest))
}

/// Flags of the first entry, and the length of what stands before its name.
fn fixed_part(entry: &[u8], id_length: usize) -> Option<(u16, usize)> {
    let at = STAT_LENGTH + id_length;
    let flags = u16::from_be_bytes([*entry.get(at)?, *entry.get(at + 1)?]);
    Some((flags, at + if flags & EXTENDED == 0 { 2 } else { 4 }))
}

fn after_padded_entry(entry: &[u8], id_length: usize) -> Option<&[u8]> {
    let (flags, start) = fixed_part(entry, id_length)?;
    let name = match flags & NAME_MASK {
        // A longer name ends where its first zero stands.
        NAME_MASK => entry.get(start..)?.iter().position(|&byte| byte == 0)?,
        length => usize::from(length),
    };
    // One to eight zeros, up to a multiple of eight.
    entry.get((start + name + 8) / 8 * 8..)
}

fn after_compressed_entry(entry: &[u8], id_length: usize) -> Option<&[u8]> {
    let (_, start) = fixed_part(entry, id_length)?;
    let dropped = entry.get(start..)?.iter().position(|&byte| byte & 0x80 == 0)? + 1;
    let added = entry.get(start + dropped..)?.iter().position(|&byte| byte == 0)? + 1;
    entry.get(start + dropped + added..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::git::fixture::Sandbox;

    fn form(sandbox: &Sandbox, id_length: usize) -> Option<IndexForm> {
        IndexForm::load(&sandbox.root().join(".git/index"), id_length)
    }

    #[test]
    fn indexes_of_every_version_are_read_to_their_end() {
        let long = format!("{}/{}", "d".repeat(200), "n".repeat(250));
        let deep = format!("{}/{long}", vec!["e".repeat(240); 16].join("/"));
        let sandbox = Sandbox::ordinary(&[("a", "1"), ("ab", "2"), ("link", "3"), (&long, "4")]);
        let ordinary = Some(IndexForm::default());
        for version in ["2", "3", "4"] {
            sandbox.git(&["update-index", "--index-version", version]);
            assert_eq!(form(&sandbox, 20), ordinary, "{version}");
        }
        // Names longer than the flags can tell, and flags that take two more bytes.
        let id = sandbox.git(&["hash-object", "-w", "a"]);
        let entry = format!("100644,{id},{deep}");
        sandbox.git(&["update-index", "--index-version", "2"]);
        sandbox.git(&["update-index", "--add", "--cacheinfo", &entry]);
        sandbox.git(&["update-index", "--skip-worktree", "a"]);
        assert_eq!(form(&sandbox, 20), ordinary);
        assert_eq!(form(&sandbox, 32), None);
    }

    #[test]
    fn split_and_sparse_indexes_are_told_apart() {
        let sandbox = Sandbox::ordinary(&[("a", "1"), ("in/b", "2"), ("out/c", "3")]);
        sandbox.git(&["update-index", "--split-index"]);
        assert_eq!(form(&sandbox, 20), Some(IndexForm { split: true, sparse: false }));
        sandbox.git(&["update-index", "--no-split-index"]);
        sandbox.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
        assert_eq!(form(&sandbox, 20), Some(IndexForm { split: false, sparse: true }));
        assert_eq!(IndexForm::load(&sandbox.path("none"), 20), None);
    }
}
