//! `wt-orch integrate [RUN]`: forecast, order, merge, validate, land.

use super::publish::{branch_of_pull_request, publish, tell, wish};
use super::{by_hand, stored};
use crate::adapters::host::machine::Machine;
use crate::cli::approval;
use crate::cli::args::IntegrateArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::named_tips::named_tips;
use crate::cli::prepare::runtime;
use crate::cli::watch::watcher;
use crate::config::Asked;
use crate::domain::id::{RunId, TaskId};
use crate::domain::integrate::{
    EjectionReason, Integration, IntegrationOutcome, Refusal, ResolutionRules, Terms,
};
use crate::domain::report::{
    IntegrateDocument, MatrixEntry, from_integration, integrate_command, ways_to_the_end,
};
use crate::domain::run::RunState;
use crate::engine::{
    IntegrateRefusal, IntegrateRequest, Journal, NamedTip, Pins, ValidateRules, early_refusal,
    forecast_against, forecast_all, integrate, recover,
};
use crate::render::{forecast_integrate_text, integrate_text};

/// Runs it.
pub(crate) fn run(context: &Context, args: &IntegrateArgs) -> Result<Exit, Failure> {
    let mut place = context.place()?;
    let (mut journal, _lock) = stored::open_work(&place, args.run.run.as_deref())?;
    for done in recover(&place.site, &mut journal.store)? {
        context.streams.note(&done);
    }
    let run = journal.run();
    if !journal.state().phase.is_over() {
        return Err(Failure::refused("not_over", format!("run `{run}` is not over"))
            .hint(ways_to_the_end(journal.state())));
    }
    if args.abort {
        return by_hand::abort(context, &place, &journal);
    }
    if place.unapproved.as_ref().is_some_and(Asked::resolves) {
        approval::ensure(context, &mut place)?;
    }
    let others = named_tips(&place.site.repo, &args.with)?;
    let request = IntegrateRequest {
        by_hand: args.manual || args.go_on,
        ..request(&place, terms(&place, &journal, args)?, args.dry_run)
    };
    let target = request.terms.onto.as_deref().or(journal.state().spec.target.as_deref());
    let wish = wish(&place, &request.terms, target)?;
    if args.go_on {
        // What was resolved stays where it is while the integration could not begin.
        if let Some(refusal) = early_refusal(&place.site, &journal, &request)? {
            let resolve = resolving(&refusal).map(str::to_owned);
            let failure = refused(&run, &request.terms, refusal);
            return Err(by_hand::waits(&run, failure, resolve.as_deref()));
        }
        by_hand::take(context, &place, &journal)?;
    }
    let (journal, landed) = carry_out(context, &place, journal, &request)?;
    let mut exit = landed?;
    if let Some(integration) = journal.state().integrations.last() {
        let (spec, style) = (&journal.state().spec, context.streams.out);
        let against = held_against(&place, integration, others)?;
        context.streams.result(&match &against {
            Some(against) => forecast_integrate_text(spec, integration, against, style),
            None => integrate_text(spec, integration, style),
        });
        let publication = wish.and_then(|wish| publish(context, &place, journal.state(), &wish));
        if let Some(publication) = &publication {
            tell(context, publication);
            exit = if publication.failed { exit.worse(Exit::Failed) } else { exit };
        }
        let document = from_integration(&run, integration);
        let matrix = match integration.spec.dry_run {
            true => forecast_all(&place.site.repo, &tips_of(integration))?,
            false => document.matrix,
        };
        context.streams.document(&IntegrateDocument { matrix, against, publication, ..document });
    }
    Ok(exit)
}

/// What is asked for: by the arguments, and by those with which a conflict was left.
fn terms(place: &Place, journal: &Journal, args: &IntegrateArgs) -> Result<Terms, Failure> {
    let asked = Terms {
        onto: args.onto.as_deref().map(short_name),
        branch: args.branch.as_deref().map(short_name),
        arm: arm(journal, args.arm.as_deref())?,
        keep: kept(journal, &args.keep)?,
        allow_red_base: args.allow_red_base,
        no_cache: args.no_cache,
        push: args.push.clone(),
        pull_request: args.pr,
    };
    let mut terms = if args.go_on { by_hand::terms(place, journal, asked)? } else { asked };
    if terms.pull_request && terms.branch.is_none() {
        terms.branch = Some(branch_of_pull_request(&journal.run()));
    }
    Ok(terms)
}

/// The arm to land, one that passes the check.
fn arm(journal: &Journal, name: Option<&str>) -> Result<Option<TaskId>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let (state, run) = (journal.state(), journal.run());
    let Some(race) = state.spec.kind.race() else {
        return Err(Failure::usage(
            "no_race",
            format!("run `{run}` is no race, so it has no arms"),
        )
        .hint("leave `--arm` out"));
    };
    let known = race.arms.iter().find(|arm| arm.task.as_str() == name).map(|arm| &arm.task);
    let Some(arm) = known else {
        let message = format!("race `{run}` has no arm `{name}`");
        return Err(Failure::usage("unknown_arm", message)
            .hint(format!("`wt-orch report {run}` lists them")));
    };
    match state.record(arm).filter(|record| !record.state.succeeded()) {
        None => Ok(Some(arm.clone())),
        Some(record) => {
            let why = record.reason().map_or_else(String::new, |reason| format!(": {reason}"));
            Err(Failure::refused("not_proved", format!("arm `{name}` is not proved{why}")).hint(
                format!(
                    "`wt-orch report {run}` shows what became of it; `git merge` takes any branch"
                ),
            ))
        }
    }
}

/// Tasks to spare, all of this run.
fn kept(journal: &Journal, names: &[String]) -> Result<Vec<TaskId>, Failure> {
    let state = journal.state();
    let known = |name: &String| state.spec.plan.tasks.iter().find(|t| t.task.id.as_str() == *name);
    let found = |name: &String| match known(name) {
        Some(planned) => Ok(planned.task.id.clone()),
        None => {
            let run = journal.run();
            Err(Failure::usage("unknown_task", format!("run `{run}` has no task `{name}`"))
                .hint(format!("`wt-orch status {run}` lists its tasks")))
        }
    };
    names.iter().map(found).collect()
}

/// The forecast of an integration's branches with what it did not merge: in a dry run the target as
/// it stood, and what `--with` names.
fn held_against(
    place: &Place,
    integration: &Integration,
    others: Vec<NamedTip>,
) -> Result<Option<Vec<MatrixEntry>>, Failure> {
    let spec = &integration.spec;
    let target = spec.dry_run.then(|| NamedTip {
        name: spec.target.clone(),
        start: None,
        tip: integration.base,
    });
    let others =
        others.into_iter().filter(|other| target.as_ref().is_none_or(|t| t.name != other.name));
    let mut others: Vec<NamedTip> = target.clone().into_iter().chain(others).collect();
    if others.is_empty() {
        return Ok(None);
    }
    for other in &mut others {
        // A task may have the name of a branch.
        if spec.members.iter().any(|member| member.task.as_str() == other.name) {
            other.name = format!("refs/heads/{}", other.name);
        }
    }
    Ok(Some(forecast_against(&place.site.repo, &tips_of(integration), &others)?))
}

fn tips_of(integration: &Integration) -> Vec<NamedTip> {
    integration.spec.members.iter().map(NamedTip::from).collect()
}

/// What is asked for, with the settings for the rest.
pub(crate) fn request(place: &Place, terms: Terms, dry_run: bool) -> IntegrateRequest {
    let settings = &place.settings.integrate;
    // Whoever comes here without having been asked gets none of the repository's commands.
    let approved = !place.unapproved.as_ref().is_some_and(Asked::resolves);
    let resolution = settings.resolution.clone();
    IntegrateRequest {
        dry_run,
        strategy: settings.strategy,
        target_retries: settings.target_retries,
        verify_merge: settings.verify_merge,
        flake_runs: settings.flake_runs,
        resolution: if approved { resolution } else { ResolutionRules::default() },
        by_hand: false,
        slots: slots(place),
        validating: ValidateRules {
            pins: Pins::new(settings.pinned.clone().filter(|_| settings.pin)),
            cache: settings.cache && !terms.no_cache,
        },
        terms,
    }
}

/// Validations at once: as set, else as many as there are cores, at most those of a run.
fn slots(place: &Place) -> u32 {
    let set = place.settings.integrate.slots;
    if set > 0 {
        return set;
    }
    let named = Machine::load().cores;
    let cores = place.effective_cores(named).map_or(named as f64, |measured| measured.cores);
    // A value beyond what the type holds is its limit.
    (cores.floor() as u32).clamp(1, place.settings.run.slots.clamp(1, 64))
}

fn short_name(branch: &str) -> String {
    branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned()
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
        Err(refusal) => Err(refused(&run, &request.terms, refusal)),
        Ok(()) => match journal.state().integrations.last() {
            Some(integration) => {
                tell_unvalidated(context, integration);
                exit_of(&run, &request.terms, integration)
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

fn exit_of(run: &RunId, terms: &Terms, integration: &Integration) -> Result<Exit, Failure> {
    let left_out = integration.ejected().iter().any(|e| e.reason != EjectionReason::Unfinished);
    Ok(match &integration.outcome {
        // What the check said is in the result.
        Some(IntegrationOutcome::Refused(Refusal::CheckFails { .. })) => Exit::NotLanded,
        Some(IntegrationOutcome::Refused(refusal)) => {
            return Err(not_landed(run, terms, integration.spec.destination(), refusal));
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

/// The command that clears the way.
fn resolving(refusal: &IntegrateRefusal) -> Option<&str> {
    if let IntegrateRefusal::Obstacle { refusal: Refusal::Checkout { resolve, .. }, .. } = refusal {
        return Some(resolve);
    }
    None
}

fn not_landed(run: &RunId, terms: &Terms, target: &str, refusal: &Refusal) -> Failure {
    let command = |terms: &Terms| integrate_command(run, terms);
    let again = command(terms);
    match refusal {
        Refusal::Checkout { resolve, .. } => {
            Failure::refused("target_checkout", refusal.to_string())
                .hint(format!("`{resolve}`, then `{again}` again"))
        }
        Refusal::RedBase { tainted, .. } if !tainted.is_empty() => Failure::not_landed(
            "red_base",
            refusal.to_string(),
        )
        .hint(
            "let it check without writing (`cargo fmt --check`, not `cargo fmt`), or let a task do \
                 what it does; nothing was landed",
        ),
        Refusal::RedBase { validations, .. } => {
            let name = validations.first().map_or("", String::as_str);
            Failure::not_landed("red_base", refusal.to_string()).hint(format!(
                "make `{name}` pass on `{target}` first, or let it say which tests fail (a \
                     `report`, or output such as of `cargo test --no-fail-fast`), so that those \
                     that fail there already do not count; `{}` lands without it",
                command(&Terms { allow_red_base: true, ..terms.clone() })
            ))
        }
        Refusal::CheckFails { .. } => Failure::not_landed("check_fails", refusal.to_string()).hint(
            format!("`wt-orch report {run}` says how to race again from `{target}` as it stands"),
        ),
        Refusal::TargetMoved { .. } => Failure::not_landed("target_moved", refusal.to_string())
            .hint(format!("run `{again}` again when `{target}` is quiet")),
        Refusal::TargetGone => Failure::refused("target_gone", refusal.to_string()).hint(format!(
            "name another: `{} --onto BRANCH`",
            command(&Terms { onto: None, ..terms.clone() })
        )),
        Refusal::BranchTaken { .. } => {
            let hint = format!(
                "name another: `{} --branch NAME`",
                command(&Terms { branch: None, ..terms.clone() })
            );
            Failure::refused("branch_taken", refusal.to_string()).hint(hint)
        }
    }
}

fn refused(run: &RunId, terms: &Terms, refusal: IntegrateRefusal) -> Failure {
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
        IntegrateRefusal::NoArmProved { reproduced, again } => no_arm(run, reproduced, &again),
        IntegrateRefusal::LeftByHand { left, paths } => by_hand::left(run, &left, &paths),
        IntegrateRefusal::OpenByHand { left } => by_hand::open(run, &left),
        IntegrateRefusal::Obstacle { branch, refusal } => not_landed(run, terms, &branch, &refusal),
        IntegrateRefusal::Interrupted => {
            let message = format!("the integration of `{run}` was interrupted; nothing was landed");
            Failure { exit: Exit::Interrupted, ..Failure::refused("interrupted", message) }
                .hint(format!("`{}` starts it again", integrate_command(run, terms)))
        }
    }
}

/// A race that came to nothing.
fn no_arm(run: &RunId, reproduced: bool, again: &str) -> Failure {
    let (why, hint) = if reproduced {
        let hint = format!(
            "`wt-orch report {run}` shows what falsified each; `wt-orch retry {run}` runs them again, \
             `{again}` others that you write there"
        );
        ("no hypothesis is proved", hint)
    } else {
        let hint = format!(
            "write a check that fails on the base, or let the base be a commit that has the fault, then \
             `{again}`"
        );
        ("not reproduced: the base passes the check", hint)
    };
    Failure::refused("not_proved", format!("race `{run}` has nothing to land: {why}")).hint(hint)
}
