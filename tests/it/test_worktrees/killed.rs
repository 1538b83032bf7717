//! A test run that dies at any point, and whoever goes on.

use std::fs;
use std::process::{Command, ExitStatus, Stdio};

use wt_orch::domain::plan::Preference;
use wt_orch::domain::run::RunPhase;
use wt_orch::engine::{Opened, load_run, open_for_writing, reconcile};

use super::scene::{SPOILS, Scene, created, driven, site, store, words};

const MARK: &str = "WT_ORCH_TEST_DRIVES";
const MODULES: [(&str, &str); 3] = [("one", SPOILS), ("two", SPOILS), ("three", SPOILS)];
/// Points at which it is killed each time.
const FEW: usize = 3;

#[test]
fn a_test_run_that_is_killed_at_any_point_loses_track_of_no_worktree() {
    #[expect(clippy::disallowed_methods, reason = "told by the same test in another process")]
    if std::env::var_os(MARK).is_some() {
        return drives();
    }
    // Builds that users run have no points to die at.
    if !cfg!(debug_assertions) {
        return;
    }
    let whole = Scene::new(1);
    let log = whole.repo.root().join("run/points");
    assert!(driver(&whole, Some(("WT_ORCH_CRASH_LOG", log.to_str().unwrap()))).success());
    let points = fs::read_to_string(log).unwrap();
    let named =
        |line: &&str| ["pool", "removal", "worktree"].iter().any(|what| line.contains(what));
    let points: Vec<&str> = points.lines().filter(named).collect();
    assert!(points.len() >= 5, "{points:?}");
    let step = (points.len() / FEW).max(1);
    for point in points.iter().step_by(step) {
        let (number, name) = point.split_once(' ').unwrap();
        let scene = Scene::new(1);
        let _died = driver(&scene, Some(("WT_ORCH_CRASH_AT", number)));
        assert!(driver(&scene, None).success(), "after {name}");
        let (_, state) = load_run(&scene.store(), &"test".parse().unwrap()).unwrap();
        assert_eq!(state.phase, RunPhase::Finished, "after {name}");
        let ok = state.tasks.iter().all(|record| record.state.succeeded());
        assert!(ok, "after {name}: {}", words(&state));
        let left = scene.hidden();
        assert!(left.len() == 1 && left[0].starts_with("pool/"), "after {name}: {left:?}");
        assert_eq!(scene.repo.git(&["worktree", "list"]).lines().count(), 2, "after {name}");
    }
}

/// Drives the run of a scene in another process.
fn driver(scene: &Scene, variable: Option<(&str, &str)>) -> ExitStatus {
    let test = "a_test_run_that_is_killed_at_any_point_loses_track_of_no_worktree";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("test_worktrees::killed::{test}"), "--nocapture"]);
    command.env_clear().envs(scene.repo.environment()).env(MARK, "1").envs(variable);
    command.current_dir(scene.repo.path("")).stdout(Stdio::null());
    command.status().unwrap()
}

/// Makes the run, or goes on with it.
fn drives() {
    let env = std::env::vars_os().filter(|(name, _)| name != MARK).collect();
    let site = site(&std::env::current_dir().unwrap(), env);
    let run = "test".parse().unwrap();
    if store(&site).runs().unwrap().is_empty() {
        driven(&site, created(&site, 1, &MODULES, Preference::ParallelWith(2)), false);
        return;
    }
    let Opened::Ready(mut journal, _lock) = open_for_writing(&site, store(&site), &run).unwrap()
    else {
        panic!("nobody else drives it");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(reconcile(&site, &mut journal)).unwrap();
    driven(&site, *journal, true);
}
