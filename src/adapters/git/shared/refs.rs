//! Where all refs are, and what the stash holds.

use std::collections::BTreeMap;

use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// Refs below these belong to one worktree or to wt-orch.
const NOT_SHARED: [&str; 4] =
    ["refs/bisect/", "refs/rewritten/", "refs/worktree/", "refs/wt-orch/"];

/// All refs at one moment, as git lists them, and the stash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refs {
    listing: Vec<u8>,
    stash: Vec<Oid>,
}

/// A ref that is elsewhere than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// Full name; `stash@{…}` for an entry of the stash below the first.
    pub name: String,
    /// Where it was; `None` when it is new.
    pub old: Option<Oid>,
    /// Where it is; `None` when it is gone.
    pub new: Option<Oid>,
}

impl Repo {
    /// Lists all refs, with one command.
    ///
    /// # Errors
    /// Git cannot list them.
    pub fn all_refs(&self) -> Result<Refs, GitError> {
        let command = self.git("for-each-ref").arg("--format=%(objectname) %(refname)");
        let listing = command.output()?;
        let log = std::fs::read(self.common_dir().join("logs/refs/stash")).unwrap_or_default();
        let entries = String::from_utf8_lossy(&log).into_owned();
        let stash = entries.lines().filter_map(|line| line.split(' ').nth(1)?.parse().ok());
        Ok(Refs { listing, stash: stash.collect() })
    }
}

impl Refs {
    /// Refs that are elsewhere in `after`, sorted; those of single worktrees and of wt-orch are left
    /// out.
    pub fn changes(&self, after: &Self) -> Vec<RefChange> {
        if self == after {
            return Vec::new();
        }
        let (before, now) = differing(&self.listing, &after.listing);
        let (before, now) = (by_name(before), by_name(now));
        let mut names: Vec<&str> = before.keys().chain(now.keys()).copied().collect();
        names.sort();
        names.dedup();
        let change = |name: &str| RefChange {
            name: name.to_owned(),
            old: before.get(name).copied(),
            new: now.get(name).copied(),
        };
        let mut changes: Vec<RefChange> = names
            .into_iter()
            .filter(|name| before.get(name) != now.get(name))
            .map(change)
            .collect();
        // The ref is the first entry; others are only in its log.
        let first = before.get("refs/stash");
        let dropped = self.stash.iter().filter(|entry| {
            !after.stash.contains(entry)
                && first != Some(entry)
                && !now.values().any(|c| c == *entry)
        });
        changes.extend(dropped.map(|entry| RefChange {
            name: "stash@{…}".to_owned(),
            old: Some(*entry),
            new: None,
        }));
        changes
    }

    /// Whether the stash holds a commit.
    pub fn is_stashed(&self, commit: Oid) -> bool {
        self.stash.contains(&commit)
    }
}

/// The lines in which two listings of the same order differ, with what lies between them.
fn differing<'a>(one: &'a [u8], other: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let start = one[..same].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let (one, other) = (&one[start..], &other[start..]);
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = &one[one.len() - same..];
    let kept = tail.iter().position(|&byte| byte == b'\n').map_or(0, |end| same - end - 1);
    (&one[..one.len() - kept], &other[..other.len() - kept])
}

fn by_name(lines: &[u8]) -> BTreeMap<&str, Oid> {
    let entry = |line| {
        let (target, name) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let shared = !NOT_SHARED.iter().any(|prefix| name.starts_with(prefix));
        Some((name, target.parse().ok().filter(|_| shared)?))
    };
    lines.split(|&byte| byte == b'\n').filter_map(entry).collect()
}
