//! Checks of races that do what they must not, or that come to no exit.

use crate::racing::race;
use crate::scene::{small_repo, split};

const ARM: &str = "[[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";

/// A race whose check does something wherever the arm's work is.
fn doing(what: &str) -> String {
    format!("[race]\ncheck = '''grep -q fixed a.txt || exit 1; {what}'''\n{ARM}")
}

#[test]
fn a_check_that_commits_or_switches_branches_proves_nothing_and_is_undone() {
    let commits = "git commit --quiet --allow-empty --message mine";
    for moves in [commits, "git switch --quiet --create other", "git checkout --quiet --detach"] {
        let repo = small_repo();
        let output = race(&repo, &doing(moves), &[]);
        output.exit(1).stdout_has(
            "`right` falsified: fails the check: it changed HEAD: a check must neither",
        );
        let worktree = repo.root().join("repo-right").display().to_string();
        let head = repo.git(&["-C", &worktree, "symbolic-ref", "HEAD"]);
        assert_eq!(head, "refs/heads/feature/right", "{moves}");
        assert_eq!(repo.git(&["rev-list", "--count", "main..feature/right"]), "1", "{moves}");
    }
}

#[test]
fn a_commit_of_a_tasks_check_fails_it_and_is_undone() {
    let repo = small_repo();
    let text = "[[task]]\nid = 'a'\nrun = 'echo a > a'\n\
        check = 'echo more >> a.txt && git commit --quiet --all --message mine'\n";
    let output = split(&repo, text, &[]);
    output.exit(1).stdout_has("its check failed: it changed tracked files (a.txt) and HEAD");
    assert_eq!(repo.git(&["diff", "--name-only", "main", "feature/a"]), "a");
}

#[test]
fn a_check_that_ends_otherwise_than_by_its_exit_is_told_as_what_it_was() {
    let repo = small_repo();
    let killed = doing("kill -9 $$");
    race(&repo, &killed, &[])
        .exit(1)
        .stdout_has("`right` falsified: its check was killed by signal 9");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    let late = doing("sleep 60").replace("[race]", "[race]\ntimeout = '1s'");
    race(&repo, &late, &[]).exit(1).stdout_has("`right` falsified: its check timed out after 1.0s");
}

#[test]
fn a_check_that_takes_its_worktree_away_is_told() {
    let repo = small_repo();
    let output = race(&repo, &doing("rm -rf $WT_ORCH_WORKTREE"), &[]);
    output.exit(1).stdout_has("`right` errored: the check could not be run: its worktree");
    let found = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    let reason = found["race"]["arms"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("repo-right` is gone: the check took it away"), "{reason}");
}
