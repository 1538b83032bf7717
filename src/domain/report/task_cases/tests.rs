use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};

#[test]
fn every_task_is_a_case() {
    let tasks = vec![task("api", &[], 5), task("ui", &[], 5), task("docs", &["ui"], 5)];
    let script =
        [("api", vec![Try::well(4.0, &["api.rs"])]), ("ui", vec![Try::fails(2.0, "no such type")])];
    let run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &script).finished();
    let cases = task_cases(&run.state);
    let told: Vec<_> = cases.iter().map(|case| (case.name.as_str(), case.outcome)).collect();
    assert_eq!(
        told,
        [("api", CaseOutcome::Passed), ("ui", CaseOutcome::Broken), ("docs", CaseOutcome::Skipped),]
    );
    assert!(cases[0].duration.is_some() && cases[0].tries.is_empty());
    assert_eq!(cases[1].tries[0].output, "running\nno such type");
    assert!(cases[1].tries[0].message.contains("exit code"), "{:?}", cases[1].tries);
}
