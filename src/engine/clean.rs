//! Taking away what a run left, without losing work: what is landed or empty goes, what is dirty or
//! unmerged stays and is named.

mod branches;
mod claims;
mod leftovers;
mod losses;
mod worktrees;

use std::path::{Path, PathBuf};
use std::time::Duration;

use claims::Claims;

use super::error::EngineError;
use super::jobs::remove_jobs;
use super::prune::specs;
use super::reserve::release;
use super::site::Site;
use crate::adapters::host::usage::Usage;
use crate::adapters::store::Store;
use crate::adapters::worktree::{Trash, pool, remove_empty_above};
use crate::domain::id::{Oid, RunId};
use crate::domain::run::{RunState, WorktreeRules};

pub use leftovers::{clean_leftovers, load_left_by_tests};
pub(super) use leftovers::{pool_in_the_way, sweep};
pub use losses::Loss;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CleanMode {
    /// Say what would happen, and do nothing.
    pub dry_run: bool,
    /// Everything of the run; else only what loses nothing.
    pub force: bool,
    /// Nothing waits for later tasks, and what waits goes as well.
    pub empty_pool: bool,
}

/// What becomes of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes, or would go.
    Goes,
    /// A worktree that waits, or would wait, for a later task.
    Pooled,
    /// It stays.
    Stays {
        /// Why.
        why: String,
    },
    /// Another run has it; it stays even with force.
    Claimed {
        /// Which.
        run: RunId,
    },
}

impl Fate {
    /// Why it stays, if it does.
    pub fn kept(&self) -> Option<String> {
        match self {
            Self::Goes | Self::Pooled => None,
            Self::Stays { why } => Some(why.clone()),
            Self::Claimed { run } => Some(format!("it is of the run `{run}` now")),
        }
    }
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanKind {
    /// A worktree of a task, or where the run was validated or a conflict resolved.
    Worktree,
    /// The branch of a task.
    Branch,
    /// What an attempt left, under a ref.
    SavedWork,
    /// The folder of the logs of a run.
    Logs,
    /// A socket, or a folder that was to be deleted.
    Leftover,
    /// The lock of a dead process.
    Lock,
    /// A worktree that waits for a later task.
    PooledWorktree,
}

impl CleanKind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::Branch => "branch",
            Self::SavedWork => "saved work",
            Self::Logs => "logs",
            Self::Leftover => "leftover",
            Self::Lock => "lock",
            Self::PooledWorktree => "pooled worktree",
        }
    }
}

/// One thing of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanItem {
    /// What it is.
    pub kind: CleanKind,
    /// Path or name.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Work that is lost when it goes. Of what goes it is told in a dry run only.
    pub losses: Vec<Loss>,
    /// Bytes on disk that come back; of what goes they are known when it is deleted.
    pub bytes: u64,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanReport {
    /// In the order in which it was looked at.
    pub items: Vec<CleanItem>,
    /// Time that went into the worktrees which go, without the deletion of their files behind it.
    pub removing: Duration,
}

impl CleanReport {
    /// Bytes that come back.
    pub fn bytes(&self) -> u64 {
        self.items.iter().filter(|item| item.fate == Fate::Goes).map(|item| item.bytes).sum()
    }

    /// Notes what came back when the trash was emptied.
    pub fn credit(&mut self, freed: &[(PathBuf, u64)]) {
        for item in self.items.iter_mut().filter(|item| item.fate == Fate::Goes) {
            let own = freed.iter().filter(|(path, _)| path == Path::new(&item.name));
            item.bytes += own.map(|(_, bytes)| bytes).sum::<u64>();
        }
    }

    /// Removes the folders above worktrees that wt-orch made, for this run or for another one that has
    /// a worktree there, as far as they are empty. To be called when the trash is empty.
    ///
    /// # Errors
    /// The database, or the repository's lock.
    pub fn remove_empty_folders(&self, site: &Site, store: &Store) -> Result<(), EngineError> {
        let gone =
            self.items.iter().filter(|i| i.kind == CleanKind::Worktree && i.fate == Fate::Goes);
        let gone: Vec<&Path> = gone.map(|item| Path::new(&item.name)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let specs = specs(store)?;
        let is_ours = |folder: &Path| specs.iter().any(|spec| spec.has_made(folder));
        Ok(remove_empty_above(&site.repo, &gone, is_ours)?)
    }

    fn add(&mut self, kind: CleanKind, name: String, fate: Fate) -> &mut CleanItem {
        self.items.push(CleanItem { kind, name, fate, losses: Vec::new(), bytes: 0 });
        let last = self.items.len() - 1;
        &mut self.items[last]
    }
}

/// What is done with, and where it goes.
#[derive(Clone, Copy)]
pub struct CleanRequest<'a> {
    /// The run.
    pub state: &'a RunState,
    /// Knows the other runs, whose places stay.
    pub store: &'a Store,
    /// How far to go.
    pub mode: CleanMode,
    /// Which worktrees wait for later tasks, with what.
    pub rules: &'a WorktreeRules,
    /// Deletes folders while the rest goes on.
    pub trash: &'a Trash,
    /// The logs stay, as what was just told leads there.
    pub keep_logs: bool,
}

/// Cleans up after a run that nobody drives.
///
/// # Errors
/// Git or the file system.
pub fn clean(site: &Site, request: CleanRequest<'_>) -> Result<CleanReport, EngineError> {
    let CleanRequest { state, store, mode, rules, trash, keep_logs } = request;
    let (report, usage) = (CleanReport::default(), Usage::default());
    let mut cleaning = Cleaning { site, state, store, mode, rules, trash, report, usage };
    cleaning.worktrees()?;
    cleaning.branches()?;
    cleaning.saved_work()?;
    cleaning.logs(keep_logs);
    if !mode.dry_run {
        for place in &state.spec.places {
            pool::forget_test_folder(&site.repo, Path::new(&place.worktree))?;
        }
        release(&state.spec);
        remove_jobs(site, &state.spec);
    }
    Ok(cleaning.report)
}

struct Cleaning<'a> {
    site: &'a Site,
    state: &'a RunState,
    store: &'a Store,
    mode: CleanMode,
    rules: &'a WorktreeRules,
    trash: &'a Trash,
    report: CleanReport,
    usage: Usage,
}

impl Cleaning<'_> {
    fn claims(&self) -> Result<Claims, EngineError> {
        Claims::load(self.site, self.store, &self.state.spec.run)
    }

    /// The commit that a task's work begins at.
    fn start(&self, task: usize) -> Oid {
        self.state.tasks[task].start.unwrap_or(self.state.spec.base)
    }

    fn logs(&mut self, keep: bool) {
        let logs = self.site.logs_dir().join(self.state.spec.run.as_str());
        if keep {
            let why =
                "copies in it lead back to what ran programs; the next `wt-orch clean` takes it";
            let fate = Fate::Stays { why: why.to_owned() };
            self.report.add(CleanKind::Logs, logs.display().to_string(), fate);
        } else if logs.exists() {
            let bytes = if self.mode.dry_run { self.usage.of(&logs) } else { 0 };
            if !self.mode.dry_run {
                self.trash.delete(&logs);
            }
            self.report.add(CleanKind::Logs, logs.display().to_string(), Fate::Goes).bytes = bytes;
        }
    }
}
