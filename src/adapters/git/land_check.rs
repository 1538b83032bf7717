//! What stands in the way of writing a change into a worktree.

use std::collections::BTreeSet;
use std::path::Path;

use super::diff::{FileMode, RawChange, TreeFile};
use super::error::GitError;
use super::land_refusal::RefusedReason;
use super::path::{as_path, quote_path, unquote_path};
use super::repo::Repo;
use super::status::StatusKind;

/// Paths of the user's that a landing would overwrite.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacles {
    Unmerged(Vec<String>),
    Dirty(Vec<String>),
    Untracked(Vec<String>),
}

impl From<Obstacles> for RefusedReason {
    fn from(found: Obstacles) -> Self {
        match found {
            Obstacles::Unmerged(paths) => Self::Unmerged { paths },
            Obstacles::Dirty(paths) => Self::Dirty { paths },
            Obstacles::Untracked(paths) => Self::Untracked { paths },
        }
    }
}

/// A worktree that is looked at.
pub(super) struct Looked<'a> {
    pub(super) repo: &'a Repo,
    pub(super) git_dir: &'a Path,
    pub(super) worktree: &'a Path,
    /// In place of its own.
    pub(super) index: Option<&'a Path>,
}

/// Looks at the index and at the files, before anything is written.
pub(super) fn obstacles(
    looked: &Looked<'_>,
    changes: &[RawChange],
) -> Result<Option<Obstacles>, GitError> {
    let Looked { repo, git_dir, worktree, index } = *looked;
    let changed: BTreeSet<&[u8]> = changes.iter().map(|change| change.path.as_slice()).collect();
    let (mut unmerged, mut dirty) = (Vec::new(), Vec::new());
    for entry in repo.status_at(git_dir, worktree, index, "no")? {
        let tracked = match entry.kind {
            StatusKind::Untracked => false,
            StatusKind::Changed { .. } => true,
            // Wherever they are: git writes no tree from such an index.
            StatusKind::Conflicted => {
                unmerged.push(quote_path(&entry.path));
                continue;
            }
        };
        let concerned = changed.contains(entry.path.as_slice()) || meets(&entry.path, &changed);
        // Nothing is written into a submodule's folder: what it has checked out is its own.
        if tracked && concerned && !entry.is_other_commit_of_submodule() {
            dirty.push(quote_path(&entry.path));
        }
    }
    if !unmerged.is_empty() {
        return Ok(Some(Obstacles::Unmerged(unmerged)));
    }
    if !dirty.is_empty() {
        return Ok(Some(Obstacles::Dirty(dirty)));
    }
    let leaving: BTreeSet<&[u8]> = changes
        .iter()
        .filter(|change| change.old.is_some() && change.new.is_none())
        .filter(|change| !is_submodule(change.old))
        .map(|change| change.path.as_slice())
        .collect();
    let mut untracked = BTreeSet::new();
    for change in changes {
        let follows = change.new.is_some_and(|file| file.mode != FileMode::Submodule)
            || holds_another(&change.path, &changed);
        if is_submodule(change.old) && follows {
            // Git would put a file in the place of its folder with everything in it.
            occupants(worktree, change, &leaving, &mut untracked);
        }
    }
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
    if !untracked.is_empty() {
        // A tracked file that is as it was is no work of anybody's: where the change cannot do
        // without its path, the two collide, which is not for here to say.
        let tracked = tracked(looked, &untracked)?;
        untracked.retain(|path| !tracked.contains(path));
    }
    let untracked: Vec<String> = untracked.into_iter().collect();
    Ok((!untracked.is_empty()).then_some(Obstacles::Untracked(untracked)))
}

/// Those of the paths that the index has.
fn tracked(looked: &Looked<'_>, paths: &BTreeSet<String>) -> Result<BTreeSet<String>, GitError> {
    let mut command = looked.repo.git_in("ls-files", looked.git_dir, looked.worktree);
    if let Some(index) = looked.index {
        command = command.env("GIT_INDEX_FILE", index.as_os_str());
    }
    let literal = paths.iter().map(|path| {
        let path = [b":(literal,top)".as_slice(), &unquote_path(path)].concat();
        as_path(&path).as_os_str().to_owned()
    });
    let listed = command.args(["-z", "--"]).args(literal).output()?;
    let listed = listed.split(|&byte| byte == 0).filter(|path| !path.is_empty());
    Ok(listed.map(quote_path).collect())
}

fn is_submodule(file: Option<TreeFile>) -> bool {
    file.is_some_and(|file| file.mode == FileMode::Submodule)
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
    holds_another(path, others)
}

/// Whether a path is a folder of one of the others.
fn holds_another(path: &[u8], others: &BTreeSet<&[u8]>) -> bool {
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
    let submodule = is_submodule(change.new);
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
