//! Worktrees of test runs: on no branch, used again at once, clean each time, and gone at the end.

mod killed;
mod leftovers;
mod links;
mod scene;

use std::fs;
use std::path::{Path, PathBuf};

use wt_orch::adapters::host::lock::{LockOutcome, RunLock};
use wt_orch::domain::id::RunId;
use wt_orch::domain::plan::Preference;
use wt_orch::domain::run::{Event, Input, RunPhase, RunState, StopReason, WorktreeRules, step};
use wt_orch::engine::{
    CleanMode, CleanRequest, Journal, clean, give_up_test_runs, load_run, prune_test_runs,
};

use crate::scene::refs;

use scene::{SPOILS, Scene, alone, said, words};

#[test]
fn modules_share_warm_worktrees_that_are_clean_each_time_and_nothing_is_left_of_the_run() {
    alone(
        "modules_share_warm_worktrees_that_are_clean_each_time_and_nothing_is_left_of_the_run",
        || {
            let scene = Scene::new(2);
            let before =
                (scene.repo.git(&["status", "--porcelain", "-b"]), refs(&scene.repo, "refs"));
            let failing = format!("{SPOILS}\nexit 3");
            let modules =
                [("one", SPOILS), ("two", failing.as_str()), ("three", SPOILS), ("four", SPOILS)];
            let state = scene.tested(&modules, Preference::ParallelWith(2));
            let ok = state.tasks.iter().filter(|record| record.state.succeeded()).count();
            assert_eq!((state.phase, ok), (RunPhase::Finished, 3), "{}", words(&state));
            assert!(
                state.tasks.iter().all(|record| record.changed.is_empty() && !record.leftovers)
            );
            let said: Vec<String> =
                modules.iter().map(|(id, _)| said(&scene, &state, id)).collect();
            let cold = said.iter().filter(|text| text.contains("cold")).count();
            assert_eq!(cold, 2, "{said:?}");
            for (module, _) in modules {
                let report = scene.site.test_report(&state.spec.run, &module.parse().unwrap(), 1);
                assert_eq!(fs::read_to_string(report).unwrap(), format!("<of {module}>\n"));
            }
            assert_eq!(
                (scene.repo.git(&["status", "--porcelain", "-b"]), refs(&scene.repo, "refs")),
                before
            );
            assert_eq!(scene.hidden(), ["pool/1", "pool/2"]);
            let again = scene.tested(&modules[..1], Preference::ParallelWith(2));
            assert!(said_warm(&scene, &again, "one") && scene.hidden() == ["pool/1", "pool/2"]);
        },
    );
}

fn said_warm(scene: &Scene, state: &RunState, module: &str) -> bool {
    said(scene, state, module).contains("warm")
}

#[test]
fn without_a_pool_worktrees_are_shared_within_a_run_and_none_outlives_it() {
    alone("without_a_pool_worktrees_are_shared_within_a_run_and_none_outlives_it", || {
        let scene = Scene::new(0);
        let modules = [("one", SPOILS), ("two", SPOILS), ("three", SPOILS)];
        let state = scene.tested(&modules, Preference::ParallelWith(2));
        assert!(
            state.all_finished() && state.tasks.iter().all(|r| r.state.succeeded()),
            "{}",
            words(&state)
        );
        let warm = modules.iter().filter(|(id, _)| said_warm(&scene, &state, id)).count();
        assert_eq!((warm, scene.hidden().len()), (1, 0));
        assert_eq!(scene.repo.git(&["worktree", "list"]).lines().count(), 1);
    });
}

#[test]
fn in_one_lane_every_module_begins_at_the_base_in_the_same_worktree() {
    alone("in_one_lane_every_module_begins_at_the_base_in_the_same_worktree", || {
        let scene = Scene::new(1);
        let pause = format!("pwd; {SPOILS}");
        let modules = [("one", pause.as_str()), ("two", pause.as_str()), ("three", pause.as_str())];
        let state = scene.tested(&modules, Preference::Sequential);
        assert!(state.tasks.iter().all(|record| record.state.succeeded()), "{}", words(&state));
        let said: Vec<String> = modules.iter().map(|(id, _)| said(&scene, &state, id)).collect();
        let folder = |text: &String| text.lines().next().unwrap().to_owned();
        assert_eq!(folder(&said[0]), folder(&said[2]));
        assert_eq!(said.iter().filter(|text| text.contains("warm")).count(), 2, "{said:?}");
        assert_eq!(scene.hidden(), ["pool/1"]);
    });
}

#[test]
fn a_worktree_that_cannot_be_made_what_it_was_goes_and_is_named() {
    alone("a_worktree_that_cannot_be_made_what_it_was_goes_and_is_named", || {
        let scene = Scene::new(2);
        let harm = format!("{SPOILS}; rm -rf \"$WT_ORCH_WORKTREE\"");
        let modules = [("one", harm.as_str()), ("two", SPOILS)];
        let state = scene.tested(&modules, Preference::ParallelWith(1));
        assert!(state.tasks.iter().all(|record| record.state.succeeded()), "{}", words(&state));
        let notes = state.tasks[0].notes.join("\n");
        assert!(
            notes.contains("`one` took its worktree away; the next module gets a new one"),
            "{notes}"
        );
        assert!(said(&scene, &state, "two").contains("cold"));
        assert_eq!(scene.hidden(), ["pool/1"]);
    });
}

#[test]
fn two_test_runs_at_once_have_places_of_their_own() {
    alone("two_test_runs_at_once_have_places_of_their_own", || {
        let scene = Scene::new(0);
        let first = scene.created(&[("one", "true")], Preference::ParallelWith(1));
        let second = scene.created(&[("one", "true")], Preference::ParallelWith(1));
        let place = |journal: &Journal| PathBuf::from(&journal.state().spec.places[0].worktree);
        assert_ne!(place(&first), place(&second));
        assert_eq!(place(&first).file_name(), place(&second).file_name());
        let ended = scene.driven(second, false);
        assert!(ended.state().tasks[0].state.succeeded());
        scene.driven(first, false);
        let third = scene.created(&[("one", "true")], Preference::ParallelWith(1));
        assert!(place(&third).to_string_lossy().ends_with("/one"));
        assert_ne!(place(&third), place(&ended));
    });
}

#[test]
fn what_a_killed_test_run_left_is_taken_up_by_whoever_goes_on_and_by_clean() {
    alone("what_a_killed_test_run_left_is_taken_up_by_whoever_goes_on_and_by_clean", || {
        for resumed in [true, false] {
            let scene = Scene::new(0);
            let mut journal = scene.created(&[("one", SPOILS)], Preference::ParallelWith(1));
            let run = journal.state().spec.run.clone();
            let place = journal.state().spec.places[0].worktree.clone();
            // What a process that is killed in the middle of the command has stored and made.
            let task = journal.state().spec.plan.tasks[0].task.id.clone();
            let asked =
                Event::ProvisionRequested { task, attempt: 1, from: Vec::new(), needs: Vec::new() };
            let now = journal.now();
            journal.record(vec![Event::RunStarted { resumed: false }, asked], now).unwrap();
            let commit = journal.state().spec.base.to_string();
            scene.repo.git(&["worktree", "add", "-q", "--detach", &place, &commit]);
            fs::write(Path::new(&place).join("src/a"), "half\n").unwrap();
            scene.repo.git(&["-C", &place, "checkout", "-q", "-b", "made-by-tests"]);
            let state = journal.state().clone();
            let store = scene.store();
            if resumed {
                let ended = scene.driven(journal, true);
                assert!(ended.state().tasks[0].state.succeeded(), "{}", words(ended.state()));
            } else {
                let trash = wt_orch::adapters::worktree::Trash::begin();
                let mode = CleanMode::default();
                let rules = WorktreeRules::default();
                let request = CleanRequest {
                    state: &state,
                    store: &store,
                    mode,
                    rules: &rules,
                    trash: &trash,
                    keep_logs: false,
                };
                clean(&scene.site, request).unwrap();
                assert!(trash.finish().failed.is_none());
            }
            assert_eq!(scene.hidden(), [""; 0], "resumed: {resumed}, run {run}");
            assert_eq!(scene.repo.git(&["worktree", "list"]).lines().count(), 1);
        }
    });
}

#[test]
fn only_the_newest_finished_test_runs_are_remembered() {
    alone("only_the_newest_finished_test_runs_are_remembered", || {
        let scene = Scene::new(0);
        let open = scene.created(&[("one", "true")], Preference::ParallelWith(1));
        let ended: Vec<RunId> = (0..3)
            .map(|_| {
                scene.tested(&[("one", "echo said")], Preference::ParallelWith(1)).spec.run.clone()
            })
            .collect();
        let held = scene.tested(&[("one", "true")], Preference::ParallelWith(1)).spec.run.clone();
        let newest = scene.tested(&[("one", "true")], Preference::ParallelWith(1)).spec.run.clone();
        let LockOutcome::Held(lock) = RunLock::acquire(&scene.site.lock_path(&held)).unwrap()
        else {
            panic!("nobody has it");
        };
        let mut store = scene.store();
        let gone = prune_test_runs(&scene.site, &mut store, 1).unwrap();
        assert_eq!(gone, [ended[2].clone(), ended[1].clone(), ended[0].clone()]);
        let names: Vec<RunId> = store.runs().unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(names, [newest.clone(), held.clone(), open.run()]);
        for run in &ended {
            assert!(load_run(&store, run).is_err());
            assert!(!scene.site.logs_dir().join(run.as_str()).exists());
            assert!(!scene.site.lock_path(run).exists());
        }
        drop(lock);
        assert_eq!(prune_test_runs(&scene.site, &mut store, 1).unwrap().len(), 1);
        let next = scene.created(&[("one", "true")], Preference::ParallelWith(1)).run();
        assert!(![open.run(), held, newest].contains(&next) && !ended.contains(&next), "{next}");
    });
}

#[test]
fn test_runs_that_nobody_drives_are_given_up_but_for_the_newest_that_may_go_on() {
    alone("test_runs_that_nobody_drives_are_given_up_but_for_the_newest_that_may_go_on", || {
        let scene = Scene::new(0);
        let stopped = |reason| {
            let mut journal = scene.created(&[("one", "true")], Preference::ParallelWith(1));
            let now = journal.now();
            let step = step(journal.state(), Input::Stop { reason, force: false }, now);
            journal.record(step.events, now).unwrap();
            journal.run()
        };
        let [driven, first, broken, second, newest] =
            [(); 5].map(|()| stopped(StopReason::Interrupted));
        fs::remove_file(scene.site.lock_path(&broken)).unwrap();
        fs::create_dir(scene.site.lock_path(&broken)).unwrap();
        let store = scene.store();
        let lock = RunLock::acquire(&scene.site.lock_path(&driven)).unwrap();
        assert!(matches!(lock, LockOutcome::Held(_)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let given_up = runtime.block_on(give_up_test_runs(&scene.site)).unwrap();
        assert_eq!(given_up.runs, [second.clone(), first]);
        let failed: Vec<RunId> = given_up.failed.into_iter().map(|(run, _)| run).collect();
        assert_eq!(
            failed,
            std::slice::from_ref(&broken),
            "it keeps none behind it from being given up"
        );
        let phase = |run: &RunId| load_run(&store, run).unwrap().1.phase;
        assert_eq!(phase(&second), RunPhase::Stopped(StopReason::Aborted));
        for left_alone in [driven, broken, newest] {
            assert_eq!(phase(&left_alone), RunPhase::Stopped(StopReason::Interrupted));
        }
    });
}

#[test]
fn files_of_the_checkout_come_along_and_are_as_they_are_there_each_time() {
    alone("files_of_the_checkout_come_along_and_are_as_they_are_there_each_time", || {
        for preference in [Preference::Sequential, Preference::ParallelWith(1)] {
            let scene = Scene::new(1);
            scene.repo.file(".env", "key=1\n");
            let reads =
                format!("set -e; test \"$(cat .env)\" = key=1; echo key=2 > .env\n{SPOILS}");
            let modules = [("one", reads.as_str()), ("two", reads.as_str())];
            for _run in 0..2 {
                let state = scene.tested(&modules, preference);
                let ok = state.tasks.iter().all(|record| record.state.succeeded());
                assert!(ok, "{}", words(&state));
                assert!(state.warnings.is_empty(), "{:?}", state.warnings);
            }
            let waiting = scene.hidden();
            assert_eq!(waiting.len(), 1, "{waiting:?}");
            let folder = scene.repo.git(&["worktree", "list", "--porcelain"]);
            let place = folder.lines().filter_map(|line| line.strip_prefix("worktree ")).nth(1);
            assert!(!Path::new(place.unwrap()).join(".env").exists());
            assert_eq!(scene.repo.read(".env").unwrap(), "key=1\n");
        }
    });
}
