use super::*;
use crate::domain::report::scripted_run::task;

fn shell(text: &str) -> Task {
    let work = Work::Command { command: Command::Shell(text.into()), prompt: None };
    Task { work, ..task("a", &[], 1) }
}

#[test]
fn only_what_runs_changes_the_digest() {
    let plain = shell("make");
    let renamed = Task { id: "b".parse().unwrap(), timeout: plain.timeout * 2, ..plain.clone() };
    assert_eq!(work_digest(&plain), work_digest(&renamed));
    let checked = Task { check: Some("true".into()), ..plain.clone() };
    let argv = |words: &[&str]| {
        let command = Command::Argv(words.iter().map(|&word| word.to_owned()).collect());
        Task { work: Work::Command { command, prompt: None }, ..plain.clone() }
    };
    let gate = Task { work: Work::Gate { command: Command::Shell("make".into()) }, ..shell("") };
    let different =
        [&plain, &checked, &argv(&["make"]), &argv(&["ma", "ke"]), &gate, &shell("make all")];
    let digests: std::collections::BTreeSet<u64> =
        different.iter().map(|task| work_digest(task)).collect();
    assert_eq!(digests.len(), different.len());
}

#[test]
fn a_task_is_compared_with_its_persona_then_its_phase_then_its_kind() {
    let agent = |persona: Option<&str>, phase: Option<&str>| {
        let persona = persona.map(str::to_owned);
        let work = Work::Agent { preset: "claude".into(), prompt: "do".into(), persona };
        Task { work, phase: phase.map(str::to_owned), ..shell("") }
    };
    let found = [
        agent(Some("qa"), Some("build")),
        agent(None, Some("build")),
        agent(None, None),
        shell("make"),
    ]
    .map(|task| category(&task));
    assert_eq!(found, ["persona qa", "phase build", "agent", "command"]);
}
