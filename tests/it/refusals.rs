//! What the program says no to: exit code, one sentence with the way out, nothing created, and with
//! `--json` exactly one document.

use crate::harness::{Fingerprint, Output, Repo};

const TASKS: &str = "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n";

/// Every command of the contract, in the order of the help.
const COMMANDS: [&str; 20] = [
    "demo",
    "init",
    "check",
    "plan",
    "split",
    "status",
    "logs",
    "abort",
    "resume",
    "retry",
    "integrate",
    "undo",
    "operations",
    "report",
    "history",
    "clean",
    "doctor",
    "config",
    "completions",
    "man",
];

/// Commands that look at a run; the name of one can follow.
const OF_A_RUN: [&str; 8] =
    ["status", "logs", "abort", "resume", "retry", "integrate", "report", "clean"];

/// One commit and a valid tasks file that is not part of it.
fn ready() -> Repo {
    let repo = Repo::new();
    repo.file("a.txt", "a\n").commit("first");
    repo.file("tasks.toml", TASKS);
    repo
}

/// Nothing on stdout; on stderr `error: …`, and a blank line and `hint: …`.
#[track_caller]
fn assert_refused(output: &Output, code: i32) {
    output.exit(code).stdout_is_empty().stderr_has("\n\nhint: ");
    assert!(output.stderr().starts_with("error: "), "{output}");
}

/// The document of a refusal.
#[track_caller]
fn assert_refused_in_json(output: &Output, code: i32) {
    let document = output.exit(code).stdout_json();
    let error = &document["error"];
    assert!(error["code"].as_str().is_some_and(|code| !code.is_empty()), "{output}");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{output}");
    assert!(error["hint"].is_string() || error["hint"].is_null(), "{output}");
    assert!(error.as_object().unwrap().contains_key("hint"), "{output}");
}

#[test]
fn the_version_is_one_line() {
    insta::assert_snapshot!(Repo::without_git().wt_orch(&["--version"]).snapshot(), @"
    $ wt-orch --version
    exit: 0
    --- stdout
    wt-orch [VERSION]
    ");
}

#[test]
fn help_lists_every_command_and_each_has_help_of_its_own() {
    let repo = Repo::without_git();
    let help = repo.wt_orch(&["--help"]);
    help.exit(0).stdout_has("Usage: wt-orch");
    assert_eq!(help.stderr(), "");
    for command in COMMANDS {
        help.stdout_has(&format!("\n  {command} "));
        let usage = format!("Usage: wt-orch {command}");
        repo.wt_orch(&[command, "--help"]).exit(0).stdout_has(&usage);
    }
}

#[test]
fn a_wrong_command_line_is_refused_with_exit_2() {
    let repo = ready();
    insta::assert_snapshot!(repo.wt_orch(&["frobnicate"]).snapshot(), @"
    $ wt-orch frobnicate
    exit: 2
    --- stderr
    error: unrecognized subcommand 'frobnicate'

      tip: a similar subcommand exists: 'forecast'

    Usage: wt-orch [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    for wrong in [
        &[][..],
        &["plan"],
        &["plan", "tasks.toml", "--no-such-flag"],
        &["plan", "tasks.toml", "surplus"],
        &["split", "tasks.toml", "--parallel=0"],
        &["split", "tasks.toml", "--parallel", "--sequential"],
        &["report", "--format", "pdf"],
        &["--color", "sometimes", "config"],
    ] {
        let output = repo.wt_orch(wrong);
        output.exit(2).stdout_is_empty();
        assert!(!output.stderr().is_empty(), "{output}");
        assert_refused_in_json(&repo.wt_orch(&[wrong, &["--json"]].concat()), 2);
    }
}

#[test]
fn outside_of_a_repository_nothing_is_done() {
    let repo = Repo::without_git();
    repo.file("tasks.toml", TASKS);
    let before = Fingerprint::of(&repo);
    insta::assert_snapshot!(repo.wt_orch(&["plan", "tasks.toml"]).snapshot(), @"
    $ wt-orch plan tasks.toml
    exit: 4
    --- stderr
    error: `[TMP]/repo` is not in a git repository

    hint: run wt-orch inside a git repository, or name one with `-C DIR`
    ");
    for command in [&["split", "tasks.toml"][..], &["undo"], &["operations"]] {
        assert_refused(&repo.wt_orch(command), 4);
        assert_refused_in_json(&repo.wt_orch(&[command, &["--json"]].concat()), 4);
    }
    for command in OF_A_RUN {
        assert_refused(&repo.wt_orch(&[command]), 4);
    }
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn a_repository_without_a_commit_has_no_base() {
    let repo = Repo::new();
    repo.file("tasks.toml", TASKS);
    let before = Fingerprint::of(&repo);
    insta::assert_snapshot!(repo.wt_orch(&["plan", "tasks.toml"]).snapshot(), @"
    $ wt-orch plan tasks.toml
    exit: 4
    --- stderr
    error: the branch `main` has no commit yet, so there is no base

    hint: make a first commit: `git commit --allow-empty -m 'First commit'`
    ");
    assert_refused(&repo.wt_orch(&["split", "tasks.toml"]), 4);
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn where_nothing_has_run_there_is_nothing_to_look_at() {
    let repo = ready();
    let before = Fingerprint::of(&repo);
    insta::assert_snapshot!(repo.wt_orch(&["status"]).snapshot(), @"
    $ wt-orch status
    exit: 4
    --- stderr
    error: nothing has run in this repository yet

    hint: start with `wt-orch split tasks.toml`
    ");
    for command in OF_A_RUN {
        assert_refused(&repo.wt_orch(&[command]), 4);
        assert_refused(&repo.wt_orch(&[command, "nosuch"]), 4);
        assert_refused_in_json(&repo.wt_orch(&[command, "nosuch", "--json"]), 4);
    }
    assert_refused(&repo.wt_orch(&["undo"]), 4);
    repo.wt_orch(&["operations"]).exit(0);
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn an_unknown_run_is_refused_beside_a_known_one() {
    let repo = ready();
    repo.wt_orch(&["split", "tasks.toml"]).exit(0);
    let before = Fingerprint::of(&repo);
    for command in OF_A_RUN {
        let output = repo.wt_orch(&[command, "nosuch"]);
        assert_refused(&output, 4);
        output.stderr_has("`nosuch`");
    }
    before.assert_kept(&Fingerprint::of(&repo));
    insta::assert_snapshot!(repo.wt_orch(&["status", "nosuch"]).snapshot(), @"
    $ wt-orch status nosuch
    exit: 4
    --- stderr
    error: there is no run `nosuch` in this repository

    hint: `wt-orch status --all` lists the runs
    ");
}

#[test]
fn all_problems_of_a_file_are_reported_at_once_and_nothing_is_created() {
    let repo = ready();
    let text = "nme = \"x\"\n[[task]]\nid = \"a\"\nrun = \"\"\nowns = [\"../up\"]\n\n\
        [[task]]\nid = \"b\"\nrun = \"true\"\ncheck = \"true\"\ndepends_on = [\"aa\"]\ntimeout = \"soon\"\n";
    repo.file("bad.toml", text);
    let before = Fingerprint::of(&repo);
    insta::assert_snapshot!(repo.wt_orch(&["check", "bad.toml"]).snapshot(), @r#"
    $ wt-orch check bad.toml
    exit: 2
    --- stderr
    error[unknown_key]
      x unknown key `nme`
       ,-[bad.toml:1:1]
     1 | nme = "x"
       : ^|^
       :  `-- did you mean `name`?
     2 | [[task]]
       `----
      help: known keys: name, base, fail_fast, run_timeout, group, defaults, task, gate, validate,
            setup, race, hypothesis

    warning[not_testable]
      ! task `a` can't be tested on its own
       ,-[bad.toml:3:6]
     2 | [[task]]
     3 | id = "a"
       :      ^^^
     4 | run = ""
       `----
      help: add a `check` to the task, or a `[[validate]]` to the file: without either nothing tells
            whether the work is right

    error[empty]
      x `run` is empty
       ,-[bad.toml:4:7]
     3 | id = "a"
     4 | run = ""
       :       ^^
     5 | owns = ["../up"]
       `----

    error[bad_glob]
      x the glob `../up` has a `..` component; paths are relative to the repository's root
       ,-[bad.toml:5:9]
     4 | run = ""
     5 | owns = ["../up"]
       :         ^^^^^^^
     6 |
       `----
      help: a task can't own what lies outside of its worktree

    error[unknown_dependency]
      x task `b` depends on the unknown task `aa`
        ,-[bad.toml:11:15]
     10 | check = "true"
     11 | depends_on = ["aa"]
        :               ^^|^
        :                 `-- did you mean `a`?
     12 | timeout = "soon"
        `----

    error[bad_duration]
      x `soon` is no duration; write it like `90s`, `10m` or `1h 30m`
        ,-[bad.toml:12:11]
     11 | depends_on = ["aa"]
     12 | timeout = "soon"
        :           ^^^^^^
        `----

    5 errors, 1 warning in bad.toml
    "#);
    for command in ["check", "plan", "split"] {
        let output = repo.wt_orch(&[command, "bad.toml", "--json"]);
        assert_refused_in_json(&output, 2);
        repo.wt_orch(&[command, "bad.toml"]).exit(2).stdout_is_empty().stderr_has("bad.toml:5:9");
    }
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn check_needs_no_repository() {
    let repo = Repo::without_git();
    repo.file("tasks.toml", TASKS);
    insta::assert_snapshot!(repo.wt_orch(&["check", "tasks.toml"]).snapshot(), @"
    $ wt-orch check tasks.toml
    exit: 0
    --- stdout
    tasks.toml: 1 task, no problems
    ");
}

#[test]
fn a_plan_in_json_is_one_document_whatever_comes_of_it() {
    let repo = ready();
    let unknown_base = format!("base = \"nosuch\"\n{TASKS}");
    repo.file("base.toml", &unknown_base).file("bad.toml", "[[task]]\n").file("broken.toml", "[[");
    repo.file("empty.toml", "").file("folder.toml/x", "");
    let before = Fingerprint::of(&repo);

    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(plan["verdict"], "sequential");
    assert_eq!(plan["width"], 1);
    assert_eq!(plan["base"], repo.git(&["rev-parse", "HEAD"]).as_str());
    assert_eq!(plan["tasks"][0]["id"], "a");
    assert!(plan.get("error").is_none());

    for (file, code) in [
        ("base.toml", 2),
        ("bad.toml", 2),
        ("broken.toml", 2),
        ("empty.toml", 2),
        ("folder.toml", 2),
        ("missing.toml", 2),
    ] {
        let output = repo.wt_orch(&["--json", "plan", file]);
        assert_refused_in_json(&output, code);
        // Rejected in words too, and for the same reason.
        repo.wt_orch(&["plan", file]).exit(code).stdout_is_empty();
    }
    assert_refused_in_json(&repo.wt_orch(&["-C", "nowhere", "plan", "tasks.toml", "--json"]), 2);
    let elsewhere = repo.command(&["plan", "repo/tasks.toml", "--json"]).folder("").run();
    assert_refused_in_json(&elsewhere, 4);
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn settings_that_cannot_be_read_are_refused_at_their_place() {
    let repo = ready();
    repo.file("orchestrator.toml", "[run]\nslotz = 3\n");
    let before = Fingerprint::of(&repo);
    insta::assert_snapshot!(repo.wt_orch(&["plan", "tasks.toml"]).snapshot(), @"
    $ wt-orch plan tasks.toml
    exit: 2
    --- stderr
    error[unknown_key]
      x unknown key `slotz` in `[run]`
       ,-[[TMP]/repo/orchestrator.toml:2:1]
     1 | [run]
     2 | slotz = 3
       : ^^|^^
       :   `-- did you mean `slots`?
       `----
      help: known keys: slots, timeout, grace, retries, stall_timeout, keep, jobserver, share_host,
            log_limit, env_deny, env_pass

    1 error in [TMP]/repo/orchestrator.toml
    ");
    assert_refused_in_json(&repo.wt_orch(&["plan", "tasks.toml", "--json"]), 2);
    let variable = repo.command(&["config"]).env("WT_ORCH_RUN_SLOTS", "many").run();
    variable.exit(2).stdout_is_empty().stderr_has("WT_ORCH_RUN_SLOTS");
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn a_plan_is_made_on_a_detached_head_and_in_a_bare_repository() {
    let repo = ready();
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["switch", "--quiet", "--detach"]);
    let before = Fingerprint::of(&repo);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(plan["base"], head.as_str());
    before.assert_identical(&Fingerprint::of(&repo));

    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = repo.command(&["plan", "../repo/tasks.toml", "--json"]).folder("bare.git").run();
    assert_eq!(bare.exit(0).stdout_json()["base"], head.as_str());
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_ours() {
    let repo = ready();
    let program = assert_cmd::cargo::cargo_bin!("wt-orch").display().to_string();
    let script = "\"$0\" plan tasks.toml 2>err | true; cat err >&2";
    let output = repo.program("sh", &["-c", script, &program]).run();
    let panicked = output.stderr().contains("panicked");
    assert!(!panicked && output.code() == Some(0), "{output}");
}
