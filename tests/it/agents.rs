//! What agents say of their work, from their output to the documents. Each agent is a script of that
//! name, first on PATH, which writes what the real one would.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Invocation, Output, Repo};
use crate::scene::{content, outcomes, small_repo, task, tasks};

/// Puts a program of that name into `repo/bin`, which changes a file, writes `stdout`, says `stderr`
/// on stderr, and ends with `exit`.
fn agent(repo: &Repo, name: &str, stdout: &str, stderr: &str, exit: i32) {
    let said = |stream: &str, text: &str| format!("cat >&{stream} <<'END'\n{text}\nEND\n");
    let text = format!(
        "#!/bin/sh\necho \"$1\" > {name}.txt\n{}{}exit {exit}\n",
        said("1", stdout),
        said("2", stderr)
    );
    repo.file(&format!("bin/{name}"), &text);
    repo.program("chmod", &["+x", &format!("bin/{name}")]).run().exit(0);
}

fn one_task(name: &str) -> String {
    format!("[[task]]\nid = '{name}'\nagent = '{name}'\nprompt = 'do it'\ncheck = 'true'\n")
}

/// `wt-orch` that finds the agents of the repository.
fn with_agents<'a>(repo: &'a Repo, words: &[&str]) -> Invocation<'a> {
    let path = repo.program("sh", &["-c", "printf %s \"$PATH\""]).run();
    let bin = repo.path("bin");
    let path = format!("{}:{}", Path::display(&bin), path.exit(0).stdout());
    repo.command(words).env("PATH", path)
}

fn split(repo: &Repo, text: &str, options: &[&str]) -> Output {
    tasks(repo, text);
    with_agents(repo, &[&["split", "tasks.toml", "--parallel=2"], options].concat()).run()
}

/// The document of the run, once it is as wanted; while it begins there is none.
#[track_caller]
fn status_once(repo: &Repo, is_wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let output = repo.wt_orch(&["status", "--json"]);
        if output.code() == Some(0) && is_wanted(&output.stdout_json()) {
            return output.stdout_json();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("not within a minute: {}", repo.wt_orch(&["status"]));
}

/// Runs one agent and gives its outcome and what is known of it.
fn ran(name: &str, stdout: &str, stderr: &str, exit: i32) -> (String, Value) {
    let repo = small_repo();
    agent(&repo, name, stdout, stderr, exit);
    let document = split(&repo, &one_task(name), &["--json"]).stdout_json();
    (outcomes(&document).remove(0), task(&document, name)["agent"].clone())
}

fn used(input: u64, cached: u64, output: u64, cost: Value) -> Value {
    json!({
        "input_tokens": input, "cached_tokens": cached, "output_tokens": output,
        "cost_usd": cost, "rate_limited": false, "error": null,
    })
}

#[test]
fn every_agent_is_read_in_its_own_form() {
    let claude = concat!(
        r#"{"type":"assistant","message":{"content":[{"type":"text","text":"HTTP 429"}]}}"#,
        "\n",
        r#"{"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.25,"usage":{"input_tokens":5,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":4}}"#,
    );
    let codex = r#"{"type":"turn.completed","usage":{"input_tokens":30,"cached_input_tokens":10,"output_tokens":2}}"#;
    let gemini = "{\n  \"response\": \"x\",\n  \"stats\": {\"models\": {\"m\": {\"tokens\": {\n    \"prompt\": 9, \"cached\": 4, \"total\": 12}}}}\n}";
    let opencode = r#"{"type":"step_finish","part":{"cost":0.5,"tokens":{"input":3,"output":4,"reasoning":1,"cache":{"read":2,"write":0}}}}"#;
    let qwen = r#"[{"type":"result","is_error":false,"usage":{"input_tokens":6,"output_tokens":7,"cache_read_input_tokens":1}}]"#;
    let aider = "Tokens: 1.5k sent, 50 received. Cost: $0.01 message, $0.02 session.";
    for (name, stdout, known) in [
        ("claude", claude, used(7, 3, 4, json!(0.25))),
        ("codex", codex, used(20, 10, 2, Value::Null)),
        ("gemini", gemini, used(5, 4, 3, Value::Null)),
        ("opencode", &format!("{opencode}\n{opencode}"), used(6, 4, 10, json!(1.0))),
        ("qwen", qwen, used(6, 1, 7, Value::Null)),
        ("aider", aider, used(1500, 0, 50, json!(0.02))),
    ] {
        let (outcome, agent) = ran(name, stdout, "debug: {\"half\": ", 0);
        assert_eq!(outcome, format!("{name} succeeded: changed 1 path"));
        assert_eq!(agent, known, "{name}");
    }
}

#[test]
fn an_agent_that_says_it_failed_has_failed_whatever_its_exit_code() {
    let repo = small_repo();
    let said = r#"{"type":"turn.failed","error":{"message":"stream disconnected"}}"#;
    agent(&repo, "codex", said, "", 0);
    let document = split(&repo, &one_task("codex"), &["--json"]).exit(1).stdout_json();
    let why = "codex failed: the agent says that it failed: stream disconnected";
    assert_eq!(outcomes(&document), [why]);
    // Its work is kept as that of any failed attempt.
    let kept = content(&repo, "refs/wt-orch/tasks/codex/attempt-1", "codex.txt");
    assert_eq!(kept.as_deref(), Some("exec\n"));
    // The journal alone says the same.
    let run = document["run"].as_str().unwrap();
    let stored = repo.wt_orch(&["status", run, "--json"]).stdout_json();
    assert_eq!(task(&stored, "codex")["agent"], task(&document, "codex")["agent"]);
    assert_eq!(task(&stored, "codex")["agent"]["error"], "stream disconnected");
}

#[test]
fn a_limit_of_the_provider_is_told_from_other_failures() {
    let repo = small_repo();
    let gemini = "{\n  \"error\": {\"type\": \"Error\", \"message\": \"slow\", \"code\": 429}\n}";
    agent(&repo, "gemini", "", gemini, 1);
    agent(&repo, "aider", "litellm.RateLimitError: wait", "", 1);
    tasks(&repo, &(one_task("gemini") + &one_task("aider")));
    // Neither has retries; both wait for another attempt nevertheless.
    let running = with_agents(&repo, &["split", "tasks.toml", "--parallel=2"]).start();
    let waits = |document: &Value, name: &str| {
        let task = task(document, name);
        task["state"] == "waiting_to_retry" && task["agent"]["rate_limited"] == true
    };
    let document =
        status_once(&repo, |document| waits(document, "gemini") && waits(document, "aider"));
    assert_eq!(task(&document, "gemini")["attempts"], 1);
    let status = repo.wt_orch(&["status"]);
    for name in ["gemini", "aider"] {
        let said = format!("waits for the rate limit of `{name}`, next try in 1");
        status.stdout_has(&said);
    }
    repo.wt_orch(&["abort"]).exit(0);
    running.wait().exit(1);
    let stopped = repo.wt_orch(&["status", "--json"]).stdout_json();
    assert_eq!(stopped["state"], "aborted");
    let cancelled =
        ["gemini", "aider"].map(|name| format!("{name} cancelled: stopped by the user"));
    assert_eq!(outcomes(&stopped), cancelled);
    for name in ["gemini", "aider"] {
        let task = task(&stopped, name);
        assert_eq!((&task["attempts"], &task["agent"]["rate_limited"]), (&1.into(), &true.into()));
    }

    let limited = |name: &str, stdout: &str, stderr: &str| ran(name, stdout, stderr, 1).1;
    let tests = r#"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"429 Too Many Requests","exit_code":1}}"#;
    assert_eq!(limited("codex", tests, "test failed: 429")["rate_limited"], false);
}

#[test]
fn a_plain_command_says_nothing_as_an_agent() {
    let repo = small_repo();
    let text = "[[task]]\nid = 'plain'\nrun = \"echo '{\\\"type\\\":\\\"turn.failed\\\"}' > x\"\ncheck = 'true'\n";
    let document = split(&repo, text, &["--json"]).exit(0).stdout_json();
    assert_eq!(task(&document, "plain")["agent"], Value::Null);
}

#[test]
fn the_report_has_tokens_and_cost_of_each_agent_and_of_all() {
    let repo = small_repo();
    let claude = r#"{"type":"result","is_error":false,"total_cost_usd":1.5,"usage":{"input_tokens":1234567,"output_tokens":1000}}"#;
    let codex = r#"{"type":"turn.completed","usage":{"input_tokens":30,"cached_input_tokens":10,"output_tokens":2}}"#;
    agent(&repo, "claude", claude, "", 0);
    agent(&repo, "codex", codex, "", 0);
    let text = one_task("claude") + &one_task("codex");
    let run = split(&repo, &text, &["--json"]).exit(0).stdout_json();
    let report = repo.wt_orch(&["report", run["run"].as_str().unwrap(), "--format", "md"]);
    let report = report.exit(0).stdout().to_owned();
    let (_, section) = report.split_once("## Agents").unwrap();
    let section = section.split("\n## ").next().unwrap();
    insta::assert_snapshot!(section.trim(), @r"
    | Task | Agent | Read | From cache | Written | Cost |
    | --- | --- | ---: | ---: | ---: | ---: |
    | claude | claude | 1,234,567 | 0 | 1,000 | \$1.50 |
    | codex | codex | 20 | 10 | 2 | - |
    | all, as far as told |  | 1,234,587 | 10 | 1,002 | \$1.50 |
    ");
}
