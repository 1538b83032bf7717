//! Tests that leave a link where their worktree stood: what it leads to is somebody's.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wt_orch::adapters::worktree::Trash;
use wt_orch::domain::plan::Preference;
use wt_orch::domain::run::{Event, WorktreeRules};
use wt_orch::engine::{CleanMode, CleanRequest, clean};

use super::scene::{SPOILS, Scene, alone, words};

/// Puts a link to this folder where the worktree stood.
fn swapped(target: &Path) -> String {
    format!("P=$PWD; cd /; rm -rf \"$P\"; ln -s '{}' \"$P\"", target.display())
}

/// Puts a link to this folder where the folder of all such worktrees stood.
fn above_swapped(target: &Path) -> String {
    format!("P=$(dirname \"$PWD\"); cd /; rm -rf \"$P\"; ln -s '{}' \"$P\"", target.display())
}

/// Every file below a folder, with its content, mode, inode and time; what git itself keeps apart.
fn everything(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, u64, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            if !meta.is_dir() {
                let facts = (meta.permissions().mode(), meta.ino(), meta.mtime());
                let content = fs::read(&path).unwrap();
                found.insert(path, (content, facts.0, facts.1, facts.2));
            } else if !path.ends_with(".git") {
                folders.push(path);
            }
        }
    }
    found
}

/// Somebody's folders: a plain one, one of plain ones at the names of places, the main checkout, and
/// another worktree, with work in all of them.
fn somebodys(scene: &Scene) -> [PathBuf; 4] {
    let plain = scene.repo.root().join("plain");
    let above = scene.repo.root().join("above");
    let other = scene.repo.root().join("other");
    scene.repo.git(&["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
    fs::create_dir_all(&above).unwrap();
    let inner = above.join("one");
    scene.repo.git(&["worktree", "add", "-q", "--detach", inner.to_str().unwrap()]);
    let main = scene.repo.path("");
    for folder in [&plain, &above.join("lane"), &main, &other, &inner] {
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("target")).unwrap();
        for file in ["src/a", "untracked", "x.log", "target/report.xml"] {
            fs::write(folder.join(file), format!("work in {file}\n")).unwrap();
        }
    }
    [plain, above, main, other]
}

fn heads(scene: &Scene, folders: &[PathBuf]) -> Vec<String> {
    let heads = [&folders[2], &folders[3], &folders[1].join("one")];
    let head = |folder: &&PathBuf| {
        let folder = folder.to_str().unwrap();
        scene.repo.git(&["-C", folder, "status", "--porcelain", "-b", "--ignored"])
    };
    heads.iter().map(head).collect()
}

fn nothing_is_done_where_a_link_leads(pool: u32, preference: Preference) {
    let scene = Scene::new(pool);
    let folders = somebodys(&scene);
    let seen = || (folders.each_ref().map(|folder| everything(folder)), heads(&scene, &folders));
    let before = seen();
    let [plain, above, main, other] = &folders;
    let harms = [swapped(plain), swapped(main), swapped(other), above_swapped(above)];
    for harm in harms {
        let modules = [("one", harm.as_str()), ("two", SPOILS)];
        let state = scene.tested(&modules, preference);
        let reason = format!("{:?}", state.tasks[0].reason());
        assert!(!state.tasks[0].state.succeeded(), "{harm}");
        assert!(reason.contains("is no folder any more"), "{harm}: {reason}");
        assert!(state.tasks[1].state.succeeded(), "{harm}: {}", words(&state));
        assert_eq!(seen(), before, "{harm}");
        for place in &state.spec.places {
            assert!(Path::new(&place.worktree).parent().unwrap().symlink_metadata().is_err());
        }
        let listed = scene.repo.git(&["worktree", "list"]);
        assert!(!listed.contains("-test-"), "{harm}: {listed}");
    }
}

#[test]
fn nothing_is_done_where_a_link_in_the_place_of_a_worktree_leads() {
    alone("links::nothing_is_done_where_a_link_in_the_place_of_a_worktree_leads", || {
        for pool in [2, 0] {
            nothing_is_done_where_a_link_leads(pool, Preference::ParallelWith(1));
        }
    });
}

#[test]
fn nothing_is_done_where_a_link_in_the_place_of_a_lane_leads() {
    alone("links::nothing_is_done_where_a_link_in_the_place_of_a_lane_leads", || {
        for pool in [1, 0] {
            nothing_is_done_where_a_link_leads(pool, Preference::Sequential);
        }
    });
}

#[test]
fn whoever_cleans_up_after_a_killed_test_run_follows_no_link() {
    alone("links::whoever_cleans_up_after_a_killed_test_run_follows_no_link", || {
        for force in [false, true] {
            let scene = Scene::new(0);
            let folders = somebodys(&scene);
            let seen =
                || (folders.each_ref().map(|folder| everything(folder)), heads(&scene, &folders));
            let before = seen();
            for (at, target) in folders.iter().enumerate() {
                let mut journal = scene.created(&[("one", "true")], Preference::ParallelWith(1));
                let place = PathBuf::from(&journal.state().spec.places[0].worktree);
                let task = journal.state().spec.plan.tasks[0].task.id.clone();
                let asked = Event::ProvisionRequested {
                    task,
                    attempt: 1,
                    from: Vec::new(),
                    needs: Vec::new(),
                };
                let now = journal.now();
                journal.record(vec![Event::RunStarted { resumed: false }, asked], now).unwrap();
                scene.repo.git(&["worktree", "add", "-q", "--detach", place.to_str().unwrap()]);
                let link = if at == 1 { place.parent().unwrap() } else { place.as_path() };
                fs::remove_dir_all(link).unwrap();
                std::os::unix::fs::symlink(target, link).unwrap();
                let state = journal.state().clone();
                drop(journal);
                let (trash, store) = (Trash::begin(), scene.store());
                let request = CleanRequest {
                    state: &state,
                    store: &store,
                    mode: CleanMode { force, ..CleanMode::default() },
                    rules: &WorktreeRules::default(),
                    trash: &trash,
                    keep_logs: false,
                };
                clean(&scene.site, request).unwrap();
                assert!(trash.finish().failed.is_none());
                assert_eq!(seen(), before, "{}", target.display());
                assert!(place.parent().unwrap().symlink_metadata().is_err());
                assert!(!scene.repo.git(&["worktree", "list"]).contains("-test-"));
            }
        }
    });
}
