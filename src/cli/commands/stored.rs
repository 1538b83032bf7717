//! Finding the stored run that a command means.

use crate::adapters::host::lock::{RunLock, lock_owner};
use crate::adapters::store::{RunRow, Store};
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::diagnostic::{closest, some_quoted_subject};
use crate::domain::id::RunId;
use crate::domain::report::{
    MatrixEntry, ReportPlaces, RunDocument, from_run, race_winner, result_report, warn_of_strays,
};
use crate::domain::run::{RunPhase, RunState, StopReason, TaskRecord};
use crate::engine::{
    Journal, Opened, cut_off_operations, forecast_run, is_driven, is_test_run, load_run,
    open_for_writing, strays,
};
use crate::render::report_text;

/// A stored run, read.
pub(crate) struct StoredRun {
    pub(crate) run: RunId,
    pub(crate) state: RunState,
}

/// Name of the run that `wanted` means: itself, else the newest.
pub(crate) fn find(place: &Place, wanted: Option<&str>) -> Result<(Store, RunId), Failure> {
    let none = || {
        Failure::refused("no_run", "nothing has run in this repository yet")
            .hint("start with `wt-orch split tasks.toml`")
    };
    let Some(store) = place.existing_store()? else {
        return Err(wanted.map_or_else(none, Failure::unknown_run));
    };
    let run = match wanted {
        Some(name) => match store.runs()?.into_iter().find(|row| row.name.as_str() == name) {
            Some(row) => row.name,
            None => return Err(Failure::unknown_run(name)),
        },
        None => store.newest_run()?.ok_or_else(none)?.name,
    };
    Ok((store, run))
}

/// Reads a run.
pub(crate) fn read(place: &Place, wanted: Option<&str>) -> Result<StoredRun, Failure> {
    let (store, run) = find(place, wanted)?;
    let (_, state) = load_run(&store, &run)?;
    Ok(StoredRun { run, state })
}

/// As [`read`], shown as interrupted when the process that drove it is gone.
pub(crate) fn read_live(place: &Place, wanted: Option<&str>) -> Result<StoredRun, Failure> {
    let (store, run) = find(place, wanted)?;
    let state = live_state(place, &store, &run)?;
    Ok(StoredRun { run, state })
}

/// The state of a run, shown as interrupted when the process that drove it is gone.
pub(crate) fn live_state(place: &Place, store: &Store, run: &RunId) -> Result<RunState, Failure> {
    // Asked first: a run that ends in between has then stored its end.
    let driven = is_driven(&place.site, run)?;
    let (_, state) = load_run(store, run)?;
    Ok(if driven { state } else { state.seen_without_driver() })
}

/// As [`live_state`], with warnings of what still runs of a run that nobody drives, and of landings that
/// were cut off.
pub(crate) fn shown_state(place: &Place, store: &Store, run: &RunId) -> Result<RunState, Failure> {
    let mut shown = live_state(place, store, run)?;
    let cut_off = cut_off_operations(&place.site, store, &shown)?;
    shown.warnings.extend(cut_off);
    if shown.phase != RunPhase::Stopped(StopReason::Interrupted) {
        return Ok(shown);
    }
    let (_, state) = load_run(store, run)?;
    let left = strays(&place.site, &state);
    // Somebody may have taken it up since.
    if !is_driven(&place.site, run)? {
        warn_of_strays(&mut shown, &left);
    }
    Ok(shown)
}

/// How a run that is suspended goes on.
pub(crate) fn way_on(place: &Place, run: &RunId) -> String {
    let driver = lock_owner(&place.site.lock_path(run));
    let elsewhere = driver
        .map_or_else(String::new, |driver| format!(", from elsewhere `kill -CONT {}`", driver.pid));
    format!("`fg` in its terminal continues it{elsewhere}")
}

/// Becomes the one writer of a run.
pub(crate) fn open(place: &Place, wanted: Option<&str>) -> Result<(Journal, RunLock), Failure> {
    let (_, run) = find(place, wanted)?;
    match open_for_writing(&place.site, place.store()?, &run)? {
        Opened::Ready(journal, lock) => Ok((*journal, lock)),
        Opened::Busy { pid } => Err(Failure::busy(&run, pid)),
    }
}

/// Becomes the one writer of a run whose work can land: `wanted`, else the newest that is no test run.
pub(crate) fn open_work(
    place: &Place,
    wanted: Option<&str>,
) -> Result<(Journal, RunLock), Failure> {
    let (store, mut run) = find(place, wanted)?;
    if wanted.is_none() {
        for row in store.runs()? {
            if !is_test_run(&store, &row.name)? {
                run = row.name;
                break;
            }
        }
    }
    if is_test_run(&store, &run)? {
        // Its places may be those of a later test run by now.
        return Err(Failure::refused("test_run", format!("`{run}` is a test run"))
            .hint("nothing of it is kept; `wt-orch test` runs tests again"));
    }
    open(place, Some(run.as_str()))
}

/// `[RUN] [TASK]` when only one word is given: a run of that name, else a task of the newest run.
pub(crate) fn run_or_task(
    place: &Place,
    run: Option<&str>,
    task: Option<&str>,
) -> Result<(Option<String>, Option<String>), Failure> {
    let (Some(word), None) = (run, task) else {
        return Ok((run.map(str::to_owned), task.map(str::to_owned)));
    };
    let (store, newest) = find(place, None)?;
    if store.runs()?.iter().any(|row| row.name.as_str() == word) {
        return Ok((Some(word.to_owned()), None));
    }
    let (_, state) = load_run(&store, &newest)?;
    if word.parse().is_ok_and(|id| state.index(&id).is_some()) {
        return Ok((None, Some(word.to_owned())));
    }
    let message = format!("`{word}` is neither a run nor a task of the newest run, `{newest}`");
    let failure = Failure::refused("unknown_run", message);
    let runs = store.runs()?;
    if let Some(has_it) = runs_with(&store, &runs, word) {
        return Err(failure.hint(has_it));
    }
    let names = runs.iter().map(|row| row.name.as_str());
    let ids = state.spec.plan.tasks.iter().map(|planned| planned.task.id.as_str());
    Err(match closest(word, names.chain(ids)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!(
            "`wt-orch status --all` lists the runs, `wt-orch status {newest}` its tasks"
        )),
    })
}

/// Which runs have a task of this name, as a sentence; `None` where none has. A run that cannot be
/// read is none of them: nobody asked for it.
fn runs_with(store: &Store, runs: &[RunRow], task: &str) -> Option<String> {
    const NAMED: usize = 3;
    let id = task.parse().ok()?;
    let has_it = |row: &&RunRow| {
        load_run(store, &row.name).is_ok_and(|(_, state)| state.index(&id).is_some())
    };
    let having: Vec<String> = runs.iter().filter(has_it).map(|row| row.name.to_string()).collect();
    let newest = having.first()?;
    let have = if having.len() == 1 { "has" } else { "have" };
    let named = some_quoted_subject(&having, NAMED);
    Some(format!("{named} {have} it: name the run as well, `{newest} {task}`"))
}

/// The index of the task of this name.
pub(crate) fn task_index(state: &RunState, name: &str) -> Result<usize, Failure> {
    if let Some(index) = name.parse().ok().and_then(|id| state.index(&id)) {
        return Ok(index);
    }
    let run = &state.spec.run;
    let known = state.spec.plan.tasks.iter().map(|planned| planned.task.id.as_str());
    let failure = Failure::refused("unknown_task", format!("run `{run}` has no task `{name}`"));
    Err(match closest(name, known) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("`wt-orch status {run}` lists its tasks")),
    })
}

/// Prints how a run ended, and tells the exit code.
pub(crate) fn conclude(context: &Context, place: &Place, state: &RunState) -> Exit {
    let root = place.site.repo.worktree().map(|path| path.display().to_string());
    let places = ReportPlaces { root: root.as_deref() };
    let streams = &context.streams;
    streams.result(&report_text(&result_report(state, &places), streams.out));
    exit_of(state)
}

/// The JSON document of a run.
pub(crate) fn document(place: &Place, state: &RunState) -> impl serde::Serialize + use<> {
    from_run(state, place.site.clock.now(), &place.logs())
}

/// The predicted conflicts of a run's branches; without an answer where git has none, which is no
/// reason to show nothing of the run.
pub(crate) fn live_matrix(
    context: &Context,
    place: &Place,
    state: &RunState,
) -> Option<Vec<MatrixEntry>> {
    match forecast_run(&place.site, state) {
        Ok(matrix) => Some(matrix),
        Err(error) => {
            context.streams.warn(&format!("its branches are not compared: {error}"));
            None
        }
    }
}

/// The document of a run with the predicted conflicts of its branches.
pub(crate) fn live_document(
    place: &Place,
    state: &RunState,
    matrix: Option<Vec<MatrixEntry>>,
) -> impl serde::Serialize + use<> {
    let document = from_run(state, place.site.clock.now(), &place.logs());
    RunDocument { matrix, ..document }
}

/// The exit code that a run's state stands for.
pub(crate) fn exit_of(state: &RunState) -> Exit {
    match state.phase {
        RunPhase::Stopped(StopReason::Interrupted) => Exit::Interrupted,
        RunPhase::Stopped(StopReason::Aborted)
        | RunPhase::Finished
        | RunPhase::Created
        | RunPhase::Running
        | RunPhase::Stopping(_) => {
            if state.spec.kind.race().is_some() {
                return if race_winner(state).is_some() { Exit::Done } else { Exit::Failed };
            }
            let fine = |record: &TaskRecord| record.state.succeeded() || record.is_left_out();
            if state.tasks.iter().all(|record| fine(record)) { Exit::Done } else { Exit::Failed }
        }
    }
}
