//! Worktrees that wait, and what a task gets of them.

use std::time::{Duration, SystemTime};

use super::*;
use crate::adapters::git::fixture::{Sandbox, write};
use crate::adapters::worktree::{
    Checkout, Provisioned, Removal, RemoveMode, RemoveOutcome, WorktreeOptions, WorktreeSpec,
    leftovers, provision, remove_all,
};
use crate::domain::id::Oid;

/// A repository, two commits, and worktrees whose tasks are done.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) repo: Repo,
    caches: Vec<String>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::ordinary(&[
            ("a", "1\n"),
            ("gone", "1\n"),
            ("d/same", "1\n"),
            (".gitignore", "target/\n.venv/\n.env\njunk/\n"),
        ]);
        let repo = sandbox.repo();
        let first = sandbox.rev("main");
        sandbox.branch("later", first, &[("a", "2\n"), ("gone", ""), ("new/file", "1\n")]);
        Self { sandbox, repo, caches: vec!["target/".to_owned(), ".venv/".to_owned()] }
    }

    pub(super) fn spec(&self, name: &str, start: &str) -> WorktreeSpec {
        WorktreeSpec {
            path: self.sandbox.path(name),
            branch: Some(format!("feature/{name}")),
            start: self.sandbox.rev(start),
            lock_reason: None,
            options: WorktreeOptions::default(),
        }
    }

    /// A worktree with a warm cache and a secret.
    fn done(&self, name: &str) -> PathBuf {
        let path = provision(&self.repo, self.spec(name, "main")).unwrap().path;
        write(&path.join("target/debug/product"), name);
        write(&path.join(".env"), "secret");
        write(&path.join("junk/deep/file"), "x");
        write(&path.join(".venv/pyvenv.cfg"), "home = /usr/bin\n");
        path
    }

    fn shelve(&self, paths: &[PathBuf], size: u32) -> Vec<RemoveOutcome> {
        let pool = Some(Keeping { size, caches: &self.caches });
        let removal = Removal { paths, mode: RemoveMode::OnlyIfClean, pool };
        let trash = Trash::begin();
        let outcomes = remove_all(&self.repo, removal, &trash).unwrap();
        assert!(trash.finish().failed.is_none());
        outcomes
    }

    pub(super) fn take(&self, name: &str, start: &str) -> Option<Provisioned> {
        take(&self.repo, &self.spec(name, start), &self.caches).unwrap()
    }

    /// One worktree that waits; returns its folder.
    pub(super) fn waiting(&self) -> PathBuf {
        let path = self.done("t");
        assert_eq!(self.shelve(&[path], 8), [RemoveOutcome::Pooled]);
        self.sandbox.git(&["branch", "-q", "-D", "feature/t"]);
        self.pool().join("1")
    }

    pub(super) fn pool(&self) -> PathBuf {
        folder_in(&self.repo, &self.sandbox.path(""))
    }

    pub(super) fn pooled(&self) -> Vec<PathBuf> {
        let known = self.repo.worktrees().unwrap();
        pooled(&self.repo, &known).into_iter().map(Path::to_owned).collect()
    }

    #[track_caller]
    fn assert_at(&self, name: &str, start: &str) {
        let checkout = Checkout::at(&self.repo, &self.sandbox.path(name)).unwrap();
        let state = checkout.state().unwrap();
        assert!(state.is_clean() && state.broken.is_none(), "{state:?}");
        assert_eq!(state.head, Some(self.sandbox.rev(start)));
        assert_eq!(state.branch, Some(format!("feature/{name}")));
        let listed = self.repo.worktree_at(&self.sandbox.path(name)).unwrap().unwrap();
        assert_eq!((listed.locked, listed.prunable), (None, None));
        assert_eq!(self.sandbox.git_at(&self.sandbox.path(name), &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_worktree_comes_back_warm_clean_and_with_changed_files_younger_than_its_products() {
    let scene = Scene::new();
    let place = scene.waiting();
    let logs = scene.sandbox.root().join(".git/worktrees/t/logs");
    assert!(!scene.sandbox.path("t").exists() && !logs.exists());
    for dropped in [".env", "junk"] {
        assert!(place.join(dropped).symlink_metadata().is_err(), "{dropped}");
    }
    assert_eq!(scene.pooled(), std::slice::from_ref(&place));
    let unchanged = place.join("d/same").metadata().unwrap().modified().unwrap();

    let made = scene.take("next", "later").unwrap();
    assert_eq!(made.path, scene.sandbox.path("next"));
    scene.assert_at("next", "later");
    let at = |name: &str| made.path.join(name);
    let time = |name: &str| at(name).metadata().unwrap().modified().unwrap();
    assert_eq!(std::fs::read_to_string(at("target/debug/product")).unwrap(), "t");
    assert_eq!(std::fs::read_to_string(at("a")).unwrap(), "2\n");
    assert!(!at("gone").exists() && !at(".venv").exists());
    assert!(time("a") > time("target/debug/product") && time("new/file") > time("target/debug"));
    assert_eq!(time("d/same"), unchanged);
    assert!(!scene.pool().exists());
}

#[test]
fn at_its_own_place_a_worktree_keeps_what_names_its_place() {
    let scene = Scene::new();
    scene.waiting();
    let made = scene.take("t", "main").unwrap();
    scene.assert_at("t", "main");
    assert!(made.path.join(".venv/pyvenv.cfg").exists());
}

#[test]
fn a_waiting_worktree_that_is_odd_is_not_used_and_goes_unless_somebody_worked_in_it() {
    type Harm = fn(&Scene, &Path);
    let harms: [(&str, bool, Harm); 8] = [
        ("a changed file", true, |_, place| write(&place.join("a"), "other\n")),
        ("a deleted file", true, |_, place| std::fs::remove_file(place.join("d/same")).unwrap()),
        ("an untracked file", true, |_, place| write(&place.join("mine"), "x")),
        ("an ignored file that is no cache", false, |_, place| write(&place.join(".env"), "x")),
        ("a staged change", true, |scene, place| {
            write(&place.join("a"), "other\n");
            scene.sandbox.git_at(place, &["add", "a"]);
        }),
        ("another configuration", false, |scene, _| {
            scene.sandbox.git(&["config", "core.autocrlf", "true"]);
        }),
        ("a lost record", false, |scene, _| {
            let entry = scene.sandbox.root().join(".git/worktrees/t");
            std::fs::remove_file(entry.join("wt-orch-pool")).unwrap();
        }),
        ("a broken index", true, |scene, _| {
            let entry = scene.sandbox.root().join(".git/worktrees/t");
            std::fs::write(entry.join("index"), "rubbish").unwrap();
        }),
    ];
    for (what, is_work, harm) in harms {
        let mut scene = Scene::new();
        let place = scene.waiting();
        harm(&scene, &place);
        scene.repo = scene.sandbox.repo();
        assert_eq!(scene.take("next", "later"), None, "{what}");
        assert_eq!(
            (place.exists(), scene.sandbox.path("next").exists()),
            (is_work, false),
            "{what}"
        );
        let known = scene.repo.worktrees().unwrap();
        assert_eq!(known.len(), 1 + usize::from(is_work), "{what}");
        assert!(pooled(&scene.repo, &known).is_empty(), "{what}");
        provision(&scene.repo, scene.spec("next", "later")).unwrap();
        scene.assert_at("next", "later");
    }
}

#[test]
fn what_git_would_write_beyond_the_difference_is_not_taken() {
    let scene = Scene::new();
    scene.waiting();
    let main = scene.sandbox.rev("main");
    scene.sandbox.branch("attributes", main, &[(".gitattributes", "a eol=crlf\n")]);
    assert_eq!(scene.take("next", "attributes"), None);
    assert_eq!(scene.pooled().len(), 1);
}

#[test]
fn products_from_the_future_are_dropped() {
    let scene = Scene::new();
    let path = scene.done("t");
    let product = std::fs::File::options().write(true).open(path.join("target/debug/product"));
    let times = std::fs::FileTimes::new();
    #[expect(clippy::disallowed_methods, reason = "a time that lies ahead")]
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    product.unwrap().set_times(times.set_modified(ahead)).unwrap();
    assert_eq!(scene.shelve(&[path], 8), [RemoveOutcome::Pooled]);
    let made = scene.take("next", "later").unwrap();
    assert!(!made.path.join("target").exists());
    scene.assert_at("next", "later");
}

#[test]
fn products_that_the_start_no_longer_ignores_are_dropped() {
    let scene = Scene::new();
    scene.waiting();
    let main = scene.sandbox.rev("main");
    scene.sandbox.branch("bare", main, &[(".gitignore", ".venv/\n")]);
    let made = scene.take("next", "bare").unwrap();
    assert!(!made.path.join("target").exists());
    scene.assert_at("next", "bare");
}

#[test]
fn the_pool_has_a_size_and_gives_the_nearest_one() {
    let scene = Scene::new();
    let paths = ["x", "y", "z"].map(|name| scene.done(name));
    scene.sandbox.git_at(&paths[1], &["reset", "-q", "--hard", "later"]);
    let outcomes = scene.shelve(&paths, 2);
    assert_eq!(outcomes, [RemoveOutcome::Pooled, RemoveOutcome::Pooled, RemoveOutcome::Removed]);
    let made = scene.take("next", "later").unwrap();
    assert_eq!(std::fs::read_to_string(made.path.join("target/debug/product")).unwrap(), "y");
    let link = scene.sandbox.path("link");
    std::os::unix::fs::symlink(scene.sandbox.path(""), &link).unwrap();
    assert!(leftovers(&scene.repo, &[link]).unwrap().is_empty());
    let trash = Trash::begin();
    assert_eq!(empty_pool(&scene.repo, &[], &trash).unwrap().gone.len(), 1);
    assert!(trash.finish().failed.is_none());
    assert_eq!(scene.repo.worktrees().unwrap().len(), 2);
    assert!(!scene.pool().exists());
}

#[test]
fn nothing_is_taken_for_a_place_or_branch_that_is_not_free() {
    let scene = Scene::new();
    scene.waiting();
    write(&scene.sandbox.path("next/mine"), "x");
    assert_eq!(scene.take("next", "later"), None);
    scene.sandbox.git(&["branch", "feature/other"]);
    assert_eq!(scene.take("other", "later"), None);
    assert_eq!(scene.pooled().len(), 1);
}

#[test]
fn what_another_repository_of_the_same_name_left_waiting_is_not_touched() {
    let scene = Scene::new();
    scene.waiting();
    let elsewhere = Sandbox::ordinary(&[("a", "1\n")]).repo();
    assert_ne!(name_for(&scene.repo, "pool"), name_for(&elsewhere, "pool"));
    let foreign = [("7", "gitdir: /elsewhere/.git/worktrees/t\n"), ("8", "rubbish")];
    for (name, link) in foreign {
        write(&scene.pool().join(name).join(".git"), link);
    }
    let own = scene.sandbox.root().join(".git/worktrees/gone");
    write(&scene.pool().join("9/.git"), &format!("gitdir: {}\n", own.display()));
    let trash = Trash::begin();
    let gone = empty_pool(&scene.repo, &[scene.sandbox.path("")], &trash).unwrap();
    assert!(trash.finish().failed.is_none());
    let names: Vec<_> = gone.gone.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["9", "1"]);
    assert!(foreign.iter().all(|(name, _)| scene.pool().join(name).exists()));
}

#[test]
fn several_takers_at_once_get_different_worktrees() {
    let scene = Scene::new();
    let paths: Vec<PathBuf> = (0..3).map(|n| scene.done(&format!("t{n}"))).collect();
    scene.shelve(&paths, 8);
    let names: Vec<String> = (0..6).map(|n| format!("n{n}")).collect();
    let specs: Vec<WorktreeSpec> = names.iter().map(|name| scene.spec(name, "later")).collect();
    let (repo, caches) = (&scene.repo, &scene.caches);
    let taken: Vec<bool> = std::thread::scope(|scope| {
        let takers: Vec<_> = specs
            .iter()
            .map(|spec| scope.spawn(move || take(repo, spec, caches).unwrap().is_some()))
            .collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 3);
    for (name, _) in names.iter().zip(&taken).filter(|(_, taken)| **taken) {
        scene.assert_at(name, "later");
    }
    assert!(scene.pooled().is_empty());
}

#[test]
fn a_taker_that_was_killed_leaves_nothing_that_is_used_or_stays() {
    let scene = Scene::new();
    let place = scene.waiting();
    // Between the files and the commit: from outside no different from somebody's work.
    scene.sandbox.git_at(&place, &["read-tree", "-m", "-u", "later"]);
    assert_eq!(scene.take("next", "later"), None);
    scene.sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    scene.sandbox.git(&["worktree", "remove", "--force", place.to_str().unwrap()]);
    // Between the entry and the folder.
    let place = scene.waiting();
    let entry = scene.sandbox.root().join(".git/worktrees/t");
    let wanted = scene.sandbox.path("next/.git");
    std::fs::write(entry.join("gitdir"), format!("{}\n", wanted.display())).unwrap();
    assert_eq!(scene.take("next", "later"), None);
    assert!(place.exists());
    let trash = Trash::begin();
    let link = scene.sandbox.path("link");
    std::os::unix::fs::symlink(scene.sandbox.path(""), &link).unwrap();
    let gone = trash.take_leftovers(&scene.repo, std::slice::from_ref(&link)).unwrap();
    assert_eq!(gone, [link.join(scene.pool().file_name().unwrap()).join("1")]);
    assert!(trash.finish().failed.is_none() && !place.parent().unwrap().exists());
    let paths = [scene.sandbox.path("next")];
    assert_eq!(scene.shelve(&paths, 8), [RemoveOutcome::Removed]);
    assert_eq!(scene.repo.worktrees().unwrap().len(), 1);
    let none: Option<Oid> = scene.repo.branch_tip("feature/next").unwrap();
    assert_eq!(none, None);
}

#[test]
fn a_worktree_is_not_taken_once_the_user_s_own_attributes_say_something_else() {
    let places = [
        ("home/.config/git/attributes", None),
        ("home/own", Some("~/own")),
        ("elsewhere", Some("elsewhere")),
    ];
    for (place, setting) in places {
        let mut scene = Scene::new();
        if let Some(setting) = setting {
            let own = scene.sandbox.path(setting).display().to_string();
            let value = if setting.starts_with('~') { setting } else { &own };
            scene.sandbox.git(&["config", "core.attributesFile", value]);
        }
        scene.repo = scene.sandbox.repo();
        scene.waiting();
        std::fs::create_dir_all(scene.sandbox.path(place).parent().unwrap()).unwrap();
        write(&scene.sandbox.path(place), "a eol=crlf\n");
        assert_eq!(scene.take("next", "main"), None, "{place}");
    }
}

#[test]
fn where_a_link_stands_for_the_pool_nothing_waits_and_nothing_is_done_where_it_leads() {
    let scene = Scene::new();
    scene.waiting();
    let elsewhere = scene.sandbox.path("elsewhere");
    std::fs::rename(scene.pool(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, scene.pool()).unwrap();
    let parents = [scene.sandbox.path("")];
    assert_eq!(pool_taken(&scene.repo, &parents[0]), Some(scene.pool()));
    assert!(scene.take("next", "later").is_none());
    let another = scene.done("u");
    assert_eq!(scene.shelve(&[another], 8), [RemoveOutcome::Removed]);
    let trash = Trash::begin();
    assert_eq!(trim(&scene.repo, 0, &trash).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(empty_pool(&scene.repo, &parents, &trash).unwrap().gone, Vec::<PathBuf>::new());
    // Git's entry is gone, so that the folder looks like one that a killed process left.
    std::fs::remove_dir_all(scene.sandbox.root().join(".git/worktrees")).unwrap();
    assert_eq!(trash.take_leftovers(&scene.repo, &parents).unwrap(), Vec::<PathBuf>::new());
    assert!(trash.finish().failed.is_none());
    let left = elsewhere.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["1"]);
    assert!(elsewhere.join("1/target/debug/product").exists());
}
