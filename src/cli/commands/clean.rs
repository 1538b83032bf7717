//! `wt-orch clean [RUN]`: removes what a run left, and names what it keeps.

use std::sync::Arc;

use super::stored;
use super::test::give_up_deserted;
use crate::adapters::host::lock::{LockOutcome, RunLock};
use crate::adapters::worktree::{Emptied, Trash};
use crate::cli::args::CleanArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::domain::id::RunId;
use crate::domain::report::{CleanDocument, CleanEntry, LostCommit, SkippedRun, ways_to_the_end};
use crate::domain::run::RunState;
use crate::domain::task::human_size;
use crate::engine::{
    CleanItem, CleanMode, CleanReport, CleanRequest, EngineError, Fate, Journal, Loss, abort_idle,
    clean, clean_leftovers, clear_validations, load_run, observe_removal, recover,
    remove_deserted_socket, unwatched_changes,
};
use crate::render::visible;

/// Most lines that say what one worktree or branch loses; `--json` has them all.
const MOST_LOSSES: usize = 50;

/// Runs it.
pub(crate) fn run(context: &Context, args: &CleanArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let mode = CleanMode { dry_run: args.dry_run, force: args.force, empty_pool: args.pool };
    let trash = Trash::begin();
    let cleaned = Cleaner { context, place: &place, mode, trash: &trash }.cleaned(args);
    if let Ok(told) = &cleaned {
        tell_items(context, mode, told);
    }
    // Also when something failed: what was renamed is to be deleted.
    let Emptied { freed, failed } = trash.finish();
    let mut told = cleaned?;
    for (run, report) in &mut told.reports {
        report.credit(&freed);
        if run.is_some() && !mode.dry_run {
            report.remove_empty_folders(&place.site, &place.store()?)?;
        }
    }
    if let Some(error) = failed {
        return Err(EngineError::from(error).into());
    }
    tell_end(context, mode, &told);
    Ok(Exit::Done)
}

/// What was found, by run; what is of no run stands last.
#[derive(Default)]
struct Told {
    reports: Vec<(Option<RunId>, CleanReport)>,
    skipped: Vec<SkippedRun>,
}

impl Told {
    fn items(&self) -> impl Iterator<Item = (Option<&RunId>, &CleanItem)> {
        self.reports
            .iter()
            .flat_map(|(run, report)| report.items.iter().map(move |i| (run.as_ref(), i)))
    }

    fn bytes(&self) -> u64 {
        self.reports.iter().map(|(_, report)| report.bytes()).sum()
    }
}

struct Cleaner<'a> {
    context: &'a Context,
    place: &'a Place,
    mode: CleanMode,
    trash: &'a Trash,
}

impl Cleaner<'_> {
    fn cleaned(&self, args: &CleanArgs) -> Result<Told, Failure> {
        if !self.mode.dry_run {
            give_up_deserted(self.context, self.place);
        }
        let names = self.runs(args)?;
        let mut told = Told::default();
        // First, so that nothing of what is removed below is taken for something left over.
        let rest = self.leftovers()?;
        for run in names {
            match self.one(&run) {
                Ok(report) => told.reports.push((Some(run), report)),
                Err(failure) if args.all => {
                    self.context.streams.warn(&failure.message);
                    told.skipped.push(SkippedRun { run, message: failure.message });
                }
                Err(failure) => return Err(failure),
            }
        }
        told.reports.push((None, rest));
        Ok(told)
    }

    /// The runs that are asked for.
    fn runs(&self, args: &CleanArgs) -> Result<Vec<RunId>, Failure> {
        if args.all {
            let store = self.place.existing_store()?;
            let rows = store.map_or_else(|| Ok(Vec::new()), |store| store.runs())?;
            return Ok(rows.into_iter().map(|row| row.name).collect());
        }
        match args.run.run.as_deref() {
            None if args.pool => Ok(Vec::new()),
            wanted => Ok(vec![stored::find(self.place, wanted)?.1]),
        }
    }

    fn leftovers(&self) -> Result<CleanReport, Failure> {
        let store = self.place.existing_store()?;
        Ok(clean_leftovers(&self.place.site, store.as_ref(), self.mode, self.trash)?)
    }

    fn one(&self, run: &RunId) -> Result<CleanReport, Failure> {
        let Self { context, place, mode, .. } = *self;
        let lock = RunLock::acquire(&place.site.lock_path(run)).map_err(EngineError::from)?;
        let lock = match lock {
            LockOutcome::Held(lock) => lock,
            LockOutcome::Busy { owner } => {
                return Err(Failure::busy(run, owner.map(|owner| owner.pid)));
            }
        };
        let mut store = place.store()?;
        let state = match load_run(&store, run) {
            Ok((_, state)) => state,
            Err(EngineError::Journal { .. }) if mode.force && !mode.dry_run => {
                // Nothing tells what it left; its name and its journal go.
                store.remove_run(run)?;
                return Ok(CleanReport::default());
            }
            Err(error) => return Err(error.into()),
        };
        if !state.phase.is_over() && !mode.force {
            let ways = format!("{}; `--force` cleans it all the same", ways_to_the_end(&state));
            return Err(Failure::refused("not_over", format!("run `{run}` is not over")).hint(ways));
        }
        if mode.dry_run {
            return self.clean(&state, mode, false);
        }
        for done in recover(&place.site, &mut store)? {
            context.streams.note(&done);
        }
        if state.phase.is_over() {
            let changes = unwatched_changes(&place.site, run);
            return self.swept(&state, lock, &changes);
        }
        // A crashed run may have left processes, and must not be resumed without its worktrees.
        let known = state.warnings.len();
        let mut journal = Journal::resume(store, place.site.clock, state);
        runtime()?.block_on(abort_idle(&place.site, &mut journal))?;
        let changes = journal.state().warnings.get(known..).unwrap_or_default();
        self.swept(journal.state(), lock, changes)
    }

    /// Tells what changed before a crash, as what else tells of it goes; cleans up and, last of all,
    /// takes away the lock.
    fn swept(
        &self,
        state: &RunState,
        lock: RunLock,
        changes: &[String],
    ) -> Result<CleanReport, Failure> {
        let site = &self.place.site;
        changes.iter().for_each(|change| self.context.streams.warn(change));
        let copies = site.put_back_dir(&state.spec.run).read_dir();
        let keep_logs =
            !changes.is_empty() && copies.is_ok_and(|mut copies| copies.next().is_some());
        let spec = Arc::clone(&state.spec);
        // What was put in the place of a worktree of ours is left to the user, and the rest goes.
        if let Err(error) = runtime()?.block_on(clear_validations(site, &spec)) {
            self.context.streams.warn(&error.to_string());
        }
        if self.mode.force {
            let plan = self.clean(state, CleanMode { dry_run: true, ..self.mode }, keep_logs)?;
            tell_losses(self.context, self.mode, &plan);
        }
        let report = self.clean(state, self.mode, keep_logs)?;
        remove_deserted_socket(site, &spec.run)?;
        lock.remove().map_err(EngineError::from)?;
        Ok(report)
    }

    fn clean(
        &self,
        state: &RunState,
        mode: CleanMode,
        keep_logs: bool,
    ) -> Result<CleanReport, Failure> {
        let rules = &self.place.settings.worktree;
        let (site, mut store) = (&self.place.site, self.place.store()?);
        let trash = self.trash;
        let request = CleanRequest { state, store: &store, mode, rules, trash, keep_logs };
        let report = clean(site, request)?;
        observe_removal(&mut store, &report, site.clock.now())?;
        Ok(report)
    }
}

/// Says what `--force` destroys, before it does.
fn tell_losses(context: &Context, mode: CleanMode, plan: &CleanReport) {
    let streams = &context.streams;
    let verb = if mode.dry_run { "would destroy" } else { "destroys" };
    for item in plan.items.iter().filter(|item| item.fate == Fate::Goes) {
        let of = format!("of {} `{}`", item.kind.as_str(), visible(&item.name));
        for loss in item.losses.iter().take(MOST_LOSSES) {
            streams.result(&format!("{verb} {} {of}", visible(&loss.to_string())));
        }
        if let Some(more @ 1..) = item.losses.len().checked_sub(MOST_LOSSES) {
            streams.result(&format!("{verb} {more} more {of}"));
        }
    }
}

/// What becomes of each thing. In a dry run the bytes stand first.
fn tell_items(context: &Context, mode: CleanMode, told: &Told) {
    let streams = &context.streams;
    if mode.dry_run && told.items().next().is_some() {
        streams.result(&format!("would free {}", human_size(told.bytes())));
        told.reports.iter().for_each(|(_, report)| tell_losses(context, mode, report));
    }
    for (_, item) in told.items() {
        let name = visible(&item.name);
        let verb = match (&item.fate, mode.dry_run) {
            (Fate::Stays { .. } | Fate::Claimed { .. }, _) => "kept",
            (Fate::Pooled, true) => "would keep for later tasks",
            (Fate::Pooled, false) => "kept for later tasks",
            (Fate::Goes, true) => "would remove",
            (Fate::Goes, false) => "removed",
        };
        let why = item.fate.kept().map_or_else(String::new, |why| format!(": {}", visible(&why)));
        let bytes = match &item.fate {
            Fate::Stays { .. } if item.bytes > 0 => format!(" ({})", human_size(item.bytes)),
            Fate::Stays { .. } | Fate::Claimed { .. } | Fate::Pooled | Fate::Goes => String::new(),
        };
        streams.result(&format!("{verb} {} `{name}`{bytes}{why}", item.kind.as_str()));
    }
}

fn tell_end(context: &Context, mode: CleanMode, told: &Told) {
    let streams = &context.streams;
    if told.items().next().is_none() {
        streams.result("nothing is left to remove");
    } else if !mode.dry_run {
        streams.result(&format!("freed {}", human_size(told.bytes())));
    }
    let kept_work =
        told.items().any(|(run, item)| run.is_some() && matches!(item.fate, Fate::Stays { .. }));
    if kept_work && !mode.dry_run && !mode.force {
        streams.hint("`--force` removes what was kept as well; that work is then gone");
    }
    let entries = told.items().map(|(run, item)| entry(run, item, mode)).collect();
    streams.document(&CleanDocument::new(mode.dry_run, entries, told.skipped.clone()));
}

fn entry(run: Option<&RunId>, item: &CleanItem, mode: CleanMode) -> CleanEntry {
    let (mut commits, mut paths, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for loss in item.losses.clone() {
        match loss {
            Loss::Commit { id, subject } => commits.push(LostCommit { id, subject }),
            Loss::File { path } => paths.push(path),
            Loss::State { what } => notes.push(what),
        }
    }
    CleanEntry {
        run: run.cloned(),
        kind: item.kind.as_str().to_owned(),
        name: item.name.clone(),
        removed: item.fate == Fate::Goes && !mode.dry_run,
        pooled: item.fate == Fate::Pooled,
        kept: item.fate.kept(),
        bytes: item.bytes,
        commits,
        paths,
        notes,
    }
}
