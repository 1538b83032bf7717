//! Which branches will collide. Nothing stays behind: libgit2 merges in memory, and git, where
//! libgit2 cannot open the repository, in an object store that is thrown away.

mod by_git;
mod by_libgit2;
mod overlap;

use std::collections::BTreeSet;

use rayon::prelude::*;

use self::by_git::Program;
use self::by_libgit2::Library;
use self::overlap::Overlap;
use super::capability::Backend;
use super::diff::RawChange;
use super::error::GitError;
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
    /// It cannot be told.
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

impl Repo {
    /// Forecasts the merge of two commits.
    ///
    /// # Errors
    /// One of them is no commit, or an object is missing.
    pub fn forecast(&self, ours: Oid, theirs: Oid) -> Result<Forecast, GitError> {
        match self.backend() {
            Backend::Libgit2 => forecast(&Library::open(self)?, ours, theirs),
            Backend::Git => forecast(&Program::open(self)?, ours, theirs),
        }
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
        match self.backend() {
            Backend::Libgit2 => matrix(tips, || Library::open(self)),
            Backend::Git => matrix(tips, || Program::open(self)),
        }
    }
}

/// Whoever merges without leaving anything behind.
trait Merger {
    /// The result of a merge without conflicts.
    type Merged;
    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError>;
    /// Whether the commit `inner` is reachable from `outer` and is another one.
    fn contains(&self, outer: Oid, inner: Oid) -> Result<bool, GitError>;
    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError>;
    /// Why this merger would get the merge wrong.
    fn obstacle(&self, one: &Delta, two: &Delta) -> Result<Option<String>, GitError>;
    /// The merge, or the paths that collide.
    fn merged(
        &self,
        ours: Oid,
        theirs: Oid,
    ) -> Result<Result<Self::Merged, Vec<Vec<u8>>>, GitError>;
    /// Paths, sorted, whose entry differs between two merges.
    fn differences(&self, one: &Self::Merged, two: &Self::Merged) -> Result<Vec<String>, GitError>;
}

fn forecast(merger: &impl Merger, ours: Oid, theirs: Oid) -> Result<Forecast, GitError> {
    let Some(base) = merger.merge_base(ours, theirs)? else { return Ok(unrelated()) };
    let one = Delta::load(merger, ForecastTip { start: base, tip: ours })?;
    let two = Delta::load(merger, ForecastTip { start: base, tip: theirs })?;
    forecast_pair(merger, &one, &two)
}

fn matrix<M: Merger>(
    tips: &[ForecastTip],
    open: impl Fn() -> Result<M, GitError> + Sync,
) -> Result<Vec<(usize, usize, Forecast)>, GitError> {
    let deltas = spread(tips, &open, |merger, tip| Delta::load(merger, *tip))?;
    let pairs: Vec<(usize, usize)> =
        (0..tips.len()).flat_map(|i| (i + 1..tips.len()).map(move |j| (i, j))).collect();
    spread(&pairs, &open, |merger, (i, j)| {
        Ok((*i, *j, forecast_pair(merger, &deltas[*i], &deltas[*j])?))
    })
}

/// Maps items on all threads, with one merger for each.
fn spread<M: Merger, T: Sync, R: Send>(
    items: &[T],
    open: &(impl Fn() -> Result<M, GitError> + Sync),
    work: impl Fn(&M, &T) -> Result<R, GitError> + Sync,
) -> Result<Vec<R>, GitError> {
    let size = items.len().div_ceil(rayon::current_num_threads()).max(1);
    let chunks: Vec<Vec<R>> = items
        .par_chunks(size)
        .map(|chunk| {
            let merger = open()?;
            chunk.iter().map(|item| work(&merger, item)).collect()
        })
        .collect::<Result<_, GitError>>()?;
    Ok(chunks.into_iter().flatten().collect())
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
    fn load(merger: &impl Merger, ends: ForecastTip) -> Result<Self, GitError> {
        let changes = merger.raw_changes(ends.start, ends.tip)?;
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
}

fn forecast_pair(merger: &impl Merger, one: &Delta, two: &Delta) -> Result<Forecast, GitError> {
    let (ours, theirs) = (one.ends.tip, two.ends.tip);
    if ours == theirs || merger.contains(ours, theirs)? || merger.contains(theirs, ours)? {
        return Ok(Forecast::Clean);
    }
    let overlap = Overlap::of(&one.paths, &two.paths);
    if one.simple && two.simple && overlap.disjoint {
        return Ok(Forecast::Clean);
    }
    if merger.merge_base(ours, theirs)?.is_none() {
        return Ok(unrelated());
    }
    if let Some(reason) = merger.obstacle(one, two)? {
        return Ok(Forecast::Unknown { reason });
    }
    let merged = match merger.merged(ours, theirs)? {
        Ok(merged) => merged,
        Err(mut paths) => {
            if one.ends.start != two.ends.start {
                // What their starting points bring along is somebody else's collision.
                paths.retain(|path| one.paths.contains(path) && two.paths.contains(path));
            }
            if paths.is_empty() {
                return Ok(overlap.forecast());
            }
            let paths = paths.iter().map(|path| quote_path(path)).collect();
            return Ok(Forecast::Conflict { paths });
        }
    };
    let Ok(back) = merger.merged(theirs, ours)? else { return Ok(overlap.forecast()) };
    let paths = merger.differences(&merged, &back)?;
    Ok(if paths.is_empty() { overlap.forecast() } else { Forecast::OrderSensitive { paths } })
}

fn unrelated() -> Forecast {
    Forecast::Unknown { reason: "they have no common ancestor".to_owned() }
}
