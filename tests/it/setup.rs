//! Setup hooks: what prepares a worktree before its task.

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Output, Repo};
use crate::scene::{
    beside, content, ejected, outcomes, small_repo, split, split_in_one_lane, strings, task, tasks,
};

/// A repository with a lock file and an ignored folder, as package managers have them.
fn package() -> Repo {
    let repo = small_repo();
    repo.file("package.json", "{}\n").file(".gitignore", "modules/\n").commit("a package");
    repo
}

/// What the hooks said, in order; they tell it in a file beside the worktrees.
fn told(repo: &Repo) -> Vec<String> {
    let text = std::fs::read_to_string(repo.root().join("told")).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

const DEPS: &str = r#"
    [[setup]]
    name = "deps"
    run = "mkdir modules && echo x > modules/x && echo $WT_ORCH_TASK deps >> ../told && echo from the hook"
    when = ["package.json", "*.lock"]
    [[setup]]
    run = "test -e modules/x && echo $WT_ORCH_TASK second >> ../told"
    [[setup]]
    run = "echo never >> ../told"
    when = "Cargo.toml"
"#;

#[test]
fn hooks_that_the_start_wants_run_in_each_worktree_before_the_task() {
    let repo = package();
    let text = format!(
        "{DEPS}[[task]]\nid = \"a\"\nrun = \"cp modules/x a\"\ncheck = \"test -e modules/x\"\n\
         [[task]]\nid = \"b\"\nrun = \"cp modules/x b\"\ncheck = \"true\"\n"
    );
    let run = split(&repo, &text, &["--json"]).exit(0).stdout_json();
    assert_eq!(told(&repo), ["a deps", "a second", "b deps", "b second"]);
    for id in ["a", "b"] {
        assert_eq!(strings(&task(&run, id)["changed_paths"]), [id]);
        assert!(task(&run, id)["setup_s"].as_f64().is_some_and(|time| time > 0.0));
    }
    let logs = repo.wt_orch(&["logs"]).exit(0).stdout().to_owned();
    assert!(logs.contains("a  attempt 1, setup  ") && logs.contains("a.1.setup.log"), "{logs}");
    let report = repo.wt_orch(&["report"]).exit(0).stdout().to_owned();
    assert!(report.contains("succeeded, setup "), "{report}");
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(beside(&repo), ["told"]);
}

#[test]
fn what_hooks_do_to_files_does_not_become_the_work_of_a_task() {
    let repo = package();
    let text = r#"
        [[setup]]
        run = "echo changed >> a.txt; git rm -q b.txt; echo left > settings.local; mkdir -p gen; echo 1 > 'gen/o ne'"
        [[task]]
        id = "a"
        run = "cat settings.local 'gen/o ne' a.txt b.txt > a"
        check = "grep left settings.local"
        [[task]]
        id = "fails"
        run = "echo half > half; exit 3"
        check = "true"
    "#;
    let output = split(&repo, text, &["--json"]);
    let run = output.exit(1).stdout_json();
    let note = "setup hooks changed tracked files (a.txt, b.txt); they were put back";
    assert!(output.stderr().contains(note), "{output}");
    repo.wt_orch(&["report"]).stdout_has(&format!("`a`: {note}"));
    assert_eq!(strings(&task(&run, "a")["changed_paths"]), ["a"]);
    assert_eq!(content(&repo, "feature/a", "a").unwrap(), "left\n1\none\ntwo\nthree\nb\n");
    // Nor that of an attempt whose work is kept.
    let kept = "refs/wt-orch/tasks/fails/attempt-1";
    assert_eq!(repo.git(&["diff", "--name-only", "main", kept]), "half");
    repo.wt_orch(&["integrate"]).exit(0);
    // And it is in nobody's way.
    let cleaned = repo.wt_orch(&["clean"]);
    cleaned.exit(0).stdout_has("removed worktree `").stdout_has("kept worktree `");
    assert!(!repo.root().join("repo-a").exists() && repo.root().join("repo-fails").exists());
}

#[test]
fn the_plan_shows_hooks_and_learns_what_they_cost() {
    let repo = package();
    let text = format!("{DEPS}[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n");
    tasks(&repo, &(text + "[[task]]\nid = \"b\"\nrun = \"true\"\ncheck = \"true\"\n"));
    let plan = || repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    let before = plan();
    assert_eq!(told(&repo), [""; 0]);
    let applies: Vec<_> =
        before["setup"].as_array().unwrap().iter().map(|hook| &hook["applies"]).collect();
    assert_eq!(applies, [true, true, false]);
    assert_eq!(before["predicted"]["overhead_s"]["setup"], 40.0, "two hooks, two worktrees");
    let doubt = "provisional: 2 setup hooks were never measured here, so a default of 10s each \
                 stands in";
    assert!(strings(&before["reasons"]).contains(&doubt), "{before:#}");
    let output = repo.wt_orch(&["-v", "plan", "tasks.toml"]);
    output.exit(0).stdout_has("deps: `mkdir modules").stdout_has("`Cargo.toml`; the base has");

    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    let after = plan();
    let setup = after["predicted"]["overhead_s"]["setup"].as_f64().unwrap();
    assert!(setup > 0.0 && setup < 40.0, "{setup}");
    assert!(!strings(&after["reasons"]).iter().any(|reason| reason.contains("never measured")));
}

#[test]
fn commits_of_hooks_are_taken_back_and_a_worktree_on_another_branch_is_refused() {
    let repo = package();
    let text = r#"
        [[setup]]
        run = "if test $WT_ORCH_TASK = a; then git commit -q --allow-empty -m hook; else git switch -q -c mine; fi"
        [[task]]
        id = "a"
        run = "echo a > a"
        check = "true"
        [[task]]
        id = "b"
        run = "true"
        check = "true"
    "#;
    let run = split(&repo, text, &["--json"]).exit(1).stdout_json();
    assert_eq!(repo.git(&["rev-list", "--count", "main..feature/a"]), "1");
    let reason = text_of(&task(&run, "b")["reason"]).to_owned();
    assert!(
        reason.contains("could not be set up") && reason.contains("found on `mine`"),
        "{reason}"
    );
}

#[test]
fn a_failing_hook_fails_the_attempt_with_its_name_its_code_and_its_log() {
    let repo = package();
    let text = r#"
        [[setup]]
        name = "deps"
        run = "echo no network; exit 7"
        [[setup]]
        run = "touch ../after"
        [[task]]
        id = "a"
        run = "touch ../begun"
        check = "true"
        [[task]]
        id = "b"
        depends_on = ["a"]
        run = "true"
        check = "true"
    "#;
    let run = split(&repo, text, &["--json"]).exit(1).stdout_json();
    let reason = text_of(&task(&run, "a")["reason"]).to_owned();
    let words = "its setup hook `deps` failed: exit code 7; its output is in ";
    let log = reason.strip_prefix(words).unwrap_or_else(|| panic!("{reason}"));
    assert_eq!(std::fs::read_to_string(log).unwrap(), "no network\n");
    assert_eq!(outcomes(&run)[1], "b skipped: `a` did not succeed");
    assert_eq!(beside(&repo), ["repo-a"]);
    // Where a task has no output of its own, that of its hooks is what there is to see.
    repo.wt_orch(&["logs", "a"]).exit(0).stdout_has("no network");
    repo.wt_orch(&["retry"]).exit(1);
}

#[test]
fn a_retry_sets_up_again_and_can_succeed() {
    let repo = package();
    let text = r#"
        [[setup]]
        run = "echo $WT_ORCH_ATTEMPT >> ../told; echo x > left; test $WT_ORCH_ATTEMPT = 2"
        [[task]]
        id = "a"
        run = "cat left > a"
        check = "true"
        retries = 1
    "#;
    for arm in [split, split_in_one_lane] {
        let run = arm(&repo, text, &["--json"]).exit(0).stdout_json();
        assert_eq!(told(&repo), ["1", "2"]);
        assert_eq!(strings(&task(&run, "a")["changed_paths"]), ["a"]);
        assert_eq!(repo.git(&["for-each-ref", "refs/wt-orch/*/a/attempt-1"]), "", "nothing of it");
        repo.wt_orch(&["clean", "--force"]).exit(0);
        std::fs::remove_file(repo.root().join("told")).unwrap();
    }
}

#[test]
fn in_one_lane_hooks_run_once_and_again_when_what_they_are_for_changed() {
    let repo = package();
    let text = r#"
        [[setup]]
        run = "echo $WT_ORCH_TASK always >> ../told"
        [[setup]]
        run = "echo $WT_ORCH_TASK deps >> ../told"
        when = "package.json"
        [[task]]
        id = "a"
        run = "echo a > a"
        check = "true"
        [[task]]
        id = "b"
        run = "echo more >> package.json"
        check = "true"
        depends_on = ["a"]
        [[task]]
        id = "c"
        run = "echo c > c"
        check = "true"
        depends_on = ["b"]
        [[task]]
        id = "d"
        run = "echo d > d"
        check = "true"
        depends_on = ["c"]
    "#;
    split_in_one_lane(&repo, text, &[]).exit(0);
    assert_eq!(told(&repo), ["a always", "a deps", "c deps"]);
}

#[test]
fn in_one_lane_files_that_hooks_left_are_made_anew_for_each_task() {
    let repo = package();
    let text = r#"
        [[setup]]
        run = "echo $WT_ORCH_TASK > local"
        [[task]]
        id = "a"
        run = "cat local > a"
        check = "true"
        [[task]]
        id = "b"
        run = "cat local > b"
        check = "true"
        depends_on = ["a"]
    "#;
    split_in_one_lane(&repo, text, &[]).exit(0);
    assert_eq!(content(&repo, "feature/b", "b").unwrap(), "b\n");
    assert_eq!(content(&repo, "feature/b", "local"), None);
}

#[test]
fn a_hook_is_stopped_at_its_timeout() {
    let repo = package();
    let text = "[[setup]]\nrun = \"sleep 100\"\ntimeout = \"100ms\"\n\
                [[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n";
    let run = split(&repo, text, &["--json"]).exit(1).stdout_json();
    let reason = text_of(&task(&run, "a")["reason"]).to_owned();
    assert!(reason.starts_with("its setup hook `sleep 100` failed: timed out"), "{reason}");
    assert_eq!(repo.survivors(), [""; 0]);
}

const SLOW: &str = r#"
    [[setup]]
    run = "echo half >> a.txt; echo left > left; touch ../begun; until test -e ../go; do sleep 0.05; done"
    [[setup]]
    run = "touch ../second"
    [[task]]
    id = "a"
    run = "cat a.txt left > a"
    check = "true"
"#;

/// Starts a run and ends it by a signal while a hook is at work.
fn ended_by(repo: &Repo, signal: Signal) -> Output {
    tasks(repo, SLOW);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    let status = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(task(&status, "a")["state"], "setting_up");
    repo.wt_orch(&["status"]).exit(0).stdout_has("setting up");
    running.signal(signal);
    running.wait()
}

#[test]
fn an_interrupted_or_killed_setup_starts_again_on_resume() {
    for signal in [Signal::INT, Signal::KILL] {
        let repo = package();
        let output = ended_by(&repo, signal);
        if signal == Signal::INT {
            output.exit(5);
            assert_eq!(repo.survivors(), [""; 0]);
        }
        assert!(!repo.root().join("second").exists(), "the hooks after it do not run");
        std::fs::write(repo.root().join("go"), "").unwrap();
        let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(repo.survivors(), [""; 0]);
        assert_eq!(strings(&task(&run, "a")["changed_paths"]), ["a"]);
        assert_eq!(content(&repo, "feature/a", "a").unwrap(), "one\ntwo\nthree\nleft\n");
    }
}

#[test]
fn a_setup_is_aborted_from_elsewhere_and_after_a_crash() {
    let repo = package();
    tasks(&repo, SLOW);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    repo.wt_orch(&["abort"]).exit(0);
    let run = running.wait().exit(1).stdout_json();
    assert_eq!(outcomes(&run), ["a cancelled: stopped by the user"]);
    assert_eq!(repo.survivors(), [""; 0]);

    let repo = package();
    assert_eq!(ended_by(&repo, Signal::KILL).code(), None);
    repo.wt_orch(&["abort"]).exit(0);
    assert_eq!(repo.survivors(), [""; 0]);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(task(&run, "a")["outcome"], "cancelled");
}

#[test]
fn validations_are_prepared_as_well_and_fail_with_the_hook_that_a_candidate_breaks() {
    let repo = package();
    let text = "
        [[setup]]
        name = \"deps\"
        run = \"mkdir -p modules && echo x > modules/x; test ! -e bad.lock\"
        when = [\"package.json\", \"*.lock\"]
        [[task]]
        id = \"good\"
        run = \"echo good > good\"
        check = \"true\"
        [[task]]
        id = \"bad\"
        run = \"echo bad > bad.lock\"
        check = \"true\"
        [[validate]]
        name = \"built\"
        run = \"test -e modules/x\"
    ";
    split(&repo, text, &[]).exit(0);
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(3).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["good"]);
    assert_eq!(ejected(&landed), ["bad validation"]);
    assert_eq!(content(&repo, "main", "good").unwrap(), "good\n");
    repo.wt_orch(&["report"]).exit(0).stdout_has("not run: setup hook");
}

#[test]
fn a_command_in_place_of_a_hook_is_answered_with_the_form_of_a_hook() {
    let repo = small_repo();
    let task = "[[task]]\nid = \"a\"\nrun = \"true\"\n";
    let form = "write `setup = [{ run = \"…\" }]`, or the header `[[setup]]`";
    repo.file("one.toml", &format!("setup = \"npm ci\"\n{task}"));
    repo.wt_orch(&["check", "one.toml"]).exit(2).stderr_has(form);
    repo.file("list.toml", &format!("setup = [\"npm ci\"]\n{task}"));
    repo.wt_orch(&["check", "list.toml"]).exit(2).stderr_has("write it as `{ run = \"…\" }`");
    repo.file("right.toml", &format!("setup = [{{ run = \"npm ci\" }}]\n{task}"));
    repo.wt_orch(&["check", "right.toml"]).exit(0);
    repo.file("orchestrator.toml", "setup = \"npm ci\"\n");
    repo.wt_orch(&["config"]).exit(2).stderr_has(form);
}
