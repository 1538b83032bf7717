//! What a task does to its own worktree as a worktree: its `.git` file, its folder, git's entry of it
//! (F27, F28), and work that is hidden in it (F31).

use super::shared::{assert_has, notes, one, ran};
use crate::harness::{Fingerprint, Repo};
use crate::scene::{beside, content, outcomes, small_repo, strings, task};

/// The repository after a task with this script: exit code of the run, and its document.
#[track_caller]
fn after(script: &str, exit: i32) -> (Repo, serde_json::Value) {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let (run, _) = ran(&repo, &one(script), exit);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    (repo, run)
}

#[test]
fn f27_a_deleted_git_file_is_written_again_and_the_work_is_committed() {
    for loss in ["rm .git", ": > .git"] {
        let script = "echo 1 > one; git add one; git commit -qm 1; echo 2 > two";
        let (repo, run) = after(&format!("{script}; {loss}"), 0);
        assert_has(&notes(&run, "a"), "its .git file was gone and was written again");
        assert_eq!(content(&repo, "feature/a", "one").unwrap(), "1\n");
        assert_eq!(content(&repo, "feature/a", "two").unwrap(), "2\n");
        repo.git(&["-C", "../repo-a", "status"]);
        repo.wt_orch(&["integrate"]).exit(0);
        repo.wt_orch(&["clean"]).exit(0);
        assert_eq!(beside(&repo), [""; 0]);
    }
}

#[test]
fn f27_a_git_file_that_became_a_repository_fails_the_task_with_its_files_kept() {
    let script = "echo 1 > one; rm .git; git init -q; git add -A; git commit -qm mine";
    let (repo, run) = after(script, 1);
    assert_has(&outcomes(&run)[0], "the worktree's .git belongs to another repository; everything");
    assert_eq!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "one").unwrap(), "1\n");
}

#[test]
fn f27_a_pruned_entry_is_made_again_and_the_files_are_kept() {
    let script = "echo 1 > one; mv .git ../aside; git -C ../repo worktree prune; rm ../aside";
    let (repo, run) = after(script, 1);
    assert_has(&outcomes(&run)[0], "the worktree's entry in the repository is gone; everything is");
    assert_eq!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "one").unwrap(), "1\n");
    assert_has(&repo.git(&["worktree", "list"]), "repo-a");
}

#[test]
fn f28_a_worktree_that_was_moved_is_moved_back() {
    for step in ["mv ../repo-a ../elsewhere", "git worktree move ../repo-a ../elsewhere"] {
        let (repo, run) = after(&format!("echo 1 > one; {step}"), 0);
        assert_has(&notes(&run, "a"), "elsewhere` and was moved back");
        assert_eq!(content(&repo, "feature/a", "one").unwrap(), "1\n");
        assert_eq!(beside(&repo), ["repo-a"]);
        repo.git(&["-C", "../repo-a", "status"]);
    }
}

#[test]
fn f28_what_was_committed_before_the_worktree_was_deleted_is_on_the_branch() {
    let script = "echo 1 > one; git add one; git commit -qm 1; rm -rf ../repo-a";
    let (repo, run) = after(script, 1);
    let reason = &outcomes(&run)[0];
    assert_has(
        reason,
        "the worktree's folder is gone; the commits that were made are on `feature/a`",
    );
    assert_eq!(content(&repo, "feature/a", "one").unwrap(), "1\n");
    let (_, run) = after("rm -rf ../repo-a", 1);
    assert_has(
        &outcomes(&run)[0],
        "its work could not be committed: the worktree's folder is gone, and no commit was made",
    );
}

#[test]
fn f31_every_way_to_change_something_or_nothing() {
    let nothing = ["true", "git commit -q --allow-empty -m nothing"];
    for script in nothing {
        let (_, run) = after(script, 0);
        assert_eq!(outcomes(&run), ["a succeeded: changed nothing"], "{script}");
    }
    for (script, path) in [("echo x > untracked", "untracked"), ("chmod +x b.txt", "b.txt")] {
        let (_, run) = after(script, 0);
        assert_eq!(strings(&task(&run, "a")["changed_paths"]), [path]);
    }
}

#[test]
fn f31_an_agent_that_changed_ignored_files_only_is_told_which() {
    let repo = small_repo();
    repo.file(".gitignore", "out/\n").commit("ignore");
    let bin = repo.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("claude"), "#!/bin/sh\nmkdir out; echo x > out/x\n").unwrap();
    repo.program("chmod", &["+x", "../bin/claude"]).run().exit(0);
    repo.file("tasks.toml", "[[task]]\nid = \"a\"\nagent = \"claude\"\nprompt = \"do\"\n");
    #[expect(
        clippy::disallowed_methods,
        reason = "git and sh are found where the machine has them"
    )]
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let split = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]);
    let run = split.env("PATH", path).run().exit(1).stdout_json();
    assert_has(&outcomes(&run)[0], "the agent ended well but changed nothing");
    assert_has(&notes(&run, "a"), "only files that git ignores are there: out/");
}

#[test]
fn hidden_changes_and_a_killed_gits_lock_do_not_keep_work_from_being_committed() {
    let script = "
        git update-index --assume-unchanged a.txt; git update-index --skip-worktree b.txt
        echo new > a.txt; echo new > b.txt; touch $(git rev-parse --git-dir)/index.lock";
    let (repo, run) = after(script, 0);
    for name in ["a.txt", "b.txt"] {
        assert_eq!(content(&repo, "feature/a", name).unwrap(), "new\n");
    }
    assert_has(&notes(&run, "a"), "a killed git had left index.lock; it was removed");
}

#[test]
fn no_lock_of_a_killed_git_on_head_or_branch_keeps_work_from_being_committed_or_tried_again() {
    let locks = "
        touch $(git rev-parse --git-dir)/HEAD.lock $(git rev-parse --git-dir)/ORIG_HEAD.lock
        touch $(git rev-parse --git-common-dir)/$(git symbolic-ref HEAD).lock";
    let (repo, run) = after(&format!("echo new > a.txt; {locks}"), 0);
    assert_eq!(content(&repo, "feature/a", "a.txt").unwrap(), "new\n");
    for name in ["HEAD.lock", "ORIG_HEAD.lock", "a.lock"] {
        assert_has(&notes(&run, "a"), &format!("a killed git had left {name}; it was removed"));
    }
    let again = format!(
        "[[task]]\nid = \"b\"\nretries = 1\nrun = \"\"\"\n{locks}
        echo more > b.txt; test -e ../tried || {{ touch ../tried; exit 7; }}\"\"\"\n"
    );
    repo.file("tasks.toml", &again);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1", "--json"]).exit(0);
    assert_eq!(content(&repo, "feature/b", "b.txt").unwrap(), "more\n");
}

#[test]
fn what_a_task_tidies_away_takes_nothing_with_it() {
    let script = "
        echo 1 > one; git add one; git commit -qm 1; echo 2 > two
        git gc --quiet --prune=now; git worktree prune; git reflog expire --expire=now --all";
    let (repo, _) = after_gc(script);
    assert_eq!(content(&repo, "feature/a", "one").unwrap(), "1\n");
    assert_eq!(content(&repo, "feature/a", "two").unwrap(), "2\n");
    repo.git(&["fsck", "--no-progress"]);
}

/// As [`after`], where git's logs and packed refs may be others than before.
fn after_gc(script: &str) -> (Repo, serde_json::Value) {
    let repo = small_repo();
    let (run, _) = ran(&repo, &one(script), 0);
    (repo, run)
}
