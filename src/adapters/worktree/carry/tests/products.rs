//! Build caches: shared or left behind, and times that never make a stale product look fresh.

use super::*;
use crate::domain::plan::Amount;
use crate::domain::run::CacheSharing;

fn shared() -> WorktreeRules {
    WorktreeRules { share_caches: CacheSharing::Reflink, ..WorktreeRules::default() }
}

fn can_share(scene: &Scene) -> bool {
    let file = std::fs::File::open(scene.sandbox.root().join("a")).unwrap();
    share::can_share(&file, &scene.sandbox.path(""))
}

#[test]
fn caches_are_shared_where_the_file_system_can_and_named_where_it_cannot() {
    let scene = Scene::new();
    scene.sandbox.write("target/venv/pyvenv.cfg", "home = /usr\n");
    let carry = scene.carry(&shared());
    let arrival = scene.brought(&carry);
    let environment = "`target/venv` was not brought along: it is a Python environment, which \
                       works only where it was made";
    assert_eq!(carry.notes()[0], environment);
    assert_eq!(carry.has_products(), can_share(&scene));
    assert_eq!(arrival.products, can_share(&scene));
    if can_share(&scene) {
        assert_eq!(carry.paths(true), ["target/"]);
        assert_eq!(arrival.load.copied, Amount::default());
        assert_eq!(scene.read("target/model.bin").unwrap(), "model\n");
        assert_eq!(scene.read("target/venv/pyvenv.cfg"), None);
        // What a build makes of it is not ours to put back.
        write(&scene.path.join("target/model.bin"), "built\n");
        assert_eq!(scene.brought(&carry), Arrival::default());
        assert_eq!(scene.read("target/model.bin").unwrap(), "built\n");
        assert_eq!(scene.sandbox.read("target/model.bin").unwrap(), "model\n");
    } else {
        assert_eq!(
            carry.notes()[1],
            "the build caches (`target/`, 17B) were not brought along: the file system of the \
             worktrees cannot share blocks with the checkout, and caches are never copied"
        );
        assert!(!scene.path.join("target").exists());
        assert_eq!(arrival.load.copied.files, 4);
    }
}

/// A carry that believes in sharing, whatever the file system.
fn hopeful(scene: &Scene) -> Carry {
    let (checkout, git_dir) = (scene.sandbox.root(), scene.sandbox.root().join(".git"));
    let origin = Origin { checkout: &checkout, git_dir: &git_dir };
    let selection = select(&scene.repo, origin, &shared()).unwrap();
    Carry { selection, shares: true }
}

#[test]
fn where_sharing_fails_after_all_files_are_copied_and_caches_leave_nothing() {
    let scene = Scene::new();
    let arrival = scene.brought(&hopeful(&scene));
    if can_share(&scene) {
        assert_eq!(arrival.load.copied, Amount::default());
        return;
    }
    assert_eq!(arrival.load.copied.files, 4);
    assert!(!arrival.products && !scene.path.join("target").exists());
    assert_eq!(
        arrival.notes,
        ["`target` was not brought along: its blocks could not be shared with the checkout"]
    );
    let mut small = hopeful(&scene);
    small.selection.limit = 10;
    scene.sandbox.write("data/one", "more than before\n");
    let error = small.bring(&scene.repo, &scene.path, &scene.git_dir()).unwrap_err();
    assert!(matches!(error, CarryError::TooLarge(_)), "{error}");
}

#[test]
fn a_cache_that_was_cut_short_is_taken_away_and_one_of_the_worktree_s_own_is_not() {
    let scene = Scene::new();
    write(&scene.path.join("target/half"), "1\n");
    scene.brought(&hopeful(&scene));
    assert_eq!(scene.read("target/half").unwrap(), "1\n");
    let mut record = Record::load(&scene.git_dir()).unwrap();
    record.entries.insert(b"target".to_vec(), record::State::CacheBegun);
    record.save(&scene.git_dir()).unwrap();
    scene.brought(&hopeful(&scene));
    assert_eq!(scene.read("target/half"), None);
    assert_eq!(scene.path.join("target/model.bin").exists(), can_share(&scene));
}

#[test]
fn a_file_that_differs_from_the_checkout_s_is_younger_than_any_product() {
    let scene = Scene::new();
    let root = scene.sandbox.root();
    scene.sandbox.commit(&[("b", "1\n"), ("c", "1\n"), ("conf/d", "1\n")]);
    let start = scene.sandbox.rev("main");
    scene.git(&["reset", "-q", "--hard", &start.to_string()]);
    // The checkout has gone on: `a` is committed otherwise, `b` is dirty, `c` is gone.
    scene.sandbox.commit(&[("a", "2\n")]);
    scene.sandbox.write("b", "2\n");
    std::fs::remove_file(root.join("c")).unwrap();
    let old = set_age(&root.join("conf/d"), 1);
    for path in ["a", "b"] {
        set_age(&root.join(path), 1);
    }
    let before = ["a", "b", "c"].map(|path| set_age(&scene.path.join(path), 100));
    let carry = scene.carry(&WorktreeRules::default());
    let times = carry.kept_times(&scene.repo, start).unwrap();
    assert_eq!(times.of(b"conf/d").unwrap(), (1_599_999_999, 0));
    assert_eq!(["a", "b", "c"].map(|path| times.of(path.as_bytes())), [None; 3]);
    let git_dir = scene.git_dir();
    carry.refresh_times(&scene.repo, (&scene.path, &git_dir), &times).unwrap();
    assert_eq!(modified(&scene.path.join("conf/d")), old);
    for (path, before) in ["a", "b", "c"].iter().zip(before) {
        let age = modified(&scene.path.join(path)).duration_since(before).unwrap();
        assert!(age > Duration::from_hours(24 * 365), "{path}");
    }
    assert_eq!(scene.git(&["diff-files"]), "", "the index knows the times");
}
