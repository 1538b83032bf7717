//! Gates: the validation of a phase before the next one starts.

use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{outcomes, small_repo, split, split_in_one_lane, task, tip};

/// A task of a phase that writes down the commit that it starts from, and leaves a file.
fn works(id: &str, phase: &str) -> String {
    let run = format!("git rev-parse HEAD > ../{id}.start; echo {id} > {id}");
    format!(
        "[[task]]\nid = \"{id}\"\nphase = \"{phase}\"\nrun = \"{run}\"\ncheck = \"test -f {id}\"\n"
    )
}

fn gate(after: &str, run: &str) -> String {
    format!(
        "[[gate]]\nafter = \"{after}\"\nrun = \"git rev-parse HEAD > ../{after}.gate; {run}\"\n"
    )
}

fn started(repo: &Repo, name: &str) -> String {
    let path = repo.root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {name}")).trim().to_owned()
}

fn document(repo: &Repo) -> Value {
    repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()
}

#[test]
fn rule_3_the_next_phase_starts_at_exactly_the_commit_that_the_gate_has_seen() {
    let three = works("three", "second").replace("phase =", "depends_on = [\"one\"]\nphase =");
    let text = works("one", "first")
        + &works("two", "first")
        + &three
        + &works("four", "second")
        + &gate("first", "test -f one && test -f two && test ! -e three");
    let repo = small_repo();
    split(&repo, &text, &[]).exit(0);
    let seen = started(&repo, "first.gate");
    assert_eq!(repo.git(&["log", "-1", "--format=%p", &seen]).split(' ').count(), 2);
    // Whether it says what it depends on or not.
    assert_eq!([started(&repo, "three.start"), started(&repo, "four.start")], [&*seen, &*seen]);
    let run = document(&repo);
    for id in ["gate.first", "three", "four"] {
        assert_eq!(task(&run, id)["start"], seen.as_str(), "{id}");
    }
    let marked = |id: &str| task(&run, id)["start_unvalidated"].clone();
    assert_eq!([marked("one"), marked("gate.first"), marked("three")], [false, false, false]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.git(&["merge-base", "--is-ancestor", &seen, "main"]), "");
    assert_eq!(repo.read("four").unwrap(), "four\n");
}

#[test]
fn rule_3_a_start_made_of_two_tips_is_marked_until_a_check_ran_on_it() {
    let both = works("both", "x").replace("phase = \"x\"", "depends_on = [\"one\", \"two\"]");
    let text = works("one", "x") + &works("two", "x") + &both;
    let repo = small_repo();
    split(&repo, &text, &[]).exit(0);
    let run = document(&repo);
    let marked = |id: &str| task(&run, id)["start_unvalidated"].clone();
    assert_eq!([marked("one"), marked("two"), marked("both")], [false, false, true]);
}

#[test]
fn rule_3_a_gate_over_tips_that_conflict_is_skipped_with_the_pair_and_the_path() {
    let clash = |id: &str| works(id, "first").replace("echo", &format!("echo {id} > a.txt; echo"));
    let text = clash("one") + &clash("two") + &works("three", "second") + &gate("first", "true");
    let repo = small_repo();
    split(&repo, &text, &[]).exit(1);
    assert_eq!(
        outcomes(&document(&repo)),
        [
            "one succeeded: changed 2 paths",
            "two succeeded: changed 2 paths",
            "three skipped: `gate.first` did not succeed",
            "gate.first skipped: `one` and `two`, which it starts from, conflict in `a.txt`; `wt-orch integrate \
             tasks --manual` lets you resolve that and lands both, then `wt-orch retry tasks` starts it",
        ]
    );
    assert!(!repo.root().join("first.gate").exists());
}

#[test]
fn a_red_gate_keeps_the_next_phase_from_starting_and_shows_its_last_lines() {
    let text = works("one", "first")
        + &works("two", "second")
        + &works("three", "third")
        + &works("beside", "first").replace("phase = \"first\"\n", "")
        + &gate("first", "echo seams do not hold; exit 7")
        + &gate("second", "true");
    let repo = small_repo();
    split(&repo, &text, &[]).exit(1);
    assert_eq!(
        outcomes(&document(&repo)),
        [
            "one succeeded: changed 1 path",
            "two skipped: `gate.first` did not succeed",
            "three skipped: `gate.first` did not succeed",
            "beside succeeded: changed 1 path",
            "gate.first failed: exit code 7",
            "gate.second skipped: `two` did not succeed",
        ]
    );
    for id in ["two", "three"] {
        assert!(!repo.root().join(format!("{id}.start")).exists(), "{id}");
    }
    let report = repo.wt_orch(&["report"]);
    report.exit(0).stdout_has("seams do not hold").stdout_has("gate.first");
    // What is before the gate is ready all the same.
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(landed["merged"], serde_json::json!(["beside", "one"]));
}

#[test]
fn a_gate_does_not_open_when_a_task_of_its_phase_failed() {
    let text = works("one", "first")
        + &works("two", "first").replace("echo two", "exit 3; echo two")
        + &works("three", "second")
        + &gate("first", "true");
    let repo = small_repo();
    split(&repo, &text, &[]).exit(1);
    assert_eq!(
        outcomes(&document(&repo))[2..],
        [
            "three skipped: `gate.first` did not succeed",
            "gate.first skipped: `two` did not succeed"
        ]
    );
    assert!(!repo.root().join("first.gate").exists());
}

#[test]
fn gates_follow_one_another_side_by_side_and_in_one_lane() {
    let text = works("one", "first")
        + &works("two", "first")
        + &works("three", "second")
        + &works("four", "third")
        + &gate("first", "test -f one && test -f two && test ! -e three")
        + &gate("second", "test -f three && test ! -e four");
    for lane in [false, true] {
        let repo = small_repo();
        let run = if lane { split_in_one_lane } else { split };
        run(&repo, &text, &["--integrate"]).exit(0);
        let (first, second) = (started(&repo, "first.gate"), started(&repo, "second.gate"));
        assert_eq!(started(&repo, "three.start"), first, "in one lane: {lane}");
        assert_eq!(started(&repo, "four.start"), second, "in one lane: {lane}");
        repo.git(&["merge-base", "--is-ancestor", &first, &second]);
        for id in ["one", "two", "three", "four"] {
            assert_eq!(repo.read(id).unwrap(), format!("{id}\n"));
        }
        assert_eq!(tip(&repo, "main:four"), tip(&repo, "HEAD:four"));
    }
}
