//! Worktrees of ours against real repositories.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};
use crate::adapters::git::{ChangeKind, Progress, Repo};
use crate::domain::id::Oid;

const KEEP: &str = "refs/wt-orch/run/t";

fn spec(sandbox: &Sandbox, name: &str) -> WorktreeSpec {
    WorktreeSpec {
        path: sandbox.path(name),
        branch: format!("feature/{name}"),
        start: sandbox.rev("main"),
        lock_reason: Some("wt-orch run".to_owned()),
    }
}

/// A repository with one worktree of ours at `t`, on `feature/t`.
struct Task {
    sandbox: Sandbox,
    repo: Repo,
    path: PathBuf,
    start: Oid,
}

impl Task {
    fn new() -> Self {
        let sandbox =
            Sandbox::with(&[("a", "1\n"), ("d/b", "1\n"), (".gitignore", "*.o\n"), ("sh", "#!\n")]);
        let repo = sandbox.repo();
        let path = provision(&repo, spec(&sandbox, "t")).unwrap().path;
        let start = sandbox.rev("main");
        Self { sandbox, repo, path, start }
    }

    fn checkout(&self) -> Checkout {
        Checkout::at(&self.repo, &self.path).unwrap()
    }

    fn git(&self, words: &[&str]) -> String {
        self.sandbox.git_at(&self.path, words)
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.path.join(name), text);
    }

    fn commit(&self, name: &str, text: &str) -> Oid {
        self.write(name, text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", name]);
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    fn outcome(&self) -> CommitOutcome {
        let request = CommitRequest {
            branch: "feature/t".to_owned(),
            start: self.start,
            message: "leftovers".to_owned(),
            keep_ref: KEEP.to_owned(),
        };
        self.checkout().commit_all(&request).unwrap()
    }

    fn committed(&self) -> Committed {
        let CommitOutcome::Committed(committed) = self.outcome() else {
            panic!("{:?}", self.outcome())
        };
        assert_eq!(self.repo.branch_tip("feature/t").unwrap(), Some(committed.tip));
        let state = self.checkout().state().unwrap();
        assert_eq!((state.head, state.branch.as_deref()), (Some(committed.tip), Some("feature/t")));
        committed
    }

    fn file(&self, commit: Oid, path: &str) -> Option<String> {
        let (ok, text) =
            self.sandbox.try_git_at(&self.sandbox.root(), &["show", &format!("{commit}:{path}")]);
        ok.then_some(text)
    }
}

fn names(committed: &Committed) -> Vec<&str> {
    committed.changed.iter().map(|change| change.path.as_str()).collect()
}

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
fn leftovers_of_every_kind_are_committed() {
    let task = Task::new();
    let start = task.start;
    assert_eq!(names(&task.committed()), [""; 0]);
    task.write("new/deep", "x");
    task.write("junk.o", "ignored");
    make_executable(&task.path.join("sh"));
    std::fs::remove_file(task.path.join("a")).unwrap();
    symlink("nowhere", task.path.join("link")).unwrap();
    std::fs::remove_dir_all(task.path.join("d")).unwrap();
    std::fs::write(task.path.join("d"), "a file in place of the folder").unwrap();
    std::fs::write(task.path.join(OsStr::from_bytes(b"odd\xff\n-name")), "x").unwrap();
    let done = task.committed();
    assert!(done.committed_leftovers && done.notes.is_empty());
    let mut found = names(&done);
    found.sort_unstable();
    assert_eq!(found, ["\"odd\\377\\012-name\"", "a", "d", "d/b", "link", "new/deep", "sh"]);
    let mode = task.sandbox.git(&["ls-tree", &done.tip.to_string(), "sh", "link"]);
    assert!(mode.contains("100755") && mode.contains("120000"));
    assert_eq!(task.git(&["status", "--porcelain"]), "");
    assert_eq!(task.repo.parents(done.tip).unwrap(), [start]);
    let again = task.committed();
    assert!(!again.committed_leftovers);
    assert_eq!(again.tip, done.tip);
    assert_eq!(again.changed, done.changed);
}

#[test]
fn index_flags_locks_pipes_and_damage_do_not_hide_work() {
    let task = Task::new();
    task.git(&["update-index", "--assume-unchanged", "a"]);
    task.git(&["update-index", "--skip-worktree", "sh"]);
    task.write("a", "changed\n");
    task.write("sh", "changed\n");
    assert_eq!(task.checkout().state().unwrap().dirty, ["a", "sh"]);
    let deep = (0..200).map(|_| "d").collect::<Vec<_>>().join("/");
    task.write(&format!("{deep}/leaf"), "x");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        task.path.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let admin = task.sandbox.root().join(".git/worktrees/t");
    std::fs::write(admin.join("index.lock"), "").unwrap();
    let done = task.committed();
    assert_eq!(task.file(done.tip, "a").as_deref(), Some("changed\n"));
    assert_eq!(task.file(done.tip, "sh").as_deref(), Some("changed\n"));
    assert!(task.file(done.tip, &format!("{deep}/leaf")).is_some());
    assert!(!admin.join("index.lock").exists());

    std::fs::write(admin.join("index"), "rubbish").unwrap();
    task.write("late", "x");
    let done = task.committed();
    assert!(task.file(done.tip, "late").is_some() && task.file(done.tip, "d/b").is_some());
}

#[test]
fn a_repository_inside_is_reported_and_not_swallowed() {
    let task = Task::new();
    task.sandbox.git_at(&task.path, &["init", "-q", "empty"]);
    task.sandbox.git_at(&task.path, &["clone", "-q", "../repo", "lib"]);
    task.write("beside", "x");
    let done = task.committed();
    assert_eq!(names(&done), ["beside"]);
    assert_eq!(done.notes.len(), 2, "{:?}", done.notes);
    task.git(&["add", "lib"]);
    task.git(&["commit", "-q", "-m", "swallow"]);
    let done = task.committed();
    assert!(done.notes.iter().any(|note| note.contains("only its commit id")), "{:?}", done.notes);
}

#[test]
fn work_on_a_detached_head_is_brought_onto_the_branch() {
    let task = Task::new();
    task.git(&["checkout", "-q", "--detach"]);
    let first = task.commit("one", "1");
    task.write("two", "2");
    let done = task.committed();
    assert_eq!(task.repo.parents(done.tip).unwrap(), [first]);
    assert!(done.notes[0].contains("detached"), "{:?}", done.notes);
    assert_eq!(task.git(&["status", "--porcelain"]), "");
}

#[test]
fn work_on_another_branch_is_brought_onto_the_tasks_branch_and_nothing_is_dropped() {
    let task = Task::new();
    let own = task.commit("own", "1");
    task.git(&["switch", "-q", "-c", "other", &task.start.to_string()]);
    let other = task.commit("other", "1");
    let done = task.committed();
    assert_eq!(done.tip, other);
    assert_eq!(task.repo.ref_target(KEEP).unwrap(), Some(own));
    assert_eq!(task.repo.branch_tip("other").unwrap(), Some(other));
    assert!(done.notes.len() == 2, "{:?}", done.notes);
}

#[test]
fn a_clean_look_at_an_older_commit_does_not_move_the_branch_back() {
    let task = Task::new();
    let own = task.commit("own", "1");
    task.git(&["checkout", "-q", "HEAD~1"]);
    let done = task.committed();
    assert_eq!(done.tip, own);
    assert_eq!(task.git(&["status", "--porcelain"]), "");
    assert!(task.path.join("own").exists());
}

#[test]
fn a_deleted_branch_is_made_again_from_heads_log() {
    let task = Task::new();
    let own = task.commit("own", "1");
    task.git(&["update-ref", "-d", "refs/heads/feature/t"]);
    task.write("more", "1");
    let done = task.committed();
    assert_eq!(task.repo.parents(done.tip).unwrap(), [own]);
}

#[test]
fn a_rewritten_start_is_kept_aside() {
    let task = Task::new();
    task.write("a", "rewritten\n");
    task.git(&["commit", "-q", "-a", "--amend", "-m", "rewritten"]);
    task.write("more", "1");
    let CommitOutcome::Astray { saved, .. } = task.outcome() else { panic!() };
    assert_eq!(saved.name, KEEP);
    assert_eq!(task.file(saved.commit, "more").as_deref(), Some("1"));
}

#[test]
fn a_half_done_merge_is_saved_with_both_sides_and_the_branch_stays() {
    let task = Task::new();
    let own = task.commit("a", "ours\n");
    let theirs = task.sandbox.branch("side", task.start, &[("a", "theirs\n")]);
    assert!(!task.sandbox.try_git_at(&task.path, &["merge", "side"]).0);
    task.write("late", "x");
    let CommitOutcome::Unfinished { progress, saved } = task.outcome() else { panic!() };
    assert_eq!(progress, Progress::Merge);
    assert_eq!(task.repo.parents(saved.commit).unwrap(), [own, theirs]);
    assert!(task.file(saved.commit, "late").is_some());
    assert_eq!(task.repo.branch_tip("feature/t").unwrap(), Some(own));

    let ready = task.checkout().ensure_at("feature/t", task.start, Some(KEEP)).unwrap();
    let EnsureOutcome::Ready { saved: Some(again), .. } = ready else { panic!("{ready:?}") };
    assert_eq!(again.name, format!("{KEEP}-2"));
    let state = task.checkout().state().unwrap();
    assert!(state.is_clean() && state.head == Some(task.start), "{state:?}");
}

#[test]
fn commits_count_although_the_worktree_is_gone_or_disowned() {
    let task = Task::new();
    let own = task.commit("own", "1");
    task.write("left", "1");
    std::fs::remove_file(task.path.join(".git")).unwrap();
    let CommitOutcome::Lost { reason, tip, saved } = task.outcome() else { panic!() };
    assert_eq!((reason, tip), (Broken::GitFileGone, Some(own)));
    assert!(task.file(saved.unwrap().commit, "left").is_some());

    write(&task.path.join(".git"), "gitdir: ../repo/.git\n");
    let outcome = task.outcome();
    assert!(matches!(outcome, CommitOutcome::Lost { reason: Broken::PointsElsewhere, .. }));

    std::fs::remove_dir_all(&task.path).unwrap();
    let CommitOutcome::Lost { reason, tip, saved } = task.outcome() else { panic!() };
    assert_eq!((reason, tip, saved), (Broken::FolderGone, Some(own), None));
    let gone = task.checkout().ensure_at("feature/t", task.start, Some(KEEP)).unwrap();
    assert_eq!(gone, EnsureOutcome::Gone { reason: Broken::FolderGone });
}

#[test]
fn a_retry_begins_at_the_start_with_leftovers_kept_and_build_products_alive() {
    let task = Task::new();
    let own = task.commit("own", "1");
    task.write("a", "dirty\n");
    task.write("new/file", "x");
    task.write("build.o", "product");
    std::fs::remove_file(task.path.join(".git")).unwrap();
    let checkout = task.checkout();
    let lose = checkout.ensure_at("feature/t", task.start, None).unwrap();
    let EnsureOutcome::WouldLose { commits, paths } = lose else { panic!("{lose:?}") };
    assert_eq!((commits, paths.len()), (vec![own], 2));
    let unchanged = std::fs::metadata(task.path.join("sh")).unwrap().modified().unwrap();

    let ready = checkout.ensure_at("feature/t", task.start, Some(KEEP)).unwrap();
    let EnsureOutcome::Ready { saved: Some(saved), notes } = ready else { panic!("{ready:?}") };
    assert!(notes.is_empty());
    assert_eq!(task.repo.ref_target(KEEP).unwrap(), Some(saved.commit));
    assert_eq!(task.repo.parents(saved.commit).unwrap(), [own]);
    assert_eq!(task.file(saved.commit, "new/file").as_deref(), Some("x"));
    assert_eq!(task.file(saved.commit, "a").as_deref(), Some("dirty\n"));
    assert!(!task.path.join("new").exists() && !task.path.join("own").exists());
    assert_eq!(std::fs::read_to_string(task.path.join("build.o")).unwrap(), "product");
    assert_eq!(std::fs::metadata(task.path.join("sh")).unwrap().modified().unwrap(), unchanged);
    assert_eq!(task.repo.branch_tip("feature/t").unwrap(), Some(task.start));

    let again = checkout.ensure_at("feature/t", task.start, Some(KEEP)).unwrap();
    assert_eq!(again, EnsureOutcome::Ready { saved: None, notes: vec![] });
}

#[test]
fn a_lane_goes_on_to_the_next_tasks_branch() {
    let task = Task::new();
    let first = task.commit("one", "1");
    let ready = task.checkout().ensure_at("feature/next", first, None).unwrap();
    assert_eq!(ready, EnsureOutcome::Ready { saved: None, notes: vec![] });
    let state = task.checkout().state().unwrap();
    assert_eq!((state.head, state.branch.as_deref()), (Some(first), Some("feature/next")));
    assert_eq!(task.repo.branch_tip("feature/t").unwrap(), Some(first));
    let elsewhere = task.checkout().ensure_at("main", first, Some(KEEP)).unwrap();
    assert!(matches!(elsewhere, EnsureOutcome::Elsewhere { .. }));
}

#[test]
fn a_checked_tree_is_compared_file_by_file() {
    let task = Task::new();
    let spec = Detached { path: task.sandbox.path("v"), commit: task.start, lock_reason: None };
    detached(&task.repo, spec).unwrap();
    let checkout = Checkout::at(&task.repo, &task.sandbox.path("v")).unwrap();
    let tree = task.repo.tree_of(task.start).unwrap();
    assert_eq!(checkout.state().unwrap().branch, None);
    write(&task.sandbox.path("v/untracked"), "report");
    assert!(checkout.matches_tree(tree).unwrap());
    write(&task.sandbox.path("v/a"), "2\n");
    assert!(!checkout.matches_tree(tree).unwrap());
    write(&task.sandbox.path("v/a"), "1\n");
    assert!(checkout.matches_tree(tree).unwrap());
    std::fs::remove_file(task.sandbox.path("v/d/b")).unwrap();
    assert!(!checkout.matches_tree(tree).unwrap());
}

#[test]
fn removal_keeps_whatever_would_be_lost() {
    let task = Task::new();
    let outcome = |mode| remove(&task.repo, &task.path, mode).unwrap();
    let kept = || match outcome(RemoveMode::OnlyIfClean) {
        RemoveOutcome::Kept { reason } => reason,
        RemoveOutcome::Removed => panic!("removed"),
    };
    task.write("new", "x");
    assert_eq!(kept(), KeptReason::Dirty { paths: vec!["new".to_owned()] });
    task.git(&["checkout", "-q", "--detach"]);
    let commit = task.commit("new", "x");
    assert_eq!(kept(), KeptReason::Unreachable { commit });
    task.git(&["branch", "held"]);
    assert_eq!(outcome(RemoveMode::OnlyIfClean), RemoveOutcome::Removed);
    assert!(!task.path.exists() && !task.sandbox.root().join(".git/worktrees").exists());
    assert_eq!(outcome(RemoveMode::OnlyIfClean), RemoveOutcome::Removed);
    let main = remove(&task.repo, &task.sandbox.root(), RemoveMode::Force).unwrap();
    assert_eq!(main, RemoveOutcome::Kept { reason: KeptReason::NotOurs });
    let home = remove(&task.repo, &task.sandbox.path("home"), RemoveMode::Force).unwrap();
    assert_eq!(home, RemoveOutcome::Kept { reason: KeptReason::NotOurs });
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
fn renames_are_told_in_what_changed() {
    let task = Task::new();
    task.write("long", &"same\n".repeat(20));
    task.git(&["mv", "sh", "moved"]);
    let done = task.committed();
    let moved = done.changed.iter().find(|change| change.path == "moved").unwrap();
    assert_eq!(moved.kind, ChangeKind::Renamed { from: "sh".to_owned() });
}
