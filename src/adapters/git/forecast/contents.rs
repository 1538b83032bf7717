//! A pair that only changed plain files: those that both changed, merged one by one, are the whole
//! merge.

use super::pair::{Outcome, Pair};
use crate::adapters::git::diff::{FileMode, RawChange, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::oid::to_git2;
use crate::adapters::git::path::as_path;
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// The outcome, with both orders tried; `None` where it takes more than that.
pub(super) fn merge_contents(
    repo: &Repo,
    git: &git2::Repository,
    pair: &Pair<'_>,
) -> Result<Option<Outcome>, GitError> {
    if !pair.by_path {
        return Ok(None);
    }
    let (mut colliding, mut by_order) = (Vec::new(), Vec::new());
    for ours in pair.ours.1 {
        let same = |theirs: &RawChange| theirs.path.cmp(&ours.path);
        let Ok(at) = pair.theirs.1.binary_search_by(same) else { continue };
        let theirs = &pair.theirs.1[at];
        if ours.new == theirs.new {
            continue;
        }
        let (Some(base), Some(one), Some(two)) = (ours.old, ours.new, theirs.new) else {
            return Ok(None);
        };
        let is_plain = |file: TreeFile| matches!(file.mode, FileMode::File | FileMode::Executable);
        if ![base, one, two].into_iter().all(is_plain) {
            return Ok(None);
        }
        if one.id == two.id || [one.id, two.id].contains(&base.id) {
            // Of two modes there is no third, and one content is the merge already. libgit2 would
            // take a binary file that one side only made executable for a conflict.
            continue;
        }
        if !is_merged_as_text(repo, git, &ours.path)? {
            return Ok(None);
        }
        let blob = |id: Oid| git.find_blob(to_git2(id)?).map_err(library("read a file"));
        let (base, one, two) = (blob(base.id)?, blob(one.id)?, blob(two.id)?);
        let Some(merged) = merge_text([&base, &one, &two])? else {
            colliding.push(ours.path.clone());
            continue;
        };
        if merge_text([&base, &two, &one])?.as_ref() != Some(&merged) {
            by_order.push(ours.path.clone());
        }
    }
    Ok(Some(match (colliding.is_empty(), by_order.is_empty()) {
        (false, _) => Outcome::Conflict(colliding),
        (true, false) => Outcome::ByOrder(by_order),
        (true, true) => Outcome::Clean,
    }))
}

/// The merge of two versions of a file against a third; none where they collide.
fn merge_text(versions: [&git2::Blob<'_>; 3]) -> Result<Option<Vec<u8>>, GitError> {
    let inputs = versions.map(|blob| {
        let mut input = git2::MergeFileInput::new();
        input.content(blob.content());
        input
    });
    let merged = git2::merge_file(&inputs[0], &inputs[1], &inputs[2], None);
    let merged = merged.map_err(library("merge a file"))?;
    Ok(merged.is_automergeable().then(|| merged.content().to_vec()))
}

/// Whether no attribute asks for another driver than that of text.
fn is_merged_as_text(repo: &Repo, git: &git2::Repository, path: &[u8]) -> Result<bool, GitError> {
    let value = git.get_attr_bytes(as_path(path), "merge", git2::AttrCheckFlags::INDEX_ONLY);
    let value = value.map_err(library("read attributes"))?;
    Ok(match git2::AttrValue::from_bytes(value) {
        git2::AttrValue::True => true,
        git2::AttrValue::String(name) => name == "text",
        git2::AttrValue::Unspecified => repo.settings().last("merge.default").is_none(),
        git2::AttrValue::False | git2::AttrValue::Bytes(_) => false,
    })
}
