//! What stands in the way of writing a change into a worktree.

use std::collections::BTreeSet;
use std::path::Path;

use super::diff::{FileMode, RawChange};
use super::error::GitError;
use super::land_session::Session;
use super::path::{as_path, quote_path};
use super::repo::Repo;
use super::status::StatusKind;

/// Paths of the user's that a landing would overwrite.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacles {
    Dirty(Vec<String>),
    Untracked(Vec<String>),
}

/// Looks at the index in the session's lock and at the files, before anything is written.
pub(super) fn obstacles(
    repo: &Repo,
    session: &Session,
    worktree: &Path,
    changes: &[RawChange],
) -> Result<Option<Obstacles>, GitError> {
    let changed: BTreeSet<&[u8]> = changes.iter().map(|change| change.path.as_slice()).collect();
    let mut dirty = Vec::new();
    let lock = session.lock_path();
    for entry in repo.status_at(session.git_dir(), worktree, Some(&lock), "no")? {
        let tracked = entry.kind != StatusKind::Untracked;
        if tracked && (changed.contains(entry.path.as_slice()) || meets(&entry.path, &changed)) {
            dirty.push(quote_path(&entry.path));
        }
    }
    if !dirty.is_empty() {
        return Ok(Some(Obstacles::Dirty(dirty)));
    }
    let leaving: BTreeSet<&[u8]> = changes
        .iter()
        .filter(|change| change.old.is_some() && change.new.is_none())
        .map(|change| change.path.as_slice())
        .collect();
    let mut untracked = BTreeSet::new();
    for change in changes.iter().filter(|change| change.new.is_some()) {
        for above in above(&change.path) {
            let there = worktree.join(as_path(above)).symlink_metadata();
            if there.is_ok_and(|meta| !meta.is_dir()) && !leaving.contains(above) {
                untracked.insert(quote_path(above));
            }
        }
        if change.old.is_none() {
            occupants(worktree, change, &leaving, &mut untracked);
        }
    }
    let untracked: Vec<String> = untracked.into_iter().collect();
    Ok((!untracked.is_empty()).then_some(Obstacles::Untracked(untracked)))
}

/// The paths git names when it refuses to write.
pub(super) fn obstacles_in(stderr: &str) -> Option<Obstacles> {
    let between = |line: &str, before: &str, after: &str| {
        let rest = line.split_once(before)?.1;
        Some(rest[..rest.rfind(after)?].to_owned())
    };
    let dirty: Vec<String> =
        stderr.lines().filter_map(|line| between(line, "Entry '", "' not uptodate")).collect();
    if !dirty.is_empty() {
        return Some(Obstacles::Dirty(dirty));
    }
    let lines = stderr.lines();
    let untracked: Vec<String> = lines
        .filter_map(|line| between(line, "Untracked working tree file '", "' would"))
        .collect();
    (!untracked.is_empty()).then_some(Obstacles::Untracked(untracked))
}

/// Whether a path lies in, or is a folder of, one of the others.
fn meets(path: &[u8], others: &BTreeSet<&[u8]>) -> bool {
    if above(path).any(|folder| others.contains(folder)) {
        return true;
    }
    let mut folder = path.to_vec();
    folder.push(b'/');
    let next = others.range(folder.as_slice()..).next();
    next.is_some_and(|other| other.starts_with(&folder))
}

/// The folders a path lies in.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| &path[..at])
}

/// What lies where a new file is to be.
fn occupants(
    worktree: &Path,
    change: &RawChange,
    leaving: &BTreeSet<&[u8]>,
    found: &mut BTreeSet<String>,
) {
    let submodule = change.new.is_some_and(|file| file.mode == FileMode::Submodule);
    let mut pending = vec![change.path.clone()];
    while let Some(path) = pending.pop() {
        let full = worktree.join(as_path(&path));
        match full.symlink_metadata() {
            Err(_) => {}
            Ok(meta) if meta.is_dir() && submodule => {}
            Ok(meta) if meta.is_dir() => {
                for entry in full.read_dir().into_iter().flatten().flatten() {
                    let name = entry.file_name();
                    let below = [&path, b"/".as_slice(), name.as_encoded_bytes()].concat();
                    pending.push(below);
                }
            }
            Ok(_) if leaving.contains(path.as_slice()) => {}
            Ok(_) => {
                found.insert(quote_path(&path));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_meets_its_folders_and_what_lies_in_it() {
        let others: BTreeSet<&[u8]> = [b"a/b".as_slice(), b"c", b"d-e/f"].into();
        let found = |path: &str| meets(path.as_bytes(), &others);
        assert!(found("a") && found("a/b/x") && found("c/y"));
        assert!(!found("a/c") && !found("d") && !found("b"));
    }

    #[test]
    fn gits_refusal_names_the_paths() {
        let text = "error: Entry 'it's' not uptodate. Cannot merge.\n";
        assert_eq!(obstacles_in(text), Some(Obstacles::Dirty(vec!["it's".to_owned()])));
        let text = "error: Untracked working tree file 'x' would be overwritten by merge.";
        assert_eq!(obstacles_in(text), Some(Obstacles::Untracked(vec!["x".to_owned()])));
        assert_eq!(obstacles_in("fatal: no space left"), None);
    }
}
