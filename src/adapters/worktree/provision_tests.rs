//! Making and removing worktrees of real repositories.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tests::{KEEP, Task, spec};
use super::*;
use crate::adapters::git::Repo;
use crate::adapters::git::fixture::{Sandbox, write};

#[test]
fn a_worktree_is_on_its_branch_at_its_start_and_clean() {
    let task = Task::new();
    let state = task.checkout().state().unwrap();
    assert_eq!((state.head, state.branch.as_deref()), (Some(task.start), Some("feature/t")));
    assert!(state.is_clean() && state.broken.is_none());
    assert_eq!(task.git(&["status", "--porcelain"]), "");
    assert!(!task.sandbox.try_git_at(&task.path, &["config", "branch.feature/t.remote"]).0);
    let again = provision(&task.repo, spec(&task.sandbox, "t"));
    assert!(matches!(again, Err(ProvisionError::Occupied(_))));
}

#[test]
fn what_is_in_the_way_is_named_with_the_command_that_clears_it() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let repo = sandbox.repo();
    let occupied = |name: &str| match provision(&repo, spec(&sandbox, name)) {
        Err(ProvisionError::Occupied(occupied)) => occupied,
        other => panic!("{other:?}"),
    };
    let clear = |resolve: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().envs(sandbox.env()).args(["-c", resolve]).current_dir("/");
        assert!(shell.status().unwrap().success(), "{resolve}");
    };
    sandbox.git(&["branch", "feature/one"]);
    sandbox.git(&["worktree", "add", "-q", "../other", "-b", "feature/two"]);
    std::fs::create_dir(sandbox.path("three")).unwrap();
    sandbox.git(&["worktree", "add", "-q", "../four", "-b", "x"]);
    std::fs::remove_dir_all(sandbox.path("four")).unwrap();
    for (name, is_it) in [
        ("one", (|what| matches!(what, Occupant::Branch { .. })) as fn(&Occupant) -> bool),
        ("two", |what| matches!(what, Occupant::Branch { .. })),
        ("three", |what| matches!(what, Occupant::Path { .. })),
        ("four", |what| matches!(what, Occupant::Worktree { .. })),
    ] {
        let found = occupied(name);
        assert!(is_it(&found.what), "{name}: {found:?}");
        clear(&found.resolve);
        provision(&repo, spec(&sandbox, name)).unwrap();
    }
    sandbox.git(&["branch", "feature/deep/x"]);
    assert!(matches!(occupied("deep").what, Occupant::BranchClash { .. }));
    assert!(matches!(occupied("a..b").what, Occupant::InvalidBranch { .. }));
}

#[test]
fn a_failed_provisioning_leaves_nothing_behind() {
    let sandbox = Sandbox::with(&[("f", "1"), (".gitattributes", "f filter=broken\n")]);
    sandbox.git(&["config", "filter.broken.smudge", "false"]);
    sandbox.git(&["config", "filter.broken.required", "true"]);
    let repo = sandbox.repo();
    let mut broken = spec(&sandbox, "t");
    broken.path = sandbox.path("new/parent/t");
    assert!(matches!(provision(&repo, broken), Err(ProvisionError::Git(_))));
    std::fs::write(sandbox.path("file"), "").unwrap();
    let mut blocked = spec(&sandbox, "u");
    blocked.path = sandbox.path("file/t");
    assert!(provision(&repo, blocked).is_err());
    let mut unknown = spec(&sandbox, "v");
    unknown.start = "1".repeat(40).parse().unwrap();
    assert!(provision(&repo, unknown).is_err());
    assert_eq!(sandbox.git(&["for-each-ref", "refs/heads/feature"]), "");
    assert!(!sandbox.path("new").exists());
    assert!(!sandbox.root().join(".git/worktrees").exists());
}

#[test]
fn eight_threads_make_eight_worktrees_and_the_users_index_is_left_alone() {
    let sandbox = Sandbox::with(&[("f", "1"), ("d/g", "2")]);
    sandbox.plant_hooks();
    let index = std::fs::read(sandbox.root().join(".git/index")).unwrap();
    let repo = sandbox.repo();
    let specs: Vec<_> = (0..8).map(|n| spec(&sandbox, &format!("w{n}"))).collect();
    std::thread::scope(|scope| {
        for spec in specs {
            let repo = repo.clone();
            scope.spawn(move || provision(&repo, spec).unwrap());
        }
    });
    assert_eq!(repo.worktrees().unwrap().len(), 9);
    let made = Checkout::at(&repo, &sandbox.path("w3")).unwrap();
    write(&sandbox.path("w3/new"), "x");
    let request = CommitRequest {
        branch: "feature/w3".to_owned(),
        start: sandbox.rev("main"),
        message: "m".to_owned(),
        keep_ref: KEEP.to_owned(),
    };
    assert!(matches!(made.commit_all(&request).unwrap(), CommitOutcome::Committed(_)));
    assert_eq!(sandbox.hooks_that_ran(), None);
    assert_eq!(std::fs::read(sandbox.root().join(".git/index")).unwrap(), index);
}

#[test]
fn removal_keeps_whatever_would_be_lost() {
    let task = Task::new();
    let outcome = |mode| remove(&task.repo, &task.path, mode).unwrap();
    let kept = || match outcome(RemoveMode::OnlyIfClean) {
        RemoveOutcome::Kept { reason, .. } => reason,
        RemoveOutcome::Removed | RemoveOutcome::Pooled => panic!("removed"),
    };
    task.write("new", "x");
    assert_eq!(kept(), KeptReason::Dirty { paths: vec!["new".to_owned()] });
    task.git(&["checkout", "-q", "--detach"]);
    let commit = task.commit("new", "x");
    assert_eq!(kept(), KeptReason::Unreachable { commit, commits: vec![commit] });
    task.git(&["branch", "held"]);
    assert_eq!(outcome(RemoveMode::OnlyIfClean), RemoveOutcome::Removed);
    assert!(!task.path.exists() && !task.sandbox.root().join(".git/worktrees").exists());
    assert_eq!(outcome(RemoveMode::OnlyIfClean), RemoveOutcome::Removed);
    let main = remove(&task.repo, &task.sandbox.root(), RemoveMode::Force).unwrap();
    assert_eq!(main, RemoveOutcome::Kept { reason: KeptReason::NotOurs, also: vec![] });
    let home = remove(&task.repo, &task.sandbox.path("home"), RemoveMode::Force).unwrap();
    assert_eq!(home, RemoveOutcome::Kept { reason: KeptReason::NotOurs, also: vec![] });
}

#[test]
fn removal_copes_with_missing_folders_closed_folders_and_lost_git_files() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let repo = sandbox.repo();
    for name in ["gone", "closed", "orphan"] {
        provision(&repo, spec(&sandbox, name)).unwrap();
    }
    std::fs::remove_dir_all(sandbox.path("gone")).unwrap();
    write(&sandbox.path("closed/dir/file"), "x");
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(sandbox.path("closed/dir"), closed).unwrap();
    std::fs::remove_file(sandbox.path("orphan/.git")).unwrap();
    for name in ["gone", "closed", "orphan"] {
        let removed = remove(&repo, &sandbox.path(name), RemoveMode::Force).unwrap();
        assert_eq!(removed, RemoveOutcome::Removed, "{name}");
        assert!(!sandbox.path(name).exists());
    }
    assert_eq!(repo.worktrees().unwrap().len(), 1);
}

#[test]
fn bare_repositories_get_worktrees_too() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    sandbox.git_at(&sandbox.path(""), &["clone", "-q", "--bare", "repo", "thing.git"]);
    let repo = Repo::discover(&sandbox.path("thing.git"), sandbox.env()).unwrap();
    let made = provision(&repo, spec(&sandbox, "t")).unwrap();
    assert!(made.path.join("f").exists());
    assert!(Checkout::at(&repo, Path::new(&made.path)).unwrap().state().unwrap().is_clean());
}

#[test]
fn a_lost_object_takes_all_of_a_batch_back_and_an_occupied_place_only_itself() {
    let sandbox = Sandbox::ordinary(&[("f", "1"), ("d/g", "2")]);
    let blob = sandbox.git(&["rev-parse", "HEAD:d/g"]);
    let object = sandbox.root().join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    let content = std::fs::read(&object).unwrap();
    std::fs::remove_file(&object).unwrap();
    let specs = || ["one", "two", "three"].map(|name| spec(&sandbox, name)).to_vec();
    let repo = sandbox.repo();
    assert!(provision_all(&repo, specs()).iter().all(Result::is_err));
    let left =
        |folder: &str| sandbox.root().join(".git").join(folder).read_dir().map(|d| d.count());
    assert_eq!(sandbox.git(&["for-each-ref", "refs/heads/feature"]), "");
    assert!(left("worktrees").is_err() && left("wt-orch").unwrap() == 1, "only the lock is left");
    assert!(["one", "two", "three"].iter().all(|name| !sandbox.path(name).exists()));

    std::fs::write(&object, content).unwrap();
    std::fs::create_dir(sandbox.path("two")).unwrap();
    let made: Vec<bool> = provision_all(&repo, specs()).iter().map(Result::is_ok).collect();
    assert_eq!(made, [true, false, true]);
    assert_eq!(sandbox.git(&["branch", "--list", "feature/*"]).lines().count(), 2);
    assert!(sandbox.path("two").read_dir().unwrap().next().is_none());
}

#[test]
fn an_entry_appears_whole_under_a_free_name_and_stays_locked_until_the_files_are_there() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let repo = sandbox.repo();
    // What a killed process left where entries are put together.
    write(&sandbox.root().join(".git/wt-orch/tmp-worktree/HEAD"), "half");
    let mut twin = spec(&sandbox, "t");
    twin.path = sandbox.path("elsewhere/t");
    twin.branch = Some("feature/twin".to_owned());
    twin.lock_reason = None;
    let made: Vec<_> = provision_all(&repo, vec![spec(&sandbox, "t"), twin]);
    let entries: Vec<_> = made.into_iter().map(|made| made.unwrap().git_dir).collect();
    let names: Vec<_> = entries.iter().map(|dir| dir.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["t", "t1"]);
    assert_eq!(std::fs::read_to_string(entries[0].join("locked")).unwrap(), "wt-orch run");
    assert!(!entries[1].join("locked").exists());
    // Left by a process that was killed while it wrote files: put back, it is whole and unlocked.
    std::fs::write(entries[1].join("locked"), super::admin::MAKING).unwrap();
    std::fs::remove_file(entries[1].join("index")).unwrap();
    std::fs::remove_file(sandbox.path("elsewhere/t/f")).unwrap();
    sandbox.git(&["worktree", "prune", "--expire=now"]);
    let checkout = Checkout::at(&repo, &sandbox.path("elsewhere/t")).unwrap();
    let outcome = checkout.ensure_at("feature/twin", sandbox.rev("main"), Some(KEEP)).unwrap();
    assert!(matches!(outcome, EnsureOutcome::Ready { .. }), "{outcome:?}");
    assert!(!entries[1].join("locked").exists() && sandbox.path("elsewhere/t/f").exists());
}
