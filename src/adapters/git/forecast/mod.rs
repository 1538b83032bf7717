//! Which branches will collide. Nothing stays behind: libgit2 merges in memory, and git, where
//! libgit2 cannot open the repository or would get a merge wrong, in an object store that is thrown
//! away.

mod attributes;
mod by_git;
mod by_libgit2;
mod contents;
mod delta;
mod effort;
mod index_entry;
mod overlap;
mod pair;

use std::collections::HashMap;

use rayon::prelude::*;

use self::by_git::Program;
use self::by_libgit2::Library;
use self::delta::{Delta, Ends};
use self::pair::{Outcome, Pair, forecast_pair, unrelated};
use super::capability::Backend;
use super::diff::RawChange;
use super::error::GitError;
use super::hunks::{Stages, excerpts};
use super::merge::{Hunk, MergeEngine};
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

/// A branch to be compared with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastTip {
    /// Where its own work begins; where it parts from the other one of a pair when left out.
    pub start: Option<Oid>,
    /// Where it is.
    pub tip: Oid,
}

/// Which branches are to be compared.
pub struct ForecastRequest<'a> {
    /// The branches.
    pub tips: &'a [ForecastTip],
    /// Pairs of them, by their places.
    pub pairs: &'a [(usize, usize)],
    /// Asked before each step: whether what is left over stays unknown.
    pub enough: &'a (dyn Fn() -> bool + Sync),
}

impl Repo {
    /// Forecasts the merge of two commits.
    ///
    /// # Errors
    /// The repository cannot be opened.
    pub fn forecast(&self, ours: Oid, theirs: Oid) -> Result<Forecast, GitError> {
        let tips = [ours, theirs].map(|tip| ForecastTip { start: None, tip });
        let request = ForecastRequest { tips: &tips, pairs: &[(0, 1)], enough: &|| false };
        let mut told = self.forecasts(&request)?;
        Ok(told.pop().unwrap_or_else(unrelated))
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
        let pairs = all_pairs(tips.len());
        let told = self.forecasts(&ForecastRequest { tips, pairs: &pairs, enough: &|| false })?;
        Ok(pairs.into_iter().zip(told).map(|((i, j), forecast)| (i, j, forecast)).collect())
    }

    /// Forecasts pairs of branches in parallel, in their order. What goes wrong with one pair makes
    /// that pair unknown.
    ///
    /// # Errors
    /// As [`Self::forecast`].
    pub fn forecasts(&self, request: &ForecastRequest<'_>) -> Result<Vec<Forecast>, GitError> {
        match self.backend() {
            Backend::Libgit2 => matrix(request, || Library::open(self)),
            Backend::Git => matrix(request, || Program::open(self)),
        }
    }

    /// Excerpts of the places where two commits collide, at most a few.
    ///
    /// # Errors
    /// One of them is no commit, or an object is missing.
    pub fn forecast_hunks(&self, ours: Oid, theirs: Oid) -> Result<Vec<Hunk>, GitError> {
        let stages = match self.backend() {
            Backend::Libgit2 => stages(&Library::open(self)?, ours, theirs),
            Backend::Git => stages(&Program::open(self)?, ours, theirs),
        };
        Ok(excerpts(&*self.reader(), &stages?))
    }

    /// What forecasts.
    pub fn forecast_engine(&self) -> MergeEngine {
        match self.backend() {
            Backend::Libgit2 => MergeEngine::Libgit2,
            Backend::Git => MergeEngine::Git { version: self.program().version() },
        }
    }
}

/// Every pair `(i, j)`, `i < j`, of `count` things.
pub fn all_pairs(count: usize) -> Vec<(usize, usize)> {
    (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j))).collect()
}

/// Whoever merges without leaving anything behind.
trait Merger {
    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError>;
    /// The best common ancestors; all of them where this merger must be told.
    fn merge_bases(&self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError>;
    /// Why this merger would get the merge wrong.
    fn obstacle(&self, pair: &Pair<'_>) -> Result<Option<String>, GitError>;
    /// Who gets it right then, if there is anybody.
    fn deputy(&self) -> Result<Option<Program<'_>>, GitError>;
    fn outcome(&self, pair: &Pair<'_>, both_ways: bool) -> Result<Outcome, GitError>;
    /// The colliding paths with their versions.
    fn stages(&self, pair: &Pair<'_>) -> Result<Vec<(Vec<u8>, Stages)>, GitError>;
}

/// What is known of a pair before anything is merged.
enum Planned {
    Told(Forecast),
    Compared(Ends, Ends),
}

fn matrix<M: Merger>(
    request: &ForecastRequest<'_>,
    open: impl Fn() -> Result<M, GitError> + Sync,
) -> Result<Vec<Forecast>, GitError> {
    let late = || Forecast::Unknown { reason: "there was no time to compare them".to_owned() };
    let failed = |error: &GitError| Forecast::Unknown {
        reason: if let GitError::TimedOut { limit, .. } = error {
            format!("git had not merged them after {} s", limit.as_secs())
        } else {
            error.to_string()
        },
    };
    let planned = spread(request.pairs, &open, |merger, &(i, j)| {
        if (request.enough)() {
            return Planned::Told(late());
        }
        let planned = plan(merger, request.tips[i], request.tips[j]);
        planned.unwrap_or_else(|error| Planned::Told(failed(&error)))
    })?;
    let mut places: HashMap<Ends, usize> = HashMap::new();
    let mut ends: Vec<Ends> = Vec::new();
    for planned in &planned {
        let Planned::Compared(one, two) = planned else { continue };
        for end in [one, two] {
            places.entry(*end).or_insert_with(|| {
                ends.push(*end);
                ends.len() - 1
            });
        }
    }
    let deltas = spread(&ends, &open, |merger, ends| {
        if (request.enough)() {
            Err(late())
        } else {
            Delta::load(merger, *ends).map_err(|e| failed(&e))
        }
    })?;
    spread(&planned, &open, |merger, planned| match planned {
        Planned::Told(forecast) => forecast.clone(),
        Planned::Compared(..) if (request.enough)() => late(),
        Planned::Compared(one, two) => match (&deltas[places[one]], &deltas[places[two]]) {
            (Ok(one), Ok(two)) => {
                forecast_pair(merger, one, two).unwrap_or_else(|error| failed(&error))
            }
            (Err(forecast), _) | (_, Err(forecast)) => forecast.clone(),
        },
    })
}

fn plan(merger: &impl Merger, one: ForecastTip, two: ForecastTip) -> Result<Planned, GitError> {
    let ends = |from: ForecastTip, start| Ends { start, tip: from.tip };
    if let (Some(start), Some(other)) = (one.start, two.start) {
        return Ok(Planned::Compared(ends(one, start), ends(two, other)));
    }
    let Some(base) = merger.merge_bases(one.tip, two.tip)?.first().copied() else {
        return Ok(Planned::Told(unrelated()));
    };
    if base == one.tip || base == two.tip {
        return Ok(Planned::Told(Forecast::Clean));
    }
    let from = |tip: ForecastTip| ends(tip, tip.start.unwrap_or(base));
    Ok(Planned::Compared(from(one), from(two)))
}

/// Maps items on all threads, with one merger for each.
fn spread<M: Merger, T: Sync, R: Send>(
    items: &[T],
    open: &(impl Fn() -> Result<M, GitError> + Sync),
    work: impl Fn(&M, &T) -> R + Sync,
) -> Result<Vec<R>, GitError> {
    let size = items.len().div_ceil(rayon::current_num_threads()).max(1);
    let chunks: Vec<Vec<R>> = items
        .par_chunks(size)
        .map(|chunk| {
            let merger = open()?;
            Ok(chunk.iter().map(|item| work(&merger, item)).collect())
        })
        .collect::<Result<_, GitError>>()?;
    Ok(chunks.into_iter().flatten().collect())
}

fn stages(
    merger: &impl Merger,
    ours: Oid,
    theirs: Oid,
) -> Result<Vec<(Vec<u8>, Stages)>, GitError> {
    let bases = merger.merge_bases(ours, theirs)?;
    let Some(&nearest) = bases.first() else { return Ok(Vec::new()) };
    let changes = (merger.raw_changes(nearest, ours)?, merger.raw_changes(nearest, theirs)?);
    let base = (bases.len() == 1).then_some(nearest);
    let (ours, theirs) = ((ours, &*changes.0), (theirs, &*changes.1));
    let pair = Pair { base, ours, theirs, by_path: false };
    match (merger.obstacle(&pair)?, merger.deputy()?) {
        (Some(_), Some(git)) => git.stages(&pair),
        (Some(_) | None, _) => merger.stages(&pair),
    }
}

#[cfg(test)]
mod tests;
