//! Worktrees of test runs: on no branch, used again at once, clean each time, and gone at the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wt_orch::adapters::git::Repo as GitRepo;
use wt_orch::adapters::host::clock::Clock;
use wt_orch::adapters::host::lock::{LockOutcome, RunLock};
use wt_orch::adapters::host::signals::Signals;
use wt_orch::adapters::process::Warden;
use wt_orch::adapters::store::Store;
use wt_orch::config::Template;
use wt_orch::domain::id::RunId;
use wt_orch::domain::integrate::{ResolutionRules, Strategy, Terms};
use wt_orch::domain::plan::{Host, Plan, PlanRequest, Preference, build};
use wt_orch::domain::run::{Event, Limits, RunKind, RunPhase, RunState, WorktreeRules};
use wt_orch::domain::suite::{ModuleKind, Part, SuiteSpec};
use wt_orch::domain::task::{Known, parse};
use wt_orch::engine::{
    CleanMode, CleanRequest, CreateRequest, DriveRequest, IntegrateRequest, Jobs, Journal, Pins,
    Site, ValidateRules, clean, create, drive, load_run, prune_test_runs,
};

use crate::harness::Repo;
use crate::scene::{beside, ordinary_repo, refs};

/// A repository with a cache that git ignores, and what is needed to test in it.
struct Scene {
    repo: Repo,
    site: Site,
    pool: u32,
}

impl Scene {
    fn new(pool: u32) -> Self {
        let repo = ordinary_repo();
        repo.file(".gitignore", "target/\n*.log\n").file("src/a", "1\n");
        repo.commit("ignored files");
        let env = repo.environment();
        let site = Site {
            repo: GitRepo::discover(&repo.path(""), env.clone()).unwrap(),
            env,
            runtime_dir: Some(repo.root().join("run")),
            clock: Clock::start(),
            lend_identity: false,
            program: None,
            warden: Warden::default(),
            jobs: Jobs::default(),
        };
        Self { repo, site, pool }
    }

    fn store(&self) -> Store {
        Store::open(&self.site.state_dir()).unwrap()
    }

    fn request(&self, modules: &[(&str, &str)], preference: Preference) -> CreateRequest {
        let plan = plan(modules, preference);
        let part = |(module, _): &(&str, &str)| Part {
            task: module.parse().unwrap(),
            module: (*module).to_owned(),
            kind: ModuleKind::Configured,
            units: Vec::new(),
            report: Some("target/report.xml".to_owned()),
        };
        let parts = modules.iter().map(part).collect();
        CreateRequest {
            store: self.store(),
            name: "test".to_owned(),
            plan,
            base: self.repo.git(&["rev-parse", "HEAD"]).parse().unwrap(),
            base_name: "HEAD".to_owned(),
            target: None,
            limits: limits(),
            worktree: WorktreeRules { pool: self.pool, ..WorktreeRules::default() },
            resolution: ResolutionRules::default(),
            worktree_path: Template::parse_path("../{repo}-{task}").unwrap(),
            branch: Template::parse_branch("feature/{task}").unwrap(),
            kind: RunKind::Test(Box::new(SuiteSpec { snapshot: None, parts })),
        }
    }

    fn created(&self, modules: &[(&str, &str)], preference: Preference) -> Journal {
        create(&self.site, self.request(modules, preference)).unwrap().unwrap()
    }

    fn driven(&self, journal: Journal, resumed: bool) -> Journal {
        let request = DriveRequest {
            site: self.site.clone(),
            journal,
            resumed,
            files: 3,
            integrating: integrating(),
            signals: Signals::none(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(drive(request)).unwrap()
    }

    /// Runs these modules to their end.
    fn tested(&self, modules: &[(&str, &str)], preference: Preference) -> RunState {
        let journal = self.driven(self.created(modules, preference), false);
        journal.state().clone()
    }

    /// Folders beside the repository, with what lies in them.
    fn hidden(&self) -> Vec<String> {
        let list = |folder: &Path| {
            let mut names: Vec<String> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let named = |name: String| {
            let kind = name.split('-').nth(1).unwrap_or_default().to_owned();
            let inside = list(&self.repo.root().join(&name));
            inside.into_iter().map(move |inner| format!("{kind}/{inner}")).collect::<Vec<_>>()
        };
        beside(&self.repo).into_iter().flat_map(named).collect()
    }
}

fn plan(modules: &[(&str, &str)], preference: Preference) -> Plan {
    let task = |(id, run): &(&str, &str)| format!("[[task]]\nid = \"{id}\"\nrun = '''{run}'''\n");
    let text: String = modules.iter().map(task).collect();
    let set = parse(&text, &Known::default()).tasks.value.unwrap();
    let host = Host { cores: 64, memory: 0 };
    build(&PlanRequest { host, preference, ..PlanRequest::of(&set) }).unwrap()
}

fn limits() -> Limits {
    Limits {
        grace: Duration::from_secs(5),
        log_limit: 1 << 20,
        keep: Vec::new(),
        jobserver: false,
        share_host: false,
        speculate: false,
        env_deny: Vec::new(),
        env_pass: Vec::new(),
        personas: Vec::new(),
    }
}

fn integrating() -> IntegrateRequest {
    IntegrateRequest {
        terms: Terms::default(),
        dry_run: false,
        strategy: Strategy::default(),
        target_retries: 0,
        verify_merge: false,
        flake_runs: 0,
        resolution: ResolutionRules::default(),
        by_hand: false,
        slots: 1,
        validating: ValidateRules { pins: Pins::new(None), cache: false },
    }
}

/// Fails unless it begins in a clean worktree on no branch, spoils it, and tells whether the cache was
/// warm.
const SPOILS: &str = "set -e
test -z \"$(git status --porcelain)\"; test ! -e x.log; test \"$(cat src/a)\" = 1
! git symbolic-ref -q HEAD
test ! -e target/report.xml
mkdir -p target; if test -e target/made; then echo warm; else echo cold; fi; echo $WT_ORCH_TASK > target/made
echo \"<of $WT_ORCH_TASK>\" > target/report.xml
echo 2 > src/a; echo new > untracked; echo x > x.log; git add untracked; git commit -qam spoilt";

/// Runs a test in a process of its own: whoever drives a run adopts orphans.
fn alone(test: &str, body: impl FnOnce()) {
    const MARK: &str = "WT_ORCH_TEST_IS_ALONE";
    #[expect(clippy::disallowed_methods, reason = "told by the same test in another process")]
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let name = format!("test_worktrees::{test}");
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(MARK, "1")
        .stdout(Stdio::piped())
        .spawn();
    let ended = again.unwrap().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

fn words(state: &RunState) -> String {
    let outcomes = state.tasks.iter().map(|record| match record.outcome() {
        Some(outcome) => format!("{outcome:?} {:?}", record.reason()),
        None => "open".to_owned(),
    });
    outcomes.collect::<Vec<_>>().join(", ")
}

fn said(scene: &Scene, state: &RunState, module: &str) -> String {
    let log = scene.site.log(&state.spec.run, &module.parse().unwrap(), 1);
    fs::read_to_string(log).unwrap()
}

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
        assert!(notes.contains("could not be made what it was, and was removed"), "{notes}");
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
        assert_eq!(names, [newest, held, open.run()]);
        for run in &ended {
            assert!(load_run(&store, run).is_err());
            assert!(!scene.site.logs_dir().join(run.as_str()).exists());
            assert!(!scene.site.lock_path(run).exists());
        }
        drop(lock);
        assert_eq!(prune_test_runs(&scene.site, &mut store, 1).unwrap().len(), 1);
    });
}
