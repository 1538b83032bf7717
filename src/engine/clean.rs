//! Taking away what a run left, without losing work: what is landed or empty goes, what is dirty or
//! unmerged stays and is named.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::create::absolute;
use super::error::EngineError;
use super::landing::has_landed;
use super::reserve::release;
use super::site::Site;
use crate::adapters::git::{Expected, MergeOutcome, MergeRequest, RefOutcome, RefUpdate};
use crate::adapters::host::disk::{bytes_below, remove_folder};
use crate::adapters::worktree::{self, RemoveMode, RemoveOutcome};
use crate::domain::id::Oid;
use crate::domain::run::RunState;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CleanMode {
    /// Say what would happen, and do nothing.
    pub dry_run: bool,
    /// Everything of the run; else only what loses nothing.
    pub force: bool,
}

/// One thing of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanItem {
    /// `worktree`, `branch`, `saved work`, `logs`.
    pub kind: &'static str,
    /// Path or name.
    pub name: String,
    /// Why it stays; `None` when it goes (or would go).
    pub kept: Option<String>,
    /// Bytes on disk that come back.
    pub bytes: u64,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanReport {
    /// In the order in which it was looked at.
    pub items: Vec<CleanItem>,
}

impl CleanReport {
    /// What stays.
    pub fn kept(&self) -> impl Iterator<Item = &CleanItem> {
        self.items.iter().filter(|item| item.kept.is_some())
    }

    /// Bytes that come back.
    pub fn bytes(&self) -> u64 {
        self.items.iter().filter(|item| item.kept.is_none()).map(|item| item.bytes).sum()
    }
}

/// Cleans up after a run that nobody drives.
///
/// # Errors
/// Git or the file system.
pub fn clean(site: &Site, state: &RunState, mode: CleanMode) -> Result<CleanReport, EngineError> {
    let mut cleaning = Cleaning { site, state, mode, report: CleanReport::default() };
    cleaning.worktrees()?;
    cleaning.branches()?;
    cleaning.refs()?;
    cleaning.logs()?;
    if !mode.dry_run {
        release(&state.spec, None);
    }
    Ok(cleaning.report)
}

struct Cleaning<'a> {
    site: &'a Site,
    state: &'a RunState,
    mode: CleanMode,
    report: CleanReport,
}

impl Cleaning<'_> {
    fn add(&mut self, kind: &'static str, name: String, kept: Option<String>, bytes: u64) {
        self.report.items.push(CleanItem { kind, name, kept, bytes });
    }

    fn worktrees(&mut self) -> Result<(), EngineError> {
        let mut paths: BTreeSet<PathBuf> =
            self.state.spec.places.iter().map(|place| PathBuf::from(&place.worktree)).collect();
        let bench = format!("../{}-{}.validate", self.site.repo.name(), self.state.spec.run);
        paths.insert(absolute(self.site, &bench));
        for path in paths {
            let known = self.site.repo.worktree_at(&path)?;
            if !known.is_some_and(|known| self.is_ours(known.branch.as_deref(), &path)) {
                continue;
            }
            let bytes = bytes_below(&path);
            let mode = if self.mode.force { RemoveMode::Force } else { RemoveMode::OnlyIfClean };
            let repo = &self.site.repo;
            let kept = why_kept(if self.mode.dry_run {
                worktree::plan_removal(repo, &path, mode)?
            } else {
                worktree::remove(repo, &path, mode)?
            });
            self.add("worktree", path.display().to_string(), kept, bytes);
        }
        Ok(())
    }

    /// A worktree at one of our places is ours unless somebody put another branch there.
    fn is_ours(&self, branch: Option<&str>, path: &Path) -> bool {
        let places = &self.state.spec.places;
        let at_place = places.iter().any(|place| Path::new(&place.worktree) == path);
        let moved = branch.is_some_and(|branch| places.iter().all(|p| p.branch != branch));
        let begun = self.state.tasks.iter().any(|record| record.attempts > 0);
        begun && (!at_place || !moved)
    }

    fn branches(&mut self) -> Result<(), EngineError> {
        let target = match &self.state.spec.target {
            Some(target) => self.site.repo.branch_tip(target)?,
            None => None,
        };
        let worktrees = self.site.repo.worktrees()?;
        for (index, place) in self.state.spec.places.iter().enumerate() {
            let record = &self.state.tasks[index];
            if record.attempts == 0 {
                continue;
            }
            let start = record.start.unwrap_or(self.state.spec.base);
            let Some(tip) = self.site.repo.branch_tip(&place.branch)? else { continue };
            // Also where the user has it checked out; git itself would not delete it either. In a dry
            // run the worktrees that would go are still there.
            let gone: Vec<&str> = self.gone_worktrees().collect();
            let holder = worktrees.iter().find(|known| {
                known.branch.as_deref() == Some(&place.branch)
                    && !gone.contains(&known.path.to_string_lossy().as_ref())
            });
            let kept = if let Some(holder) = holder {
                Some(format!("it is checked out in `{}`", holder.path.display()))
            } else if self.mode.force || self.is_landed(index, tip, target)? {
                self.delete_ref(&format!("refs/heads/{}", place.branch), tip)?
            } else {
                let commits = self.site.repo.commits_between(start, tip)?.len();
                let noun = if commits == 1 { "commit is" } else { "commits are" };
                Some(format!("{commits} {noun} not landed"))
            };
            self.add("branch", place.branch.clone(), kept, 0);
        }
        Ok(())
    }

    /// Worktrees that went, or would go.
    fn gone_worktrees(&self) -> impl Iterator<Item = &str> {
        let gone = |item: &&CleanItem| item.kind == "worktree" && item.kept.is_none();
        self.report.items.iter().filter(gone).map(|item| item.name.as_str())
    }

    /// Whether the target holds what the branch of a task stands at, in these commits or in others.
    fn is_landed(&self, index: usize, tip: Oid, target: Option<Oid>) -> Result<bool, EngineError> {
        let record = &self.state.tasks[index];
        let start = record.start.unwrap_or(self.state.spec.base);
        if tip == start || tip == self.state.spec.base {
            return Ok(true);
        }
        let Some(target) = target else { return Ok(false) };
        let repo = &self.site.repo;
        if repo.is_ancestor(tip, target)? || has_landed(repo, self.state, (index, tip), target)? {
            return Ok(true);
        }
        let request = MergeRequest { base: Some(start), ours: target, theirs: tip };
        Ok(match repo.merge(request)? {
            MergeOutcome::Clean { tree, .. } => tree == repo.tree_of(target)?,
            MergeOutcome::Conflict { .. }
            | MergeOutcome::Unrelated
            | MergeOutcome::NeedsGit { .. } => false,
        })
    }

    fn refs(&mut self) -> Result<(), EngineError> {
        let prefix = format!("refs/wt-orch/{}/", self.state.spec.run);
        for (name, commit) in self.site.repo.refs_below(&prefix)? {
            let leftovers = name.rsplit('/').next().is_some_and(|l| l.starts_with("attempt-"));
            let kept = if leftovers && !self.mode.force {
                Some("it is work of an earlier attempt".to_owned())
            } else {
                self.delete_ref(&name, commit)?
            };
            if leftovers {
                self.add("saved work", name, kept, 0);
            }
        }
        Ok(())
    }

    fn delete_ref(&self, name: &str, at: Oid) -> Result<Option<String>, EngineError> {
        if self.mode.dry_run {
            return Ok(None);
        }
        let update = RefUpdate {
            name: name.to_owned(),
            new: None,
            expected: Expected::At(at),
            message: "wt-orch: clean".to_owned(),
        };
        Ok(match self.site.repo.update_ref(&update)? {
            RefOutcome::Moved => None,
            RefOutcome::Lost { .. } => Some("somebody moved it meanwhile".to_owned()),
        })
    }

    fn logs(&mut self) -> Result<(), EngineError> {
        let run = self.state.spec.run.as_str();
        let logs = self.site.logs_dir().join(run);
        let bytes = bytes_below(&logs);
        if !self.mode.dry_run {
            remove_folder(&logs).map_err(|source| EngineError::Io {
                what: "remove",
                path: logs.clone(),
                source,
            })?;
        }
        if bytes > 0 {
            self.add("logs", logs.display().to_string(), None, bytes);
        }
        Ok(())
    }
}

fn why_kept(outcome: RemoveOutcome) -> Option<String> {
    match outcome {
        RemoveOutcome::Removed => None,
        RemoveOutcome::Kept { reason } => Some(reason.to_string()),
    }
}
