//! How many bytes come back when folders are deleted.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rayon::prelude::*;

/// `st_blocks` counts these, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// Counts folder after folder: allocated blocks, those of a file with several names once, and only
/// when all of its names were met. Blocks that a file system shares between files count for each.
#[derive(Debug, Default)]
pub struct Usage {
    /// Names met so far of files with several, by device and inode.
    names: HashMap<(u64, u64), u64>,
}

impl Usage {
    /// Bytes that come back when this path goes after all that were asked for before it. What cannot
    /// be read counts as nothing.
    pub fn of(&mut self, path: &Path) -> u64 {
        let (mut bytes, several) = below(path);
        for file in several {
            let met = self.names.entry((file.dev(), file.ino())).or_default();
            *met += 1;
            if *met == file.nlink() {
                bytes += file.blocks() * BLOCK;
            }
        }
        bytes
    }
}

/// Bytes of everything with one name, and every name of a file that has several.
fn below(path: &Path) -> (u64, Vec<Metadata>) {
    let Ok(found) = path.symlink_metadata() else { return (0, Vec::new()) };
    if !found.is_dir() {
        return match found.nlink() {
            0 | 1 => (found.blocks() * BLOCK, Vec::new()),
            _ => (0, vec![found]),
        };
    }
    let own = found.blocks() * BLOCK;
    let entries: Vec<fs::DirEntry> =
        path.read_dir().map_or_else(|_| Vec::new(), |entries| entries.flatten().collect());
    let parts = entries.par_iter().map(|entry| below(&entry.path()));
    let (bytes, several) = parts.reduce(
        || (0, Vec::new()),
        |(one, mut several), (other, more)| {
            several.extend(more);
            (one + other, several)
        },
    );
    (own + bytes, several)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_count_and_a_file_with_two_names_counts_when_both_go() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["one/deep", "two"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        let size: u64 = 1 << 20;
        let content = vec![1; 1 << 20];
        fs::write(at("one/deep/own"), &content).unwrap();
        fs::write(at("one/deep/shared"), &content).unwrap();
        fs::hard_link(at("one/deep/shared"), at("two/shared")).unwrap();
        // A file with a hole takes no space for it.
        fs::File::create(at("two/hole")).unwrap().set_len(1 << 30).unwrap();
        let mut usage = Usage::default();
        let one = usage.of(&at("one"));
        assert!(one >= size && one < 2 * size, "{one}");
        let two = usage.of(&at("two"));
        assert!(two >= size && two < 2 * size, "{two}");
        assert!(Usage::default().of(&at("two")) < size);
        assert_eq!(Usage::default().of(&at("nowhere")), 0);
    }
}
