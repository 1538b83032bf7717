//! Merges by libgit2, whose objects stay in memory.

use std::collections::BTreeSet;

use super::{Delta, Merger};
use crate::adapters::git::diff::RawChange;
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::merge::MergeRequest;
use crate::adapters::git::merge_libgit2::{Sides, conflict_stages, merged_index, pin_attributes};
use crate::adapters::git::oid::to_git2;
use crate::adapters::git::path::quote_path;
use crate::adapters::git::read;
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// Sorts before every store on disk, so that new objects stay in memory.
const MEMORY_PRIORITY: i32 = 1000;

/// An open repository of one thread.
pub(super) struct Library<'a> {
    repo: &'a Repo,
    git: git2::Repository,
}

impl<'a> Library<'a> {
    pub(super) fn open(repo: &'a Repo) -> Result<Self, GitError> {
        let git = repo.objects()?;
        let added =
            git.odb().and_then(|odb| odb.add_new_mempack_backend(MEMORY_PRIORITY).map(|_| ()));
        added.map_err(library("open an object store in memory"))?;
        Ok(Self { repo, git })
    }
}

impl Merger for Library<'_> {
    type Merged = git2::Index;

    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        read::raw_changes(&self.git, old, new)
    }

    fn contains(&self, outer: Oid, inner: Oid) -> Result<bool, GitError> {
        let found = self.git.graph_descendant_of(to_git2(outer)?, to_git2(inner)?);
        found.map_err(library("compare commits"))
    }

    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        read::merge_base(&self.git, one, two)
    }

    fn obstacle(&self, one: &Delta, two: &Delta) -> Result<Option<String>, GitError> {
        pin_attributes(&self.git, one.ends.tip)?;
        let (ours, theirs) = ((one.ends.tip, &*one.changes), (two.ends.tip, &*two.changes));
        Sides { ours, theirs }.needs_git(self.repo, &self.git)
    }

    fn merged(
        &self,
        ours: Oid,
        theirs: Oid,
    ) -> Result<Result<git2::Index, Vec<Vec<u8>>>, GitError> {
        let merged = merged_index(&self.git, MergeRequest { base: None, ours, theirs })?;
        if !merged.has_conflicts() {
            return Ok(Ok(merged));
        }
        let stages = conflict_stages(&merged)?;
        Ok(Err(stages.into_iter().map(|(path, _)| path).collect()))
    }

    fn differences(&self, one: &git2::Index, two: &git2::Index) -> Result<Vec<String>, GitError> {
        let entries = |index: &git2::Index| -> BTreeSet<(Vec<u8>, u32, git2::Oid)> {
            index.iter().map(|entry| (entry.path, entry.mode, entry.id)).collect()
        };
        let (one, two) = (entries(one), entries(two));
        let paths: BTreeSet<&[u8]> =
            one.symmetric_difference(&two).map(|(path, ..)| path.as_slice()).collect();
        Ok(paths.into_iter().map(quote_path).collect())
    }
}
