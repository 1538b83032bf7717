//! The branches of a run and what else of its work stands under a ref.

use std::sync::Arc;

use super::losses::{not_landed, of_commits};
use super::{CleanItem, CleanKind, Cleaning, Fate};
use crate::adapters::git::{
    Expected, MergeOutcome, MergeRequest, PatchSearch, RefOutcome, RefUpdate,
};
use crate::domain::id::Oid;
use crate::domain::run::TaskRecord;
use crate::engine::error::EngineError;
use crate::engine::landing::has_landed;
use crate::engine::own_starts::is_start;

/// How much of a branch the target holds.
enum Standing {
    /// All of it.
    Held,
    /// Not these commits.
    Missing(Vec<Oid>),
    /// Its commits landed in others, but what they did is not there any more.
    Changed(Vec<Oid>),
}

impl Standing {
    /// What is lost with the branch.
    fn commits(&self) -> &[Oid] {
        match self {
            Self::Held => &[],
            Self::Missing(commits) | Self::Changed(commits) => commits,
        }
    }
}

impl Cleaning<'_> {
    pub(super) fn branches(&mut self) -> Result<(), EngineError> {
        let repo = &self.site.repo;
        let target = match &self.state.spec.target {
            Some(target) => repo.branch_tip(target)?,
            None => None,
        };
        let worktrees = repo.worktrees()?;
        let mut patches = repo.patch_search()?;
        let mut found = Vec::new();
        for (index, place) in self.state.spec.places.iter().enumerate() {
            let Some(branch) = &place.branch else { continue };
            if self.state.tasks[index].attempts > 0 {
                found.extend(repo.branch_tip(branch)?.map(|tip| (index, branch, tip)));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let claims = self.claims()?;
        for (index, branch, tip) in found {
            if let Some(fate) = claims.of_branch(branch) {
                self.report.add(CleanKind::Branch, branch.clone(), fate);
                continue;
            }
            // Also where the user has it checked out; git itself would not delete it either. In a dry
            // run the worktrees that would go are still there.
            let gone: Vec<&str> = self.gone_worktrees().collect();
            let holder = worktrees.iter().find(|known| {
                known.branch.as_ref() == Some(branch)
                    && !gone.contains(&known.path.to_string_lossy().as_ref())
            });
            let mut standing = self.standing(index, tip, target, &mut patches)?;
            if matches!(standing, Standing::Missing(_)) && self.has_landed_elsewhere(index, tip)? {
                standing = Standing::Held;
            }
            let fate = if let Some(holder) = holder {
                let why = format!("it is checked out in `{}`", holder.path.display());
                Fate::Stays { why }
            } else {
                match &standing {
                    Standing::Missing(commits) if !self.mode.force => {
                        let why = not_landed(commits.len(), &self.paths_of(commits)?);
                        Fate::Stays { why }
                    }
                    Standing::Changed(_) if !self.mode.force => Fate::Stays {
                        why: "it landed, and was changed or reverted since".to_owned(),
                    },
                    Standing::Held | Standing::Missing(_) | Standing::Changed(_) => {
                        self.delete_ref(&format!("refs/heads/{branch}"), tip)?
                    }
                }
            };
            let losses = of_commits(repo, standing.commits())?;
            let told = fate != Fate::Goes || self.mode.dry_run;
            let item = self.report.add(CleanKind::Branch, branch.clone(), fate);
            item.losses = if told { losses } else { Vec::new() };
        }
        Ok(())
    }

    /// Worktrees that went or now wait, or would.
    fn gone_worktrees(&self) -> impl Iterator<Item = &str> {
        let worktrees = self.report.items.iter().filter(|item| item.kind == CleanKind::Worktree);
        let gone = worktrees.filter(|item| matches!(item.fate, Fate::Goes | Fate::Pooled));
        gone.map(|item| item.name.as_str())
    }

    /// Whether the target holds the commits of a task's branch.
    fn standing(
        &self,
        index: usize,
        tip: Oid,
        target: Option<Oid>,
        patches: &mut PatchSearch<'_>,
    ) -> Result<Standing, EngineError> {
        let repo = &self.site.repo;
        let start = self.start(index);
        let base = self.state.spec.base;
        let landed = |commit: Oid| target.map_or(Ok(false), |to| repo.is_ancestor(commit, to));
        if repo.is_ancestor(tip, base)? || landed(tip)? {
            return Ok(Standing::Held);
        }
        // What it only started from must be held by somebody else.
        if tip == self.state.begins_at(index) && self.is_elsewhere(index, tip)? {
            return Ok(Standing::Held);
        }
        let start = if tip == start { base } else { start };
        let Some(target) = target else {
            return Ok(Standing::Missing(repo.commits_between(start, tip)?));
        };
        if has_landed(repo, self.state, (index, tip), target)? {
            // Commits of the target itself cannot be lost; a squashed copy can be reverted. Then the
            // reverse of the work adds nothing to the target.
            let reverted = !repo.is_ancestor(tip, target)?
                && repo.tree_of(start)? != repo.tree_of(tip)?
                && self.adds_nothing(MergeRequest {
                    base: Some(tip),
                    ours: target,
                    theirs: start,
                })?;
            return Ok(match reverted {
                true => Standing::Changed(repo.commits_between(start, tip)?),
                false => Standing::Held,
            });
        }
        let missing = patches.missing(start, tip, target)?;
        // Commits that take one another back add nothing either.
        let whole = repo.tree_of(start)? != repo.tree_of(tip)? || missing.is_empty();
        let request = MergeRequest { base: Some(start), ours: target, theirs: tip };
        if whole && self.adds_nothing(request)? {
            return Ok(Standing::Held);
        }
        Ok(match missing.is_empty() {
            true => Standing::Changed(repo.commits_between(start, tip)?),
            false => Standing::Missing(missing),
        })
    }

    /// Whether a branch that the user named in place of the target holds it (`integrate --onto`,
    /// `--branch`).
    fn has_landed_elsewhere(&self, index: usize, tip: Oid) -> Result<bool, EngineError> {
        let repo = &self.site.repo;
        for (landing, landed) in self.state.landings_of(&self.state.task(index).id, tip) {
            let now = repo.branch_tip(landing.spec.destination())?;
            if now.map_or(Ok(false), |now| repo.is_ancestor(landed, now))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether another branch holds a commit.
    fn is_elsewhere(&self, index: usize, commit: Oid) -> Result<bool, EngineError> {
        let own = self.state.spec.places[index].branch.as_deref();
        for (name, tip) in self.site.repo.refs_below("refs/heads/")? {
            let is_own = name.strip_prefix("refs/heads/") == own;
            if !is_own && self.site.repo.is_ancestor(commit, tip)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a merge leaves the files as they are; not when nobody can tell.
    fn adds_nothing(&self, request: MergeRequest) -> Result<bool, EngineError> {
        let repo = &self.site.repo;
        Ok(match repo.merge(request)? {
            MergeOutcome::Clean { tree, .. } => tree == repo.tree_of(request.ours)?,
            MergeOutcome::Conflict { .. }
            | MergeOutcome::Unrelated
            | MergeOutcome::NeedsGit { .. }
            | MergeOutcome::TimedOut { .. } => false,
        })
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
        let run = &self.state.spec.run;
        let prefix = format!("refs/wt-orch/{run}/");
        let keeps_starts = self.keeps_starts();
        for (name, commit) in repo.refs_below(&prefix)? {
            if keeps_starts && is_start(run, &name) {
                let why = format!("`wt-orch retry {run}` begins there");
                self.report.add(CleanKind::SavedWork, name, Fate::Stays { why });
                continue;
            }
            let last = name.rsplit('/').next().unwrap_or_default();
            let leftovers = ["attempt-", "found-"].iter().any(|kind| last.starts_with(kind));
            let fate = if leftovers && !self.mode.force {
                let why = match last.starts_with("found-") {
                    true => "a ref held it that moved or went while tasks ran",
                    false => "it holds what an attempt left",
                };
                Fate::Stays { why: why.to_owned() }
            } else {
                self.delete_ref(&name, commit)?
            };
            if leftovers {
                let told = fate != Fate::Goes || self.mode.dry_run;
                let commits = repo.commits_between(self.state.spec.base, commit)?;
                let losses = if told { of_commits(repo, &commits)? } else { Vec::new() };
                self.report.add(CleanKind::SavedWork, name, fate).losses = losses;
            }
        }
        Ok(())
    }

    /// Whether something of the run can still begin at the refs of its starts: it is no run of tests, and
    /// a task of it did not succeed or has work that has not landed.
    fn keeps_starts(&self) -> bool {
        if self.mode.force || self.state.spec.kind.is_test() {
            return false;
        }
        let stays = |item: &CleanItem| {
            item.kind == CleanKind::Branch && matches!(item.fate, Fate::Stays { .. })
        };
        let is_open = |task: &Arc<TaskRecord>| !task.state.succeeded();
        self.report.items.iter().any(stays) || self.state.tasks.iter().any(is_open)
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
