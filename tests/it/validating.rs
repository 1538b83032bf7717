//! Validations of candidates: several at once, what they leave, what they say by test, and when they
//! need not run.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Invocation, Repo};
use crate::integrating::{appends, finished};
use crate::scene::{beside, content, ejected, strings};

/// Waits for a file, five seconds at most.
const AWAIT: &str = "n=0; until test -e $F; do n=$((n+1)); test $n -lt 500 || exit 9; \
                     sleep 0.01; done";

fn validation(name: &str, run: &str) -> String {
    format!("[[validate]]\nname = \"{name}\"\nrun = '''{run}'''\n")
}

fn integrating<'a>(repo: &'a Repo, slots: u32) -> Invocation<'a> {
    let command = repo.command(&["integrate", "--json"]);
    command.env("WT_ORCH_INTEGRATE_SLOTS", slots.to_string())
}

#[track_caller]
fn outcome_of<'a>(document: &'a Value, name: &str) -> &'a Value {
    let all = document["validation"].as_array().expect("the document lists validations");
    all.iter().find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("{document:#}"))
}

fn ran(repo: &Repo) -> usize {
    let text = std::fs::read_to_string(repo.root().join("ran")).unwrap_or_default();
    text.lines().count()
}

#[test]
fn validations_run_at_once_each_in_a_worktree_of_its_own() {
    let waits = |own: &str, other: &str| {
        format!("touch ../{own} here; F=../{other}; {AWAIT}; ls | grep -c here; pwd >> ../places")
    };
    let text = appends("one", "c.txt")
        + &validation("left", &waits("left", "right"))
        + &validation("right", &waits("right", "left"));
    let repo = finished(&text);
    integrating(&repo, 2).run().exit(0);
    let places = std::fs::read_to_string(repo.root().join("places")).unwrap();
    let mut places: Vec<&str> =
        places.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["repo-tasks.validate", "repo-tasks.validate-2"]);
    assert_eq!(beside(&repo), ["left", "places", "repo-one", "right"]);
}

#[test]
fn rule_22_validations_with_a_lock_in_common_never_run_at_the_same_time() {
    let alone = "mkdir ../db || exit 8; sleep 0.1; rmdir ../db; \
                 test -n \"$WT_ORCH_PORT\" && test -d \"$TMPDIR\"";
    let locked = |name: &str| validation(name, alone) + "locks = [\"db\", \"of " + name + "\"]\n";
    let text = appends("one", "c.txt") + &locked("left") + &locked("right");
    let repo = finished(&text);
    integrating(&repo, 4).run().exit(0);
}

#[test]
fn a_validation_that_is_not_needed_any_more_is_stopped() {
    let slow = format!("test ! -e bad.txt || {{ touch ../slow; sleep 60; }}; F=../slow; {AWAIT}");
    let quick = format!("F=../slow; {AWAIT}; test ! -e bad.txt");
    let text = appends("good", "good.txt")
        + &appends("bad", "bad.txt")
        + &validation("quick", &quick)
        + &validation("slow", &slow);
    let repo = finished(&text);
    let landed = integrating(&repo, 2).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["bad validation"]);
    assert_eq!(strings(&landed["merged"]), ["good"]);
    assert_eq!(outcome_of(&landed, "slow")["outcome"], "passed");
    assert_eq!(repo.survivors(), [""; 0]);
    assert_eq!(beside(&repo), ["repo-bad", "repo-good", "slow"]);
}

#[test]
fn an_interrupt_reaches_every_validation_that_runs() {
    for stubborn in [false, true] {
        let trap = if stubborn { "trap '' TERM INT; " } else { "" };
        let long = |name: &str| {
            let run = format!("{trap}touch ../{name}; test -e ../calm || sleep 60; true");
            validation(name, &run)
        };
        let repo = finished(&(appends("one", "c.txt") + &long("left") + &long("right")));
        let running = integrating(&repo, 2).start();
        repo.wait_for("left");
        repo.wait_for("right");
        running.signal(Signal::INT);
        if stubborn {
            std::thread::sleep(Duration::from_millis(100));
            running.signal(Signal::INT);
        }
        running.wait().exit(5);
        assert_eq!(repo.survivors(), [""; 0], "stubborn: {stubborn}");
        assert_eq!(beside(&repo), ["left", "repo-one", "right"]);
        assert_eq!(repo.read("c.txt"), None);
        std::fs::write(repo.root().join("calm"), "").unwrap();
        integrating(&repo, 2).run().exit(0);
        assert_eq!(repo.read("c.txt").as_deref(), Some("one\n"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_holds_every_validation_and_lets_it_go_on() {
    let counts = |name: &str| {
        let run = format!("until test -e ../over; do echo >> ../{name}; sleep 0.02; done");
        validation(name, &run)
    };
    let repo = finished(&(appends("one", "c.txt") + &counts("left") + &counts("right")));
    let running = integrating(&repo, 2).start();
    repo.wait_for("left");
    repo.wait_for("right");
    running.signal(Signal::TSTP);
    let stat = format!("/proc/{}/stat", running.pid());
    let is_held = || std::fs::read_to_string(&stat).unwrap().contains(") T ");
    for _ in 0..500 {
        if is_held() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(is_held());
    let sizes = || ["left", "right"].map(|name| repo.root().join(name).metadata().unwrap().len());
    let before = sizes();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(sizes(), before);
    std::fs::write(repo.root().join("over"), "").unwrap();
    running.signal(Signal::CONT);
    running.wait().exit(0).stderr_has("continued");
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn what_a_killed_integration_left_is_found_again() {
    let long = |name: &str| {
        validation(name, &format!("test -e ../over || {{ touch ../{name}; sleep 60; }}"))
    };
    for again in ["integrate", "clean"] {
        let repo = finished(&(appends("one", "c.txt") + &long("left") + &long("right")));
        let running = integrating(&repo, 2).start();
        repo.wait_for("left");
        repo.wait_for("right");
        running.signal(Signal::KILL);
        let _killed = running.wait();
        assert!(repo.root().join("repo-tasks.validate-2").is_dir());
        std::fs::write(repo.root().join("over"), "").unwrap();
        repo.wt_orch(&[again]).exit(0);
        let left = beside(&repo);
        assert!(left.iter().all(|name| !name.contains("validate")), "{again}: {left:?}");
        assert_eq!(repo.survivors(), [""; 0], "{again}");
        assert_eq!(repo.git(&["worktree", "list"]).matches("validate").count(), 0);
    }
}

#[test]
fn every_run_of_a_validation_has_a_log_that_the_report_names() {
    let speaks = "echo \"says $(ls)\"; ! test -e bad.txt";
    let text = appends("bad", "bad.txt") + &validation("speaks", speaks);
    let repo = finished(&text);
    let refused = integrating(&repo, 1).run().exit(3).stdout_json();
    let log = outcome_of(&refused, "speaks")["log"].as_str().unwrap();
    assert!(log.ends_with(".validate.log"), "{log}");
    assert!(std::fs::read_to_string(log).unwrap().starts_with("says"));
    let logs = repo.path(".git/wt-orch/logs/tasks");
    let names = || logs.read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(names().filter(|name| name.starts_with("speaks.")).count() > 1);
}

/// Writes a JUnit report of `old`, which always fails, of `new`, which fails with bad.txt, and of one
/// that passes.
const JUNIT: &str = r#"
    test ! -e report.xml || touch ../stale
    new=; ! test -e bad.txt || new='<failure message="no"/>'
    {
      echo '<testsuites><testsuite name="s">'
      echo '<testcase classname="m" name="old"><failure message="no"/></testcase>'
      echo "<testcase classname=\"m\" name=\"new\">$new</testcase>"
      echo '<testcase classname="m" name="fine"/>'
      echo '</testsuite></testsuites>'
    } > report.xml
    exit 1
"#;

#[test]
fn rule_10_failures_are_held_against_those_of_the_target_test_by_test() {
    let junit = validation("tests", JUNIT) + "report = \"report.xml\"\n";
    // One that is ignored outlives the move to another commit.
    let repo = crate::scene::small_repo();
    repo.file(".gitignore", "/report.xml\n").commit("ignore");
    crate::scene::split(&repo, &(appends("one", "c.txt") + &junit), &[]).exit(0);
    let landed = integrating(&repo, 1).run().exit(0).stdout_json();
    let tests = outcome_of(&landed, "tests");
    assert_eq!(tests["outcome"], "baseline", "{landed:#}");
    assert_eq!(strings(&tests["failing"]).len(), 1);
    assert_eq!(beside(&repo), ["repo-one"], "no run sees the report of another");

    let repo = finished(&(appends("one", "c.txt") + &appends("bad", "bad.txt") + &junit));
    let landed = integrating(&repo, 2).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["bad validation"]);
    let named = strings(&landed["ejected"][0]["tests"]);
    assert!(named.iter().all(|name| name.contains("new")) && !named.is_empty(), "{named:?}");
}

#[test]
fn rule_10_the_output_is_read_where_there_is_no_report() {
    let cargo = "
        bad=ok; ! test -e bad.txt || bad=FAILED
        echo '     Running unittests src/lib.rs (target/debug/deps/app-0123456789abcdef)'
        echo; echo 'running 3 tests'; echo 'test old ... FAILED'; echo \"test new ... $bad\"
        echo 'test fine ... ok'; echo; echo failures:; echo '    old'
        ! test -e bad.txt || echo '    new'
        failed=1; ! test -e bad.txt || failed=2
        echo; echo \"test result: FAILED. $((3 - failed)) passed; $failed failed; 0 ignored; \
        0 measured; 0 filtered out; finished in 0.00s\"; echo
        echo 'error: test failed, to rerun pass `--lib`'
        echo 'error: 1 target failed:'; echo '    `--lib`'
        exit 101";
    let text = appends("one", "c.txt") + &appends("bad", "bad.txt") + &validation("tests", cargo);
    let repo = finished(&text);
    let landed = integrating(&repo, 2).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["bad validation"], "{landed:#}");
    let named = strings(&landed["ejected"][0]["tests"]);
    assert!(named.iter().all(|name| name.contains("new")) && !named.is_empty(), "{named:?}");
    assert_eq!(outcome_of(&landed, "tests")["outcome"], "baseline");
}

#[test]
fn a_report_that_cannot_be_read_is_a_note() {
    let text = appends("one", "c.txt")
        + &validation("tests", "echo '<testsuites><testsu' > report.xml; exit 1")
        + "report = \"report.xml\"\n";
    let repo = finished(&text);
    let output = integrating(&repo, 1).run();
    output.exit(3).stderr_has("`tests`: its report `report.xml` is of no use");
}

#[test]
fn rule_8_a_commit_or_another_branch_taints_the_tree() {
    let commits = "test ! -e two.txt || git commit -q --allow-empty -m own";
    let text =
        appends("one", "c.txt") + &appends("two", "two.txt") + &validation("commits", commits);
    let repo = finished(&text);
    let landed = integrating(&repo, 1).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["two tainted"]);
    assert_eq!(strings(&landed["ejected"][0]["paths"]), ["HEAD"]);
    assert_eq!(strings(&landed["merged"]), ["one"]);
}

#[test]
fn rule_9_and_7_files_of_another_candidate_are_newer_and_nothing_untracked_stays() {
    // A build that takes what is newer than its product for changed, and leaves a mark behind.
    let build = "test ! -e untracked || exit 8; touch untracked; mkdir -p target; \
                 if test -e target/out && test -z \"$(find . -name '*.txt' -newer target/out)\"; \
                 then :; else cat *.txt > target/out; fi; ! grep -q bad target/out";
    let repo = crate::scene::small_repo();
    repo.file(".gitignore", "/target/\n").commit("ignore");
    let text = appends("good", "b.txt") + &appends("bad", "c.txt") + &validation("build", build);
    crate::scene::split(&repo, &text, &[]).exit(0);
    let landed = integrating(&repo, 1).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["bad validation"], "{landed:#}");
    assert_eq!(strings(&landed["merged"]), ["good"]);
}

#[test]
fn rule_11_test_configuration_is_the_targets_unless_it_is_not_pinned() {
    let repo = || {
        let repo = crate::scene::small_repo();
        repo.file("pytest.ini", "strict\n").file(".github/ci.yml", "ci\n").commit("configuration");
        let text = "[[task]]\nid = \"lax\"\ncheck = \"true\"\n\
                    run = \"echo lax > pytest.ini; rm .github/ci.yml; echo 1 > tox.ini\"\n"
            .to_owned()
            + &validation(
                "strict",
                "grep -q strict pytest.ini && cat .github/ci.yml && ! cat tox.ini",
            );
        crate::scene::split(&repo, &text, &[]).exit(0);
        repo
    };
    let pinned = repo();
    let output = integrating(&pinned, 1).run();
    output.exit(0).stderr_has(
        "`lax` changes `.github/ci.yml`, `pytest.ini`, `tox.ini`, which validations took from the \
         target",
    );
    assert_eq!(content(&pinned, "main", "pytest.ini").unwrap(), "lax\n");
    assert_eq!(content(&pinned, "main", ".github/ci.yml"), None);
    for (name, value) in [("PIN", "false"), ("PINNED", "conftest.py")] {
        let free = repo();
        let output = integrating(&free, 1).env(&format!("WT_ORCH_INTEGRATE_{name}"), value).run();
        assert_eq!(ejected(&output.exit(3).stdout_json()), ["lax validation"]);
    }
}

#[test]
fn rule_13_a_tree_that_passed_is_not_validated_again_in_the_same_surroundings() {
    let repo = crate::scene::small_repo();
    repo.file(".gitignore", "/.env\n").file(".worktreeinclude", ".env\n").commit("ignore");
    repo.file(".env", "1\n");
    let bin = repo.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let tool = |text: &str| {
        std::fs::write(bin.join("tool"), format!("#!/bin/sh\n{text}\n")).unwrap();
        let path = bin.join("tool").to_str().unwrap().to_owned();
        repo.program("chmod", &["+x", &path]).run().exit(0);
    };
    tool("true");
    let text = appends("one", "c.txt") + &validation("runs", "tool; echo x >> ../ran");
    crate::scene::split(&repo, &text, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    let path = repo.program("sh", &["-c", "printf %s \"$PATH\""]).run();
    let path = format!("{}:{}", bin.display(), path.stdout().trim_end());
    let run = |options: &[&str], variables: &[(&str, &str)]| {
        let command = repo.command(&[&["integrate", "--json"], options].concat());
        let command = variables.iter().fold(command.env("PATH", &path), |c, (n, v)| c.env(n, *v));
        let before = ran(&repo);
        let landed = command.run().exit(0).stdout_json();
        let cached = outcome_of(&landed, "runs")["cached"] == true;
        assert_eq!(cached, ran(&repo) == before, "{landed:#}");
        repo.wt_orch(&["undo"]).exit(0);
        cached
    };
    assert!(!run(&[], &[]));
    assert!(run(&[], &[]));
    assert!(run(&[], &[("TMUX", "another terminal")]));
    assert!(!run(&["--no-cache"], &[]));
    assert!(!run(&[], &[("WT_ORCH_INTEGRATE_CACHE", "false")]));
    assert!(!run(&[], &[("RUSTFLAGS", "-Dwarnings")]));
    assert!(run(&[], &[]));
    tool("true; true");
    assert!(!run(&[], &[]));
    assert!(run(&[], &[]));
    repo.file(".env", "22\n");
    assert!(!run(&[], &[]));
    assert!(run(&[], &[]));
    // Another tree.
    repo.file("a.txt", "other\n").git(&["commit", "-qam", "other"]);
    assert!(!run(&[], &[]));
}

#[test]
fn rule_13_what_failed_or_depends_on_more_than_the_tree_always_runs() {
    for (run, cache) in [
        ("echo x >> ../ran; git rev-parse HEAD", ""),
        ("echo x >> ../ran; test -n \"$WT_ORCH_RUN\"", ""),
        ("echo x >> ../ran", "cache = false\n"),
    ] {
        let repo = finished(&(appends("one", "c.txt") + &validation("runs", run) + cache));
        for count in 1..=2 {
            let landed = integrating(&repo, 1).run().exit(0).stdout_json();
            assert_eq!(outcome_of(&landed, "runs")["cached"], false, "{run}");
            assert_eq!(ran(&repo), count);
            repo.wt_orch(&["undo"]).exit(0);
        }
    }
    // A tree that failed once is asked again.
    let fails = "echo x >> ../ran; test -e ../mended";
    let repo = finished(&(appends("one", "c.txt") + &validation("runs", fails)));
    integrating(&repo, 1).run().exit(3);
    std::fs::write(repo.root().join("mended"), "").unwrap();
    let before = ran(&repo);
    integrating(&repo, 1).run().exit(0);
    assert_eq!(ran(&repo), before + 1);
}

#[test]
fn what_failed_last_is_validated_first() {
    let text = appends("one", "c.txt")
        + &validation("fine", "echo fine >> ../order")
        + &validation("fails", "echo fails >> ../order; test -e ../mended");
    let repo = finished(&text);
    integrating(&repo, 1).run().exit(3);
    std::fs::write(repo.root().join("mended"), "").unwrap();
    std::fs::write(repo.root().join("order"), "").unwrap();
    repo.command(&["integrate", "--no-cache"]).env("WT_ORCH_INTEGRATE_SLOTS", "1").run().exit(0);
    assert_eq!(std::fs::read_to_string(repo.root().join("order")).unwrap(), "fails\nfine\n");
}
