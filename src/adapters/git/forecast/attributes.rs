//! The attributes that count in a merge: those of the pair's own side.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::delta::steers;
use super::index_entry::index_entry;
use super::pair::Pair;
use crate::adapters::git::diff::{FileMode, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::merge_libgit2::pin_attributes;
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::path::as_path;
use crate::domain::id::Oid;

/// Attribute files of commits, by folder, as far as anybody asked; and which of them hold.
#[derive(Default)]
pub(super) struct Attributes {
    known: RefCell<HashMap<Oid, ByFolder>>,
    pinned: RefCell<Option<BTreeMap<Vec<u8>, Oid>>>,
}

/// The attribute file of each folder, if it has one.
type ByFolder = HashMap<Vec<u8>, Option<Oid>>;

impl Attributes {
    /// Lets libgit2 see the attribute files of the pair's own side alone, above the paths that either
    /// side touches. An index of the whole commit would take longer to read than most merges.
    pub(super) fn pin(&self, git: &git2::Repository, pair: &Pair<'_>) -> Result<(), GitError> {
        let (tip, changes) = pair.ours;
        let Some(base) = pair.base else {
            // What the merge of several bases touches is not known.
            self.pinned.replace(None);
            return pin_attributes(git, tip);
        };
        // The base has the same ones, and is that of many pairs.
        let commit = if steers(changes) { tip } else { base };
        let folders: BTreeSet<&[u8]> = changes
            .iter()
            .chain(pair.theirs.1)
            .flat_map(|change| folders_above(&change.path))
            .collect();
        let found = self.files(git, commit, &folders)?;
        if self.pinned.borrow().as_ref() == Some(&found) {
            return Ok(());
        }
        let failed = || library("read attributes");
        let mut index = git2::Index::new().map_err(failed())?;
        for (path, id) in &found {
            let file = TreeFile { mode: FileMode::File, id: *id };
            index.add(&index_entry(path, file)?).map_err(failed())?;
        }
        git.set_index(&mut index).map_err(failed())?;
        self.pinned.replace(Some(found));
        Ok(())
    }

    /// The attribute files of these folders in a commit, by path.
    fn files(
        &self,
        git: &git2::Repository,
        commit: Oid,
        folders: &BTreeSet<&[u8]>,
    ) -> Result<BTreeMap<Vec<u8>, Oid>, GitError> {
        let mut known = self.known.borrow_mut();
        let known = known.entry(commit).or_default();
        let mut found = BTreeMap::new();
        let mut tree = None;
        for folder in folders {
            let path = [folder, &b".gitattributes"[..]].concat();
            let file = match known.get(*folder) {
                Some(file) => *file,
                None => {
                    let root = match tree.take() {
                        Some(root) => root,
                        None => git
                            .find_commit(to_git2(commit)?)
                            .and_then(|commit| commit.tree())
                            .map_err(library("read a tree"))?,
                    };
                    let entry = root.get_path(as_path(&path)).ok();
                    let file = entry
                        .filter(|entry| entry.kind() == Some(git2::ObjectType::Blob))
                        .map(|entry| from_git2(entry.id()));
                    tree = Some(root);
                    known.insert(folder.to_vec(), file);
                    file
                }
            };
            found.extend(file.map(|id| (path, id)));
        }
        Ok(found)
    }
}

/// The folders a path lies in, each with its slash; the root is empty.
fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| &path[..=at]).chain([&path[..0]])
}
