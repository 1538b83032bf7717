//! Checks of races that do what they must not, or come to no exit.

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
