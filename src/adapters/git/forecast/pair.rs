//! One pair of branches.

use super::delta::Delta;
use super::overlap::Shared;
use super::{Forecast, Merger};
use crate::adapters::git::diff::RawChange;
use crate::adapters::git::error::GitError;
use crate::adapters::git::path::quote_path;
use crate::domain::id::Oid;

/// Two commits to be merged, with what each changed since their base.
pub(super) struct Pair<'a> {
    /// The common ancestor to merge against; none where there are several of them.
    pub(super) base: Option<Oid>,
    pub(super) ours: (Oid, &'a [RawChange]),
    pub(super) theirs: (Oid, &'a [RawChange]),
    /// The merge is the sum of the merges of its paths.
    pub(super) by_path: bool,
}

/// What came of merging a pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Clean,
    /// They collide in these paths.
    Conflict(Vec<Vec<u8>>),
    /// The other way round these paths come out otherwise.
    ByOrder(Vec<Vec<u8>>),
}

/// Forecasts the merge of two branches.
pub(super) fn forecast_pair(
    merger: &impl Merger,
    one: &Delta,
    two: &Delta,
) -> Result<Forecast, GitError> {
    let (ours, theirs) = (one.ends.tip, two.ends.tip);
    if ours == theirs || (one.simple && two.simple && one.names.are_apart(&two.names)) {
        return Ok(Forecast::Clean);
    }
    let bases = merger.merge_bases(ours, theirs)?;
    let Some(&nearest) = bases.first() else { return Ok(unrelated()) };
    if nearest == ours || nearest == theirs {
        return Ok(Forecast::Clean);
    }
    let changes = (one.since(merger, nearest)?, two.since(merger, nearest)?);
    let pair = Pair {
        base: (bases.len() == 1).then_some(nearest),
        ours: (ours, &changes.0),
        theirs: (theirs, &changes.1),
        by_path: bases.len() == 1
            && [one, two].iter().all(|delta| delta.simple && delta.ends.start == nearest)
            && !one.names.nest(&two.names),
    };
    let shared = one.names.shared(&two.names);
    let both_ways = !shared.is_empty();
    let outcome = match merger.obstacle(&pair)? {
        None => merger.outcome(&pair, both_ways)?,
        Some(reason) => match merger.deputy()? {
            Some(git) => git.outcome(&pair, both_ways)?,
            None => return Ok(Forecast::Unknown { reason }),
        },
    };
    Ok(match outcome {
        Outcome::Clean => clean(&shared),
        Outcome::ByOrder(paths) => Forecast::OrderSensitive { paths: texts(&paths) },
        Outcome::Conflict(mut paths) => {
            if one.ends.start != two.ends.start {
                // What their starting points bring along is somebody else's collision.
                paths.retain(|path| one.names.touch(path) && two.names.touch(path));
            }
            match paths.as_slice() {
                [] => clean(&shared),
                paths => Forecast::Conflict { paths: texts(paths) },
            }
        }
    })
}

fn clean(shared: &Shared) -> Forecast {
    match shared.is_empty() {
        true => Forecast::Clean,
        false => Forecast::SamePath { paths: shared.paths() },
    }
}

pub(super) fn unrelated() -> Forecast {
    Forecast::Unknown { reason: "they have no common ancestor".to_owned() }
}

/// For people, sorted, each once.
fn texts(paths: &[Vec<u8>]) -> Vec<String> {
    let mut texts: Vec<String> = paths.iter().map(|path| quote_path(path)).collect();
    texts.sort();
    texts.dedup();
    texts
}
