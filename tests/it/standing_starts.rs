//! What was resolved for the start of one task, where another one, a landing or a second try meets it.

use crate::harness::Repo;
use crate::resolving_starts::{
    WEAVE, no_desk, planned, rivals_and_heir, split_with, start_resolved,
};
use crate::scene::{beside, content, outcomes, strings};

/// Another task that needs both rivals.
const EAGER: &str = "[[task]]\nid = \"eager\"\nrun = \"printf 'mine\\ntwo\\nthree\\n' > a.txt\"\n\
                     check = \"true\"\ndepends_on = [\"loud\", \"soft\"]\n";

fn asked(repo: &Repo) -> usize {
    std::fs::read_to_string(repo.root().join("asked")).unwrap_or_default().lines().count()
}

/// Lands what collides, by hand.
fn landed_by_hand(repo: &Repo) {
    repo.wt_orch(&["integrate", "--manual"]).exit(3);
    let desk = repo.root().join("repo-tasks.resolve");
    std::fs::write(desk.join("a.txt"), "ONE uno\ntwo\nthree\n").unwrap();
    repo.git(&["-C", &desk.display().to_string(), "add", "a.txt"]);
    repo.wt_orch(&["integrate", "--continue"]).exit(0);
}

#[test]
fn a_landing_is_no_start_once_a_task_in_it_has_new_work() {
    let more = "run = \"if test -e ../more; then echo more > more.txt; fi; printf 'ONE";
    let repo = planned(&rivals_and_heir().replace("run = \"printf 'ONE", more));
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(1);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    landed_by_hand(&repo);
    std::fs::write(repo.root().join("more"), "").unwrap();
    let run = repo.wt_orch(&["retry", "tasks", "loud", "--json"]).exit(1).stdout_json();
    let heir = &outcomes(&run)[3];
    assert!(heir.starts_with("heir skipped: `loud` and `soft`, which it starts from"), "{heir}");
    landed_by_hand(&repo);
    repo.wt_orch(&["retry", "tasks"]).exit(0);
    assert_eq!(content(&repo, "feature/heir", "more.txt").unwrap(), "more\n");
}

#[test]
fn a_worktree_that_was_left_where_a_start_is_to_be_resolved_is_taken_away() {
    let repo = planned(&rivals_and_heir());
    let desk = repo.root().join("repo-tasks.resolve-heir").display().to_string();
    repo.git(&["worktree", "add", "-q", "--detach", &desk]);
    std::fs::write(repo.root().join("repo-tasks.resolve-heir/left"), "").unwrap();
    let run = split_with(&repo, WEAVE, &["--json"]).run().exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["soft a.txt agent"]);
    no_desk(&repo);
}

#[test]
fn what_was_refused_for_one_dependent_is_not_asked_for_another() {
    let repo = planned(&(rivals_and_heir() + EAGER));
    let run = split_with(&repo, "echo >> ../asked", &["--json"]).run().exit(1).stdout_json();
    assert_eq!(asked(&repo), 2, "as often as it is asked about one conflict");
    for (at, id) in [(3, "heir"), (4, "eager")] {
        let told = &outcomes(&run)[at];
        assert!(told.starts_with(&format!("{id} skipped: `loud` and `soft`")), "{told}");
        assert!(told.contains("the resolver's answer was refused 2 times"), "{told}");
    }
    no_desk(&repo);
}

#[test]
fn a_start_is_integrated_as_it_is_although_the_task_failed_and_is_no_conflict_ahead() {
    let checked = "echo four >> a.txt\"\ncheck = \"test -e ../good\"";
    let failing = rivals_and_heir().replace("echo four >> a.txt\"\ncheck = \"true\"", checked);
    let repo = planned(&failing);
    let run = split_with(&repo, WEAVE, &["--json"]).run().exit(1).stdout_json();
    assert!(outcomes(&run)[3].starts_with("heir failed: its check failed"), "{:?}", outcomes(&run));
    assert_eq!(run["conflicts"], serde_json::json!([]));
    let report = repo.wt_orch(&["report"]);
    assert!(!report.stdout().contains("Conflicts ahead"), "{}", report.stdout());
    let landed = repo
        .command(&["integrate", "--json"])
        .env("WT_ORCH_INTEGRATE_RESOLVER", "touch ../again")
        .run()
        .stdout_json();
    assert!(!repo.root().join("again").exists());
    let note = "that was resolved when `heir` started from it";
    assert!(strings(&landed["notes"]).contains(&note), "{landed:#}");
    std::fs::write(repo.root().join("good"), "").unwrap();
    repo.wt_orch(&["retry"]).exit(0);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\nfour\n");
}

#[test]
fn a_task_that_waits_for_the_start_of_another_is_aborted_with_it() {
    let repo = planned(&(rivals_and_heir() + EAGER));
    let resolver = "echo >> ../asked; touch ../begun; sleep 60";
    let running = split_with(&repo, resolver, &["--json"]).start();
    repo.wait_for("begun");
    repo.wt_orch(&["abort"]).exit(0);
    let run = running.wait().stdout_json();
    for (at, id) in [(3, "heir"), (4, "eager")] {
        assert_eq!(outcomes(&run)[at], format!("{id} cancelled: stopped by the user"));
    }
    assert_eq!(asked(&repo), 1);
    assert!(!beside(&repo).iter().any(|name| name.contains("eager")), "{:?}", beside(&repo));
    no_desk(&repo);
    assert_eq!(repo.survivors(), [""; 0]);
}
