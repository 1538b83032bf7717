//! What stands where a task should work is never reused: it is named, with the command that
//! resolves it, and nothing is created.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Output, Repo};
use crate::scene::{follow_hint, small_repo, tasks, tip};

const TWO: &str = "[[task]]\nid = \"a\"\nrun = \"touch x\"\ncheck = \"true\"\n\
                   [[task]]\nid = \"b\"\nrun = \"touch y\"\ncheck = \"true\"\n";

/// Splits where something is in the way: refused, and nothing differs afterwards, not even the
/// list of runs.
#[track_caller]
fn refused(repo: &Repo, options: &[&str]) -> Output {
    tasks(repo, TWO);
    let before = Fingerprint::of(repo);
    let output = repo.wt_orch(&[&["-q", "split", "tasks.toml"], options].concat());
    output.exit(4).stdout_is_empty();
    let added = before.differences(&Fingerprint::of(repo));
    let own = |line: &&String| line.starts_with("added own ");
    assert!(added.iter().all(|line| own(&line)), "{added:?}");
    repo.wt_orch(&["status"]).exit(4).stderr_has("nothing has run in this repository yet");
    output
}

#[test]
fn a_branch_of_that_name() {
    let repo = small_repo();
    repo.git(&["branch", "feature/b"]);
    let output = refused(&repo, &["--parallel=2"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml --parallel=2
    exit: 4
    --- stderr
    error: the branch `feature/b` of task `b` exists; it is never reused

    hint: `git -C [TMP]/repo branch -m feature/b feature/b-old`
    ");
    follow_hint(&repo, &output);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
}

#[test]
fn a_branch_of_that_name_in_a_worktree_of_the_users() {
    let repo = small_repo();
    repo.git(&["worktree", "add", "--quiet", "-b", "feature/a", "../else where"]);
    repo.git(&["branch", "feature/a-old"]);
    let output = refused(&repo, &["--parallel=2"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml --parallel=2
    exit: 4
    --- stderr
    error: the branch `feature/a` of task `a` exists and is checked out in `[TMP]/else where`; it is never reused

    hint: `git -C [TMP]/repo branch -m feature/a feature/a-old-2`
    ");
    follow_hint(&repo, &output);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
}

#[test]
fn a_branch_that_leaves_no_room_for_the_folder() {
    let repo = small_repo();
    repo.git(&["branch", "feature"]);
    let output = refused(&repo, &[]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml
    exit: 4
    --- stderr
    error: git cannot have the branch `feature/a` of task `a` beside `feature`; it is never reused

    hint: `git -C [TMP]/repo branch -m feature feature-old`
    ");
    follow_hint(&repo, &output);
    assert_eq!(tip(&repo, "feature-old"), tip(&repo, "main"));
    repo.wt_orch(&["split", "tasks.toml"]).exit(0);
}

#[test]
fn a_folder_a_file_or_a_dangling_link() {
    for kind in ["folder", "file", "link"] {
        let repo = small_repo();
        let path = repo.root().join("repo-b");
        match kind {
            "folder" => std::fs::create_dir(&path).unwrap(),
            "file" => std::fs::write(&path, "mine").unwrap(),
            _ => std::os::unix::fs::symlink("nowhere", &path).unwrap(),
        }
        let output = refused(&repo, &["--parallel=2"]);
        output.stderr_has("repo-b`, where task `b` should work, exists");
        if kind == "folder" {
            assert_snapshot!(output.snapshot(), @r"
            $ wt-orch -q split tasks.toml --parallel=2
            exit: 4
            --- stderr
            error: `[TMP]/repo-b`, where task `b` should work, exists; it is never reused

            hint: `mv [TMP]/repo-b [TMP]/repo-b.old`
            ");
        }
        follow_hint(&repo, &output);
        repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
        assert!(repo.root().join("repo-b.old").symlink_metadata().is_ok(), "{kind}");
    }
}

#[test]
fn a_worktree_of_the_users_on_another_branch() {
    let repo = small_repo();
    repo.git(&["worktree", "add", "--quiet", "-b", "mine", "../repo-a"]);
    let output = refused(&repo, &["--parallel=2"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml --parallel=2
    exit: 4
    --- stderr
    error: `[TMP]/repo-a`, where task `a` should work, is a worktree already; it is never reused

    hint: `git -C [TMP]/repo worktree move [TMP]/repo-a [TMP]/repo-a.old`
    ");
    follow_hint(&repo, &output);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
}

#[test]
fn a_worktree_whose_folder_is_gone_but_is_still_registered() {
    let repo = small_repo();
    repo.git(&["worktree", "add", "--quiet", "-b", "mine", "../repo-a"]);
    std::fs::remove_dir_all(repo.root().join("repo-a")).unwrap();
    let output = refused(&repo, &["--parallel=2"]);
    follow_hint(&repo, &output);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    assert_eq!(tip(&repo, "mine"), tip(&repo, "main"));
}

#[test]
fn the_folder_of_the_one_lane() {
    let repo = small_repo();
    std::fs::create_dir(repo.root().join("repo-tasks")).unwrap();
    let output = refused(&repo, &["--sequential"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml --sequential
    exit: 4
    --- stderr
    error: `[TMP]/repo-tasks`, where task `a` should work, exists; it is never reused

    hint: `mv [TMP]/repo-tasks [TMP]/repo-tasks.old`
    ");
    follow_hint(&repo, &output);
    repo.wt_orch(&["split", "tasks.toml", "--sequential"]).exit(0);
}

#[test]
fn what_an_earlier_run_left_is_in_the_way_too_and_clean_is_the_way_out() {
    let repo = small_repo();
    tasks(&repo, TWO);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    let output = repo.wt_orch(&["-q", "split", "tasks.toml", "--parallel=2"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q split tasks.toml --parallel=2
    exit: 4
    --- stderr
    error: the branch `feature/a` of task `a` exists and is checked out in `[TMP]/repo-a`: it is of the run `tasks`; it is never reused

    hint: `wt-orch clean tasks` removes what has landed or is empty; `wt-orch integrate tasks` lands the rest
    ");
    // The work of the first run is untouched.
    repo.wt_orch(&["integrate", "tasks"]).exit(0);
}
