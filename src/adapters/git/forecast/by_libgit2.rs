//! Merges by libgit2, whose objects stay in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::Merger;
use super::attributes::Attributes;
use super::by_git::Program;
use super::contents::merge_contents;
use super::effort::Effort;
use super::index_entry::index_entry;
use super::pair::{Outcome, Pair};
use crate::adapters::git::diff::{RawChange, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::hunks::Stages;
use crate::adapters::git::merge::{MergeEngine, MergeRequest};
use crate::adapters::git::merge_libgit2::{Sides, TARGET_LIMIT, conflict_stages, merged_index};
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::read;
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// An open repository of one thread.
pub(super) struct Library<'a> {
    repo: &'a Repo,
    git: git2::Repository,
    attributes: Attributes,
    pub(super) effort: Effort,
}

impl<'a> Library<'a> {
    pub(super) fn open(repo: &'a Repo) -> Result<Self, GitError> {
        let (git, attributes) = (repo.objects_in_memory()?, Attributes::default());
        Ok(Self { repo, git, attributes, effort: Effort::default() })
    }

    /// The merges of a pair, one way and the other.
    fn merges<'m>(&'m self, pair: &Pair<'_>) -> Result<Box<Merges<'m>>, GitError> {
        let (ours, theirs) = (pair.ours.0, pair.theirs.0);
        if pair.base.is_none() {
            return Ok(Box::new(move |turned| {
                let (ours, theirs) = if turned { (theirs, ours) } else { (ours, theirs) };
                merged_index(&self.git, MergeRequest { base: None, ours, theirs })
            }));
        }
        let touched = Touched::of(pair);
        let base = touched.tree(&self.git, |versions| versions.base)?;
        let ours = touched.tree(&self.git, |versions| versions.ours)?;
        let theirs = touched.tree(&self.git, |versions| versions.theirs)?;
        Ok(Box::new(move |turned| {
            let (ours, theirs) = if turned { (&theirs, &ours) } else { (&ours, &theirs) };
            let mut options = git2::MergeOptions::new();
            options.find_renames(true).target_limit(TARGET_LIMIT);
            let merged = self.git.merge_trees(&base, ours, theirs, Some(&options));
            merged.map_err(library("merge"))
        }))
    }
}

/// Merges, turned round or not.
type Merges<'m> = dyn Fn(bool) -> Result<git2::Index, GitError> + 'm;

impl Merger for Library<'_> {
    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        read::raw_changes(&self.git, old, new)
    }

    fn merge_bases(&self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError> {
        match self.git.merge_bases(to_git2(one)?, to_git2(two)?) {
            Ok(bases) => Ok(bases.iter().map(|base| from_git2(*base)).collect()),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(Vec::new()),
            Err(error) => Err(library("find a merge base")(error)),
        }
    }

    fn obstacle(&self, pair: &Pair<'_>) -> Result<Option<String>, GitError> {
        if let Some(reason) = self.effort.excess(&self.git, pair)? {
            return Ok(Some(reason));
        }
        self.attributes.pin(&self.git, pair)?;
        Sides { ours: pair.ours, theirs: pair.theirs }.needs_git(self.repo, &self.git)
    }

    fn deputy(&self) -> Result<Option<Program<'_>>, GitError> {
        match self.repo.merge_engine() {
            MergeEngine::Git { version } if version.at_least(2, 38) => {
                Program::open(self.repo).map(Some)
            }
            MergeEngine::Git { .. } | MergeEngine::Libgit2 | MergeEngine::Disjoint => Ok(None),
        }
    }

    fn outcome(&self, pair: &Pair<'_>, both_ways: bool) -> Result<Outcome, GitError> {
        self.attributes.pin(&self.git, pair)?;
        if let Some(outcome) = merge_contents(self.repo, &self.git, pair)? {
            return Ok(outcome);
        }
        let merge = self.merges(pair)?;
        let forth = merge(false)?;
        if forth.has_conflicts() {
            return Ok(Outcome::Conflict(colliding(&forth)?));
        }
        if let Some(path) = (Sides { ours: pair.ours, theirs: pair.theirs }).buried(&forth) {
            return Ok(Outcome::Conflict(vec![path]));
        }
        if !both_ways {
            return Ok(Outcome::Clean);
        }
        let back = merge(true)?;
        let different =
            if back.has_conflicts() { colliding(&back)? } else { differences(&forth, &back) };
        Ok(if different.is_empty() { Outcome::Clean } else { Outcome::ByOrder(different) })
    }

    fn stages(&self, pair: &Pair<'_>) -> Result<Vec<(Vec<u8>, Stages)>, GitError> {
        self.attributes.pin(&self.git, pair)?;
        conflict_stages(&self.merges(pair)?(false)?)
    }
}

/// The paths that either side changed, with their three versions. No other path has a say in a
/// merge with one base: files that both sides have as they were are no candidates for renames.
struct Touched<'a>(BTreeMap<&'a [u8], Versions>);

#[derive(Default)]
struct Versions {
    base: Option<TreeFile>,
    ours: Option<TreeFile>,
    theirs: Option<TreeFile>,
}

impl<'a> Touched<'a> {
    fn of(pair: &Pair<'a>) -> Self {
        let mut paths: BTreeMap<&[u8], Versions> = BTreeMap::new();
        for RawChange { path, old, new } in pair.ours.1 {
            paths.insert(path, Versions { base: *old, ours: *new, theirs: *old });
        }
        for RawChange { path, old, new } in pair.theirs.1 {
            let unchanged = || Versions { base: *old, ours: *old, theirs: None };
            paths.entry(path).or_insert_with(unchanged).theirs = *new;
        }
        Self(paths)
    }

    fn tree<'g>(
        &self,
        git: &'g git2::Repository,
        version: impl Fn(&Versions) -> Option<TreeFile>,
    ) -> Result<git2::Tree<'g>, GitError> {
        let failed = || library("write a tree to memory");
        let mut index = git2::Index::new().map_err(failed())?;
        for (path, versions) in &self.0 {
            let Some(file) = version(versions) else { continue };
            index.add(&index_entry(path, file)?).map_err(failed())?;
        }
        let tree = index.write_tree_to(git).map_err(failed())?;
        git.find_tree(tree).map_err(failed())
    }
}

fn colliding(merged: &git2::Index) -> Result<Vec<Vec<u8>>, GitError> {
    Ok(conflict_stages(merged)?.into_iter().map(|(path, _)| path).collect())
}

/// Paths whose entry differs between two merges.
fn differences(one: &git2::Index, two: &git2::Index) -> Vec<Vec<u8>> {
    let entries = |index: &git2::Index| -> BTreeSet<(Vec<u8>, u32, git2::Oid)> {
        index.iter().map(|entry| (entry.path, entry.mode, entry.id)).collect()
    };
    let (one, two) = (entries(one), entries(two));
    one.symmetric_difference(&two).map(|(path, ..)| path.clone()).collect()
}
