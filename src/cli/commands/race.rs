//! `wt-orch race FILE`: competing hypotheses at once, one deciding check.

use std::path::Path;

use super::split::{Begin, Creation, carry_out, create_run, tell_verdict};
use super::stored;
use crate::cli::approval;
use crate::cli::args::PlannedArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::{AcceptedFile, Asked, Prepared, plan, prepare_any};
use crate::cli::remembered;
use crate::domain::race::{RaceSpec, control_id, named_paths, race_tasks};
use crate::domain::report::{from_race, race_facts, shell_word};
use crate::domain::run::RunKind;
use crate::engine::Hypotheses;

/// Runs it.
pub(crate) fn run(context: &Context, args: &PlannedArgs) -> Result<Exit, Failure> {
    let mut place = context.place()?;
    remembered::refuse_unusable(&place)?;
    let (mut prepared, file) =
        prepare_any(context, &place, &args.file.file).map_err(with_own_way_out)?;
    let Some(set) = race_tasks(&prepared.set) else {
        let shown = shell_word(&args.file.file.display().to_string());
        return Err(Failure::usage("no_hypotheses", "there is no `[[hypothesis]]` in the file")
            .hint(format!("`wt-orch split {shown}` runs its tasks; {NEEDED}")));
    };
    if !prepared.set.tasks.is_empty() {
        let shown = shell_word(&args.file.file.display().to_string());
        context
            .streams
            .note(&format!("note: the tasks are for `wt-orch split {shown}`; hypotheses run here"));
    }
    let race = race(context, &place, (&prepared, &args.file.file), file)?;
    tell_uncommitted(context, &place, &race)?;
    prepared.set = set;
    let asked = Asked { apart: true, ..Asked::by(args) };
    let plan = plan(context, &place, &prepared, &asked)?;
    tell_verdict(context, &plan, " if every arm runs to its end");
    approval::ensure(context, &mut place)?;
    let begin = Begin::new(false, prepared.files)?;
    let kind = RunKind::Race(Box::new(race));
    let (journal, _lock) = create_run(context, &place, Creation { prepared, plan, kind })?;
    let journal = carry_out(context, &place, journal, begin)?;
    let exit = stored::conclude(context, &place, journal.state());
    if let Some(facts) = race_facts(journal.state()) {
        context.streams.document(&from_race(&facts));
    }
    Ok(exit)
}

/// The check that is missing a file fails as it would for the bug.
fn tell_uncommitted(context: &Context, place: &Place, race: &RaceSpec) -> Result<(), Failure> {
    let dirty = place.site.repo.dirty()?;
    for path in named_paths(&race.rules.check, dirty.tracked().chain(&dirty.untracked)) {
        context.streams.warn(&format!(
            "the check names `{path}`, which is not committed as it is in your checkout: the check \
             runs on what is committed"
        ));
    }
    Ok(())
}

/// What a file of a race needs.
const NEEDED: &str = "a race needs `[race]` with `check` and a `[[hypothesis]]`: see \"Hypotheses\" in \
                      README.md";

/// Of what other commands would say as well, with the way out that is a race's.
fn with_own_way_out(mut failure: Failure) -> Failure {
    if failure.code == "unreadable_tasks" {
        return failure.hint(NEEDED);
    }
    let problems = failure.files.iter_mut().flat_map(|file| &mut file.problems);
    for problem in problems.filter(|problem| problem.code == "no_tasks") {
        problem.help = Some(NEEDED.to_owned());
    }
    failure
}

/// The arms, with a commit for each patch; or everything that is wrong with the file's hypotheses.
fn race(
    context: &Context,
    place: &Place,
    (prepared, path): (&Prepared, &Path),
    mut file: AcceptedFile,
) -> Result<RaceSpec, Failure> {
    let Some(race) = &prepared.set.race else {
        return Err(Failure::usage("no_hypotheses", "there is no `[[hypothesis]]` in the file"));
    };
    let path = context.path(path);
    let made = Hypotheses {
        repo: &place.site.repo,
        base: prepared.base,
        race,
        places: &file.hypotheses,
        folder: path.parent().unwrap_or(&path),
    }
    .commits()?;
    file.file.problems = made.problems;
    match made.value {
        Some(arms) => {
            context.streams.tell_warnings(&file.file);
            let control = control_id(&race.rules);
            let whole = std::path::absolute(&path).ok();
            let file = whole.and_then(|whole| whole.into_os_string().into_string().ok());
            Ok(RaceSpec { rules: race.rules.clone(), control, arms, file })
        }
        None => Err(Failure::invalid("invalid_tasks", vec![file.file])),
    }
}
