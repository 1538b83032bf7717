//! Operations of git's that a task leaves open (F30).

use super::shared::{assert_has, notes, one, ran};
use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, outcomes, small_repo, tip};

/// A repository with a branch `side` that changes `a.txt`, and one, `far`, that adds a file.
fn forked() -> Repo {
    let repo = small_repo();
    repo.branch("side").file("a.txt", "side\n").commit("side");
    repo.file("a.txt", "side again\n").commit("side again");
    repo.git(&["switch", "--quiet", "main"]);
    repo.branch("far").file("far.txt", "far\n").commit("far");
    repo.git(&["switch", "--quiet", "main"]);
    repo
}

#[test]
fn f30_what_is_undecided_fails_the_task_with_everything_kept() {
    for (word, command) in [
        ("merge", "git merge side"),
        ("rebase", "git rebase side"),
        ("cherry-pick", "git cherry-pick main..side"),
        ("revert", "git revert --no-edit side~1"),
        ("patch series", "git format-patch -q --stdout main..side | git am -3"),
    ] {
        let repo = forked();
        let before = Fingerprint::of(&repo);
        let script =
            format!("echo mine > a.txt; git commit -qam mine; {command} || true; echo late > late");
        let (run, _) = ran(&repo, &one(&script), 1);
        std::fs::remove_file(repo.path("tasks.toml")).unwrap();
        before.assert_kept(&Fingerprint::of(&repo));
        let reason = &outcomes(&run)[0];
        assert_has(reason, &format!("it left a {word} half done, which `git -C "));
        assert_has(reason, "`wt-orch retry tasks a` starts it over");
        let kept = "refs/wt-orch/tasks/a/attempt-1";
        assert_eq!(content(&repo, kept, "late").unwrap(), "late\n", "{command}");
        // What was committed before is in what was kept.
        let own = repo.git(&["log", "--format=%s", kept]);
        assert!(own.lines().any(|line| line == "mine"), "{command}: {own}");
        assert!(!content(&repo, "feature/a", "a.txt").unwrap().contains("<<<<<<<"));
        repo.wt_orch(&["clean", "--force", "--dry-run"])
            .exit(0)
            .stdout_has(&format!("would destroy the unfinished {word} of worktree"));
    }
}

#[test]
fn f30_a_merge_that_lacks_only_its_commit_is_concluded() {
    for (word, command) in [
        ("merge", "git merge -q --no-commit --no-ff far"),
        (
            "cherry-pick",
            "git cherry-pick --no-commit far && git rev-parse far > \
            $(git rev-parse --git-dir)/CHERRY_PICK_HEAD",
        ),
        ("bisect", "git bisect start"),
    ] {
        let repo = forked();
        let script = format!("{command}; echo more > more");
        let (run, _) = ran(&repo, &one(&script), 0);
        assert_has(&notes(&run, "a"), &format!("it left a {word} open, which was ended for it"));
        assert_eq!(content(&repo, "feature/a", "more").unwrap(), "more\n");
        if word == "merge" {
            assert_eq!(tip(&repo, "feature/a^2"), tip(&repo, "far"));
        }
        let status = repo.git(&["-C", "../repo-a", "status"]);
        assert!(status.contains("nothing to commit") && !status.contains("bisect"), "{status}");
    }
}

#[test]
fn f30_marks_of_a_conflict_never_pass_for_work() {
    for command in [
        // Staged with its marks, not committed.
        "git merge side; git add a.txt",
        // Conflicts without an operation.
        "git checkout -q main~0; echo theirs > a.txt; git stash -q; echo mine > a.txt; \
            git commit -qam again; git stash pop",
    ] {
        let repo = forked();
        let script = format!("echo mine > a.txt; git commit -qam mine; {command} || true");
        let (run, _) = ran(&repo, &one(&script), 1);
        let reason = &outcomes(&run)[0];
        assert!(
            reason.contains("half done") || reason.contains("conflicts that nobody"),
            "{reason}"
        );
        assert!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "a.txt").is_some());
        assert!(!content(&repo, "feature/a", "a.txt").unwrap().contains("<<<<<<<"));
    }
}
