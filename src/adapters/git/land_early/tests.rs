use super::super::fixture::Sandbox;
use super::super::{Progress, Repo};
use super::*;

/// `main` at one commit, and two tasks: one edits `a`, one deletes `b` and adds `new`.
struct Target {
    sandbox: Sandbox,
    repo: Repo,
    old: Oid,
    deltas: Vec<(Oid, Oid)>,
}

impl Target {
    fn new() -> Self {
        let sandbox = Sandbox::with(&[("a", "a\n"), ("b", "b\n"), ("elsewhere", "e\n")]);
        let old = sandbox.rev("main");
        let one = sandbox.branch("one", old, &[("a", "1\n")]);
        let two = sandbox.branch("two", old, &[("b", ""), ("new", "2\n")]);
        let repo = sandbox.repo().with_lock_wait(std::time::Duration::from_millis(20));
        Self { sandbox, repo, old, deltas: vec![(old, one), (old, two)] }
    }

    fn found(&self) -> Option<RefusedReason> {
        let tip = self.sandbox.rev("main");
        let index = std::fs::read(self.sandbox.root().join(".git/index")).unwrap();
        let refusal = early_obstacle(&self.repo, "main", tip, &self.deltas).unwrap();
        assert_eq!(std::fs::read(self.sandbox.root().join(".git/index")).unwrap(), index);
        refusal.map(|refusal| {
            assert_eq!(refusal.worktree, self.sandbox.root());
            refusal.reason
        })
    }
}

fn dirty(path: &str) -> Option<RefusedReason> {
    Some(RefusedReason::Dirty { paths: vec![path.to_owned()] })
}

fn untracked(path: &str) -> Option<RefusedReason> {
    Some(RefusedReason::Untracked { paths: vec![path.to_owned()] })
}

#[test]
fn rule_19_what_any_ready_branch_would_overwrite_is_found_before_there_is_a_merge() {
    let target = Target::new();
    let sandbox = &target.sandbox;
    // Dirty elsewhere, and touched without a change.
    sandbox.write("elsewhere", "mine\n");
    sandbox.write("notes", "mine\n");
    sandbox.write("a", "a\n");
    assert_eq!(target.found(), None);
    sandbox.write("b", "mine\n");
    assert_eq!(target.found(), dirty("b"));
    sandbox.git(&["checkout", "-q", "b"]);
    std::fs::write(sandbox.root().join(".git/info/exclude"), "new\n").unwrap();
    sandbox.write("new", "ignored, and mine\n");
    assert_eq!(target.found(), untracked("new"));
    std::fs::remove_file(sandbox.root().join("new")).unwrap();
    sandbox.write("a", "staged\n");
    sandbox.git(&["add", "a"]);
    assert_eq!(target.found(), dirty("a"));
}

#[test]
fn rule_19_what_the_target_holds_already_is_no_reason() {
    let target = Target::new();
    target.sandbox.commit(&[("a", "1\n"), ("new", "2\n")]);
    target.sandbox.write("a", "mine\n");
    target.sandbox.write("new", "mine\n");
    assert_eq!(target.found(), None);
    target.sandbox.write("b", "mine\n");
    assert_eq!(target.found(), dirty("b"));
}

#[test]
fn rule_19_whatever_is_half_done_or_locked_is_found_before_there_is_a_merge() {
    let target = Target::new();
    let (sandbox, root) = (&target.sandbox, target.sandbox.root());
    let side = sandbox.branch("side", target.old, &[("elsewhere", "side\n")]);
    sandbox.commit(&[("elsewhere", "main\n")]);
    let side = side.to_string();
    sandbox.git(&["format-patch", "-q", "-1", &side, "-o", "../patches"]);
    let patch = sandbox.path("patches/0001-change.patch").display().to_string();
    let cases: [(&[&str], Progress); 5] = [
        (&["merge", &side], Progress::Merge),
        (&["rebase", &side], Progress::Rebase),
        (&["cherry-pick", &side], Progress::CherryPick),
        (&["revert", "HEAD~1"], Progress::Revert),
        (&["am", "-q", &patch], Progress::Am),
    ];
    for (words, progress) in cases {
        if progress == Progress::Revert {
            sandbox.commit(&[("elsewhere", "again\n")]);
        }
        assert!(!sandbox.try_git_at(&root, words).0, "{words:?}");
        assert_eq!(target.found(), Some(RefusedReason::InProgress(progress)), "{words:?}");
        sandbox.git(&[progress.command(), "--abort"]);
        assert_eq!(target.found(), None, "{words:?}");
    }
    sandbox.git(&["bisect", "start"]);
    assert_eq!(target.found(), Some(RefusedReason::InProgress(Progress::Bisect)));
    sandbox.git(&["bisect", "reset"]);

    let lock = root.join(".git/index.lock");
    std::fs::write(&lock, "theirs").unwrap();
    assert_eq!(target.found(), Some(RefusedReason::IndexLocked { path: lock.clone() }));
    std::fs::remove_file(&lock).unwrap();
    assert_eq!(target.found(), None);
}

#[test]
fn rule_19_a_branch_that_two_worktrees_have_is_found_at_once_and_one_that_none_has_is_free() {
    let target = Target::new();
    target.sandbox.git(&["worktree", "add", "-q", "-f", "../twice", "main"]);
    let other = target.sandbox.path("twice");
    assert_eq!(target.found(), Some(RefusedReason::CheckedOutTwice { other }));
    let tip = target.sandbox.rev("one");
    assert_eq!(early_obstacle(&target.repo, "one", tip, &target.deltas).unwrap(), None);
}

#[test]
fn a_tracked_file_where_a_task_wants_a_folder_is_nobodys_untracked_work() {
    let target = Target::new();
    let (sandbox, old) = (&target.sandbox, target.old);
    let three = sandbox.branch("three", old, &[("new/in", "3\n"), ("other", "3\n")]);
    sandbox.git(&["merge", "-q", "two"]);
    let target = Target { deltas: vec![(old, three)], ..target };
    assert_eq!(target.found(), None);
    target.sandbox.write("other", "mine\n");
    assert_eq!(target.found(), untracked("other"));
}
