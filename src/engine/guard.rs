//! Looks at what all worktrees share before and after every command that runs in one of them, puts
//! back what runs programs, keeps what nothing names any more, and tells the rest.
//!
//! Between two looks the same commands run, so whatever differs is one of theirs, or the user's, who
//! may work in the repository meanwhile, or that of another run: only settings and hooks that run
//! programs, and branches of the run's own, are put back, and what was found is kept.

mod findings;
mod made;
mod others;
mod refs;
mod sentences;
mod unwatched;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::made::Made;
use self::others::Others;
use self::sentences::{FolderNames, hook_name, put_back_note, setting_names, told};
use self::unwatched::{Ground, forget_crash, told_after_crash};
use super::attempt::chain;
use super::resolve::is_desk;
use super::site::Site;
use super::validation_places::is_bench;
use crate::adapters::git::{GitError, Refs, SharedChange, SharedFiles};
use crate::adapters::worktree::{Checkout, pool};
use crate::domain::id::Oid;
use crate::domain::run::{RunSpec, RunState, SharedFinding};

pub(in crate::engine) use self::findings::Findings;
pub(in crate::engine) use self::unwatched::record_after_crash;
pub use self::unwatched::unwatched_changes;

/// What runs for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Setup hooks, whose installers plant hooks in good faith, and validations.
    Setup,
    /// Its command or its check.
    Work,
}

/// One for each process that drives a run.
pub(super) struct Guard {
    site: Site,
    spec: Arc<RunSpec>,
    /// Folders that the run itself makes and moves.
    folders: HashSet<PathBuf>,
    tell: Box<dyn Fn(SharedFinding) + Send + Sync>,
    watch: Mutex<Watch>,
    /// Looks asked for so far.
    asked: AtomicU64,
    /// Tips of tasks that succeeded.
    tips: Mutex<BTreeMap<usize, Oid>>,
}

/// What runs, and how things were at the last look.
#[derive(Default)]
struct Watch {
    /// Tasks; `None` is a validation.
    running: Vec<(Option<usize>, Doing)>,
    seen: Option<Seen>,
    others: Others,
    made: Made,
    ground: Ground,
    /// Looks that were asked for before the last one began.
    answered: u64,
    /// Copies of what was put back.
    copies: u32,
    /// That something could not be compared was said; it may be so after every command.
    told_of_failure: bool,
}

impl Watch {
    fn tasks(&self) -> Vec<Option<usize>> {
        self.running.iter().map(|(task, _)| *task).collect()
    }
}

struct Seen {
    files: Arc<SharedFiles>,
    refs: Refs,
}

/// What came of a comparison.
#[derive(Default)]
struct Found {
    put_back: Vec<String>,
    notes: Vec<String>,
}

/// Runs something for a task, or a validation, with a look before and after. The second look comes
/// before anything is made of the result.
pub(super) async fn watched<T>(
    guard: Arc<Guard>,
    task: Option<usize>,
    doing: Doing,
    run: impl Future<Output = T>,
) -> T {
    let before = guard.clone();
    // A look that panics has told nothing, and the command is none the worse for it.
    let _looked = tokio::task::spawn_blocking(move || before.begin(task, doing)).await.is_ok();
    let result = run.await;
    let _looked = tokio::task::spawn_blocking(move || guard.end(task)).await.is_ok();
    result
}

impl Guard {
    pub(super) fn new(
        site: Site,
        state: &RunState,
        tell: Box<dyn Fn(SharedFinding) + Send + Sync>,
    ) -> Self {
        let spec = state.spec.clone();
        let folders = spec.places.iter().map(|place| PathBuf::from(&place.worktree)).collect();
        let (watch, asked, tips) = (Mutex::default(), AtomicU64::new(0), Mutex::default());
        let guard = Self { site, spec, folders, tell, watch, asked, tips };
        guard.note_tips(state);
        guard
    }

    /// Learns where the branches of tasks are that are over.
    pub(super) fn note_tips(&self, state: &RunState) {
        let over = state.tasks.iter().enumerate().filter(|(_, record)| record.state.succeeded());
        *locked(&self.tips) = over.filter_map(|(task, r)| Some((task, r.tip?))).collect();
    }

    fn begin(&self, task: Option<usize>, doing: Doing) {
        let mut watch = self.looked();
        watch.running.push((task, doing));
        Ground::follow(&mut watch, &self.site, &self.spec.run);
    }

    fn end(&self, task: Option<usize>) {
        let mut watch = self.looked();
        // Several validations may be at work.
        if let Some(at) = watch.running.iter().position(|(running, _)| *running == task) {
            watch.running.remove(at);
        }
        Ground::follow(&mut watch, &self.site, &self.spec.run);
    }

    /// After a look that began after this was called. One is enough for all who wait for it, and it
    /// takes longer than many a command.
    fn looked(&self) -> MutexGuard<'_, Watch> {
        let own = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut watch = locked(&self.watch);
        if watch.answered < own {
            watch.answered = self.asked.load(Ordering::SeqCst);
            self.look(&mut watch);
        }
        watch
    }

    /// Compares with the last look, tells what differs, and remembers how things are.
    fn look(&self, watch: &mut Watch) {
        let mut found = Found::default();
        let last = watch.seen.take();
        match self.compared(last.as_ref(), watch, &mut found) {
            Ok(seen) => watch.seen = Some(seen),
            Err(error) => {
                watch.seen = last;
                if !std::mem::replace(&mut watch.told_of_failure, true) {
                    let why = chain(&error);
                    self.warn(vec![format!(
                        "what worktrees share could not be compared, this time or later: {why}"
                    )]);
                }
            }
        }
        if !found.notes.is_empty() && !watch.running.is_empty() {
            let id = |task: usize| self.spec.plan.tasks[task].task.id.clone();
            let blamed = match watch.running.as_slice() {
                [(Some(task), Doing::Work)] if !found.put_back.is_empty() => Some(id(*task)),
                _ => None,
            };
            let others = watch.others.are_at_work(&self.site);
            let blamed = blamed.filter(|_| !others);
            let suspects = watch.running.iter().filter_map(|(task, _)| task.map(id)).collect();
            let validations = watch.running.iter().any(|(task, _)| task.is_none());
            let Found { put_back, notes } = found;
            (self.tell)(SharedFinding { suspects, validations, others, blamed, put_back, notes });
        }
    }

    /// Of an earlier process of this run.
    fn tell_after_crash(&self) {
        let told = told_after_crash(&self.site, &self.spec.run);
        if !told.is_empty() {
            self.warn(told);
        }
        forget_crash(&self.site, &self.spec.run);
    }

    /// Tells the run what no task did.
    fn warn(&self, notes: Vec<String>) {
        let (suspects, put_back) = (Vec::new(), Vec::new());
        let (validations, others, blamed) = (false, false, None);
        (self.tell)(SharedFinding { suspects, validations, others, blamed, put_back, notes });
    }

    fn compared(
        &self,
        last: Option<&Seen>,
        watch: &mut Watch,
        found: &mut Found,
    ) -> Result<Seen, GitError> {
        let repo = &self.site.repo;
        let mut files = repo.shared_files()?;
        // With nobody at work only the user can have changed anything.
        let Some(last) = last.filter(|_| !watch.running.is_empty()) else {
            if last.is_none() {
                // One that cannot be taken away is named by whoever wants it.
                let _freed = repo.settle_settings().is_ok();
                self.tell_after_crash();
                watch.others.learn(&self.site, &self.spec.run);
            }
            let refs = repo.all_refs(last.map(|seen| &seen.refs))?;
            return Ok(Seen { files: Arc::new(files), refs });
        };
        let mut changes = last.files.changes(&files, repo)?;
        changes.retain(|change| !self.is_of_the_run(change));
        if !changes.is_empty() {
            watch.others.learn(&self.site, &self.spec.run);
        }
        let mut acted = false;
        for change in &changes {
            acted |= self.deal_with(change, (&*last.files, &files), watch, found);
        }
        if acted {
            files = repo.shared_files()?;
        }
        // After the settings are in order: without them git reads nothing.
        let mut refs = repo.all_refs(Some(&last.refs))?;
        if refs != last.refs && self.compare_refs((&last.refs, &refs), watch, &mut found.notes)? {
            refs = repo.all_refs(Some(&refs))?;
        }
        Ok(Seen { files: Arc::new(files), refs })
    }

    /// Whether something was put back.
    fn deal_with(
        &self,
        change: &SharedChange,
        (before, after): (&SharedFiles, &SharedFiles),
        watch: &mut Watch,
        found: &mut Found,
    ) -> bool {
        let names = FolderNames { root: self.site.repo.root() };
        let repo = &self.site.repo;
        let held = before.held(change);
        // The same bytes made executable are nothing that was put back.
        let held = held.filter(|held| after.held(change) != Some(*held));
        if held.is_some_and(|held| watch.others.put_back(&self.site, held)) {
            return false;
        }
        let (what, done, aside, commands) = match change {
            SharedChange::ExecutableSettings { file, names: keys, damaged, commands } => {
                let aside = self.aside(watch, "config");
                let done = before.put_back_settings(after, repo, file, &aside);
                (setting_names(keys, file, *damaged, names), done, aside, commands.clone())
            }
            SharedChange::Hook { name } => {
                let label = name.to_string_lossy().replace('/', "-");
                let aside = self.aside(watch, if label.is_empty() { "hooks" } else { &label });
                let done = before.put_back_hook(repo, name, &aside);
                (hook_name(name), done, aside, Vec::new())
            }
            SharedChange::Head { worktree, .. } | SharedChange::Worktree { path: worktree, .. }
                if watch.others.own_folder(worktree) =>
            {
                return false;
            }
            SharedChange::Settings { .. }
            | SharedChange::File { .. }
            | SharedChange::Head { .. }
            | SharedChange::Worktree { .. } => {
                found.notes.push(told(change, names));
                found.notes.extend(self.hidden_files(change, watch));
                return false;
            }
        };
        let done = done.map_err(|error| chain(&error));
        let copy = Some(aside).filter(|aside| aside.symlink_metadata().is_ok());
        found.notes.push(put_back_note(&what, &done, copy.as_deref(), &commands));
        found.put_back.push(if done.is_ok() { what } else { format!("{what} (could not be)") });
        done.is_ok()
    }

    /// A free name for a copy of what is put back.
    fn aside(&self, watch: &mut Watch, label: &str) -> PathBuf {
        free_copy(&self.site.put_back_dir(&self.spec.run), &mut watch.copies, label)
    }

    /// Files of the tasks at work that lines added to `info/exclude` keep from being committed.
    fn hidden_files(&self, change: &SharedChange, watch: &Watch) -> Option<String> {
        let SharedChange::File { name: "info/exclude", added } = change else { return None };
        let mut hidden = Vec::new();
        for task in watch.running.iter().filter_map(|(task, _)| *task) {
            let folder = Path::new(&self.spec.places[task].worktree);
            if !folder.exists() {
                // Its start is being merged.
                continue;
            }
            let checkout = Checkout::at(&self.site.repo, folder).ok()?;
            hidden.extend(checkout.untracked_matching(added).ok()?);
        }
        (!hidden.is_empty())
            .then(|| format!("that hides {}, which are not committed", sentences::some_of(&hidden)))
    }

    fn is_of_the_run(&self, change: &SharedChange) -> bool {
        match change {
            SharedChange::Head { worktree: path, .. } | SharedChange::Worktree { path, .. } => {
                self.is_own_folder(path)
            }
            SharedChange::ExecutableSettings { .. }
            | SharedChange::Settings { .. }
            | SharedChange::Hook { .. }
            | SharedChange::File { .. } => false,
        }
    }

    /// Worktrees of this run, and those that wait for later ones or hold a validation or a conflict.
    fn is_own_folder(&self, path: &Path) -> bool {
        self.folders.contains(path)
            || is_bench(path)
            || is_desk(path)
            || pool::holds(&self.site.repo, path)
    }
}

/// The next free name in a folder of copies.
fn free_copy(folder: &Path, copies: &mut u32, label: &str) -> PathBuf {
    loop {
        *copies += 1;
        let path = folder.join(format!("{copies}-{label}"));
        if path.symlink_metadata().is_err() {
            return path;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
