//! The branches of a run and what else of its work stands under a ref.

use super::losses::{not_landed, of_commits};
use super::{Cleaning, Fate};
use crate::adapters::git::{
    Expected, MergeOutcome, MergeRequest, PatchSearch, RefOutcome, RefUpdate,
};
use crate::domain::id::Oid;
use crate::engine::error::EngineError;
use crate::engine::landing::has_landed;

impl Cleaning<'_> {
    pub(super) fn branches(&mut self) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let target = match &self.state.spec.target {
            Some(target) => repo.branch_tip(target)?,
            None => None,
        };
        let worktrees = repo.worktrees()?;
        let mut patches = repo.patch_search()?;
        for index in 0..self.state.spec.places.len() {
            let place = &self.state.spec.places[index];
            if self.state.tasks[index].attempts == 0 {
                continue;
            }
            let Some(tip) = repo.branch_tip(&place.branch)? else { continue };
            // Also where the user has it checked out; git itself would not delete it either. In a dry
            // run the worktrees that would go are still there.
            let gone: Vec<&str> = self.gone_worktrees().collect();
            let holder = worktrees.iter().find(|known| {
                known.branch.as_deref() == Some(&place.branch)
                    && !gone.contains(&known.path.to_string_lossy().as_ref())
            });
            let missing = self.missing(index, tip, target, &mut patches)?;
            let fate = if let Some(holder) = holder {
                let why = format!("it is checked out in `{}`", holder.path.display());
                Fate::Stays { why }
            } else if self.mode.force || missing.is_empty() {
                self.delete_ref(&format!("refs/heads/{}", place.branch), tip)?
            } else {
                let why = not_landed(missing.len(), &self.paths_of(&missing)?);
                Fate::Stays { why }
            };
            let losses = of_commits(repo, &missing)?;
            let told = fate != Fate::Goes || self.mode.dry_run;
            let item = self.report.add("branch", place.branch.clone(), fate);
            item.losses = if told { losses } else { Vec::new() };
        }
        Ok(())
    }

    /// Worktrees that went or now wait, or would.
    fn gone_worktrees(&self) -> impl Iterator<Item = &str> {
        let worktrees = self.report.items.iter().filter(|item| item.kind == "worktree");
        let gone = worktrees.filter(|item| matches!(item.fate, Fate::Goes | Fate::Pooled));
        gone.map(|item| item.name.as_str())
    }

    /// The commits of a task's branch that the target holds neither themselves nor in others.
    fn missing(
        &self,
        index: usize,
        tip: Oid,
        target: Option<Oid>,
        patches: &mut PatchSearch<'_>,
    ) -> Result<Vec<Oid>, EngineError> {
        let repo = &self.site.repo;
        let start = self.start(index);
        if tip == start || tip == self.state.spec.base {
            return Ok(Vec::new());
        }
        let Some(target) = target else { return Ok(repo.commits_between(start, tip)?) };
        if has_landed(repo, self.state, (index, tip), target)? {
            return Ok(Vec::new());
        }
        let missing = patches.missing(start, tip, target)?;
        if missing.is_empty() {
            return Ok(missing);
        }
        let request = MergeRequest { base: Some(start), ours: target, theirs: tip };
        let adds_nothing = match repo.merge(request)? {
            MergeOutcome::Clean { tree, .. } => tree == repo.tree_of(target)?,
            MergeOutcome::Conflict { .. }
            | MergeOutcome::Unrelated
            | MergeOutcome::NeedsGit { .. } => false,
        };
        Ok(if adds_nothing { Vec::new() } else { missing })
    }

    /// Files that commits change, sorted.
    fn paths_of(&self, commits: &[Oid]) -> Result<Vec<String>, EngineError> {
        let repo = &self.site.repo;
        let mut paths = Vec::new();
        for commit in commits {
            if let Some(parent) = repo.parents(*commit)?.first() {
                let changes = repo.changed_paths(*parent, *commit)?;
                paths.extend(changes.into_iter().map(|change| change.path));
            }
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    pub(super) fn saved_work(&mut self) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let prefix = format!("refs/wt-orch/{}/", self.state.spec.run);
        for (name, commit) in repo.refs_below(&prefix)? {
            let leftovers = name.rsplit('/').next().is_some_and(|l| l.starts_with("attempt-"));
            let fate = if leftovers && !self.mode.force {
                Fate::Stays { why: "it is work of an earlier attempt".to_owned() }
            } else {
                self.delete_ref(&name, commit)?
            };
            if leftovers {
                let told = fate != Fate::Goes || self.mode.dry_run;
                let commits = repo.commits_between(self.state.spec.base, commit)?;
                let losses = if told { of_commits(repo, &commits)? } else { Vec::new() };
                self.report.add("saved work", name, fate).losses = losses;
            }
        }
        Ok(())
    }

    fn delete_ref(&self, name: &str, at: Oid) -> Result<Fate, EngineError> {
        if self.mode.dry_run {
            return Ok(Fate::Goes);
        }
        let update = RefUpdate {
            name: name.to_owned(),
            new: None,
            expected: Expected::At(at),
            message: "wt-orch: clean".to_owned(),
        };
        Ok(match self.site.repo.update_ref(&update)? {
            // Somebody else deleted it.
            RefOutcome::Moved | RefOutcome::Lost { now: None } => Fate::Goes,
            RefOutcome::Lost { now: Some(_) } => {
                Fate::Stays { why: "somebody moved it meanwhile".to_owned() }
            }
        })
    }
}
