//! `wt-orch integrate [RUN]`: forecast, order, merge, validate, land.

use super::stored;
use crate::cli::args::IntegrateArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::prepare::runtime;
use crate::cli::watch::watcher;
use crate::domain::id::RunId;
use crate::domain::integrate::{EjectionReason, Integration, IntegrationOutcome, Refusal};
use crate::domain::report::{from_integration, ways_to_the_end};
use crate::domain::run::RunState;
use crate::engine::{IntegrateRefusal, IntegrateRequest, Journal, integrate, recover};
use crate::render::integrate_text;

/// Runs it.
pub(crate) fn run(context: &Context, args: &IntegrateArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let (mut journal, _lock) = stored::open(&place, args.run.run.as_deref())?;
    for done in recover(&place.site, &mut journal.store)? {
        context.streams.note(&done);
    }
    let run = journal.run();
    if !journal.state().phase.is_over() {
        return Err(Failure::refused("not_over", format!("run `{run}` is not over"))
            .hint(ways_to_the_end(journal.state())));
    }
    let request = request(&place, args.onto.clone(), args.dry_run);
    let (journal, landed) = carry_out(context, &place, journal, &request)?;
    let exit = landed?;
    if let Some(integration) = journal.state().integrations.last() {
        context.streams.result(&integrate_text(&run, integration, context.streams.out));
        context.streams.document(&from_integration(&run, integration));
    }
    Ok(exit)
}

/// What is asked for, with the settings for the rest.
pub(crate) fn request(place: &Place, onto: Option<String>, dry_run: bool) -> IntegrateRequest {
    let settings = &place.settings.integrate;
    IntegrateRequest {
        onto: onto.map(|name| name.trim_start_matches("refs/heads/").to_owned()),
        dry_run,
        strategy: settings.strategy,
        target_retries: settings.target_retries,
    }
}

/// Integrates, and tells the exit code or the refusal.
pub(crate) fn carry_out(
    context: &Context,
    place: &Place,
    mut journal: Journal,
    request: &IntegrateRequest,
) -> Result<(Journal, Result<Exit, Failure>), Failure> {
    journal.subscribe(watcher(&context.streams));
    let outcome = runtime()?.block_on(integrate(&place.site, &mut journal, request))?;
    journal.unsubscribe_all();
    let run = journal.run();
    let result = match outcome {
        Err(refusal) => Err(refused(&run, refusal)),
        Ok(()) => match journal.state().integrations.last() {
            Some(integration) => {
                tell_unvalidated(context, integration);
                exit_of(&run, integration)
            }
            None => Ok(Exit::Refused),
        },
    };
    Ok((journal, result))
}

/// Says so when nothing vouched for what landed.
fn tell_unvalidated(context: &Context, integration: &Integration) {
    let landed = matches!(integration.outcome, Some(IntegrationOutcome::Landed { .. }));
    if landed && integration.spec.validations.is_empty() {
        context.streams.note(
            "note: what landed was not validated as a whole; `[[validate]]` in the tasks file does",
        );
    }
}

/// The JSON document of the run's last integration.
pub(crate) fn document(run: &RunId, state: &RunState) -> serde_json::Value {
    state.integrations.last().map_or(serde_json::Value::Null, |integration| {
        serde_json::to_value(from_integration(run, integration)).unwrap_or_default()
    })
}

fn exit_of(run: &RunId, integration: &Integration) -> Result<Exit, Failure> {
    let left_out = integration.ejected.iter().any(|e| e.reason != EjectionReason::Unfinished);
    Ok(match &integration.outcome {
        Some(IntegrationOutcome::Refused(refusal)) => {
            return Err(not_landed(run, integration, refusal));
        }
        Some(IntegrationOutcome::Landed { .. } | IntegrationOutcome::DryRun) if !left_out => {
            Exit::Done
        }
        Some(IntegrationOutcome::NothingToLand) if !left_out => Exit::Refused,
        Some(
            IntegrationOutcome::Landed { .. }
            | IntegrationOutcome::DryRun
            | IntegrationOutcome::NothingToLand,
        )
        | None => Exit::NotLanded,
    })
}

fn not_landed(run: &RunId, integration: &Integration, refusal: &Refusal) -> Failure {
    let target = &integration.spec.target;
    match refusal {
        Refusal::Checkout { resolve, .. } => {
            Failure::refused("target_checkout", refusal.to_string())
                .hint(format!("`{resolve}`, then `wt-orch integrate {run}` again"))
        }
        Refusal::RedBase { validations } => {
            let name = validations.first().map_or("", String::as_str);
            Failure::not_landed("red_base", refusal.to_string())
                .hint(format!("make `{name}` pass on `{target}` first; nothing was landed"))
        }
        Refusal::TargetMoved { .. } => Failure::not_landed("target_moved", refusal.to_string())
            .hint(format!("run `wt-orch integrate {run}` again when `{target}` is quiet")),
        Refusal::TargetGone => Failure::refused("target_gone", refusal.to_string())
            .hint(format!("name another: `wt-orch integrate {run} --onto BRANCH`")),
    }
}

fn refused(run: &RunId, refusal: IntegrateRefusal) -> Failure {
    match refusal {
        IntegrateRefusal::NoTarget => {
            Failure::refused("no_target", format!("run `{run}` was started on no branch"))
                .hint(format!("name one: `wt-orch integrate {run} --onto BRANCH`"))
        }
        IntegrateRefusal::UnknownTarget { branch } => {
            Failure::refused("unknown_target", format!("there is no branch `{branch}`"))
                .hint(format!("name one that exists: `wt-orch integrate {run} --onto BRANCH`"))
        }
        IntegrateRefusal::NothingReady { notes } => Failure {
            causes: notes,
            ..Failure::refused(
                "nothing_to_do",
                format!("run `{run}` has nothing to land: no finished work that the target lacks"),
            )
        }
        .hint(format!("`wt-orch report {run}` shows what became of its tasks")),
        IntegrateRefusal::Interrupted => {
            let message = format!("the integration of `{run}` was interrupted; nothing was landed");
            Failure { exit: Exit::Interrupted, ..Failure::refused("interrupted", message) }
                .hint(format!("`wt-orch integrate {run}` starts it again"))
        }
    }
}
