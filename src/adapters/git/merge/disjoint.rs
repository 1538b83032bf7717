//! Merges that any engine makes in the same way: the two sides changed different paths, so that one
//! side's changes are simply taken over into the other's tree.
//!
//! A file that one side renamed is of no account where the other side did not touch it; a directory
//! that one side renamed is, where the other side added to it.

use std::collections::BTreeSet;

use git2::build::TreeUpdateBuilder;

use super::MergeRequest;
use crate::adapters::git::diff::{FileMode, RawChange};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::merge_libgit2::{ancestors, is_emptied};
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::path::as_path;
use crate::adapters::git::read::raw_changes;
use crate::domain::id::Oid;

/// The merged tree, stored; `None` where an engine must be asked.
pub(super) fn tree(git: &git2::Repository, request: MergeRequest) -> Result<Option<Oid>, GitError> {
    let Some(base) = sole_base(git, request)? else { return Ok(None) };
    let theirs = raw_changes(git, base, request.theirs)?;
    let ours = raw_changes(git, base, request.ours)?;
    let [base, one, other] =
        [tree_of(git, base)?, tree_of(git, request.ours)?, tree_of(git, request.theirs)?];
    let meet = shares_paths(&ours, &theirs)
        || adds_to_emptied(&ours, &base, &other)
        || adds_to_emptied(&theirs, &base, &one);
    if meet {
        return Ok(None);
    }
    let Some(merged) = taken_over(git, &one, &theirs) else { return Ok(None) };
    // libgit2 has its own mind about a file that becomes a folder.
    let came = raw_changes(git, request.ours, merged)?;
    let same =
        came.len() == theirs.len() && came.iter().zip(&theirs).all(|(came, wanted)| came == wanted);
    Ok(same.then_some(merged))
}

/// The commit to compare with, `None` where there is not exactly one.
fn sole_base(git: &git2::Repository, request: MergeRequest) -> Result<Option<Oid>, GitError> {
    if request.base.is_some() {
        return Ok(request.base);
    }
    match git.merge_bases(to_git2(request.ours)?, to_git2(request.theirs)?) {
        Ok(bases) => Ok((bases.len() == 1).then(|| from_git2(bases[0]))),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(library("find merge bases")(error)),
    }
}

fn tree_of(git: &git2::Repository, commit: Oid) -> Result<git2::Tree<'_>, GitError> {
    let commit = git.find_commit(to_git2(commit)?);
    commit.and_then(|commit| commit.tree()).map_err(library("read a tree"))
}

/// Whether a path of one side is a path of the other or leads to one.
fn shares_paths(ours: &[RawChange], theirs: &[RawChange]) -> bool {
    let paths = |changes: &'_ [RawChange]| -> BTreeSet<Vec<u8>> {
        changes.iter().map(|change| change.path.clone()).collect()
    };
    let (one, other) = (paths(ours), paths(theirs));
    let leads = |paths: &BTreeSet<Vec<u8>>, to: &BTreeSet<Vec<u8>>| {
        to.iter().any(|path| ancestors(path).any(|dir| paths.contains(dir)))
    };
    other.iter().any(|path| one.contains(path)) || leads(&one, &other) || leads(&other, &one)
}

/// Whether `changes` add to a directory of the base that the other side has no more.
fn adds_to_emptied(changes: &[RawChange], base: &git2::Tree<'_>, other: &git2::Tree<'_>) -> bool {
    let added = changes.iter().filter(|change| change.old.is_none());
    let dirs: BTreeSet<&[u8]> = added.flat_map(|change| ancestors(&change.path)).collect();
    dirs.into_iter().any(|dir| !is_emptied(base, dir) && is_emptied(other, dir))
}

fn taken_over(git: &git2::Repository, tree: &git2::Tree<'_>, changes: &[RawChange]) -> Option<Oid> {
    let mut builder = TreeUpdateBuilder::new();
    for change in changes {
        let path = as_path(&change.path);
        match change.new {
            None => builder.remove(path),
            Some(file) => builder.upsert(path, to_git2(file.id).ok()?, filemode(file.mode)),
        };
    }
    builder.create_updated(git, tree).ok().map(from_git2)
}

fn filemode(mode: FileMode) -> git2::FileMode {
    match mode {
        FileMode::File => git2::FileMode::Blob,
        FileMode::Executable => git2::FileMode::BlobExecutable,
        FileMode::Link => git2::FileMode::Link,
        FileMode::Submodule => git2::FileMode::Commit,
    }
}
