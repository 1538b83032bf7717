//! Whether the disk holds what a run is about to make.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::site::Site;
use crate::adapters::host::disk::{file_system, free_bytes};
use crate::adapters::worktree::tree_bytes;
use crate::domain::id::Oid;
use crate::domain::run::{TaskPlace, WorktreeRules};
use crate::domain::task::human_size;

/// Too little space, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Worktrees that are to be made.
    pub worktrees: usize,
    /// What they take.
    pub needed: u64,
    /// What is free where they are to stand.
    pub free: u64,
    /// What must stay free.
    pub reserve: u64,
    /// Where they are to stand.
    pub place: PathBuf,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worktrees, needed, free, reserve, place } = self;
        let noun = if *worktrees == 1 { "worktree takes" } else { "worktrees take" };
        write!(
            f,
            "{worktrees} {noun} about {} in `{}`, where {} is free and {} must stay free",
            human_size(*needed),
            place.display(),
            human_size(*free),
            human_size(*reserve)
        )
    }
}

/// What a run is about to make.
pub(super) struct Need<'a> {
    pub(super) base: Oid,
    pub(super) places: &'a [TaskPlace],
    /// Bytes that are copied into each worktree beside its commit.
    pub(super) carried: u64,
}

/// Whether the worktrees of a run find room; the first file system on which they do not.
pub(super) fn shortage(
    site: &Site,
    need: &Need<'_>,
    rules: &WorktreeRules,
) -> Result<Option<Shortage>, EngineError> {
    let worktrees: BTreeSet<&str> =
        need.places.iter().map(|place| place.worktree.as_str()).collect();
    let Some(tree) = tree_bytes(&site.repo, need.base)? else { return Ok(None) };
    let each = tree.saturating_add(need.carried);
    let mut systems: Vec<(Option<u64>, PathBuf, usize)> = Vec::new();
    for worktree in worktrees {
        let parent = Path::new(worktree).parent().unwrap_or(Path::new("/")).to_owned();
        let system = file_system(&parent).ok();
        match systems.iter_mut().find(|(known, _, _)| *known == system) {
            Some((_, _, count)) => *count += 1,
            None => systems.push((system, parent, 1)),
        }
    }
    for (_, place, worktrees) in systems {
        // Where the space cannot be told, the file system itself will say.
        let Ok(free) = free_bytes(&place) else { continue };
        let needed = each.saturating_mul(u64::try_from(worktrees).unwrap_or(u64::MAX));
        let reserve = rules.disk_reserve;
        if free < needed.saturating_add(reserve) {
            return Ok(Some(Shortage { worktrees, needed, free, reserve, place }));
        }
    }
    Ok(None)
}

/// Why no further worktree is made beside this one: what must stay free is already in use.
pub(super) fn below_reserve(worktree: &Path, rules: &WorktreeRules) -> Option<String> {
    let place = worktree.parent().unwrap_or(worktree);
    let free = free_bytes(place).ok().filter(|free| *free < rules.disk_reserve)?;
    Some(format!(
        "only {} is free in `{}`, and {} must stay free (`worktree.disk_reserve`); `wt-orch clean \
         --all --dry-run` says what can be given back",
        human_size(free),
        place.display(),
        human_size(rules.disk_reserve)
    ))
}
