//! `wt-orch test [MODULE…]`: test suites of modules at once, in worktrees on no branch.

mod base;
mod chosen;
mod github;
mod list;
mod planned;
mod results;

use std::path::{Path, PathBuf};

pub(crate) use results::{finish, junit_text};

use self::chosen::{Chosen, choose};
use self::planned::{planned, split_terms};
use super::split::{Begin, Creation, carry_out, create_run, tell_verdict};
use crate::cli::approval;
use crate::cli::args::{SearchArgs, TestArgs};
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::{Asked, Prepared, planned_hooks, runtime};
use crate::cli::remembered::{self, Remembered};
use crate::cli::text_file::{refuse_unwritable, write_whole};
use crate::domain::report::nothing_tested;
use crate::domain::run::{RunKind, RunPhase};
use crate::domain::suite::{SuiteTerms, installed, suite_tasks};
use crate::domain::task::{TaskSet, shell_word};
use crate::engine::{GivenUp, give_up_test_runs, load_suite_memory, prune_test_runs};

/// Name of the runs.
const NAME: &str = "test";
/// Test runs that are over and still remembered.
const KEPT: usize = 20;

/// Runs it.
pub(crate) fn run(context: &Context, args: &TestArgs) -> Result<Exit, Failure> {
    let mut place = context.place()?;
    remembered::refuse_unusable(&place)?;
    let junit = args.junit.as_ref().map(|path| junit_path(context, path)).transpose()?;
    let remembered = Remembered::load(context, &place);
    let memory = load_suite_memory(remembered.store(), NAME)?;
    let chosen = choose(context, &place, args, &memory)?;
    if args.list {
        return Ok(list::print(context, &chosen, &memory));
    }
    if chosen.modules.is_empty() {
        context.streams.note("nothing to test");
        context.streams.document(&nothing_tested(chosen.commit));
        let written = junit.map(|path| write_junit(context, &path, &results::empty_junit()));
        return Ok(written.unwrap_or(Exit::Done));
    }
    if place.settings.setup.is_empty() {
        // A hook would install them.
        place.settings.worktree.installed = installed(&chosen.modules);
    }
    let terms = SuiteTerms {
        snapshot: args.working_tree.then_some(chosen.commit),
        retries: args.retries,
        fail_fast: args.fail_fast,
        timeout: place.settings.run.timeout,
        stall_timeout: place.settings.run.stall_timeout,
        split: split_terms(&place, (&chosen.modules, &memory), remembered.store())?,
        // How long a cold build takes is not known by module.
        build: f64::INFINITY,
    };
    let tasks = suite_tasks(&chosen.modules, &memory, &terms);
    let prepared = prepared(&place, &chosen, tasks.set, remembered)?;
    let search = SearchArgs { effort: None, seed: None };
    let asked = Asked {
        preference: args.verdict.preference(),
        search: &search,
        deadline: None,
        compared: false,
        apart: true,
    };
    let plan = planned(context, &place, (&prepared, &asked), (&chosen.modules, &tasks.spec))?;
    tell_verdict(context, &plan, "");
    approval::ensure(context, &mut place)?;
    give_up_deserted(context, &place);
    let begin = Begin::new(false, prepared.files)?;
    let kind = RunKind::Test(Box::new(tasks.spec));
    let (journal, _lock) = create_run(context, &place, Creation { prepared, plan, kind })?;
    let mut journal = carry_out(context, &place, journal, begin)?;
    let mut exit = finish(context, &place, &journal);
    if let Some(path) = &junit {
        let written = write_junit(context, path, &junit_text(&place, journal.state()));
        // What tests say counts more than where it is said.
        exit = if exit == Exit::Done { written } else { exit };
    }
    if journal.state().phase == RunPhase::Finished
        && let Err(error) = prune_test_runs(&place.site, &mut journal.store, KEPT)
    {
        let why = Failure::from(error).sentence();
        context.streams.warn(&format!("earlier test runs could not be forgotten: {why}"));
    }
    Ok(exit)
}

/// Before the run takes its places: those of test runs that nobody will go on with become free.
pub(crate) fn give_up_deserted(context: &Context, place: &Place) {
    let given_up = runtime().and_then(|runtime| {
        runtime.block_on(give_up_test_runs(&place.site)).map_err(Failure::from)
    });
    match given_up {
        Ok(GivenUp { runs, tidied, failed }) => {
            for (run, notes) in tidied {
                context.streams.note(&format!(
                    "the test run `{run}` was cut off at its end: what it had left is taken away"
                ));
                notes.iter().for_each(|note| context.streams.warn(note));
            }
            for run in runs {
                context.streams.note(&format!(
                    "the test run `{run}` was cut off and is given up: what it had taken is free"
                ));
            }
            for (run, error) in failed {
                let why = Failure::from(error).sentence();
                context.streams.warn(&format!(
                    "the test run `{run}` was cut off and could not be given up: {why}"
                ));
                context.streams.hint(&format!("`wt-orch abort {run}` gives it up"));
            }
        }
        Err(failure) => context.streams.warn(&format!(
            "test runs that were cut off could not be given up: {}",
            failure.sentence()
        )),
    }
}

/// Where `--junit` is to write.
fn junit_path(context: &Context, wanted: &Path) -> Result<PathBuf, Failure> {
    if wanted == Path::new("-") {
        let message = "`--junit -` names no file: the summary is what is printed";
        return Err(Failure::usage("unwritable_junit", message).hint(
            "name a file, such as `--junit results.xml`; `wt-orch report --format junit` prints the \
             same after the run",
        ));
    }
    let path = context.path(wanted);
    refuse_unwritable(&path).map_err(|why| {
        let failure =
            Failure::usage("unwritable_junit", format!("cannot write `{}`: {why}", path.display()));
        let shown = wanted.display();
        match path.parent().filter(|_| !path.is_dir()) {
            Some(folder) => failure
                .hint(format!("`mkdir -p {}` makes it", shell_word(&folder.to_string_lossy()))),
            None => failure.hint(format!("name a file in it: `--junit {shown}/results.xml`")),
        }
    })?;
    Ok(path)
}

fn prepared(
    place: &Place,
    chosen: &Chosen,
    set: TaskSet,
    remembered: Remembered,
) -> Result<Prepared, Failure> {
    Ok(Prepared {
        setup: planned_hooks(place, &set, chosen.commit)?,
        set,
        base: chosen.commit,
        base_name: chosen.name.clone(),
        target: None,
        files: place.site.repo.file_count(chosen.commit)?,
        name: NAME.to_owned(),
        remembered,
    })
}

/// The result is told by then: that it cannot be written as well is a warning.
fn write_junit(context: &Context, path: &Path, text: &str) -> Exit {
    let Err(error) = write_whole(path, text) else { return Exit::Done };
    let path = path.display();
    context.streams.warn(&format!("the results could not be written to `{path}`: {error}"));
    context.streams.hint("`wt-orch report --format junit` prints them");
    Exit::Refused
}
