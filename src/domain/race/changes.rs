//! What an arm changed, small enough to be kept and compared.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::id::stable_hash;

/// What an arm's diff changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Paths as `git diff` prints them, of renames the new one.
    pub paths: BTreeSet<String>,
    /// Lines added and removed.
    pub lines: usize,
    /// One number for each added or removed line: path, sign and text without the blanks around it.
    /// Blank lines have none.
    pub marks: BTreeSet<u64>,
}

impl Changes {
    /// Changes are taken for the same from this similarity on.
    const SAME: f64 = 0.8;

    /// Of more marks the smallest are kept: of two sets of hashes, those of both that are smallest
    /// are alike as the sets are (Broder, *On the resemblance and containment of documents*, 1997).
    const MOST_MARKS: usize = 4096;

    /// Of the text that `git diff` prints.
    pub fn of_diff(diff: &str) -> Self {
        let mut changes = Self::default();
        let (mut path, mut ids) = (String::new(), "");
        // Lines that the hunk still has on either side: what stands in them is no header.
        let (mut old, mut new) = (0_usize, 0_usize);
        for line in diff.split('\n') {
            let sign = line.as_bytes().first().copied();
            match sign {
                Some(b'-') if old > 0 => {
                    old -= 1;
                    changes.count(&path, line);
                }
                Some(b'+') if new > 0 => {
                    new -= 1;
                    changes.count(&path, line);
                }
                Some(b' ') if old + new > 0 => {
                    old = old.saturating_sub(1);
                    new = new.saturating_sub(1);
                }
                Some(b'\\') => {}
                _ if line.starts_with("@@ ") => (old, new) = hunk_lengths(line).unwrap_or((0, 0)),
                _ if line.starts_with("diff --git ") => {
                    path = path_of(line);
                    changes.paths.insert(path.clone());
                }
                _ if line.starts_with("index ") => ids = line,
                // Contents that are not shown are told apart by the ids of their versions.
                _ if line.starts_with("Binary files ") || line == "GIT binary patch" => {
                    changes.marks.insert(mark(&path, ids));
                }
                _ => {}
            }
        }
        while changes.marks.len() > Self::MOST_MARKS {
            changes.marks.pop_last();
        }
        changes
    }

    fn count(&mut self, path: &str, line: &str) {
        self.lines += 1;
        if !line[1..].trim().is_empty() {
            self.marks.insert(mark(path, line));
        }
    }

    /// Share of the changed lines that both have; 0 where one changed nothing.
    pub fn similarity(&self, other: &Self) -> f64 {
        let both = self.marks.intersection(&other.marks).count();
        let either = self.marks.len() + other.marks.len() - both;
        if either == 0 { 0.0 } else { both as f64 / either as f64 }
    }

    /// Both are the same change in all but a few lines.
    pub fn coincides_with(&self, other: &Self) -> bool {
        self.similarity(other) >= Self::SAME
    }
}

fn mark(path: &str, line: &str) -> u64 {
    let (sign, text) = line.split_at(1);
    stable_hash(&[path.as_bytes(), b"\0", sign.as_bytes(), text.trim().as_bytes()])
}

/// The new path of `diff --git a/old b/new`, or in quotes where git quotes it.
fn path_of(line: &str) -> String {
    let names = line.trim_start_matches("diff --git ");
    let quoted = names.rfind(" \"b/").map(|at| &names[at + 4..names.len() - 1]);
    let plain = || names.rfind(" b/").map(|at| &names[at + 3..]);
    quoted.or_else(plain).unwrap_or(names).to_owned()
}

/// Lines of a hunk on the old and the new side: `@@ -3,4 +3,6 @@`; one where there is no number.
fn hunk_lengths(line: &str) -> Option<(usize, usize)> {
    let mut sides = line.split(' ').skip(1).take(2).map(|side| match side.split_once(',') {
        Some((_, length)) => length.parse().ok(),
        None => Some(1),
    });
    Some((sides.next()??, sides.next()??))
}

#[cfg(test)]
mod tests;
