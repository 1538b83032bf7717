//! Branches between split and landing: what the user does to them counts, and nothing of it is lost.

use crate::harness::Repo;
use crate::integrating::{appends, finished, integrate};
use crate::scene::{content, ejected, small_repo, split, split_in_one_lane, strings, tip};

/// Works on a task's branch in its own worktree, as a user would.
fn in_worktree(repo: &Repo, task: &str, words: &[&str]) {
    let folder = format!("../repo-{task}");
    repo.git(&[&["-C", &folder], words].concat());
}

#[test]
fn a_commit_that_was_added_to_a_finished_branch_lands_and_that_is_said() {
    let repo = finished(&appends("one", "c.txt"));
    std::fs::write(repo.path("../repo-one/fix.txt"), "fix\n").unwrap();
    in_worktree(&repo, "one", &["add", "fix.txt"]);
    in_worktree(&repo, "one", &["commit", "--quiet", "--message", "a fix by hand"]);
    let output = repo.wt_orch(&["integrate"]);
    output.exit(0).stderr_has("`feature/one` moved after task `one` was over");
    assert_eq!(content(&repo, "main", "fix.txt").unwrap(), "fix\n");
}

#[test]
fn a_branch_that_was_deleted_is_left_out_and_can_be_brought_back() {
    let text = appends("one", "c.txt") + &appends("two", "d.txt");
    let repo = finished(&text);
    let one = tip(&repo, "feature/one");
    in_worktree(&repo, "one", &["switch", "--quiet", "--detach"]);
    repo.git(&["branch", "-D", "feature/one"]);
    let hint = format!("`git branch feature/one {}` brings it back", &one[..10]);
    let output = repo.wt_orch(&["integrate", "--json"]);
    output.exit(0).stderr_has(&hint);
    assert_eq!(strings(&output.stdout_json()["merged"]), ["two"]);
    repo.git(&["branch", "feature/one", &one]);
    assert_eq!(strings(&integrate(&repo, 0)["merged"]), ["one"]);
}

/// Two tasks write the same line; the one that is left out is merged with main by hand.
fn resolved_by_hand(repo: &Repo, loser: &str) {
    let folder = format!("../repo-{loser}");
    repo.try_git(&["-C", &folder, "merge", "main"]).exit(1);
    std::fs::write(repo.path(&folder).join("a.txt"), "both\ntwo\nthree\n").unwrap();
    in_worktree(repo, loser, &["commit", "--quiet", "--all", "--no-edit"]);
}

#[test]
fn a_branch_that_was_left_out_lands_after_it_was_merged_by_hand_in_both_strategies() {
    for strategy in ["merge", "squash"] {
        let repo = small_repo();
        let line = |id: &str| {
            let run = format!("printf '{id}\\\\ntwo\\\\nthree\\\\n' > a.txt");
            format!("[[task]]\nid = \"{id}\"\nrun = \"{run}\"\ncheck = \"true\"\n")
        };
        split(&repo, &(line("loud") + &line("soft")), &[]).exit(0);
        std::fs::remove_file(repo.path("tasks.toml")).unwrap();
        let integrate = |exit| {
            let command = repo.command(&["integrate", "--json"]);
            let output = command.env("WT_ORCH_INTEGRATE_STRATEGY", strategy).run();
            output.exit(exit).stdout_json()
        };
        let first = integrate(3);
        assert_eq!(ejected(&first), ["soft conflict loud"], "{strategy}");
        resolved_by_hand(&repo, "soft");
        assert_eq!(strings(&integrate(0)["merged"]), ["soft"], "{strategy}");
        assert_eq!(content(&repo, "main", "a.txt").unwrap(), "both\ntwo\nthree\n", "{strategy}");
        // And nothing is offered again.
        integrate(4);
    }
}

#[test]
fn clean_leaves_a_branch_that_the_user_has_checked_out() {
    let repo = small_repo();
    split_in_one_lane(&repo, &appends("one", "c.txt"), &["--integrate"]).exit(0);
    repo.wt_orch(&["clean", "--force", "--dry-run"]).exit(0).stdout_has("would remove branch");
    in_lane_freed(&repo);
    repo.git(&["switch", "--quiet", "feature/one"]);
    let before = tip(&repo, "HEAD");
    for force in [&["clean"][..], &["clean", "--force"]] {
        repo.wt_orch(force).exit(0).stdout_has("it is checked out in");
        assert_eq!(tip(&repo, "HEAD"), before);
    }
}

/// Takes the lane off its branch, so that the user can have it.
fn in_lane_freed(repo: &Repo) {
    repo.git(&["-C", "../repo-tasks", "switch", "--quiet", "--detach"]);
}

#[test]
fn a_retry_in_a_lane_does_not_run_on_top_of_itself_and_loses_nothing() {
    let repo = small_repo();
    let text = appends("one", "c.txt") + &appends("two", "d.txt") + &appends("three", "c.txt");
    split_in_one_lane(&repo, &text, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo.wt_orch(&["retry", "tasks", "one"]).exit(0);
    integrate(&repo, 0);
    let lines = content(&repo, "main", "c.txt").unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["one", "three"]);
    assert_eq!(content(&repo, "main", "d.txt").unwrap(), "two\n");
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(content(&repo, "main", "d.txt").unwrap(), "two\n");
}
