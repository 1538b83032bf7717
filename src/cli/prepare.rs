//! From a tasks file to a plan: reading, validating, resolving the base, planning.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::args::{PlannedArgs, SearchArgs};
use super::context::{Context, Place};
use super::failure::{Failure, ProblemFile};
use super::remembered::Remembered;
use super::text_file::load_text;
use crate::adapters::git::{Head, Repo};
use crate::adapters::host::effective_cores::EffectiveCores;
use crate::adapters::host::machine::Machine;
use crate::adapters::worktree::TooLarge;
use crate::config::Settings;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::id::{Oid, slugify};
use crate::domain::plan::{
    Contention, Effort, History, Host, Plan, PlanRequest, PlannedHook, Preference, build,
    may_overlap,
};
use crate::domain::report::shell_word;
use crate::domain::run::Limits;
use crate::domain::task::{HypothesisPlace, Known, KnownHost, Parsed, SetupHook, TaskSet, parse};
use crate::engine::{load_costs, load_history, load_risk, plan_carry};

/// A tasks file that was accepted, with the commit its tasks start from.
pub(super) struct Prepared {
    pub(super) set: TaskSet,
    pub(super) base: Oid,
    pub(super) base_name: String,
    /// Branch that a landing goes to: the one checked out, else the one `base` names.
    pub(super) target: Option<String>,
    /// Files of the base.
    pub(super) files: usize,
    /// Setup hooks of the settings, then those of the file.
    pub(super) setup: Vec<PlannedHook>,
    /// Name of the run: `name`, else the file's name.
    pub(super) name: String,
    /// What earlier runs stored.
    pub(super) remembered: Remembered,
}

/// A tasks file as read.
pub(super) struct TasksFile {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) parsed: Parsed,
    known: Known,
}

/// Largest tasks file that is read.
const LARGEST: u64 = 16 << 20;

/// Reads and parses a tasks file; `host` is the machine that its tasks are to run on.
pub(super) fn load_tasks(
    context: &Context,
    settings: &Settings,
    file: &Path,
    host: Option<KnownHost>,
) -> Result<TasksFile, Failure> {
    let name = file.display().to_string();
    let text = load_text(&context.path(file), LARGEST).map_err(|why| {
        Failure::usage("unreadable_tasks", format!("cannot read `{name}`: {why}"))
            .hint("`wt-orch init` writes a starter file")
    })?;
    let known = Known {
        personas: settings.personas.keys().cloned().collect(),
        capacity: settings.capacity.clone(),
        default_timeout: settings.run.timeout,
        default_retries: settings.run.retries,
        default_stall_timeout: settings.run.stall_timeout,
        host,
        ..Known::default()
    };
    let parsed = parse(&text, &known);
    Ok(TasksFile { name, text, parsed, known })
}

impl TasksFile {
    /// Finds the items of every `foreach` among the files of the base, where one asks for them.
    pub(super) fn expand(&mut self, repo: &Repo, base: Oid) -> Result<(), Failure> {
        if self.parsed.wants_paths {
            self.known.paths = Some(repo.paths_in(base)?);
            self.parsed = parse(&self.text, &self.known);
        }
        Ok(())
    }

    /// The valid set, warnings drawn; or all problems as a failure.
    pub(super) fn accept(self, context: &Context) -> Result<TaskSet, Failure> {
        let Self { name, text, parsed, known: _ } = self;
        let file = ProblemFile { name, text, problems: parsed.tasks.problems };
        match parsed.tasks.value {
            Some(set) => {
                context.streams.tell_warnings(&file);
                Ok(set)
            }
            None => Err(Failure::invalid("invalid_tasks", vec![file])),
        }
    }
}

/// Reads a file with tasks, accepts it and resolves its base.
pub(super) fn prepare(context: &Context, place: &Place, file: &Path) -> Result<Prepared, Failure> {
    let (prepared, _) = prepare_any(context, place, file)?;
    if prepared.set.race.is_some() {
        let file = shell_word(&file.display().to_string());
        if prepared.set.tasks.is_empty() {
            let message = "there is no `[[task]]`, only hypotheses".to_owned();
            return Err(Failure::usage("no_tasks", message)
                .hint(format!("`wt-orch race {file}` runs them")));
        }
        context
            .streams
            .note(&format!("note: the hypotheses are for `wt-orch race {file}`; tasks run here"));
    }
    Ok(prepared)
}

/// What stays of a tasks file that was accepted: for problems that are found later.
pub(super) struct AcceptedFile {
    /// Its name and text, without problems.
    pub(super) file: ProblemFile,
    /// Where its hypotheses say what they begin with.
    pub(super) hypotheses: Vec<HypothesisPlace>,
}

/// Reads a file with tasks, hypotheses or both, accepts it and resolves its base.
pub(super) fn prepare_any(
    context: &Context,
    place: &Place,
    file: &Path,
) -> Result<(Prepared, AcceptedFile), Failure> {
    let repo = &place.site.repo;
    let machine = Machine::load();
    let host = KnownHost { cores: machine.cores, memory: machine.memory };
    let mut tasks = load_tasks(context, &place.settings, file, Some(host))?;
    let head = repo.head()?;
    let wanted = tasks.parsed.base.as_ref().map(|base| base.value.clone());
    let base = match (&wanted, &head) {
        (Some(revision), _) => repo.resolve_commit(revision)?,
        (None, Head::Unborn { name }) => {
            let message = format!("the branch `{name}` has no commit yet, so there is no base");
            return Err(Failure::refused("unborn_head", message)
                .hint("make a first commit: `git commit --allow-empty -m 'First commit'`"));
        }
        (None, Head::Branch { .. } | Head::Detached { .. }) => head.tip(),
    };
    if let Some(base) = base {
        tasks.expand(repo, base)?;
    }
    if let (None, Some(unknown)) = (base, &tasks.parsed.base) {
        let message = format!("git knows no commit `{}`", unknown.value);
        let problem = Diagnostic::error("unknown_base", unknown.span.clone(), message)
            .labelled("no such commit")
            .help("name a branch, a tag or a commit; leave `base` out for HEAD");
        tasks.parsed.tasks.add(problem);
    }
    let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into());
    let accepted = AcceptedFile {
        file: ProblemFile {
            name: tasks.name.clone(),
            text: tasks.text.clone(),
            problems: Vec::new(),
        },
        hypotheses: tasks.parsed.hypotheses.clone(),
    };
    let set = tasks.accept(context)?;
    let Some(base) = base else {
        return Err(Failure::refused("unknown_base", "there is no base commit"));
    };
    let base_name = wanted.clone().unwrap_or_else(|| head.branch().unwrap_or("HEAD").to_owned());
    let target = target(place, &head, wanted.as_deref())?;
    tell_state(context, place, &base_name, base)?;
    let name = slugify(set.name.as_deref().unwrap_or(&stem));
    let setup = planned_hooks(place, &set, base)?;
    let files = repo.file_count(base)?;
    let remembered = Remembered::load(context, place);
    let prepared = Prepared { set, base, base_name, target, files, setup, name, remembered };
    Ok((prepared, accepted))
}

/// All setup hooks, with whether the base has what they are meant for.
pub(super) fn planned_hooks(
    place: &Place,
    set: &TaskSet,
    base: Oid,
) -> Result<Vec<PlannedHook>, Failure> {
    let hooks: Vec<SetupHook> = place.settings.setup.iter().chain(&set.setup).cloned().collect();
    if hooks.is_empty() {
        return Ok(Vec::new());
    }
    let paths = place.site.repo.paths_in(base)?;
    let planned = |hook: SetupHook| {
        let applies = hook.is_meant_for(paths.iter().map(String::as_str));
        PlannedHook { hook, applies }
    };
    Ok(hooks.into_iter().map(planned).collect())
}

/// The branch that is checked out, else the branch that `base` names (DESIGN.md §4). In a bare
/// repository nothing is checked out, so `base` comes first there.
fn target(place: &Place, head: &Head, base: Option<&str>) -> Result<Option<String>, Failure> {
    let repo = &place.site.repo;
    let checked_out = head.branch().map(str::to_owned);
    let mut named = None;
    if let Some(base) = base {
        let name = base.trim_start_matches("refs/heads/");
        named = repo.branch_tip(name)?.map(|_| name.to_owned());
    }
    Ok(if repo.worktree().is_none() { named.or(checked_out) } else { checked_out.or(named) })
}

/// Says so when commits cannot be by the user (DESIGN.md §4), and whether that is so.
pub(super) fn tell_identity(context: &Context, place: &Place) -> Result<bool, Failure> {
    let missing = place.site.repo.identity()?.is_none();
    if missing {
        context.streams.note(
            "note: git knows no identity of yours, so commits are by wt-orch <wt-orch@localhost>; \
             `git config user.name` and `user.email` set one",
        );
    }
    Ok(missing)
}

/// What is in the user's checkout and will not be in the worktrees.
fn tell_state(context: &Context, place: &Place, name: &str, base: Oid) -> Result<(), Failure> {
    let repo = &place.site.repo;
    let short = base.short();
    context.streams.note(&format!("base: {name} at {short}"));
    if let Some(progress) = repo.in_progress(repo.git_dir())? {
        context.streams.warn(&format!(
            "a {progress} is in progress in your checkout; tasks start from {short}, without it"
        ));
    }
    let dirty = repo.dirty()?;
    let mut changed: Vec<&String> = dirty.tracked().collect();
    changed.sort();
    changed.dedup();
    if !changed.is_empty() {
        let (count, noun) = (changed.len(), if changed.len() == 1 { "file" } else { "files" });
        context.streams.note(&format!(
            "note: your checkout has uncommitted changes in {count} {noun}; tasks start from \
             {short}, without them"
        ));
    }
    Ok(())
}

/// What is asked of a plan beside its tasks.
pub(super) struct Asked<'a> {
    pub(super) preference: Preference,
    pub(super) search: &'a SearchArgs,
    /// Seconds in which everything should have landed.
    pub(super) deadline: Option<f64>,
    /// Several plans are compared, so each is given the same number of schedules.
    pub(super) compared: bool,
    /// The work of no two tasks meets, and nothing of it is merged.
    pub(super) apart: bool,
}

impl<'a> Asked<'a> {
    /// What the options say of a plan that is carried out.
    pub(super) fn by(args: &'a PlannedArgs) -> Self {
        let preference = args.verdict.preference();
        Self { preference, search: &args.search, deadline: None, compared: false, apart: false }
    }
}

/// The search ends so much before the effort is spent, since the draws come after it; of a small
/// effort it gets two fifths.
const AFTER_SEARCH: Duration = Duration::from_millis(30);

/// Schedules that are tried where they are counted.
const SCHEDULES: usize = 1000;

/// Most schedules for a millisecond of effort: a machine that makes them in time plans the same way
/// every time.
const SCHEDULES_PER_MS: usize = 20;

/// Plans a prepared file on this machine, with the costs measured in this repository.
pub(super) fn plan(
    context: &Context,
    place: &Place,
    prepared: &Prepared,
    asked: &Asked<'_>,
) -> Result<Plan, Failure> {
    plan_with(context, place, prepared, asked, |request| Ok(build(request)?))
}

/// Hands over what a plan of a prepared file is made from.
pub(super) fn plan_with<T>(
    context: &Context,
    place: &Place,
    prepared: &Prepared,
    asked: &Asked<'_>,
    answer: impl FnOnce(&PlanRequest<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let store = prepared.remembered.store();
    let settings = &place.settings;
    let carry = plan_carry(&place.site, &settings.worktree, &settings.worktree_path, store)?;
    let carry = carry.map_err(|too_large| {
        Failure::refused("carry_too_large", too_large.to_string()).hint(TooLarge::WAY_OUT)
    })?;
    let hooks = prepared.setup.iter().filter(|planned| planned.applies).count();
    let mut costs = load_costs(store, prepared.files, hooks)?;
    let history = load_history(store)?;
    costs.carry = carry.as_ref().map_or(0.0, |carry| carry.time_s);
    if asked.apart {
        (costs.merge, costs.red, costs.validate) = (0.0, 0.0, None);
    }
    let machine = Machine::load();
    let side_by_side = settings.run.slots > 1 && may_overlap(&prepared.set);
    let measured = if side_by_side { place.effective_cores(machine.cores) } else { None };
    let risk = load_risk(&place.site, &prepared.set, prepared.base, &history);
    let effort = asked.search.effort.unwrap_or(settings.plan.effort);
    let schedules = usize::try_from(effort.as_millis()).unwrap_or(usize::MAX);
    let schedules = schedules.saturating_mul(SCHEDULES_PER_MS);
    let end = context.clock.elapsed() + effort - (effort * 3 / 5).min(AFTER_SEARCH);
    let is_up = || context.clock.elapsed() >= end;
    let counted = asked.compared || asked.search.seed.is_some();
    let effort = if counted {
        Effort { schedules: SCHEDULES, out_of_time: None }
    } else {
        Effort { schedules, out_of_time: Some(&is_up) }
    };
    answer(&PlanRequest {
        workflow: &prepared.name,
        risk: &risk,
        history: &history,
        // By the hour, so that plans made in a row are equal.
        now: Some(place.site.clock.now().hour()),
        contention: contention(&history, machine.cores, measured),
        setup: &prepared.setup,
        host: Host { cores: machine.cores, memory: machine.memory },
        slots: usize::try_from(settings.run.slots).unwrap_or(usize::MAX),
        capacity: &settings.capacity,
        rules: &settings.plan.rules,
        costs,
        carry,
        deadline: asked.deadline,
        effort,
        preference: asked.preference,
        apart: asked.apart,
        draws: usize::try_from(settings.plan.draws).unwrap_or(usize::MAX),
        seed: asked.search.seed.unwrap_or(settings.plan.seed),
        ..PlanRequest::of(&prepared.set)
    })
}

/// Sigma and kappa from the past, with the cores that were measured.
pub(super) fn contention(
    history: &History,
    cores: usize,
    measured: Option<EffectiveCores>,
) -> Contention {
    let effective_cores = measured.map(|measured| measured.cores);
    let fit = Contention::fit(history, effective_cores.unwrap_or(cores as f64));
    Contention { effective_cores, ..fit }
}

/// Limits of every command of a run.
pub(super) fn limits(settings: &Settings) -> Limits {
    let names = |names: &crate::config::Names| names.iter().map(str::to_owned).collect();
    Limits {
        grace: settings.run.grace,
        log_limit: settings.run.log_limit,
        keep: settings.run.keep.clone(),
        jobserver: settings.run.jobserver,
        share_host: settings.run.share_host,
        speculate: settings.integrate.speculate,
        env_deny: names(&settings.run.env_deny),
        env_pass: names(&settings.run.env_pass),
        personas: settings
            .personas
            .iter()
            .map(|(name, persona)| (name.clone(), persona.prompt.clone()))
            .collect(),
    }
}

/// How long a thread for work that blocks stays without any: longer than a run takes.
const THREADS_STAY: Duration = Duration::from_hours(24 * 365);

/// A runtime for one command: tasks are processes, so one thread suffices, and others for what
/// blocks. The first of those is started here and stays: work waits for it where the system refuses
/// more, while without any it would be lost.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let built = builder.enable_all().thread_keep_alive(THREADS_STAY).build();
    let runtime = built.context("cannot start the runtime")?;
    runtime.spawn_blocking(|| {});
    Ok(runtime)
}
