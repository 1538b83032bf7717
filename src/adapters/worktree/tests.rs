//! Work in worktrees against real repositories.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};
use crate::adapters::git::{ChangeKind, Progress, Repo};
use crate::domain::id::Oid;

pub(super) const KEEP: &str = "refs/wt-orch/run/t";

pub(super) fn spec(sandbox: &Sandbox, name: &str) -> WorktreeSpec {
    WorktreeSpec {
        path: sandbox.path(name),
        branch: Some(format!("feature/{name}")),
        start: sandbox.rev("main"),
        lock_reason: Some("wt-orch run".to_owned()),
        options: WorktreeOptions::default(),
    }
}

const FILES: [(&str, &str); 4] =
    [("a", "1\n"), ("d/b", "1\n"), (".gitignore", "*.o\n"), ("sh", "#!\n")];

/// A repository with one worktree of ours at `t`, on `feature/t`.
pub(super) struct Task {
    pub(super) sandbox: Sandbox,
    pub(super) repo: Repo,
    pub(super) path: PathBuf,
    pub(super) start: Oid,
}

impl Task {
    pub(super) fn new() -> Self {
        Self::of(Sandbox::with(&FILES))
    }

    /// The same with refs in files.
    pub(super) fn ordinary() -> Self {
        Self::of(Sandbox::ordinary(&FILES))
    }

    fn of(sandbox: Sandbox) -> Self {
        let repo = sandbox.repo();
        let path = provision(&repo, spec(&sandbox, "t")).unwrap().path;
        let start = sandbox.rev("main");
        Self { sandbox, repo, path, start }
    }

    pub(super) fn checkout(&self) -> Checkout {
        Checkout::at(&self.repo, &self.path).unwrap()
    }

    pub(super) fn git(&self, words: &[&str]) -> String {
        self.sandbox.git_at(&self.path, words)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        write(&self.path.join(name), text);
    }

    pub(super) fn commit(&self, name: &str, text: &str) -> Oid {
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
    let pipe = task.path.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
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
    let task = Task::ordinary();
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
    write(&task.path.join(".git"), "gitdir: ../repo/.git\n");
    let CommitOutcome::Lost { reason, tip, saved } = task.outcome() else { panic!() };
    assert_eq!((reason, tip), (Broken::PointsElsewhere, Some(own)));
    assert!(task.file(saved.unwrap().commit, "left").is_some());

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
    let options = WorktreeOptions::default();
    let path = task.sandbox.path("v");
    let spec = Detached { path, commit: task.start, lock_reason: None, options };
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
fn renames_are_told_in_what_changed() {
    let task = Task::new();
    task.write("long", &"same\n".repeat(20));
    task.git(&["mv", "sh", "moved"]);
    let done = task.committed();
    let moved = done.changed.iter().find(|change| change.path == "moved").unwrap();
    assert_eq!(moved.kind, ChangeKind::Renamed { from: "sh".to_owned() });
}

#[test]
fn a_commit_that_was_made_but_not_told_leaves_a_right_index_when_it_is_asked_for_again() {
    let task = Task::new();
    task.write("new", "x\n");
    let index = task.git(&["rev-parse", "--git-path", "index"]);
    let before = std::fs::read(&index).unwrap();
    assert!(matches!(task.outcome(), CommitOutcome::Committed(_)));
    // Killed between the branch and the index.
    std::fs::write(&index, before).unwrap();
    assert!(matches!(task.outcome(), CommitOutcome::Committed(done) if !done.committed_leftovers));
    assert_eq!(task.git(&["status", "--porcelain"]), "");
    let tip = task.git(&["rev-parse", "HEAD"]).parse().unwrap();
    assert_eq!(task.checkout().changed_since(tip).unwrap(), Vec::<String>::new());
}

#[test]
fn a_folder_that_became_a_link_is_committed_as_one() {
    let task = Task::new();
    std::fs::rename(task.path.join("d"), task.path.join("moved")).unwrap();
    symlink("moved", task.path.join("d")).unwrap();
    let CommitOutcome::Committed(done) = task.outcome() else { panic!("not committed") };
    assert_eq!(
        task.git(&["ls-tree", "-r", "--name-only", &done.tip.to_string(), "d", "moved"]),
        "d\nmoved/b"
    );
    assert_eq!(task.git(&["status", "--porcelain"]), "");
}
