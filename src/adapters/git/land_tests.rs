//! Landings against real worktrees, interrupted at every step.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::fixture::{Sandbox, make_executable, write};
use super::land::{Step, land_observed};
use super::*;
use crate::domain::id::Oid;

/// A repository with `main` checked out at `old`, and a commit to land.
struct Target {
    sandbox: Sandbox,
    repo: Repo,
    old: Oid,
    new: Oid,
}

impl Target {
    /// The landing edits, adds, deletes, links, sets an executable bit, turns a file into a folder
    /// and a folder into a file.
    fn new() -> Self {
        let sandbox = Sandbox::with(&[
            ("edit", "old\n"),
            ("gone/deep/file", "old\n"),
            ("tool", "#!\n"),
            ("elsewhere", "old\n"),
            ("was-file", "old\n"),
            ("was-folder/x", "old\n"),
            ("filtered", "old\n"),
            (".gitattributes", "filtered filter=shout\n"),
            (".gitignore", "*.o\n"),
        ]);
        sandbox.git(&["config", "filter.shout.smudge", "tr a-z A-Z"]);
        sandbox.git(&["config", "filter.shout.clean", "tr A-Z a-z"]);
        let old = sandbox.rev("main");
        sandbox.git(&["switch", "-q", "-c", "work"]);
        std::fs::remove_dir_all(sandbox.root().join("gone")).unwrap();
        std::fs::remove_dir_all(sandbox.root().join("was-folder")).unwrap();
        std::fs::remove_file(sandbox.root().join("was-file")).unwrap();
        make_executable(&sandbox.root().join("tool"));
        symlink("edit", sandbox.root().join("link")).unwrap();
        let new = sandbox.commit(&[
            ("edit", "new\n"),
            ("added/file", "new\n"),
            ("was-file/x", "new\n"),
            ("was-folder", "new\n"),
            ("filtered", "new\n"),
            ("build.o.txt", "new\n"),
        ]);
        sandbox.git(&["switch", "-q", "main"]);
        let repo = sandbox.repo().with_lock_wait(std::time::Duration::from_millis(20));
        Self { sandbox, repo, old, new }
    }

    fn request(&self) -> LandRequest {
        let (old, new) = (self.old, self.new);
        LandRequest { branch: "main".to_owned(), old, new, message: "wt-orch: land".to_owned() }
    }

    fn land(&self) -> LandOutcome {
        let outcome = land(&self.repo, &self.request()).unwrap();
        self.assert_no_trace();
        outcome
    }

    /// Begins a landing and stops dead at a step.
    fn crash_at(&self, at: Step) {
        let outcome = land_observed(&self.repo, &self.request(), &mut |step| step != at);
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    fn refused(&self) -> (RefusedReason, String) {
        let before = self.picture();
        let LandOutcome::Refused(refusal) = self.land() else { panic!() };
        let LandRefusal { worktree, reason, resolve } = refusal;
        assert_eq!(worktree, self.sandbox.root());
        assert_eq!(self.picture(), before);
        assert_eq!(self.repo.branch_tip("main").unwrap(), Some(self.old));
        (reason, resolve)
    }

    /// Every file of the worktree with its content, and the index.
    fn picture(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![];
        let mut folders = vec![self.sandbox.root()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() && entry.file_name() != ".git" {
                    files.push((path.display().to_string(), b"folder".to_vec()));
                    folders.push(path);
                } else if kind.is_symlink() {
                    files.push((path.display().to_string(), b"link".to_vec()));
                } else if kind.is_file() {
                    files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
        let index = self.sandbox.root().join(".git/index");
        files.push(("index".to_owned(), std::fs::read(index).unwrap()));
        files.sort();
        files
    }

    /// The worktree is at this commit, but for these files.
    fn assert_at(&self, commit: Oid, but: &str) {
        self.sandbox.git(&["update-index", "-q", "--refresh"]);
        assert_eq!(self.sandbox.git(&["diff-index", "--name-only", &commit.to_string()]), but);
        assert_eq!(
            self.sandbox.git(&["diff-index", "--cached", "--name-only", &commit.to_string()]),
            ""
        );
        let shouted = if commit == self.new { "NEW\n" } else { "OLD\n" };
        assert_eq!(self.sandbox.read("filtered").as_deref(), Some(shouted));
        assert_eq!(self.sandbox.root().join("gone").exists(), commit == self.old);
    }

    fn assert_no_trace(&self) {
        for entry in self.sandbox.root().join(".git").read_dir().unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            assert!(!name.starts_with("index.") && !name.starts_with("wt-orch-"), "{name}");
        }
    }
}

fn untracked(paths: &[&str]) -> RefusedReason {
    RefusedReason::Untracked { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
}

fn dirty(paths: &[&str]) -> RefusedReason {
    RefusedReason::Dirty { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
}

#[test]
fn rule_19_a_checked_out_branch_moves_with_its_files_and_undo_brings_them_back() {
    let target = Target::new();
    target.sandbox.git(&["checkout", "-q", "--", "."]);
    target.sandbox.plant_hooks();
    target.sandbox.write("elsewhere", "dirty\n");
    target.sandbox.write("notes.txt", "untracked\n");
    let checked_out = Some(target.sandbox.root());
    assert_eq!(target.land(), LandOutcome::Landed { checked_out: checked_out.clone() });
    assert_eq!(target.sandbox.hooks_that_ran(), None);
    target.sandbox.git(&["config", "core.hooksPath", "/dev/null"]);
    target.sandbox.git(&["config", "--unset", "core.fsmonitor"]);
    target.assert_at(target.new, "elsewhere");
    assert_eq!(target.sandbox.git(&["reflog", "-1", "--format=%gs"]), "wt-orch: land");
    assert_eq!(target.sandbox.git(&["status", "--porcelain"]), " M elsewhere\n?? notes.txt");

    let undo = LandRequest { old: target.new, new: target.old, ..target.request() };
    assert_eq!(land(&target.repo, &undo).unwrap(), LandOutcome::Landed { checked_out });
    target.assert_at(target.old, "elsewhere");
    assert_eq!(target.sandbox.read("elsewhere").as_deref(), Some("dirty\n"));
}

#[test]
fn rule_19_what_the_landing_would_overwrite_refuses_it_and_the_named_command_clears_it() {
    type Case = (&'static str, fn(&Sandbox), RefusedReason);
    let cases: [Case; 8] = [
        ("edited", |s| s.write("edit", "mine\n"), dirty(&["edit"])),
        (
            "staged",
            |s| {
                s.write("edit", "mine\n");
                s.git(&["add", "edit"]);
            },
            dirty(&["edit"]),
        ),
        ("deleted", |s| std::fs::remove_file(s.root().join("tool")).unwrap(), dirty(&["tool"])),
        ("new", |s| s.write("added/file", "mine\n"), untracked(&["added/file"])),
        ("same", |s| s.write("added/file", "new\n"), untracked(&["added/file"])),
        ("file for a folder", |s| s.write("added", "mine\n"), untracked(&["added"])),
        ("in a folder", |s| s.write("was-folder/own.o", "o"), untracked(&["was-folder/own.o"])),
        ("a link", |s| symlink("/", s.root().join("link")).unwrap(), untracked(&["link"])),
    ];
    for (name, spoil, expected) in cases {
        let target = Target::new();
        spoil(&target.sandbox);
        let (reason, resolve) = target.refused();
        assert_eq!(reason, expected, "{name}");
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().envs(target.sandbox.env()).args(["-c", &resolve]).current_dir("/");
        shell.stdout(std::process::Stdio::null());
        assert!(shell.status().unwrap().success(), "{name}: {resolve}");
        assert!(matches!(target.land(), LandOutcome::Landed { .. }), "{name}");
        target.assert_at(target.new, "");
    }
}

#[test]
fn an_ignored_file_in_the_way_is_not_overwritten() {
    let target = Target::new();
    std::fs::write(target.sandbox.root().join(".git/info/exclude"), "added/\n").unwrap();
    target.sandbox.write("added/file", "secret\n");
    assert_eq!(target.refused().0, untracked(&["added/file"]));
}

#[test]
fn rule_19_a_half_done_merge_or_a_held_index_refuses_the_landing() {
    let target = Target::new();
    let root = target.sandbox.root();
    target.sandbox.branch("x", target.old, &[("elsewhere", "x\n")]);
    target.sandbox.git(&["merge", "-q", "--no-ff", "--no-commit", "x"]);
    assert_eq!(target.refused().0, RefusedReason::InProgress(Progress::Merge));
    target.sandbox.git(&["merge", "--abort"]);

    let lock = root.join(".git/index.lock");
    std::fs::write(&lock, "theirs").unwrap();
    let outcome = land(&target.repo, &target.request()).unwrap();
    let LandOutcome::Refused(LandRefusal { reason, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, RefusedReason::IndexLocked { path: lock.clone() });
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "theirs");
    std::fs::remove_file(&lock).unwrap();
    assert!(matches!(target.land(), LandOutcome::Landed { .. }));
}

#[test]
fn a_branch_in_a_rebase_is_left_to_the_user() {
    let target = Target::new();
    let side = target.sandbox.branch("side", target.old, &[("elsewhere", "side\n")]);
    target.sandbox.git(&["switch", "-q", "-c", "topic", "main"]);
    target.sandbox.commit(&[("elsewhere", "topic\n")]);
    let old = target.sandbox.rev("topic");
    assert!(!target.sandbox.try_git_at(&target.sandbox.root(), &["rebase", "side"]).0);
    let request =
        LandRequest { branch: "topic".to_owned(), old, new: side, message: String::new() };
    let outcome = land(&target.repo, &request).unwrap();
    let LandOutcome::Refused(LandRefusal { reason, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, RefusedReason::InProgress(Progress::Rebase));
}

#[test]
fn rule_19_a_lost_swap_rolls_the_files_back_and_leaves_the_index_bit_identical() {
    let target = Target::new();
    let before = target.picture();
    let other = target.sandbox.branch("other", target.old, &[("elsewhere", "other\n")]);
    // The switches above rewrote the index.
    let before_index = target.picture();
    assert_eq!(before.len(), before_index.len());
    let mut moved = false;
    let outcome = land_observed(&target.repo, &target.request(), &mut |step| {
        if step == Step::Written {
            assert_eq!(target.sandbox.read("edit").as_deref(), Some("new\n"));
            target.sandbox.git(&["update-ref", "refs/heads/main", &other.to_string()]);
            moved = true;
        }
        true
    });
    assert_eq!(outcome.unwrap(), LandOutcome::TargetMoved { now: Some(other) });
    assert!(moved);
    target.assert_no_trace();
    assert_eq!(target.picture(), before_index);
    assert_eq!(
        land(&target.repo, &target.request()).unwrap(),
        LandOutcome::TargetMoved { now: Some(other) }
    );
}

#[test]
fn a_branch_that_goes_from_worktree_to_worktree_is_refused_and_has_not_moved() {
    let target = Target::new();
    target.sandbox.git(&["branch", "other", "main"]);
    target.sandbox.git(&["worktree", "add", "-q", "../linked", "other"]);
    let places = [target.sandbox.root(), target.sandbox.path("linked")];
    let mut round = 0;
    let outcome = land_observed(&target.repo, &target.request(), &mut |step| {
        if step == Step::Locked {
            for (at, place) in places.iter().enumerate() {
                let branch = if at == round % 2 { "refs/heads/other" } else { "refs/heads/main" };
                target.sandbox.git_at(place, &["symbolic-ref", "HEAD", branch]);
            }
            round += 1;
        }
        true
    });
    let LandOutcome::Refused(refusal) = outcome.unwrap() else { panic!() };
    assert_eq!((refusal.reason, round), (RefusedReason::Switching, 3));
    assert!(refusal.resolve.ends_with("switch --detach"), "{}", refusal.resolve);
    assert_eq!(target.repo.branch_tip("main").unwrap(), Some(target.old));
    target.assert_no_trace();
}

#[test]
fn a_failing_filter_puts_everything_back() {
    let target = Target::new();
    // Knows the old content only, as a filter does whose server is away.
    target.sandbox.git(&["config", "filter.shout.smudge", "tr a-z A-Z | grep OLD"]);
    target.sandbox.git(&["config", "filter.shout.required", "true"]);
    let result = land(&target.repo, &target.request());
    assert!(matches!(result, Err(GitError::Command { .. })), "{result:?}");
    target.assert_no_trace();
    target.assert_at(target.old, "");
    assert!(!target.sandbox.root().join("added").exists());
    assert_eq!(target.repo.branch_tip("main").unwrap(), Some(target.old));
}

#[test]
fn a_crash_at_any_step_is_settled_to_what_the_branch_says() {
    let steps =
        [Step::Marked, Step::Locked, Step::Writing, Step::Written, Step::Swapped, Step::Released];
    for crash in steps {
        let target = Target::new();
        target.crash_at(crash);
        let landed = matches!(crash, Step::Swapped | Step::Released);
        let at = if landed { target.new } else { target.old };
        assert_eq!(target.repo.branch_tip("main").unwrap(), Some(at), "{crash:?}");
        let recovered = recover_landing(&target.repo).unwrap();
        assert_eq!(recovered.len(), 1, "{crash:?}");
        assert_eq!((recovered[0].at, recovered[0].kept.len()), (at, 0), "{crash:?}");
        target.assert_no_trace();
        target.assert_at(at, "");
        assert_eq!(recover_landing(&target.repo).unwrap(), []);
        if !landed {
            assert!(matches!(target.land(), LandOutcome::Landed { .. }), "{crash:?}");
            target.assert_at(target.new, "");
        }
    }
}

#[test]
fn a_crash_in_the_middle_of_writing_is_undone_without_touching_later_edits() {
    let target = Target::new();
    let root = target.sandbox.root();
    target.crash_at(Step::Writing);
    // As far as git had come: some files new, one cut off, one gone, the lock's own lock left.
    write(&root.join("edit"), "ne");
    std::fs::remove_dir_all(root.join("gone")).unwrap();
    write(&root.join("added/file"), "new\n");
    std::fs::remove_file(root.join("was-file")).unwrap();
    write(&root.join("was-file/x"), "new\n");
    write(&root.join("filtered"), "NEW\n");
    write(&root.join(".git/index.lock.lock"), "");
    // What the user did after the crash.
    write(&root.join("tool"), "my own\n");
    write(&root.join("added/mine"), "my own\n");
    let recovered = recover_landing(&target.repo).unwrap();
    assert_eq!(recovered[0].kept, ["tool"]);
    target.assert_no_trace();
    target.assert_at(target.old, "tool");
    assert_eq!(target.sandbox.read("added/mine").as_deref(), Some("my own\n"));
    assert!(!root.join("added/file").exists());
}

#[test]
fn another_gits_lock_survives_the_recovery_of_a_landing_that_never_had_it() {
    let target = Target::new();
    target.crash_at(Step::Marked);
    let lock = target.sandbox.root().join(".git/index.lock");
    std::fs::write(&lock, "theirs").unwrap();
    recover_landing(&target.repo).unwrap();
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "theirs");
}

#[test]
fn a_branch_that_is_nowhere_checked_out_moves_alone() {
    let target = Target::new();
    target.sandbox.git(&["switch", "-q", "--detach"]);
    let before = target.picture();
    assert_eq!(target.land(), LandOutcome::Landed { checked_out: None });
    assert_eq!(target.picture(), before);
    assert_eq!(target.repo.branch_tip("main").unwrap(), Some(target.new));
}

#[test]
fn in_a_bare_repository_heads_branch_moves_alone_and_linked_worktrees_follow() {
    let target = Target::new();
    let top = target.sandbox.path("");
    target.sandbox.git_at(&top, &["clone", "-q", "--bare", "repo", "bare.git"]);
    let bare = target.sandbox.path("bare.git");
    let repo = Repo::discover(&bare, target.sandbox.env()).unwrap();
    assert_eq!(land(&repo, &target.request()).unwrap(), LandOutcome::Landed { checked_out: None });
    assert!(!bare.join("edit").exists() && !bare.join("index").exists());
    target.sandbox.git_at(&bare, &["worktree", "add", "-q", "../linked", "main"]);
    let undo = LandRequest { old: target.new, new: target.old, ..target.request() };
    let outcome = land(&repo, &undo).unwrap();
    let linked = target.sandbox.path("linked");
    assert_eq!(outcome, LandOutcome::Landed { checked_out: Some(linked.clone()) });
    assert_eq!(read(&linked.join("edit")), "old\n");
    assert_eq!(target.sandbox.git_at(&linked, &["status", "--porcelain"]), "");
}

#[test]
fn a_file_changed_in_the_instant_of_the_index_is_seen_as_changed() {
    let target = Target::new();
    let (root, index) = (target.sandbox.root(), target.sandbox.root().join(".git/index"));
    // Same size, same modification time as the index: only the content tells.
    let time = index.metadata().unwrap().modified().unwrap();
    write(&root.join("edit"), "OLD\n");
    std::fs::File::open(root.join("edit")).unwrap().set_modified(time).unwrap();
    assert_eq!(target.refused().0, dirty(&["edit"]));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
