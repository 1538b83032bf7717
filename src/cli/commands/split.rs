//! `wt-orch split FILE`: decide, create worktrees, run, report; with `--integrate`, land.

use anyhow::Context as _;
use tokio::runtime::Runtime;

use crate::adapters::host::lock::RunLock;
use crate::adapters::host::signals::Signals;
use crate::cli::approval;
use crate::cli::args::SplitArgs;
use crate::cli::commands::{integrate, stored, test};
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::{Asked, Prepared, limits, plan, prepare, runtime, tell_identity};
use crate::cli::remembered;
use crate::cli::watch::watcher;
use crate::domain::integrate::Terms;
use crate::domain::plan::{Plan, Verdict};
use crate::domain::run::{RunKind, RunPhase};
use crate::domain::time::{from_secs, human_duration};
use crate::engine::{CreateRequest, DriveRequest, Journal, Obstacle, Site, create, drive};

/// Runs it.
pub(crate) fn run(context: &Context, args: &SplitArgs) -> Result<Exit, Failure> {
    let mut place = context.place()?;
    remembered::refuse_unusable(&place)?;
    let mut prepared = prepare(context, &place, &args.planned.file.file)?;
    prepared.set.fail_fast.run |= args.fail_fast;
    let plan = plan(context, &place, &prepared, &Asked::by(&args.planned))?;
    tell_verdict(context, &plan, " up to landed");
    approval::ensure(context, &mut place)?;
    let begin = Begin::new(false, prepared.files)?;
    let kind = RunKind::Split;
    let (journal, _lock) = create_run(context, &place, Creation { prepared, plan, kind })?;
    let run = journal.run();
    let journal = carry_out(context, &place, journal, begin)?;
    let ran = stored::exit_of(journal.state());
    if !args.integrate || journal.state().phase != RunPhase::Finished {
        return Ok(finish(context, &place, &journal));
    }
    let nothing = !journal.state().tasks.iter().any(|record| record.state.succeeded());
    if nothing {
        context.streams.note("nothing to integrate: no task succeeded");
        return Ok(finish(context, &place, &journal));
    }
    let request = integrate::request(&place, Terms::default(), false);
    let (journal, landed) = integrate::carry_out(context, &place, journal, &request)?;
    stored::conclude(context, &place, journal.state());
    let mut document =
        serde_json::to_value(stored::document(&place, journal.state())).unwrap_or_default();
    document["integration"] = integrate::document(&run, journal.state());
    context.streams.document(&document);
    if let Err(refusal) = &landed {
        context.streams.warn(&refusal.message);
        if let Some(hint) = &refusal.hint {
            context.streams.note(&format!("hint: {hint}"));
        }
    }
    let landed = landed.unwrap_or_else(|refusal| refusal.exit);
    Ok(ran.worse(landed))
}

/// How a run is taken up.
pub(crate) struct Begin {
    resumed: bool,
    files: usize,
    runtime: Runtime,
    signals: Signals,
}

impl Begin {
    /// From here on a signal stops the run in an orderly way and no longer ends the process: made
    /// before anything is stored, so that whoever interrupts a stored run is told how it goes on.
    pub(crate) fn new(resumed: bool, files: usize) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::listen().context("cannot listen for signals")?
        };
        Ok(Self { resumed, files, runtime, signals })
    }
}

/// Drives a run to its end or until it is stopped.
pub(crate) fn carry_out(
    context: &Context,
    place: &Place,
    mut journal: Journal,
    begin: Begin,
) -> Result<Journal, Failure> {
    let lend_identity = match journal.state().spec.kind.is_test() {
        true => place.site.repo.identity()?.is_none(),
        false => tell_identity(context, place)?,
    };
    journal.subscribe(watcher(&context.streams));
    let (run, Begin { resumed, files, runtime, signals }) = (journal.run(), begin);
    let request = DriveRequest {
        site: Site { lend_identity, ..place.site.clone() },
        journal,
        resumed,
        files,
        integrating: integrate::request(place, Terms::default(), false),
        signals,
    };
    let stopped = |error| Failure::from(error).of_a_stopped_run(&run);
    let mut journal = runtime.block_on(drive(request)).map_err(stopped)?;
    journal.unsubscribe_all();
    for lost in journal.lost_subscribers() {
        context.streams.warn(&format!("a display was given up: {lost}"));
    }
    Ok(journal)
}

/// Prints the result of a run that was driven here.
pub(crate) fn finish(context: &Context, place: &Place, journal: &Journal) -> Exit {
    if journal.state().spec.kind.is_test() {
        return test::finish(context, place, journal);
    }
    let exit = stored::conclude(context, place, journal.state());
    context.streams.document(&stored::document(place, journal.state()));
    exit
}

/// Says how it will run, and how long that takes; `until` is what counts as its end.
pub(crate) fn tell_verdict(context: &Context, plan: &Plan, until: &str) {
    let decision = &plan.decision;
    let predicted = match decision.verdict {
        Verdict::Parallel => plan.predicted.parallel.p50,
        Verdict::Sequential => plan.predicted.sequential.p50,
    };
    let how = match decision.verdict {
        Verdict::Parallel if decision.width == 1 => "parallel on 1 slot".to_owned(),
        Verdict::Parallel => format!("parallel on {} slots", decision.width),
        Verdict::Sequential => "sequential, in one worktree".to_owned(),
    };
    let time = human_duration(from_secs(predicted));
    context.streams.note(&format!("verdict: {how}, about {time}{until}"));
    for reason in decision.reasons.iter().take(2) {
        context.streams.note(&format!("  {reason}"));
    }
}

/// A run that is to be created.
pub(crate) struct Creation {
    pub(crate) prepared: Prepared,
    pub(crate) plan: Plan,
    pub(crate) kind: RunKind,
}

/// Stores the run and becomes its one writer, or says what is in the way.
pub(crate) fn create_run(
    context: &Context,
    place: &Place,
    creation: Creation,
) -> Result<(Journal, RunLock), Failure> {
    let Creation { prepared, plan, kind } = creation;
    let created = create(
        &place.site,
        CreateRequest {
            store: prepared.remembered.into_store(context, place)?,
            name: prepared.name,
            plan,
            base: prepared.base,
            base_name: prepared.base_name,
            target: prepared.target,
            limits: limits(&place.settings),
            worktree: place.settings.worktree.clone(),
            resolution: place.settings.integrate.resolution.clone(),
            worktree_path: place.settings.worktree_path.clone(),
            branch: place.settings.branch.clone(),
            kind,
        },
    )?;
    created.map_err(|obstacle| match obstacle {
        Obstacle::Occupied(occupied) => {
            Failure::refused("occupied", format!("{}; it is never reused", occupied.what))
                .hint(occupied.resolve)
        }
        Obstacle::Shortage(shortage) => Failure::refused("disk_full", shortage.to_string()).hint(
            "`wt-orch clean --all --dry-run` says what can be given back; `--sequential` needs one \
             worktree; the setting `worktree.disk_reserve` says what must stay free",
        ),
        Obstacle::Busy { run, pid } => Failure::busy(&run, pid),
    })
}
