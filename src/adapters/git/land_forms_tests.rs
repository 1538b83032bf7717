//! Landings where the worktree, its index or the target is of an unusual kind.

use super::fixture::{Sandbox, write};
use super::land::{Step, land_observed};
use super::*;
use crate::domain::id::Oid;

fn request(old: Oid, new: Oid) -> LandRequest {
    LandRequest { branch: "main".to_owned(), old, new, message: "wt-orch: land".to_owned() }
}

/// Lands, crashes a second landing after it wrote, puts that in order, and goes back.
fn there_and_back(sandbox: &Sandbox, new: Oid) {
    let (repo, old) = (sandbox.repo(), sandbox.rev("main"));
    let landed = LandOutcome::Landed { checked_out: Some(sandbox.root()) };
    let status = sandbox.git(&["status", "--porcelain"]);
    for step in [Step::Writing, Step::Written, Step::Swapped] {
        let crashed = land_observed(&repo, &request(old, new), &mut |at| at != step);
        assert!(crashed.is_ok(), "{crashed:?}");
        assert_eq!(recover_landing(&repo).unwrap().len(), 1, "{step:?}");
        if step != Step::Swapped {
            assert_eq!(sandbox.rev("main"), old, "{step:?}");
            assert_eq!(sandbox.git(&["status", "--porcelain"]), status, "{step:?}");
        }
    }
    assert_eq!(sandbox.rev("main"), new);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), status);
    assert_eq!(land(&repo, &request(new, old)).unwrap(), landed);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), status);
    assert_eq!(land(&repo, &request(old, new)).unwrap(), landed);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), status);
}

#[test]
fn rule_19_a_sparse_checkout_stays_sparse() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = Sandbox::with(&[("in/a", "1\n"), ("out/b", "1\n"), ("top", "1\n")]);
        let old = sandbox.rev("main");
        let files = [("in/a", "2\n"), ("out/b", "2\n"), ("out/c", "2\n")];
        let new = sandbox.branch("task", old, &files);
        sandbox.git(&["sparse-checkout", "set", "--cone", index, "in"]);
        there_and_back(&sandbox, new);
        assert_eq!(sandbox.read("in/a").as_deref(), Some("2\n"), "{index}");
        assert!(!sandbox.root().join("out").exists(), "{index}");
    }
}

#[test]
fn rule_19_indexes_with_extensions_are_carried_over() {
    let kinds: [&[&str]; 4] = [
        &["update-index", "--split-index"],
        &["update-index", "--untracked-cache"],
        &["update-index", "--fsmonitor"],
        &["update-index", "--index-version", "4"],
    ];
    for words in kinds {
        let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n"), ("dir/c", "1\n")]);
        let old = sandbox.rev("main");
        let new = sandbox.branch("task", old, &[("a", "2\n"), ("dir/c", ""), ("d", "2\n")]);
        sandbox.git(&["config", "core.fsmonitor", "false"]);
        sandbox.git(words);
        sandbox.write("b", "dirty\n");
        sandbox.write("untracked", "mine\n");
        there_and_back(&sandbox, new);
        assert_eq!(sandbox.read("a").as_deref(), Some("2\n"), "{words:?}");
        assert_eq!(sandbox.git(&["diff", "--name-only"]), "b", "{words:?}");
    }
}

#[test]
fn rule_19_files_are_written_with_the_line_ends_that_the_user_has() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let old = sandbox.rev("main");
    let new = sandbox.branch("task", old, &[("a", "1\n2\n"), ("b", "3\n")]);
    sandbox.git(&["config", "core.autocrlf", "true"]);
    std::fs::remove_file(sandbox.root().join("a")).unwrap();
    sandbox.git(&["checkout", "-q", "--", "a"]);
    assert_eq!(sandbox.read("a").as_deref(), Some("1\r\n"));
    there_and_back(&sandbox, new);
    assert_eq!(sandbox.read("a").as_deref(), Some("1\r\n2\r\n"));
    assert_eq!(sandbox.read("b").as_deref(), Some("3\r\n"));
}

/// `main` with a submodule checked out in `sub`, a commit of it that a landing moves to, and that
/// landing.
fn with_submodule() -> (Sandbox, Oid, Oid) {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let sub = sandbox.root().join("sub");
    std::fs::create_dir(&sub).unwrap();
    sandbox.git_at(&sub, &["init", "-q"]);
    write(&sub.join("own"), "own\n");
    sandbox.git_at(&sub, &["add", "own"]);
    sandbox.git_at(&sub, &["commit", "-q", "-m", "one"]);
    sandbox.git_at(&sub, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let other = sandbox.git_at(&sub, &["rev-parse", "HEAD"]);
    sandbox.git_at(&sub, &["checkout", "-q", "--detach", "HEAD~1"]);
    let old = sandbox.commit_all();
    sandbox.git(&["switch", "-q", "-c", "task"]);
    let entry = format!("160000,{other},sub");
    sandbox.git(&["update-index", "--cacheinfo", &entry]);
    sandbox.git(&["commit", "-q", "-m", "sub"]);
    let new = sandbox.rev("task");
    sandbox.git(&["switch", "-q", "main"]);
    (sandbox, old, new)
}

#[test]
fn rule_19_a_submodule_moves_in_the_index_and_its_folder_is_left_alone() {
    let (sandbox, old, new) = with_submodule();
    write(&sandbox.root().join("sub/own"), "being edited\n");
    let repo = sandbox.repo();
    let landed = LandOutcome::Landed { checked_out: Some(sandbox.root()) };
    assert_eq!(land(&repo, &request(old, new)).unwrap(), landed);
    // Its folder is now at another commit than the index says, which keeps nobody from moving on.
    assert_eq!(sandbox.git(&["diff", "--name-only", "--ignore-submodules=dirty"]), "sub");
    assert_eq!(land(&repo, &request(new, old)).unwrap(), landed);
    assert_eq!(sandbox.read("sub/own").as_deref(), Some("being edited\n"));
    // What is staged of it is the user's.
    let staged = format!("160000,{},sub", sandbox.git(&["rev-parse", "task:sub"]));
    sandbox.git(&["update-index", "--cacheinfo", &staged]);
    let outcome = land(&repo, &request(old, new)).unwrap();
    let LandOutcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.reason, RefusedReason::Dirty { paths: vec!["sub".to_owned()] });
}

#[test]
fn rule_19_a_file_in_the_place_of_a_submodule_does_not_delete_its_folder() {
    for path in ["sub", "sub/file"] {
        let (sandbox, old, _) = with_submodule();
        sandbox.git(&["switch", "-q", "-c", "replaced"]);
        sandbox.git(&["rm", "-q", "--cached", "sub"]);
        let blob = sandbox.git(&["hash-object", "-w", "a"]);
        let entry = format!("100644,{blob},{path}");
        sandbox.git(&["update-index", "--add", "--cacheinfo", &entry]);
        sandbox.git(&["commit", "-q", "-m", "file"]);
        let new = sandbox.rev("replaced");
        sandbox.git(&["update-ref", "refs/heads/main", &old.to_string()]);
        sandbox.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        sandbox.git(&["read-tree", "main"]);
        let outcome = land(&sandbox.repo(), &request(old, new)).unwrap();
        let LandOutcome::Refused(refusal) = outcome else { panic!("{path}: {outcome:?}") };
        let RefusedReason::Untracked { paths } = refusal.reason else { panic!("{path}") };
        assert!(paths.contains(&"sub/own".to_owned()), "{path}: {paths:?}");
        assert_eq!(sandbox.read("sub/own").as_deref(), Some("own\n"));
    }
}

#[test]
fn rule_19_the_branch_behind_a_symbolic_one_moves_with_its_worktree() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let old = sandbox.rev("main");
    let new = sandbox.branch("task", old, &[("a", "2\n")]);
    sandbox.git(&["symbolic-ref", "refs/heads/trunk", "refs/heads/main"]);
    let repo = sandbox.repo();
    assert_eq!(repo.branch_behind("trunk").unwrap(), "main");
    assert_eq!(repo.branch_behind("main").unwrap(), "main");
    let through = LandRequest { branch: "trunk".to_owned(), ..request(old, new) };
    let landed = LandOutcome::Landed { checked_out: Some(sandbox.root()) };
    assert_eq!(land(&repo, &through).unwrap(), landed);
    assert_eq!((sandbox.rev("main"), sandbox.rev("trunk")), (new, new));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.git(&["symbolic-ref", "refs/heads/astray", "refs/remotes/origin/main"]);
    assert!(matches!(repo.branch_behind("astray"), Err(GitError::Unsupported { .. })));
    // Stood on by its other name.
    sandbox.git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    assert_eq!(land(&repo, &request(new, old)).unwrap(), landed);
    assert_eq!(sandbox.read("a").as_deref(), Some("1\n"));
}

#[test]
fn rule_19_a_branch_that_went_on_after_a_crash_takes_its_files_along() {
    let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n")]);
    let old = sandbox.rev("main");
    let new = sandbox.branch("task", old, &[("a", "2\n")]);
    let repo = sandbox.repo();
    let crashed = land_observed(&repo, &request(old, new), &mut |at| at != Step::Swapped);
    assert!(crashed.is_ok(), "{crashed:?}");
    // From elsewhere: this worktree is locked.
    sandbox.git(&["worktree", "add", "-q", "--detach", "../other", "main"]);
    let other = sandbox.path("other");
    sandbox.git_at(&other, &["commit", "-q", "--allow-empty", "-m", "on top"]);
    let on_top = sandbox.git_at(&other, &["rev-parse", "HEAD"]);
    sandbox.git(&["update-ref", "refs/heads/main", &on_top]);
    assert_eq!(recover_landing(&repo).unwrap()[0].at, new);
    assert_eq!(sandbox.read("a").as_deref(), Some("2\n"));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
}

#[test]
fn rule_19_a_change_that_git_was_told_not_to_look_for_is_not_overwritten() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n")]);
        let old = sandbox.rev("main");
        let new = sandbox.branch("task", old, &[("a", "2\n"), ("b", "2\n")]);
        sandbox.git(&["update-index", flag, "b"]);
        sandbox.write("b", "mine\n");
        let outcome = land(&sandbox.repo(), &request(old, new));
        assert_eq!(sandbox.read("b").as_deref(), Some("mine\n"), "{flag}: {outcome:?}");
        if !matches!(outcome, Ok(LandOutcome::Landed { .. })) {
            assert_eq!(sandbox.read("a").as_deref(), Some("1\n"), "{flag}: {outcome:?}");
            assert_eq!(sandbox.rev("main"), old, "{flag}");
        }
    }
}

#[test]
fn rule_19_conflicts_that_wait_anywhere_refuse_the_landing_until_they_are_resolved() {
    let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n")]);
    let start = sandbox.rev("main");
    sandbox.write("b", "mine\n");
    sandbox.git(&["stash", "push", "-q"]);
    let old = sandbox.commit(&[("b", "2\n")]);
    let new = sandbox.branch("task", old, &[("a", "2\n")]);
    assert!(!sandbox.try_git_at(&sandbox.root(), &["stash", "pop", "-q"]).0);
    let repo = sandbox.repo();
    let reason = RefusedReason::Unmerged { paths: vec!["b".to_owned()] };
    let early = early_obstacle(&repo, "main", old, &[(start, new)]).unwrap().unwrap();
    assert_eq!(early.reason, reason);
    let outcome = land(&repo, &request(old, new)).unwrap();
    assert_eq!(outcome, LandOutcome::Refused(early.clone()));
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().envs(sandbox.env()).args(["-c", &early.resolve]);
    assert!(shell.status().unwrap().success(), "{}", early.resolve);
    let landed = LandOutcome::Landed { checked_out: Some(sandbox.root()) };
    assert_eq!(land(&repo, &request(old, new)).unwrap(), landed);
    assert_eq!(sandbox.read("a").as_deref(), Some("2\n"));
    assert!(sandbox.read("b").unwrap().contains("mine"));
}
