//! Races that are held once more, that are looked at while they run, and that are cut off.

use rustix::process::Signal;

use crate::harness::Repo;
use crate::json::document;
use crate::racing::{ARMS, RULES, arm, race, raced, verdicts};
use crate::scene::{go, refs, small_repo, tip};

fn branches(repo: &Repo) -> Vec<String> {
    refs(repo, "refs/heads/feature/")
}

#[test]
fn a_race_is_held_again_beside_what_the_last_one_made() {
    let repo = small_repo();
    let text = format!("{RULES}stop = \"all\"\n{ARMS}");
    assert_eq!(raced(&repo, &text, 0)["winner"], "right");
    let before = branches(&repo);
    let found = raced(&repo, &text, 0);
    assert_eq!(verdicts(&found), ["wrong falsified", "right proved"]);
    assert_eq!(arm(&found, "right")["branch"], "feature/race-2-right");
    let after = branches(&repo);
    assert!(before.iter().all(|branch| after.contains(branch)), "{before:?} {after:?}");
    assert_eq!(after.len(), before.len() + 3);
    repo.wt_orch(&["integrate", "race-2"]).exit(0);
    assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\nfixed\n"));

    // Once the earlier one is cleaned, its names are free again.
    repo.wt_orch(&["undo"]).exit(0);
    repo.wt_orch(&["clean", "race", "--force"]).exit(0);
    assert_eq!(arm(&raced(&repo, &text, 0), "right")["branch"], "feature/right");
}

#[test]
fn a_race_does_not_wait_for_another_one_that_is_not_over() {
    let repo = small_repo();
    let waits = "[[hypothesis]]\nid = 'right'\nrun = 'touch ../begun; until test -e ../go; do sleep 0.02; done; echo fixed >> a.txt'\n";
    repo.file("race.toml", &format!("{RULES}{waits}"));
    let running = repo.command(&["race", "race.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    let found = raced(&repo, &format!("{RULES}{ARMS}"), 0);
    assert_eq!(arm(&found, "right")["branch"], "feature/race-2-right");
    go(&repo);
    running.wait().exit(0).stdout_has("`right` is proved");
}

#[test]
fn a_branch_that_no_race_made_is_in_the_way_of_an_arm() {
    let repo = small_repo();
    repo.git(&["branch", "feature/right"]);
    let output = race(&repo, &format!("{RULES}{ARMS}"), &[]);
    output.exit(4).stderr_has("the branch `feature/right` of task `right` exists");
    output.stderr_has("branch -m feature/right feature/right-old");
}

#[test]
fn while_a_race_runs_its_status_says_how_far_each_arm_is() {
    let repo = small_repo();
    let text = "[race]\nruns = 3\nneed = 2\ncheck = 'test -e ../checked && touch ../again && until test -e ../go; do sleep 0.02; done; test \"$(tail -n 1 a.txt)\" = fixed && touch ../checked'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";
    repo.file("race.toml", text);
    let running = repo.command(&["race", "race.toml", "--parallel=2"]).start();
    repo.wait_for("again");
    repo.wt_orch(&["status"])
        .exit(0)
        .stdout_has("1 of 1")
        .stdout_has("can still win: `right` (needs 1 of 2 more runs)");
    let found = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()["race"].clone();
    assert_eq!(found["control"]["outcome"], "reproduced");
    let right = arm(&found, "right");
    assert_eq!(
        [&right["runs"], &right["passes"], &right["passes_missing"]].map(|n| n.as_u64()),
        [Some(1), Some(1), Some(1)]
    );
    go(&repo);
    running.wait().exit(0);
}

#[test]
fn a_check_that_was_killed_while_it_edited_files_finds_the_arm_as_it_was() {
    let repo = small_repo();
    let runs = repo.root().join("runs");
    let text = format!(
        "[race]\nruns = 3\nneed = 3\ncheck = '''grep -q fixed a.txt || exit 1; echo run >> {0}; \
         grep -q spoilt b.txt && exit 9; test $(wc -l < {0}) -ne 2 && exit 0; \
         echo spoilt > b.txt; touch ../spoilt; sleep 60'''\n\
         [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n",
        runs.display()
    );
    repo.file("race.toml", &text);
    let running = repo.command(&["race", "race.toml", "--parallel=2"]).start();
    repo.wait_for("spoilt");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    let proved = tip(&repo, "feature/right");
    let found = document(&repo.wt_orch(&["resume", "--json"]), 0, "run");
    assert_eq!(verdicts(&found["race"]), ["right proved"]);
    let right = arm(&found["race"], "right");
    assert_eq!((&right["runs"], &right["passes"]), (&3.into(), &3.into()));
    assert_eq!(std::fs::read_to_string(&runs).unwrap().lines().count(), 4, "one was cut off");
    assert_eq!(tip(&repo, "feature/right"), proved, "its command did not run again");
}
