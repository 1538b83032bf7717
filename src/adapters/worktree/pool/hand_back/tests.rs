//! Worktrees of tests: given back as they were, taken again, and gone where that cannot be.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::adapters::git::fixture::{Sandbox, write};
use crate::adapters::worktree::pool::{
    clear_test_place, empty_pool, folder_in, forget_test_folder, pooled, take, test_folder_name,
    trim,
};
use crate::adapters::worktree::{WorktreeOptions, WorktreeSpec, provision};
use crate::domain::run::Submodules;

struct Scene {
    sandbox: Sandbox,
    repo: Repo,
    caches: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::ordinary(&[
            ("a", "1\n"),
            ("d/b", "1\n"),
            (".gitignore", "target/\n.venv/\n*.log\n"),
        ]);
        let repo = sandbox.repo();
        let first = sandbox.rev("main");
        sandbox.branch("later", first, &[("a", "2\n"), ("new", "1\n")]);
        Self { sandbox, repo, caches: vec!["target/".to_owned(), ".venv/".to_owned()] }
    }

    fn spec(&self, module: &str, start: &str) -> WorktreeSpec {
        let folder = self.sandbox.path(&test_folder_name(&self.repo, 1));
        WorktreeSpec {
            path: folder.join(module),
            branch: None,
            start: self.sandbox.rev(start),
            lock_reason: None,
            options: WorktreeOptions::default(),
        }
    }

    fn made(&self, module: &str) -> PathBuf {
        provision(&self.repo, self.spec(module, "main")).unwrap().path
    }

    fn renew(&self, path: &Path) -> Result<(), GitError> {
        let checkout = Checkout::at(&self.repo, path).unwrap();
        checkout.renew_at(self.sandbox.rev("main"), &self.caches, Submodules::Empty)
    }

    fn back(&self, path: &Path, size: u32) -> HandedBack {
        let trash = Trash::begin();
        let keeping = Keeping { size, caches: &self.caches };
        let outcome = hand_back(&self.repo, path, keeping, &trash).unwrap();
        assert!(trash.finish().failed.is_none());
        outcome
    }

    fn waiting(&self) -> usize {
        pooled(&self.repo, &self.repo.worktrees().unwrap()).len()
    }

    #[track_caller]
    fn assert_at(&self, path: &Path, start: &str) {
        let state = Checkout::at(&self.repo, path).unwrap().state().unwrap();
        assert!(state.is_clean() && state.broken.is_none(), "{state:?}");
        assert_eq!((state.head, state.branch), (Some(self.sandbox.rev(start)), None));
        assert_eq!(self.sandbox.git_at(path, &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_worktree_of_tests_is_renewed_waits_and_comes_back_warm_on_no_branch() {
    let scene = Scene::new();
    let path = scene.made("core");
    write(&path.join("target/debug/product"), "warm");
    let untouched = path.join("d/b").metadata().unwrap().modified().unwrap();
    write(&path.join("a"), "spoilt\n");
    write(&path.join("left/over"), "x");
    write(&path.join("run.log"), "x");
    scene.renew(&path).unwrap();
    scene.assert_at(&path, "main");
    assert!(!path.join("left").exists() && !path.join("run.log").exists());
    assert_eq!(path.join("d/b").metadata().unwrap().modified().unwrap(), untouched);
    assert_eq!(scene.back(&path, 1), HandedBack::Waits);
    forget_test_folder(&scene.repo, &path).unwrap();
    assert!(!path.parent().unwrap().exists());
    let pool = folder_in(&scene.repo, &scene.sandbox.path(""));
    assert!(pool.join("1").is_dir(), "it waits where those of tasks wait");

    let made = take(&scene.repo, &scene.spec("cli", "later"), &scene.caches).unwrap().unwrap();
    scene.assert_at(&made.path, "later");
    assert_eq!(std::fs::read_to_string(made.path.join("target/debug/product")).unwrap(), "warm");
    assert_eq!(scene.sandbox.git(&["branch", "--list", "--format=%(refname)"]).lines().count(), 2);
}

#[test]
fn whatever_tests_did_to_a_worktree_is_undone() {
    type Harm = fn(&Scene, &Path);
    let harms: [(&str, Harm); 9] = [
        ("a branch", |scene, path| {
            scene.sandbox.git_at(path, &["checkout", "-q", "-b", "made-by-tests"]);
        }),
        ("commits", |scene, path| {
            write(&path.join("a"), "2\n");
            scene.sandbox.git_at(path, &["commit", "-qam", "two"]);
        }),
        ("staged files", |scene, path| {
            write(&path.join("x"), "2\n");
            scene.sandbox.git_at(path, &["add", "x"]);
            scene.sandbox.git_at(path, &["rm", "-q", "--cached", "a"]);
        }),
        ("hidden changes", |scene, path| {
            scene.sandbox.git_at(path, &["update-index", "--assume-unchanged", "a"]);
            write(&path.join("a"), "hidden\n");
        }),
        ("a merge", |scene, path| {
            scene.sandbox.git_at(path, &["merge", "-q", "--no-ff", "--no-commit", "later"]);
        }),
        ("a repository", |scene, path| {
            write(&path.join("inner/x"), "x");
            scene.sandbox.git_at(&path.join("inner"), &["init", "-q"]);
        }),
        ("the same bytes again", |_, path| {
            std::fs::remove_file(path.join("a")).unwrap();
            write(&path.join("a"), "1\n");
        }),
        ("modes", |_, path| {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path.join("a"), mode).unwrap();
        }),
        ("a lock", |scene, path| {
            let entry = scene.repo.worktree_at(path).unwrap().unwrap().git_dir.unwrap();
            write(&entry.join("index.lock"), "");
        }),
    ];
    for (what, harm) in harms {
        let scene = Scene::new();
        let path = scene.made("core");
        write(&path.join("target/product"), "warm");
        harm(&scene, &path);
        scene.renew(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
        scene.assert_at(&path, "main");
        scene.renew(&path).unwrap();
        assert_eq!(scene.back(&path, 1), HandedBack::Waits, "{what}");
        let again = take(&scene.repo, &scene.spec("core", "main"), &scene.caches).unwrap();
        assert!(again.unwrap().path.join("target/product").exists(), "{what}");
        scene.assert_at(&path, "main");
    }
}

#[test]
fn a_folder_that_does_not_name_the_repository_is_not_written_to() {
    let scene = Scene::new();
    let path = scene.made("core");
    std::fs::remove_file(path.join(".git")).unwrap();
    write(&path.join("mine"), "work");
    assert!(scene.renew(&path).is_err());
    assert!(path.join("mine").exists() && !path.join(".git").exists());
    let trash = Trash::begin();
    clear_test_place(&scene.repo, &path, &trash).unwrap();
    assert!(trash.finish().failed.is_none() && !path.exists());
    assert!(scene.repo.worktree_at(&path).unwrap().is_none());
}

#[test]
fn another_worktree_that_was_moved_to_a_place_of_tests_stays() {
    let scene = Scene::new();
    let (path, other) = (scene.made("core"), scene.sandbox.path("other"));
    scene.sandbox.git(&["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
    write(&other.join("mine"), "work");
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert!(scene.renew(&path).is_err());
    let trash = Trash::begin();
    assert!(clear_test_place(&scene.repo, &path, &trash).is_err());
    assert!(trash.finish().failed.is_none() && path.join("mine").exists());
}

#[test]
fn what_is_not_what_it_was_is_never_used_again() {
    let scene = Scene::new();
    let path = scene.made("core");
    write(&path.join("a"), "spoilt\n");
    assert_eq!(scene.back(&path, 8), HandedBack::Unfit);
    assert!(!path.exists() && scene.repo.worktrees().unwrap().len() == 1);

    let path = scene.made("core");
    std::fs::remove_dir_all(&path).unwrap();
    assert!(scene.renew(&path).is_err());
    assert_eq!(scene.back(&path, 8), HandedBack::Unfit);
    assert_eq!(scene.repo.worktrees().unwrap().len(), 1);
    assert_eq!(scene.back(&path, 8), HandedBack::Unfit, "also when nothing is there");
}

#[test]
fn a_commit_that_only_its_head_holds_does_not_keep_it_from_waiting() {
    let scene = Scene::new();
    let path = scene.made("core");
    let main = scene.sandbox.rev("main");
    let tree = scene.sandbox.git(&["rev-parse", "later^{tree}"]);
    let commit = ["commit-tree", "-m", "snapshot", "-p", &main.to_string(), tree.trim()];
    let snapshot: crate::domain::id::Oid = scene.sandbox.git(&commit).trim().parse().unwrap();
    let checkout = Checkout::at(&scene.repo, &path).unwrap();
    checkout.renew_at(snapshot, &scene.caches, Submodules::Empty).unwrap();
    assert_eq!(scene.back(&path, 1), HandedBack::Waits);
    scene.sandbox.git(&["gc", "-q", "--prune=now"]);
    let made = take(&scene.repo, &scene.spec("core", "main"), &scene.caches).unwrap();
    scene.assert_at(&made.unwrap().path, "main");
}

#[test]
fn repositories_that_tests_made_among_the_caches_are_for_tests_only() {
    let scene = Scene::new();
    let path = scene.made("core");
    write(&path.join("target/tmp/fixture/x"), "x");
    scene.sandbox.git_at(&path.join("target/tmp/fixture"), &["init", "-q"]);
    scene.renew(&path).unwrap();
    assert_eq!(scene.back(&path, 1), HandedBack::Waits);
    let mut of_task = WorktreeSpec { path: scene.sandbox.path("t"), ..scene.spec("t", "main") };
    of_task.branch = Some("feature/t".to_owned());
    assert_eq!(take(&scene.repo, &of_task, &scene.caches).unwrap(), None);
    assert_eq!(scene.waiting(), 1);
    let made = take(&scene.repo, &scene.spec("core", "main"), &scene.caches).unwrap().unwrap();
    assert!(made.path.join("target/tmp/fixture/.git").exists());
    assert_eq!(scene.back(&made.path, 1), HandedBack::Waits);
    let trash = Trash::begin();
    let emptied = empty_pool(&scene.repo, &[], &trash).unwrap();
    assert!(trash.finish().failed.is_none());
    assert_eq!((emptied.gone.len(), emptied.kept.len()), (1, 0));
}

#[test]
fn a_module_gets_back_the_worktree_that_stood_at_its_place() {
    let scene = Scene::new();
    let paths = ["one", "two", "three"].map(|module| scene.made(module));
    for path in &paths {
        write(&path.join(".venv/pyvenv.cfg"), "home = /usr/bin\n");
        assert_eq!(scene.back(path, 8), HandedBack::Waits);
    }
    for module in ["two", "one", "three"] {
        let made = take(&scene.repo, &scene.spec(module, "later"), &scene.caches).unwrap().unwrap();
        assert!(made.path.join(".venv/pyvenv.cfg").exists(), "{module}");
    }
}

#[test]
fn the_pool_shrinks_to_its_size_and_those_that_waited_longest_go_first() {
    let scene = Scene::new();
    for module in ["one", "two", "three"] {
        let path = scene.made(module);
        write(&path.join("target/name"), module);
        assert_eq!(scene.back(&path, 3), HandedBack::Waits);
        let entry = scene.sandbox.root().join(".git/worktrees").join(module);
        let age = if module == "two" { 1 } else { 9 };
        let record = std::fs::File::options().write(true).open(entry.join("wt-orch-pool")).unwrap();
        #[expect(clippy::disallowed_methods, reason = "times of the past")]
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        record.set_times(std::fs::FileTimes::new().set_modified(past)).unwrap();
    }
    let path = scene.made("four");
    assert_eq!(scene.back(&path, 3), HandedBack::Enough);
    let trash = Trash::begin();
    assert_eq!(trim(&scene.repo, 1, &trash).unwrap().len(), 2);
    assert!(trash.finish().failed.is_none());
    let made = take(&scene.repo, &scene.spec("x", "main"), &scene.caches).unwrap().unwrap();
    assert_eq!(std::fs::read_to_string(made.path.join("target/name")).unwrap(), "two");
    assert_eq!(scene.repo.worktrees().unwrap().len(), 2);
}
