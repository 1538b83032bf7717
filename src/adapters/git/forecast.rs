//! Which branches will collide: libgit2 in memory, nothing written anywhere.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::diff::{RawChange, raw_changes};
use super::error::{GitError, library};
use super::merge::MergeRequest;
use super::merge_libgit2::{Sides, base_of, conflict_stages, merged_index, pin_attributes};
use super::oid::to_git2;
use super::path::quote_path;
use super::repo::Repo;
use crate::domain::id::Oid;

/// What a merge of two commits will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// They touch different paths, or one contains the other.
    Clean,
    /// They touch the same paths and merge.
    SamePath {
        /// The paths, sorted; also paths whose names differ by case only.
        paths: Vec<String>,
    },
    /// They merge, but to another result in the other order.
    OrderSensitive {
        /// The paths that come out different.
        paths: Vec<String>,
    },
    /// They collide.
    Conflict {
        /// Where.
        paths: Vec<String>,
    },
    /// libgit2 cannot tell.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// A branch's own work: from the commit it began at to its tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastTip {
    /// Where it began.
    pub start: Oid,
    /// Where it is.
    pub tip: Oid,
}

/// Sorts before every store on disk, so that new objects stay in memory.
const MEMORY_PRIORITY: i32 = 1000;

impl Repo {
    /// Forecasts the merge of two commits.
    ///
    /// # Errors
    /// One of them is no commit, or an object is missing.
    pub fn forecast(&self, ours: Oid, theirs: Oid) -> Result<Forecast, GitError> {
        let git = in_memory(self)?;
        let request = MergeRequest { base: None, ours, theirs };
        let Some(base) = base_of(&git, request)? else {
            return Ok(Forecast::Unknown { reason: "they have no common ancestor".to_owned() });
        };
        let one = Delta::load(&git, ForecastTip { start: base, tip: ours })?;
        let two = Delta::load(&git, ForecastTip { start: base, tip: theirs })?;
        forecast_pair(self, &git, &one, &two)
    }

    /// Forecasts every pair `(i, j)`, `i < j`, in parallel; ordered by `i`, then `j`. A collision
    /// counts for a pair only where both of them changed the path themselves.
    ///
    /// # Errors
    /// As [`Self::forecast`].
    pub fn forecast_matrix(
        &self,
        tips: &[ForecastTip],
    ) -> Result<Vec<(usize, usize, Forecast)>, GitError> {
        let indices: Vec<usize> = (0..tips.len()).collect();
        let deltas = self.spread(&indices, |git, at| Delta::load(git, tips[*at]))?;
        let pairs: Vec<(usize, usize)> =
            (0..tips.len()).flat_map(|i| (i + 1..tips.len()).map(move |j| (i, j))).collect();
        self.spread(&pairs, |git, (i, j)| {
            Ok((*i, *j, forecast_pair(self, git, &deltas[*i], &deltas[*j])?))
        })
    }

    /// Maps items on all threads, with one open repository for each.
    fn spread<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&git2::Repository, &T) -> Result<R, GitError> + Sync,
    ) -> Result<Vec<R>, GitError> {
        let size = items.len().div_ceil(rayon::current_num_threads()).max(1);
        let chunks: Vec<Vec<R>> = items
            .par_chunks(size)
            .map(|chunk| {
                let git = in_memory(self)?;
                chunk.iter().map(|item| work(&git, item)).collect()
            })
            .collect::<Result<_, GitError>>()?;
        Ok(chunks.into_iter().flatten().collect())
    }
}

/// A repository whose new objects stay in memory.
fn in_memory(repo: &Repo) -> Result<git2::Repository, GitError> {
    let git = repo.objects()?;
    let added = git.odb().and_then(|odb| odb.add_new_mempack_backend(MEMORY_PRIORITY).map(|_| ()));
    added.map_err(library("open an object store in memory"))?;
    Ok(git)
}

/// What a branch changed, and what that says about merging it.
struct Delta {
    ends: ForecastTip,
    changes: Vec<RawChange>,
    paths: BTreeSet<Vec<u8>>,
    /// Nothing that makes a merge more than the sum of its paths.
    simple: bool,
}

impl Delta {
    fn load(git: &git2::Repository, ends: ForecastTip) -> Result<Self, GitError> {
        let changes = raw_changes(git, ends.start, ends.tip)?;
        let adds = changes.iter().any(|change| change.old.is_none());
        let deletes = changes.iter().any(|change| change.new.is_none());
        let steers = |path: &[u8]| {
            let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
            name == b".gitattributes" || path == b".gitmodules"
        };
        let steered = changes.iter().any(|change| steers(&change.path));
        let may_rename = adds && deletes;
        let simple = !steered && !may_rename;
        let paths = changes.iter().map(|change| change.path.clone()).collect();
        Ok(Self { ends, changes, paths, simple })
    }

    fn side(&self) -> (Oid, &[RawChange]) {
        (self.ends.tip, &self.changes)
    }
}

fn forecast_pair(
    repo: &Repo,
    git: &git2::Repository,
    one: &Delta,
    two: &Delta,
) -> Result<Forecast, GitError> {
    let (ours, theirs) = (one.ends.tip, two.ends.tip);
    let contains = |outer: Oid, inner: Oid| {
        let found = git.graph_descendant_of(to_git2(outer)?, to_git2(inner)?);
        found.map(|below| below || outer == inner).map_err(library("compare commits"))
    };
    if contains(ours, theirs)? || contains(theirs, ours)? {
        return Ok(Forecast::Clean);
    }
    let overlap = Overlap::of(one, two);
    if one.simple && two.simple && overlap.disjoint {
        return Ok(Forecast::Clean);
    }
    let request = MergeRequest { base: None, ours, theirs };
    if base_of(git, request)?.is_none() {
        return Ok(Forecast::Unknown { reason: "they have no common ancestor".to_owned() });
    }
    pin_attributes(git, ours)?;
    let sides = Sides { ours: one.side(), theirs: two.side() };
    if let Some(reason) = sides.needs_git(repo, git)? {
        return Ok(Forecast::Unknown { reason });
    }
    let merged = merged_index(git, request)?;
    if merged.has_conflicts() {
        let mut paths: Vec<Vec<u8>> =
            conflict_stages(&merged)?.into_iter().map(|(path, _)| path).collect();
        if one.ends.start != two.ends.start {
            // What their starting points bring along is somebody else's collision.
            paths.retain(|path| one.paths.contains(path) && two.paths.contains(path));
        }
        if !paths.is_empty() {
            let paths = paths.iter().map(|path| quote_path(path)).collect();
            return Ok(Forecast::Conflict { paths });
        }
        return Ok(overlap.forecast());
    }
    let back = merged_index(git, MergeRequest { base: None, ours: theirs, theirs: ours })?;
    let paths = differences(&merged, &back);
    Ok(if paths.is_empty() { overlap.forecast() } else { Forecast::OrderSensitive { paths } })
}

/// The paths that two branches share.
struct Overlap {
    shared: BTreeSet<String>,
    disjoint: bool,
}

impl Overlap {
    fn of(one: &Delta, two: &Delta) -> Self {
        let same = one.paths.intersection(&two.paths);
        let mut shared: BTreeSet<String> = same.map(|path| quote_path(path)).collect();
        let folded: BTreeMap<String, &[u8]> =
            one.paths.iter().map(|path| (fold(path), path.as_slice())).collect();
        for path in &two.paths {
            if let Some(twin) = folded.get(&fold(path)).filter(|twin| **twin != path.as_slice()) {
                shared.extend([quote_path(path), quote_path(twin)]);
            }
        }
        let skeletons: BTreeSet<String> = one.paths.iter().map(|path| skeleton(path)).collect();
        let meets = |from: &Delta, to: &BTreeSet<Vec<u8>>| {
            let slashes = |path: &Vec<u8>| {
                let at = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
                at.map(|(at, _)| path[..at].to_vec()).collect::<Vec<_>>()
            };
            from.paths.iter().flat_map(slashes).any(|dir| to.contains(&dir))
        };
        let disjoint = shared.is_empty()
            && !two.paths.iter().any(|path| skeletons.contains(&skeleton(path)))
            && !meets(one, &two.paths)
            && !meets(two, &one.paths);
        Self { shared, disjoint }
    }

    fn forecast(self) -> Forecast {
        if self.shared.is_empty() {
            return Forecast::Clean;
        }
        Forecast::SamePath { paths: self.shared.into_iter().collect() }
    }
}

/// Equal for names that a case-insensitive system takes for one.
fn fold(path: &[u8]) -> String {
    quote_path(path).to_lowercase()
}

/// Equal for names that differ by Unicode normalisation only, and for some that differ by more:
/// letters outside ASCII are dropped, with the letter that a combining mark belongs to.
fn skeleton(path: &[u8]) -> String {
    let mut kept = String::new();
    for c in fold(path).chars() {
        match c {
            '\u{300}'..='\u{36f}' => drop(kept.pop()),
            c if c.is_ascii() => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// Paths whose entry differs between two merges without conflicts.
fn differences(one: &git2::Index, two: &git2::Index) -> Vec<String> {
    let entries = |index: &git2::Index| -> BTreeSet<(Vec<u8>, u32, git2::Oid)> {
        index.iter().map(|entry| (entry.path, entry.mode, entry.id)).collect()
    };
    let (one, two) = (entries(one), entries(two));
    let paths: BTreeSet<&[u8]> =
        one.symmetric_difference(&two).map(|(path, ..)| path.as_slice()).collect();
    paths.into_iter().map(quote_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_normalisation_have_one_skeleton() {
        assert_eq!(skeleton("caf\u{e9}.rs".as_bytes()), skeleton("cafe\u{301}.rs".as_bytes()));
        assert_ne!(skeleton(b"cafe.rs"), skeleton(b"cafx.rs"));
    }
}
