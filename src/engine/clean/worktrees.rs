//! The worktrees of a run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::losses::of_reasons;
use super::{CleanKind, Cleaning, Fate};
use crate::adapters::git::worktree_among;
use crate::adapters::worktree::pool::{self, Keeping};
use crate::adapters::worktree::{
    KeptReason, Removal, RemoveMode, RemoveOutcome, objections, plan_removals, remove_all,
};
use crate::engine::error::EngineError;
use crate::engine::resolve::DeskPlace;
use crate::engine::validation_places::benches;

impl Cleaning<'_> {
    pub(super) fn worktrees(&mut self) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        if !self.mode.dry_run {
            self.free_test_places()?;
        }
        let mut paths = self.own_worktrees()?;
        if paths.is_empty() {
            return Ok(());
        }
        let claims = self.claims()?;
        let report = &mut self.report;
        paths.retain(|path| match claims.of_worktree(path) {
            Some(fate) => {
                report.add(CleanKind::Worktree, path.display().to_string(), fate);
                false
            }
            None => true,
        });
        let keeping = Keeping { size: self.rules.pool, caches: &self.rules.caches };
        let keeps = self.rules.pool > 0 && !self.mode.force && !self.mode.empty_pool;
        // What tests leave is nobody's work.
        let force = self.mode.force || self.state.spec.kind.is_test();
        let removal = Removal {
            paths: &paths,
            mode: if force { RemoveMode::Force } else { RemoveMode::OnlyIfClean },
            pool: keeps.then_some(keeping),
        };
        let outcomes = if self.mode.dry_run {
            plan_removals(repo, removal)?
        } else {
            let before = self.site.clock.elapsed();
            let outcomes = remove_all(repo, removal, self.trash)?;
            self.report.removing += self.site.clock.elapsed() - before;
            outcomes
        };
        let destroyed = if self.mode.dry_run && self.mode.force {
            objections(repo, &paths)?
        } else {
            vec![Vec::new(); paths.len()]
        };
        for ((path, outcome), mut lost) in paths.iter().zip(outcomes).zip(destroyed) {
            let goes = outcome == RemoveOutcome::Removed;
            let fate = match outcome {
                RemoveOutcome::Removed => Fate::Goes,
                RemoveOutcome::Pooled => Fate::Pooled,
                RemoveOutcome::Kept { reason, also } => {
                    let why = reason.to_string();
                    lost = [vec![reason], also].concat();
                    Fate::Stays { why }
                }
            };
            let lost: Vec<KeptReason> = lost;
            let losses = of_reasons(repo, &lost)?;
            let bytes = if self.mode.dry_run && goes { self.usage.of(path) } else { 0 };
            let item = self.report.add(CleanKind::Worktree, path.display().to_string(), fate);
            (item.losses, item.bytes) = (losses, bytes);
        }
        Ok(())
    }

    /// The places of the run where a worktree of its own is.
    fn own_worktrees(&self) -> Result<Vec<PathBuf>, EngineError> {
        let places = self.state.spec.places.iter();
        let mut paths: BTreeSet<PathBuf> = places.map(|p| PathBuf::from(&p.worktree)).collect();
        let benches = benches(self.site, self.state.spec.run.as_str())?;
        paths.extend(benches.into_iter().map(|(_, path)| path));
        let spec = &self.state.spec;
        paths.insert(DeskPlace::of_integration(self.site, spec).path);
        let tasks = spec.plan.tasks.iter().map(|planned| &planned.task.id);
        paths.extend(tasks.map(|id| DeskPlace::of_start(self.site, spec, id, 1).path));
        let known = self.site.repo.worktrees()?;
        let own = |path: &PathBuf| {
            if pool::test_place_taken(&self.site.repo, path).is_some() {
                return false;
            }
            worktree_among(&known, path)
                .is_some_and(|info| self.is_ours(info.branch.as_deref(), path))
        };
        Ok(paths.into_iter().filter(own).collect())
    }

    /// Links that tests left where their worktrees stood lead to what is not ours.
    fn free_test_places(&self) -> Result<(), EngineError> {
        let test = self.state.spec.kind.is_test();
        for place in self.state.spec.places.iter().filter(|_| test) {
            pool::free_test_place(&self.site.repo, Path::new(&place.worktree), self.trash)?;
        }
        Ok(())
    }

    /// A worktree at one of our places is ours unless somebody put another branch there; of tests it
    /// is, whatever they did to it.
    fn is_ours(&self, branch: Option<&str>, path: &Path) -> bool {
        let places = &self.state.spec.places;
        let at_place = places.iter().any(|place| Path::new(&place.worktree) == path);
        let is_of_none = |branch| places.iter().all(|p| p.branch.as_deref() != Some(branch));
        let moved = !self.state.spec.kind.is_test() && branch.is_some_and(is_of_none);
        let begun = self.state.tasks.iter().any(|record| record.attempts > 0);
        begun && (!at_place || !moved)
    }
}
