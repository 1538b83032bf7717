//! What to type next, as fits the state of a run.

use super::integrate_document::resolving_command;
use super::race_facts::race_winner;
use super::section::Step;
use crate::domain::id::{RunId, TaskId};
use crate::domain::integrate::{Integration, IntegrationOutcome, Refusal, Terms};
use crate::domain::run::{Outcome, RunKind, RunPhase, RunSpec, RunState, StopReason};
use crate::domain::suite::Part;
use crate::domain::task::shell_word;

/// Failed tasks whose logs are named.
const LOGS_SHOWN: usize = 3;

/// The commands that make sense next, the most useful first.
pub fn next_steps(state: &RunState) -> Vec<Step> {
    let run = &state.spec.run;
    match state.phase {
        RunPhase::Created => vec![Step::new(format!("wt-orch resume {run}"), "start it")],
        RunPhase::Running | RunPhase::Stopping(_) => {
            let active = state.active_tasks().next().map(|index| &state.task(index).id);
            let logs = active
                .map(|task| Step::new(format!("wt-orch logs {run} {task}"), "see what it prints"));
            let why =
                if state.is_being_aborted() { "kill what does not stop" } else { "stop the run" };
            let abort = Step::new(format!("wt-orch abort {run}"), why);
            logs.into_iter().chain([abort]).collect()
        }
        RunPhase::Stopped(StopReason::Interrupted) if state.is_being_aborted() => vec![
            Step::new(format!("wt-orch abort {run}"), "finish the abort"),
            Step::new(format!("wt-orch resume {run}"), "finish it and print how the run ended"),
        ],
        RunPhase::Stopped(StopReason::Interrupted) => vec![
            Step::new(format!("wt-orch resume {run}"), "go on where it stopped"),
            Step::new(format!("wt-orch abort {run}"), "give up what has not finished"),
        ],
        RunPhase::Stopped(StopReason::Aborted) | RunPhase::Finished => after_the_end(state),
    }
}

/// What brings a run to its end that is not over and that nobody drives.
pub fn ways_to_the_end(state: &RunState) -> String {
    let run = &state.spec.run;
    if state.is_being_aborted() {
        format!(
            "it was being aborted: `wt-orch abort {run}` or `wt-orch resume {run}` finishes that"
        )
    } else {
        format!("`wt-orch resume {run}` goes on with it, `wt-orch abort {run}` ends it")
    }
}

/// After tests: what those printed that failed, and how only those are run again.
fn after_tests(run: &RunId, (failed, again): (&[&TaskId], Vec<&str>)) -> Vec<Step> {
    let logs = failed.iter().take(LOGS_SHOWN);
    let mut steps: Vec<Step> = logs
        .map(|task| Step::new(format!("wt-orch logs {run} {task}"), "see what it printed"))
        .collect();
    if !again.is_empty() {
        // What is named like an option would be taken for one.
        let end = again.iter().any(|name| name.starts_with('-')).then(|| "--".to_owned());
        let words: Vec<String> = end.into_iter().chain(again.into_iter().map(shell_word)).collect();
        let why = "test only these again";
        steps.push(Step::new(format!("wt-orch test {}", words.join(" ")), why));
    }
    steps
}

fn after_the_end(state: &RunState) -> Vec<Step> {
    let run = &state.spec.run;
    let mut steps = Vec::new();
    let integration = state.integrations.last();
    let last = integration.and_then(|last| last.outcome.as_ref());
    if let Some(IntegrationOutcome::Refused(refusal)) = last
        && let Some(command) = resolving_command(refusal)
    {
        steps.push(Step::new(command, "clears the way for landing"));
    }
    if (0..state.tasks.len()).any(|index| waits_for_landing(state, index)) {
        let unfinished = integration.filter(|last| match &last.outcome {
            Some(IntegrationOutcome::DryRun | IntegrationOutcome::Refused(_)) | None => true,
            Some(IntegrationOutcome::Landed { .. } | IntegrationOutcome::NothingToLand) => false,
        });
        let command = unfinished
            .map_or_else(|| format!("wt-orch integrate {run}"), |last| again(&state.spec, last));
        let what = match state.spec.kind.race() {
            Some(_) => "merge, validate and land the winner",
            None => "merge, validate and land what succeeded",
        };
        steps.push(Step::new(command, what));
    }
    let failed: Vec<&TaskId> = (0..state.tasks.len())
        .filter(|&index| match state.tasks[index].outcome() {
            Some(Outcome::Failed | Outcome::TimedOut) => true,
            Some(Outcome::Succeeded | Outcome::Cancelled | Outcome::Skipped) | None => false,
        })
        .map(|index| &state.task(index).id)
        .collect();
    if let Some(suite) = state.spec.kind.suite() {
        let is_failed = |part: &&Part| failed.contains(&&part.task);
        let mut again: Vec<&str> =
            suite.parts.iter().filter(is_failed).map(|part| part.module.as_str()).collect();
        again.dedup();
        return after_tests(run, (&failed, again));
    }
    for task in failed.iter().take(LOGS_SHOWN) {
        steps.push(Step::new(format!("wt-orch logs {run} {task}"), "see what it printed"));
    }
    if race_winner(state).is_some() {
        // What is falsified stays so.
    } else if let [task] = failed[..] {
        let why = "run it again, with what depends on it";
        steps.push(Step::new(format!("wt-orch retry {run} {task}"), why));
    } else if !failed.is_empty() || state.count(Outcome::Cancelled) > 0 {
        let why = "run again what did not succeed";
        steps.push(Step::new(format!("wt-orch retry {run}"), why));
    }
    steps.push(Step::new(
        format!("wt-orch clean {run}"),
        "remove its worktrees and merged branches",
    ));
    if let (Some(integration), Some(IntegrationOutcome::Landed { operation, .. })) =
        (integration, last)
    {
        steps.push(undo_step(integration, *operation));
    }
    steps
}

/// The command that takes a landing back.
pub(super) fn undo_step(integration: &Integration, operation: u64) -> Step {
    let what = match integration.spec.branch {
        None => "put the target back where it stood",
        Some(_) => "take the branch away again",
    };
    Step::new(format!("wt-orch undo {operation}"), what)
}

/// Whether a task has work that no landing took or left out yet.
pub(super) fn waits_for_landing(state: &RunState, index: usize) -> bool {
    let (id, record) = (&state.task(index).id, &state.tasks[index]);
    let is_race = state.spec.kind.race().is_some();
    let decided = state.integrations.iter().any(|integration| {
        let was_ready = record.finished <= Some(integration.started);
        let taken = integration.train().iter().any(|(task, _)| *task == id);
        let left_out = integration.ejected().iter().any(|ejection| ejection.task == *id);
        was_ready
            && match &integration.outcome {
                // One arm of a race is all that lands.
                Some(IntegrationOutcome::Landed { .. }) => taken || left_out || is_race,
                Some(IntegrationOutcome::NothingToLand) => left_out,
                Some(IntegrationOutcome::Refused(Refusal::CheckFails { arm, .. })) => arm == id,
                Some(IntegrationOutcome::DryRun | IntegrationOutcome::Refused(_)) | None => false,
            }
    });
    let may_land = match state.spec.kind {
        RunKind::Split => true,
        RunKind::Race(_) => race_winner(state).as_ref() == Some(id),
        RunKind::Test(_) => false,
    };
    record.state.succeeded() && !record.changed.is_empty() && !decided && may_land
}

/// The command that integrates a run as it is asked for.
pub fn integrate_command(run: &RunId, terms: &Terms) -> String {
    let mut words = vec![format!("wt-orch integrate {run}")];
    words.extend(terms.arm.iter().map(|arm| format!("--arm {arm}")));
    let named = [("--onto", &terms.onto), ("--branch", &terms.branch)];
    words.extend(named.into_iter().filter_map(|(option, value)| {
        value.as_ref().map(|value| format!("{option} {}", shell_word(value)))
    }));
    words.extend(terms.keep.iter().map(|task| format!("--keep {task}")));
    words.extend(terms.push.iter().map(|remote| match remote.as_str() {
        "" => "--push".to_owned(),
        remote => format!("--push={}", shell_word(remote)),
    }));
    let switches = [
        ("--allow-red-base", terms.allow_red_base),
        ("--no-cache", terms.no_cache),
        ("--pr", terms.pull_request),
    ];
    words.extend(switches.into_iter().filter(|(_, on)| *on).map(|(option, _)| option.to_owned()));
    words.join(" ")
}

/// The command that starts an integration again, as it was asked for.
pub(super) fn again(spec: &RunSpec, integration: &Integration) -> String {
    integrate_command(&spec.run, &Terms::of(&integration.spec, spec.target.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::integrate::IntegrationEvent;
    use crate::domain::plan::Preference;
    use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
    use crate::domain::run::Input;

    fn run() -> ScriptedRun {
        let tasks = vec![task("a", &[], 10), task("b", &[], 10), task("c", &[], 10)];
        let script = [
            ("a", vec![Try::well(2.0, &["a.rs"])]),
            ("b", vec![Try::fails(1.0, "no")]),
            ("c", vec![Try::times_out(3.0)]),
        ];
        ScriptedRun::new(plan(tasks, Preference::ParallelWith(3)), &script)
    }

    fn commands(state: &RunState) -> Vec<String> {
        next_steps(state).into_iter().map(|step| step.command).collect()
    }

    #[test]
    fn every_phase_has_its_own_next_step() {
        assert_eq!(commands(&run().state), ["wt-orch resume auth"]);
        let mut stopped = run().until(0.5);
        assert_eq!(commands(&stopped.state), ["wt-orch logs auth a", "wt-orch abort auth"]);
        stopped.input(Input::Stop { reason: StopReason::Interrupted, force: false });
        assert_eq!(commands(&stopped.state), ["wt-orch logs auth a", "wt-orch abort auth"]);
        assert_eq!(
            commands(&run().finished().state),
            [
                "wt-orch integrate auth",
                "wt-orch logs auth b",
                "wt-orch logs auth c",
                "wt-orch retry auth",
                "wt-orch clean auth",
            ]
        );
    }

    #[test]
    fn an_interrupted_run_is_resumed() {
        let mut run = ScriptedRun::new(plan(vec![task("a", &[], 10)], Preference::Rule), &[]);
        run.input(Input::Stop { reason: StopReason::Interrupted, force: false });
        assert_eq!(commands(&run.state), ["wt-orch resume auth", "wt-orch abort auth"]);
    }

    #[test]
    fn a_run_that_is_being_aborted_is_offered_nothing_but_the_end_of_that() {
        let mut run = run().until(0.5);
        assert!(ways_to_the_end(&run.state).starts_with("`wt-orch resume auth` goes on"));
        run.input(Input::Stop { reason: StopReason::Aborted, force: false });
        let left = run.state.seen_without_driver();
        for state in [&run.state, &left] {
            assert!(ways_to_the_end(state).ends_with("finishes that"));
            let steps = next_steps(state);
            let of_the_run = steps.iter().filter(|step| !step.command.contains("logs"));
            for step in of_the_run {
                assert!(["kill what", "finish "].iter().any(|why| step.why.starts_with(why)));
            }
        }
        assert_eq!(commands(&left), ["wt-orch abort auth", "wt-orch resume auth"]);
        assert!(!run.until(9.0).state.is_being_aborted());
    }

    #[test]
    fn what_landed_is_not_offered_again_and_its_undo_comes_last() {
        let landed = commands(&run().finished().integrated(&[], &[], false).state);
        assert!(!landed.contains(&"wt-orch integrate auth".to_owned()), "{landed:?}");
        assert_eq!(landed.last().unwrap(), "wt-orch undo 4");
        let dry = commands(&run().finished().integrated(&[], &[], true).state);
        assert_eq!(dry[0], "wt-orch integrate auth");
    }

    #[test]
    fn a_refusal_starts_with_what_clears_the_way() {
        let mut run = run().finished().integrated(&[], &[], true);
        let spec = Box::new((*run.integration().spec).clone());
        run.integrate(IntegrationEvent::Started { spec });
        let refusal = Refusal::Checkout {
            message: "`main` is checked out and dirty".to_owned(),
            resolve: "git stash".to_owned(),
        };
        run.integrate(IntegrationEvent::Refused { refusal });
        assert_eq!(commands(&run.state)[..2], ["git stash", "wt-orch integrate auth"]);
    }

    #[test]
    fn an_integration_is_started_again_as_it_was_asked_for() {
        let run = run().finished().integrated(&[], &[], true);
        let mut integration = run.integration().clone();
        let mut spec = (*integration.spec).clone();
        (spec.target, spec.branch) = ("release".to_owned(), Some("pre view".to_owned()));
        (spec.keep, spec.allow_red_base) = (vec!["a".parse().unwrap()], true);
        integration.spec = spec.into();
        assert_eq!(
            again(&run.state.spec, &integration),
            "wt-orch integrate auth --onto release --branch 'pre view' --keep a --allow-red-base"
        );
        let terms = Terms { push: Some(String::new()), pull_request: true, ..Terms::default() };
        assert_eq!(
            integrate_command(&run.state.spec.run, &terms),
            "wt-orch integrate auth --push --pr"
        );
    }
}
