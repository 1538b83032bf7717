//! `wt-orch test`: modules at once, and what is told of them.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Fingerprint, Invocation, Output, Repo};
use crate::json::document;
use crate::scene::ordinary_repo;

/// Counts as node's runner prints them, which is what `wt-orch` reads them from.
const TAP: &str = "TAP version 13\nok 1 - adds\nok 2 - keeps\n1..2\n# tests 2\n# suites 0\n# pass 2\n\
                   # fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 3\n";
const RED: &str = "TAP version 13\nok 1 - adds\nnot ok 2 - keeps\n  ---\n  location: \
                   'web/t.js:7:3'\n  error: 'it is 2'\n  ...\n1..2\n# tests 2\n# suites 0\n# pass 1\n\
                   # fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 3\n";

/// A repository with modules of these names, each a folder with `t.sh`.
fn repo(modules: &[(&str, &str)]) -> Repo {
    let repo = ordinary_repo();
    let mut settings = String::new();
    for (name, script) in modules {
        repo.file(&format!("{name}/t.sh"), script);
        writeln!(settings, "[test.modules.{name}]\nrun = \"sh {name}/t.sh\"").unwrap();
    }
    repo.file("orchestrator.toml", &settings).file("t.tap", TAP).file("red.tap", RED);
    repo.file("web/t.js", "\n").commit("modules");
    repo
}

fn testing<'r>(repo: &'r Repo, words: &[&str]) -> Invocation<'r> {
    repo.command(&[&["--yes", "test"], words].concat())
}

fn test(repo: &Repo, words: &[&str]) -> Output {
    testing(repo, words).run()
}

/// Name and one field of each module.
fn told<'d>(document: &'d Value, field: &str) -> Vec<(&'d str, &'d Value)> {
    let modules = document["modules"].as_array().unwrap();
    modules.iter().map(|module| (module["name"].as_str().unwrap(), &module[field])).collect()
}

#[test]
fn modules_pass_and_fail_in_their_own_words() {
    let repo = repo(&[
        ("api", "cat t.tap"),
        ("web", "cat red.tap; exit 1"),
        ("docs", "echo 'the links are broken'; exit 2"),
    ]);
    let before = Fingerprint::of(&repo);
    let output = test(&repo, &[]);
    output.exit(1).stdout_has("run `test` finished: 1 of 3 modules passed, 2 failed; 4 tests");
    output.stdout_has("`keeps`").stdout_has("it is 2").stdout_has("the links are broken");
    output.stdout_has("one after another about").stdout_has("wt-orch test docs web");
    output.stderr_has("verdict: ").stderr_has("2 tests passed").stderr_has("1 of 2 tests failed");
    output.stderr_has("`keeps` failed: it is 2");
    let document = document(&test(&repo, &["--json"]), 1, "test");
    assert_eq!(
        told(&document, "outcome"),
        [("api", &json!("passed")), ("docs", &json!("failed")), ("web", &json!("failed"))]
    );
    assert_eq!(
        told(&document, "tests"),
        [("api", &json!(2)), ("docs", &Value::Null), ("web", &json!(2))]
    );
    assert_eq!(document["modules"][2]["failed"], json!(["keeps"]));
    assert_eq!(document["run"], "test-2");
    before.without_tmp().assert_kept(&Fingerprint::of(&repo).without_tmp());
    repo.wt_orch(&["report"]).exit(0).stdout_has("1 of 3 modules passed").stdout_has("`keeps`");
    let junit = repo.wt_orch(&["report", "test", "--format", "junit"]);
    junit.exit(0).stdout_has("<testsuite name=\"web\" tests=\"2\"").stdout_has("it is 2");
    document_of_runs_refused(&repo);
}

/// Nothing of a test run lands or is retried; the newest other run is meant instead.
fn document_of_runs_refused(repo: &Repo) {
    for words in [["integrate", "test"], ["retry", "test"], ["integrate", ""], ["retry", ""]] {
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        repo.wt_orch(&words).exit(4).stderr_has("is a test run").stderr_has("`wt-orch test`");
    }
}

#[test]
fn a_retry_that_passes_is_flaky_and_one_that_fails_is_not() {
    let flaky = "if mkdir ../../was-here 2>/dev/null; then cat red.tap; exit 1; fi; cat t.tap";
    let repo = repo(&[("web", flaky), ("api", "cat red.tap; exit 1")]);
    let document = document(&test(&repo, &["--retries=1", "--json"]), 1, "test");
    assert_eq!(told(&document, "outcome"), [("api", &json!("failed")), ("web", &json!("flaky"))]);
    assert_eq!(told(&document, "attempts"), [("api", &json!(2)), ("web", &json!(2))]);
    assert_eq!(document["modules"][1]["flaky_tests"], json!(["keeps"]));
    fs::remove_dir(repo.root().join("was-here")).ok();
    let report = repo.wt_orch(&["report"]);
    report.exit(0).stdout_has("Flaky").stdout_has("`keeps`");
    let junit = repo.wt_orch(&["report", "--format", "junit"]);
    junit.exit(0).stdout_has("<flakyFailure").stdout_has("<rerunFailure");
}

#[test]
fn the_first_failure_stops_the_rest_where_that_is_wanted() {
    let repo = repo(&[("a", "exit 3"), ("b", "true"), ("c", "true")]);
    let document = document(&test(&repo, &["--fail-fast", "--sequential", "--json"]), 1, "test");
    assert_eq!(
        told(&document, "outcome"),
        [("a", &json!("failed")), ("b", &json!("skipped")), ("c", &json!("skipped"))]
    );
    assert_eq!((&document["verdict"], &document["width"]), (&json!("sequential"), &json!(1)));
}

#[test]
fn modules_are_listed_and_chosen_by_name_or_folder() {
    let repo = repo(&[("api", "cat t.tap"), ("web", "exit 9")]);
    let listed = document(&test(&repo, &["--list", "--json"]), 0, "test-list");
    assert_eq!(told(&listed, "why").len(), 2);
    assert_eq!(told(&listed, "kind")[0], ("api", &json!("configured")));
    test(&repo, &["--list"]).exit(0).stdout_has("sh web/t.sh").stdout_has("[test.modules.web]");
    let one = document(&test(&repo, &["./api/", "--json"]), 0, "test");
    assert_eq!(told(&one, "outcome"), [("api", &json!("passed"))]);
    let unknown = test(&repo, &["ape"]);
    unknown.exit(2).stderr_has("there is no module `ape`").stderr_has("did you mean `api`?");
    let none = ordinary_repo();
    none.wt_orch(&["test"]).exit(4).stderr_has("[test.modules.NAME]");
    for wrong in ["0/2", "3/2", "1", "a/b"] {
        test(&repo, &["--shard", wrong]).exit(2).stderr_has("such as `2/4`");
    }
}

#[test]
fn only_what_changed_is_tested_and_nothing_is_not_a_run() {
    let repo = repo(&[("api", "cat t.tap"), ("web", "cat t.tap")]);
    repo.branch("work");
    let nothing = test(&repo, &["--changed", "--json"]);
    assert_eq!(document(&nothing, 0, "test")["run"], Value::Null);
    nothing.stderr_has("nothing to test").stderr_has("changed since `main` (");
    repo.file("web/a", "1\n").commit("of the web");
    let since = document(&test(&repo, &["--changed", "--json"]), 0, "test");
    assert_eq!(told(&since, "outcome"), [("web", &json!("passed"))]);
    repo.file("api/new", "1\n");
    let here = document(&test(&repo, &["--changed=HEAD", "--working-tree", "--json"]), 0, "test");
    assert_eq!(told(&here, "outcome"), [("api", &json!("passed"))]);
    test(&repo, &["--changed=nowhere"]).exit(2).stderr_has("git knows no commit `nowhere`");
}

#[test]
fn shards_take_each_module_once() {
    let repo = repo(&[("a", "true"), ("b", "true"), ("c", "true"), ("d", "true"), ("e", "true")]);
    let share = |n: &str| {
        let listed = document(&test(&repo, &["--list", "--json", "--shard", n]), 0, "test-list");
        told(&listed, "kind").iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
    };
    let mut all = [share("1/3"), share("2/3"), share("3/3")].concat();
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d", "e"]);
    test(&repo, &["--shard=2/3", "--json"]).exit(0);
}

#[test]
fn the_working_tree_is_tested_as_it_is_and_stays_so() {
    let repo = repo(&[("api", "test \"$(cat api/new)\" = 2 && test -e api/staged")]);
    repo.file("api/staged", "1\n");
    repo.git(&["add", "api/staged"]);
    repo.file("api/new", "2\n");
    let before = Fingerprint::of(&repo);
    let output = test(&repo, &["--working-tree"]);
    output.exit(0).stderr_has("testing: the working tree of main");
    before.without_tmp().assert_kept(&Fingerprint::of(&repo).without_tmp());
    let committed = test(&repo, &[]);
    committed.exit(1).stderr_has("uncommitted changes in 2 paths").stderr_has("`--working-tree`");
}

#[test]
fn results_are_written_as_junit_also_when_modules_fail() {
    let repo = repo(&[("api", "cat t.tap"), ("web", "cat red.tap; exit 1"), ("x", "exit 2")]);
    test(&repo, &["--junit", "out.xml", "--quiet"]).exit(1);
    let text = repo.read("out.xml").unwrap();
    assert!(text.contains("tests=\"5\" failures=\"1\" errors=\"1\""), "{text}");
    let nowhere = test(&repo, &["--junit", "no/such/out.xml"]);
    nowhere.exit(2).stderr_has("there is no folder `");
}

#[test]
fn a_result_is_told_also_where_it_cannot_be_written() {
    let repo = repo(&[("api", "cat t.tap"), ("web", "cat red.tap; exit 1")]);
    for (module, exit) in [("api", 4), ("web", 1)] {
        let output = test(&repo, &[module, "--json", "--junit", "/dev/full"]);
        output.stderr_has("warning: the results could not be written to `/dev/full`");
        assert_eq!(document(&output, exit, "test")["modules"][0]["name"], json!(module));
    }
}

#[test]
fn a_report_that_the_command_writes_where_it_is_told_counts() {
    let repo = ordinary_repo();
    let xml = "<testsuite><testcase classname='c' name='one'/><testcase classname='c' name='two'>\
               <failure message='no'/></testcase></testsuite>";
    repo.file("r.xml", xml).file(
        "orchestrator.toml",
        "[test.modules.told]\nrun = \"cp r.xml {report}; exit 1\"\n[test.modules.left]\nrun = \
         \"cp r.xml out.xml; exit 1\"\nreport = \"out.xml\"\n",
    );
    repo.commit("reports");
    let document = document(&test(&repo, &["--json"]), 1, "test");
    assert_eq!(told(&document, "failures"), [("left", &json!(1)), ("told", &json!(1))]);
    assert_eq!(document["modules"][0]["failed"], json!(["c two"]));
}

#[test]
fn a_job_of_github_is_told_where_tests_failed() {
    let attack = "echo '::error::mine'; echo 'no ##[error]mine'; exit 3";
    let repo = repo(&[("web", "cat red.tap; exit 1"), ("x", attack)]);
    let summary = repo.root().join("summary.md");
    let output = testing(&repo, &[])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .run();
    output.exit(1).stdout_has("\n::error file=web/t.js,line=7,col=3,title=web%3A keeps::it is 2");
    assert!(output.stdout().contains("# #[error]mine") && !output.stderr().contains("::error"));
    assert!(!format!("{}{}", output.stdout(), output.stderr()).contains("##["));
    assert!(output.stdout().starts_with("::stop-commands::"), "{}", output.stdout());
    assert!(fs::read_to_string(summary).unwrap().contains("## Modules"));
}

#[test]
fn what_failed_last_time_goes_first_and_times_are_remembered_until_they_are_forgotten() {
    let repo =
        repo(&[("api", "sleep 0.05"), ("web", "test -e mended || { cat red.tap; exit 1; }")]);
    test(&repo, &["--sequential"]).exit(1);
    let last = |repo: &Repo| {
        let document = document(&test(repo, &["--list", "--json"]), 0, "test-list");
        told(&document, "last_s").iter().map(|(_, last)| last.is_number()).collect::<Vec<_>>()
    };
    assert_eq!(last(&repo), [true, true]);
    repo.file("mended", "").commit("mended");
    let first = |output: &Output| {
        let lines: Vec<String> = output.stderr().lines().map(str::to_owned).collect();
        let at =
            |name: &str| lines.iter().position(|line| line.contains(&format!("{name}  started")));
        at("web").unwrap() < at("api").unwrap()
    };
    assert!(first(&test(&repo, &["--sequential"])));
    assert!(!first(&test(&repo, &["--sequential"])), "it passed, so the longer one goes first");
    repo.wt_orch(&["--yes", "history", "forget", "test", "api"]).exit(0);
    assert_eq!(last(&repo), [false, true]);
}

#[test]
fn a_module_that_cannot_be_built_does_not_teach_how_long_it_takes() {
    let repo = repo(&[("api", "no-such-program"), ("web", "cat red.tap; exit 1")]);
    test(&repo, &[]).exit(1);
    let document = document(&test(&repo, &["--list", "--json"]), 0, "test-list");
    let last = told(&document, "last_s").into_iter();
    let learned: Vec<_> = last.map(|(name, last)| (name, last.is_number())).collect();
    assert_eq!(learned, [("api", false), ("web", true)]);
}

#[test]
fn worktrees_of_earlier_test_runs_are_used_again() {
    let repo = repo(&[("api", "ls target 2>/dev/null; mkdir -p target; touch target/built")]);
    repo.file(".gitignore", "target/\n").commit("ignores");
    let words = ["--parallel", "api"];
    let pooled = |run: &str| {
        let mut all = vec!["--yes", "test"];
        all.extend(words);
        repo.command(&all).env("WT_ORCH_WORKTREE_POOL", "1").run().exit(0);
        repo.wt_orch(&["logs", run, "api"]).exit(0).stdout().to_owned()
    };
    assert!(!pooled("test").contains("built"));
    assert!(pooled("test-2").contains("built"));
}

#[test]
fn what_is_wrong_with_a_report_is_told_and_no_link_out_of_the_worktree_is_followed() {
    let repo = repo(&[]);
    let mut settings = "[run]\nlog_limit = \"1MiB\"\n".to_owned();
    for (name, run) in [
        ("absent", "true"),
        ("pipe", "mkfifo pipe.xml"),
        ("link", "ln -s /etc/passwd link.xml"),
        ("garbage", "echo no > garbage.xml; exit 1"),
        ("large", "head -c 2000000 /dev/zero > large.xml"),
        ("kept", "cat kept.xml"),
    ] {
        let module = format!("[test.modules.{name}]\nrun = \"{run}\"\nreport = \"{name}.xml\"\n");
        settings.push_str(&module);
    }
    settings.push_str("[test.modules.placed]\nrun = \"ln -s /etc/passwd {report}\"\n");
    repo.file("orchestrator.toml", &settings).file("kept.xml", "<testsuites/>\n").commit("reports");
    let document = document(&test(&repo, &["--sequential", "--json"]), 1, "test");
    for (name, said) in [
        ("absent", "its report `absent.xml` was not written"),
        ("pipe", "its report `pipe.xml` is a pipe"),
        ("link", "its report `link.xml` is outside of its worktree, behind a symbolic link"),
        ("garbage", "its report `garbage.xml` is of no use"),
        ("large", "its report `large.xml` is larger than `run.log_limit` (1MiB)"),
        ("kept", "its report `kept.xml` is still as git has it"),
        ("placed", "is of no use, it is a symbolic link"),
    ] {
        let notes = told(&document, "notes");
        let (_, notes) = notes.iter().find(|(module, _)| *module == name).unwrap();
        assert!(notes[0].as_str().unwrap().contains(said), "{name}: {notes}");
    }
    let passed = told(&document, "outcome").into_iter().filter(|(_, word)| *word == "passed");
    assert_eq!(passed.count(), 6, "the exit code decides");
}

#[test]
fn another_try_comes_before_the_next_module() {
    let repo = repo(&[("a", "exit 1"), ("b", "true")]);
    let output = test(&repo, &["--sequential", "--retries=1"]);
    output.exit(1).stderr_has("again at once");
    let said = output.stderr();
    let again = said.find("started (attempt 2)").unwrap();
    let next = said.find(" b  started").unwrap();
    assert!(again < next, "{said}");
}

#[test]
fn where_nothing_is_found_it_says_what_was_looked_for() {
    let repo = ordinary_repo();
    test(&repo, &[]).exit(4).stderr_has("looked for tests of cargo").stderr_has("`test_*.py`");
    test(&repo, &["--junit", "-"]).exit(2).stderr_has("report --format junit");
    test(&repo, &["--junit", "none/r.xml"]).exit(2).stderr_has("mkdir -p");
    for retries in ["x", "101"] {
        test(&repo, &["--retries", retries]).exit(2).stderr_has("from 0 to 100");
    }
}

#[test]
fn what_a_list_or_a_suggestion_says_can_be_run() {
    let repo = ordinary_repo();
    let long = format!("exit 1 # {}", "x".repeat(200));
    repo.file("orchestrator.toml", &format!("[test.modules.--bad]\nrun = \"{long}\"\n"));
    repo.commit("modules");
    test(&repo, &["--list"]).exit(0).stdout_has(&long);
    test(&repo, &[]).exit(1).stdout_has("wt-orch test -- --bad");
    test(&repo, &["--", "--bad"]).exit(1);
}
