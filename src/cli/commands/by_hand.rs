//! Conflicts that are left to the user: going on after one was resolved, or giving it up.

use std::path::Path;

use serde_json::json;

use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::id::RunId;
use crate::domain::integrate::{Contradiction, Terms};
use crate::domain::report::{SCHEMA, shell_word};
use crate::engine::{ByHand, Journal, Taken, abort_by_hand, take_by_hand, terms_by_hand};

/// What the integration was asked for whose conflict was left, with what is asked for on top.
pub(crate) fn terms(place: &Place, journal: &Journal, more: Terms) -> Result<Terms, Failure> {
    let run = journal.run();
    let Some(before) = terms_by_hand(&place.site, &journal.state().spec)? else {
        return Err(nothing(&run));
    };
    before.with(more).map_err(|Contradiction { option, before }| {
        let value = shell_word(&before);
        let message = format!("the conflict was left by an integration with `{option}={value}`");
        Failure::usage("contradiction", message).hint(format!(
            "leave `{option}` out, or give the resolution up: `wt-orch integrate {run} --abort`"
        ))
    })
}

/// Keeps what was resolved.
pub(crate) fn take(context: &Context, place: &Place, journal: &Journal) -> Result<(), Failure> {
    let run = journal.run();
    match take_by_hand(&place.site, &journal.state().spec)? {
        Taken::Kept { task } => {
            context.streams.note(&format!("the resolution of the conflict of `{task}` is kept"));
            Ok(())
        }
        Taken::Nothing => Err(nothing(&run)),
        Taken::GivenUp { left } => {
            let message = format!(
                "nothing of `{}` is left there: its merge was aborted, or all of it was taken out",
                left.task
            );
            Err(Failure::refused("not_resolved", message).hint(ways(&run, &left.worktree)))
        }
        Taken::Unfinished { left, unmerged, unstaged, markers } => {
            let listed = [
                ("not resolved and added", unmerged),
                ("changed since it was added", unstaged),
                ("a conflict marker is left", markers),
            ];
            let causes = listed.into_iter().flat_map(|(what, paths)| {
                paths.into_iter().map(move |path| format!("{path}: {what}"))
            });
            let message = format!("the conflict of `{}` is not resolved yet", left.task);
            let causes = causes.collect();
            Err(Failure { causes, ..Failure::refused("not_resolved", message) }
                .hint(ways(&run, &left.worktree)))
        }
    }
}

/// Gives up the worktree that was left.
pub(crate) fn abort(context: &Context, place: &Place, journal: &Journal) -> Result<Exit, Failure> {
    let run = journal.run();
    let Some(left) = abort_by_hand(&place.site, &journal.state().spec)? else {
        return Err(nothing(&run));
    };
    let message = format!("the conflict of `{}` is given up; nothing was landed", left.task);
    context.streams.note(&message);
    context.streams.document(&json!({
        "schema": SCHEMA, "run": run, "task": left.task, "message": message,
    }));
    Ok(Exit::Done)
}

/// A conflict that was just left.
pub(crate) fn left(run: &RunId, left: &ByHand, paths: &[String]) -> Failure {
    let message = format!("the conflict of `{}` is left to you; nothing was landed", left.task);
    let causes = paths.iter().map(|path| format!("{path}: in conflict")).collect();
    Failure { causes, ..Failure::not_landed("by_hand", message) }.hint(ways(run, &left.worktree))
}

/// One that was left before is in the way.
pub(crate) fn open(run: &RunId, left: &ByHand) -> Failure {
    let message = format!("the conflict of `{}` is still left to you", left.task);
    Failure::refused("by_hand", message).hint(ways(run, &left.worktree))
}

/// Why what was resolved could not land; it stays as it is meanwhile.
pub(crate) fn waits(run: &RunId, failure: Failure, resolve: Option<&str>) -> Failure {
    let first = resolve.map_or_else(String::new, |command| format!("`{command}` first; "));
    failure.hint(format!(
        "{first}what you resolved stays where it is until `wt-orch integrate {run} --continue` goes \
         on with it, or `wt-orch integrate {run} --abort` gives it up"
    ))
}

fn nothing(run: &RunId) -> Failure {
    Failure::refused("nothing_to_do", format!("no conflict of run `{run}` is left to you"))
        .hint(format!("`wt-orch integrate {run} --manual` leaves the first one that it meets"))
}

fn ways(run: &RunId, worktree: &Path) -> String {
    let place = shell_word(&worktree.display().to_string());
    format!(
        "edit the files in {place} and `git add` them there, then `wt-orch integrate {run} \
         --continue`; `wt-orch integrate {run} --abort` gives it up"
    )
}
