//! A validation that must pass whatever the target does, such as the check of a race.

use std::collections::BTreeSet;
use std::time::Duration;

use super::world::*;
use crate::domain::integrate::*;
use crate::domain::task::PassRule;
use crate::domain::time::Timestamp;

/// How an integration of one arm ends whose check comes out like this, run by run, and always names
/// the test that fails on the target, too. All that is given must be asked for, and no more.
fn landed(results: &[Option<bool>], (runs, need): (u32, u32), flake_runs: u32) -> Integration {
    let mut world = World::new(members(1), Vec::new()).spec(|spec| {
        spec.validations[0].pass = PassRule::Outright { runs, need };
        spec.flake_runs = flake_runs;
        spec.allow_red_base = true;
    });
    let mut results = results.iter();
    loop {
        match world.integration.next() {
            Next::Done => break,
            Next::Validate(requests) => {
                assert_ne!(requests[0].commit, world.integration.base, "the target is asked");
                let result = results.next().expect("one more run is asked for");
                let commit = requests[0].commit;
                let runs = vec![run(*result)];
                let event = IntegrationEvent::ValidationFinished { commit, runs };
                world.integration.apply(&event, Timestamp(1));
            }
            Next::Record(_) | Next::Merge(_) | Next::Land { .. } => {
                world.step();
            }
        }
    }
    assert_eq!(results.next(), None, "it was settled before");
    world.integration
}

/// A run that passes, fails, or (`None`) passes and changes tracked files.
fn run(result: Option<bool>) -> ValidationRun {
    let passed = result != Some(false);
    let failed = BTreeSet::from(["TestA".to_owned()]);
    let results = TestResults {
        format: TestFormat::Go,
        complete: true,
        passed: BTreeSet::new(),
        failed,
        skipped: BTreeSet::new(),
    };
    ValidationRun {
        name: "all".into(),
        verdict: if passed { ValidationVerdict::Passed } else { ValidationVerdict::Failed },
        ending: "it ended".into(),
        duration: Duration::ZERO,
        last_lines: Vec::new(),
        tainted: if result.is_none() { vec!["f".to_owned()] } else { Vec::new() },
        results: (!passed).then_some(results),
        only: Vec::new(),
        cached: false,
        log: None,
    }
}

/// `+` passes, `-` fails, `!` changes tracked files.
fn verdict(results: &str, rule: (u32, u32), flake_runs: u32) -> (bool, ValidationVerdict) {
    let results = results.chars().map(|c| (c != '!').then_some(c == '+'));
    let integration = landed(&results.collect::<Vec<_>>(), rule, flake_runs);
    let verdict = integration.summaries()[0].verdict;
    match integration.outcome.unwrap() {
        IntegrationOutcome::Landed { .. } => (true, verdict),
        IntegrationOutcome::Refused(refusal) => {
            let fails = Refusal::CheckFails { arm: id(0), target: "main".into(), env: Vec::new() };
            assert_eq!(refusal, fails);
            (false, verdict)
        }
        outcome @ (IntegrationOutcome::DryRun | IntegrationOutcome::NothingToLand) => {
            panic!("{outcome:?}")
        }
    }
}

const LANDED: (bool, ValidationVerdict) = (true, ValidationVerdict::Passed);
const LANDED_FLAKY: (bool, ValidationVerdict) = (true, ValidationVerdict::Flaky);
const REFUSED: (bool, ValidationVerdict) = (false, ValidationVerdict::Failed);

#[test]
fn what_fails_on_the_target_too_is_not_excused_and_the_target_is_never_asked() {
    assert_eq!(verdict("+", (1, 1), 20), LANDED);
    assert_eq!(verdict("--", (1, 1), 20), REFUSED);
}

#[test]
fn one_unlucky_run_is_forgiven_only_where_no_second_one_shows_up() {
    assert_eq!(verdict("-+++", (1, 1), 4), LANDED_FLAKY);
    assert_eq!(verdict("-++-", (1, 1), 4), REFUSED);
    assert_eq!(verdict("+-++++", (3, 3), 6), LANDED_FLAKY);
    assert_eq!(verdict("+-+-", (3, 3), 6), REFUSED);
    // At least as many as the rule asks for.
    assert_eq!(verdict("-++++", (5, 5), 2), LANDED_FLAKY);
}

#[test]
fn a_rule_that_allows_failures_is_kept_to_as_it_is() {
    assert_eq!(verdict("+++", (5, 3), 20), LANDED);
    assert_eq!(verdict("-+-++", (5, 3), 20), LANDED_FLAKY);
    assert_eq!(verdict("-+-+-", (5, 3), 20), REFUSED);
    assert_eq!(verdict("---", (5, 3), 20), REFUSED);
}

#[test]
fn a_run_that_changes_tracked_files_is_never_unlucky() {
    assert_eq!(verdict("!", (1, 1), 20), REFUSED);
    assert_eq!(verdict("+!", (5, 3), 20), REFUSED);
}
