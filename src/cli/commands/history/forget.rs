//! `wt-orch history forget [WORKFLOW] [TASK]`: removes what is wrong or out of date.

use super::{ensure_known, listed, load};
use crate::adapters::store::Forget;
use crate::cli::args::HistoryForgetArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::diagnostic::closest;
use crate::domain::plan::Observations;
use crate::domain::report::{HistoryForgetDocument, ObservationsEntry, SCHEMA};

/// Runs it: says what would go, asks, removes it.
pub(super) fn run(
    context: &Context,
    place: &Place,
    args: &HistoryForgetArgs,
) -> Result<Exit, Failure> {
    let observations = load(place)?;
    let what = match (&args.workflow, &args.task) {
        (None, _) => Forget::All,
        (Some(workflow), None) => Forget::Workflow(workflow),
        (Some(workflow), Some(task)) => Forget::Task { workflow, task },
    };
    check(&observations, what)?;
    let name = match what {
        Forget::All => "all workflows".to_owned(),
        Forget::Workflow(workflow) => format!("`{workflow}`"),
        Forget::Task { workflow, task } => format!("`{task}` of `{workflow}`"),
    };
    confirm(context, &format!("{} of {name}", counted(meant(&observations, what))))?;
    let gone = place.store()?.forget(what)?;
    let removed = ObservationsEntry { attempts: gone.attempts, runs: gone.runs };
    context.streams.result(&format!("forgot {} of {name}", counted(removed)));
    let (workflow, task) = (args.workflow.clone(), args.task.clone());
    context.streams.document(&HistoryForgetDocument { schema: SCHEMA, workflow, task, removed });
    Ok(Exit::Done)
}

/// Refuses to forget what is not known.
fn check(observations: &Observations, what: Forget<'_>) -> Result<(), Failure> {
    match what {
        Forget::All if observations.is_empty() => {
            Err(Failure::refused("nothing_to_do", "nothing is known that could be forgotten")
                .hint("history begins with the first run"))
        }
        Forget::All => Ok(()),
        Forget::Workflow(workflow) => ensure_known(observations, workflow),
        Forget::Task { workflow, task } => {
            ensure_known(observations, workflow)?;
            let of_workflow = observations.attempts.iter().map(|one| &one.observed);
            let mut known: Vec<&str> = of_workflow
                .filter(|one| one.workflow == workflow)
                .map(|one| one.task.as_str())
                .collect();
            known.sort_unstable();
            known.dedup();
            if known.contains(&task) {
                return Ok(());
            }
            let only = listed(known.iter().copied());
            let message = format!("nothing is known of a task `{task}` of `{workflow}`{only}");
            let failure = Failure::refused("unknown_task", message);
            Err(match closest(task, known) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("`wt-orch history {workflow}` shows what is known")),
            })
        }
    }
}

/// How much is meant.
fn meant(observations: &Observations, what: Forget<'_>) -> ObservationsEntry {
    let attempts = observations.attempts.iter().map(|one| &one.observed);
    let runs = observations.runs.iter().map(|one| &one.observed);
    match what {
        Forget::All => ObservationsEntry::of(observations),
        Forget::Workflow(name) => ObservationsEntry {
            attempts: attempts.filter(|one| one.workflow == name).count(),
            runs: runs.filter(|one| one.workflow == name).count(),
        },
        Forget::Task { workflow, task } => ObservationsEntry {
            attempts: attempts.filter(|a| a.workflow == workflow && a.task == task).count(),
            runs: 0,
        },
    }
}

fn confirm(context: &Context, what: &str) -> Result<(), Failure> {
    if context.global.yes || context.environment.yes() {
        return Ok(());
    }
    let Some(answer) = context.streams.ask(&format!("forget {what}? [y/N] ")) else {
        return Err(Failure::refused("not_confirmed", format!("nobody could be asked: {what}"))
            .hint("`--yes` forgets without asking; `wt-orch history export FILE` keeps a copy"));
    };
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::refused("not_confirmed", "nothing was forgotten")
        .hint("answer `y`, or give `--yes`"))
}

/// `3 attempts and 1 run`.
pub(super) fn counted(count: ObservationsEntry) -> String {
    let noun = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    format!("{} and {}", noun(count.attempts, "attempt"), noun(count.runs, "run"))
}
