use proptest::prelude::*;

use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
use crate::domain::run::{Input, RunKind, StopReason};
use crate::domain::suite::{FailureCause, SuiteSpec};
use crate::domain::task::Task;

/// `task attempt wall cpu active position censored` of every attempt.
fn told(observations: &Observations) -> Vec<String> {
    let line = |recorded: &RecordedAttempt| {
        let ObservedAttempt { task, wall_s, cpu_s, active, lane_position, censored, .. } =
            &recorded.observed;
        let cpu = cpu_s.map_or("-".to_owned(), |cpu| format!("{cpu:.2}"));
        let lane = lane_position.map_or("-".to_owned(), |position| position.to_string());
        let censored = if *censored { " censored" } else { "" };
        format!("{task} {} {wall_s:.2} {cpu} {active:.2} {lane}{censored}", recorded.attempt)
    };
    observations.attempts.iter().map(line).collect()
}

fn run(tasks: Vec<Task>, preference: Preference, script: &[(&str, Vec<Try>)]) -> ScriptedRun {
    ScriptedRun::new(plan(tasks, preference), script)
}

/// Goes on with a run as another process would.
fn resumed(mut run: ScriptedRun) -> ScriptedRun {
    run.input(Input::Begin { resumed: true });
    while run.advance() {}
    run
}

#[test]
fn a_duration_is_that_of_command_and_check_and_knows_what_ran_beside_it() {
    let checked = Task { check: Some("make test".to_owned()), ..task("b", &[], 10) };
    let script = [("a", vec![Try::well(4.0, &["a"])]), ("b", vec![Try::well(1.0, &[])])];
    let run = run(vec![task("a", &[], 10), checked], Preference::ParallelWith(2), &script);
    let observed = observe(&run.finished().envelopes, 0);
    // `b` has a span of a second for its command and one for its check, `a` runs beside both.
    assert_eq!(told(&observed), ["b 1 2.00 0.50 2.00 -", "a 1 4.00 2.00 1.50 -"]);
    let [b, a] = &observed.attempts[..] else { panic!() };
    assert_eq!((b.observed.run, b.observed.workflow.as_str()), (a.observed.run, "auth"));
    assert_ne!(b.observed.work, a.observed.work);
    // The check of `b` adds nothing but time.
    let used = ResourceUse {
        peak_rss: Some(100 << 20),
        read_bytes: Some(2 << 20),
        written_bytes: Some(10 << 20),
        processes: Some(3),
    };
    assert_eq!([a.observed.used, b.observed.used], [used; 2]);
    assert_eq!(b.observed.category, "command");
}

#[test]
fn in_one_lane_it_is_known_how_many_tasks_were_there_before() {
    let script = [("b", vec![Try::fails(1.0, "no"), Try::well(2.0, &["b"])])];
    let retried = Task { retries: 1, ..task("b", &["a"], 10) };
    let tasks = vec![task("a", &[], 10), retried, task("c", &["b"], 10)];
    let run = run(tasks, Preference::Sequential, &script).finished();
    assert_eq!(
        told(&observe(&run.envelopes, 0)),
        ["a 1 1.00 0.50 1.00 0", "b 2 2.00 1.00 1.00 2", "c 1 1.00 0.50 1.00 2"]
    );
}

#[test]
fn what_failed_or_was_stopped_teaches_nothing_and_a_limit_gives_a_bound() {
    let script = [
        ("a", vec![Try::fails(3.0, "no")]),
        ("b", vec![Try::times_out(64.0)]),
        ("c", vec![Try { ending: Ending::Stopped, ..Try::well(2.0, &[]) }]),
        ("d", vec![Try { ending: Ending::Signal { signal: 9 }, ..Try::well(2.0, &[]) }]),
    ];
    let tasks = ["a", "b", "c", "d"].map(|id| task(id, &[], 10)).to_vec();
    let run = run(tasks, Preference::ParallelWith(4), &script).finished();
    let observed = observe(&run.envelopes, 0);
    assert_eq!(observed.attempts.len(), 1);
    assert!(told(&observed)[0].starts_with("b 1 60.00 32.00 1."), "{:?}", told(&observed));
    assert!(observed.attempts[0].observed.censored);
    assert!(observed.runs.is_empty());
}

#[test]
fn a_run_in_one_go_is_held_against_its_prediction() {
    let mut plan = plan(vec![task("a", &[], 10), task("b", &[], 10)], Preference::ParallelWith(2));
    plan.decision.overruled = Some(Verdict::Sequential);
    let run = ScriptedRun::new(plan, &[("a", vec![Try::well(4.0, &["a"])])]).finished();
    let observed = observe(&run.envelopes, 0);
    let [RecordedRun { observed: result, imported: false }] = &observed.runs[..] else { panic!() };
    let predicted = run.state.spec.plan.predicted.run.unwrap();
    assert_eq!((result.predicted_s, result.sd), (predicted.median_s, predicted.sd));
    assert_eq!((result.low_s, result.high_s), (predicted.interval.low, predicted.interval.high));
    // Provisioned at 0.1, done at 4.1, committed at 4.15.
    assert!((result.actual_s - 4.15).abs() < 1e-6, "{}", result.actual_s);
    assert_eq!((result.width, result.tasks, result.branches), (2, 2, 1));
    assert_eq!((result.overruled, result.calibrated, result.conflicts), (true, false, None));
    assert_eq!(result.run, observed.attempts[0].observed.run);
}

#[test]
fn suites_that_fail_count_and_a_worktree_that_is_handed_on_is_warm() {
    let script = [("a", vec![Try::fails(3.0, "red")]), ("b", vec![Try::well(2.0, &[])])];
    let tasks = vec![task("a", &[], 10), task("b", &[], 10)];
    let run = run(tasks, Preference::ParallelWith(2), &script).finished();
    let mut envelopes = run.envelopes;
    for envelope in &mut envelopes {
        if let Event::RunCreated { spec } = &mut envelope.event {
            let suite = SuiteSpec { snapshot: None, parts: Vec::new() };
            spec.kind = RunKind::Test(Box::new(suite));
        } else if let Event::Provisioned { task, reused, .. } = &mut envelope.event {
            *reused = task.as_str() == "b";
        }
    }
    let at = envelopes.iter().position(|Envelope { event, .. }| {
        matches!(event, Event::AttemptFinished { task, .. } if task.as_str() == "a")
    });
    let at = at.unwrap();
    let told = |cause| {
        let results = Box::new(SuiteResults { cause: Some(cause), ..SuiteResults::default() });
        let event = Event::SuiteFinished { task: "a".parse().unwrap(), attempt: 1, results };
        let mut envelopes = envelopes.clone();
        envelopes.insert(at + 1, Envelope { event, ..envelopes[at].clone() });
        observe(&envelopes, 0)
    };
    let broken = told(FailureCause::Unexplained { code: 127 });
    assert_eq!(
        (broken.attempts.len(), broken.runs.len()),
        (1, 0),
        "only `b` says how long it takes"
    );
    let observed = told(FailureCause::Tests { failed: 1 });
    let positions: Vec<(&str, Option<u32>)> = observed
        .attempts
        .iter()
        .map(|one| (one.observed.task.as_str(), one.observed.lane_position))
        .collect();
    assert_eq!(positions, [("b", Some(1)), ("a", None)]);
    assert_eq!(observed.runs.len(), 1, "all ran as long as they take");
}

#[test]
fn a_run_that_was_stopped_or_run_again_says_nothing_as_a_whole() {
    let tasks = || vec![task("a", &[], 10), task("b", &["a"], 10)];
    let mut stopped = run(tasks(), Preference::Rule, &[]).until(0.5);
    stopped.input(Input::Stop { reason: StopReason::Interrupted, force: false });
    while stopped.advance() {}
    let stopped = resumed(stopped);
    assert!(stopped.state.all_finished());
    assert!(observe(&stopped.envelopes, 0).runs.is_empty());

    let crashed = resumed(run(tasks(), Preference::Rule, &[]).until(1.5));
    assert!(observe(&crashed.envelopes, 0).runs.is_empty());

    let failing = [("a", vec![Try::fails(1.0, "no"), Try::well(1.0, &[])])];
    let mut again = run(tasks(), Preference::Rule, &failing).finished();
    again.input(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    let again = resumed(again);
    assert!(again.state.tasks.iter().all(|record| record.state.succeeded()));
    let observed = observe(&again.envelopes, 0);
    assert!(observed.runs.is_empty());
    assert_eq!(observed.attempts.len(), 2);
}

#[test]
fn what_was_observed_at_an_earlier_end_is_not_observed_again() {
    let tasks = vec![task("a", &[], 10), task("b", &[], 10)];
    let mut run = run(tasks, Preference::ParallelWith(2), &[]).finished();
    assert_eq!(already_observed(&run.envelopes), 0);
    run.input(Input::Retry { tasks: vec!["b".parse().unwrap()] });
    let run = resumed(run);
    let seen = already_observed(&run.envelopes);
    let fresh = observe(&run.envelopes, seen);
    assert_eq!(told(&fresh), ["b 2 1.00 0.50 1.00 -"]);
    let all = observe(&run.envelopes, 0);
    assert_eq!((all.attempts.len(), all.runs.len(), fresh.runs.len()), (3, 1, 0));
}

fn scripts() -> impl Strategy<Value = Vec<Vec<(u8, u8)>>> {
    prop::collection::vec(prop::collection::vec((0..5_u8, 1..9_u8), 1..4), 1..6)
}

fn tried(&(kind, seconds): &(u8, u8)) -> Try {
    match kind {
        0 => Try::fails(seconds.into(), "no"),
        1 => Try::times_out(f64::from(seconds) + 60.0),
        _ => Try::well(seconds.into(), &["x"]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 64, ..ProptestConfig::default()
    })]

    #[test]
    fn a_journal_shows_everything_that_its_beginning_shows(
        script in scripts(), width in 0..4_usize, again in any::<bool>(),
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let tasks = names.iter().take(script.len());
        let tasks = tasks.map(|id| Task { retries: 1, ..task(id, &[], 10) }).collect();
        let preference = match width {
            0 => Preference::Sequential,
            width => Preference::ParallelWith(width),
        };
        let tries = script.iter().map(|tries| tries.iter().map(tried).collect());
        let script: Vec<(&str, Vec<Try>)> = names.into_iter().zip(tries).collect();
        let mut run = run(tasks, preference, &script).finished();
        if again {
            run.input(Input::Retry { tasks: vec!["a".parse().unwrap()] });
            run = resumed(run);
        }
        let whole = observe(&run.envelopes, 0);
        for length in 0..run.envelopes.len() {
            let part = observe(&run.envelopes[..length], 0);
            prop_assert!(whole.attempts.starts_with(&part.attempts));
            prop_assert!(whole.runs.starts_with(&part.runs));
        }
        for recorded in &whole.attempts {
            prop_assert!(recorded.observed.active >= 1.0);
            prop_assert!(recorded.observed.active <= width.max(1) as f64 + 1e-9);
        }
    }
}
