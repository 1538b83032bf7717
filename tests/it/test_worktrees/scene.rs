//! A repository to be tested, and what drives its test runs.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use wt_orch::adapters::git::Repo as GitRepo;
use wt_orch::adapters::host::clock::Clock;
use wt_orch::adapters::host::signals::Signals;
use wt_orch::adapters::process::Warden;
use wt_orch::adapters::store::Store;
use wt_orch::config::Template;
use wt_orch::domain::integrate::{ResolutionRules, Strategy, Terms};
use wt_orch::domain::plan::{Host, Plan, PlanRequest, Preference, build};
use wt_orch::domain::run::{Limits, RunKind, RunState, WorktreeRules};
use wt_orch::domain::suite::{ModuleKind, Part, SuiteSpec};
use wt_orch::domain::task::{Known, parse};
use wt_orch::engine::{
    CreateRequest, DriveRequest, IntegrateRequest, Jobs, Journal, Pins, Site, ValidateRules,
    create, drive,
};

use crate::harness::Repo;
use crate::scene::{beside, ordinary_repo};

/// A repository with a cache that git ignores, and what is needed to test in it.
pub(super) struct Scene {
    pub(super) repo: Repo,
    pub(super) site: Site,
    pool: u32,
}

impl Scene {
    pub(super) fn new(pool: u32) -> Self {
        let repo = ordinary_repo();
        repo.file(".gitignore", "target/\n*.log\n.env\n").file("src/a", "1\n");
        repo.commit("ignored files");
        let site = site(&repo.path(""), repo.environment());
        Self { repo, site, pool }
    }

    pub(super) fn store(&self) -> Store {
        store(&self.site)
    }

    pub(super) fn created(&self, modules: &[(&str, &str)], preference: Preference) -> Journal {
        created(&self.site, self.pool, modules, preference)
    }

    pub(super) fn driven(&self, journal: Journal, resumed: bool) -> Journal {
        driven(&self.site, journal, resumed)
    }

    /// Runs these modules to their end.
    pub(super) fn tested(&self, modules: &[(&str, &str)], preference: Preference) -> RunState {
        let journal = self.driven(self.created(modules, preference), false);
        journal.state().clone()
    }

    /// Folders beside the repository, with what lies in them.
    pub(super) fn hidden(&self) -> Vec<String> {
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

/// The repository at this path, in this environment.
pub(super) fn site(path: &Path, env: Vec<(OsString, OsString)>) -> Site {
    Site {
        repo: GitRepo::discover(path, env.clone()).unwrap(),
        env,
        runtime_dir: path.parent().map(|root| root.join("run")),
        clock: Clock::start(),
        lend_identity: false,
        program: None,
        warden: Warden::default(),
        jobs: Jobs::default(),
    }
}

pub(super) fn store(site: &Site) -> Store {
    Store::open(&site.state_dir()).unwrap()
}

/// A test run of these modules from HEAD, which has not begun.
pub(super) fn created(
    site: &Site,
    pool: u32,
    modules: &[(&str, &str)],
    preference: Preference,
) -> Journal {
    // Its lock is given back, as if its process had been killed.
    create(site, request(site, pool, modules, preference)).unwrap().unwrap().0
}

/// What it is created with.
pub(super) fn request(
    site: &Site,
    pool: u32,
    modules: &[(&str, &str)],
    preference: Preference,
) -> CreateRequest {
    let part = |(module, _): &(&str, &str)| Part {
        task: module.parse().unwrap(),
        module: (*module).to_owned(),
        kind: ModuleKind::Configured,
        folder: String::new(),
        units: Vec::new(),
        timed: Vec::new(),
        report: Some("target/report.xml".to_owned()),
    };
    let parts = modules.iter().map(part).collect();
    CreateRequest {
        store: store(site),
        name: "test".to_owned(),
        plan: plan(modules, preference),
        base: site.repo.resolve_commit("HEAD").unwrap().unwrap(),
        base_name: "HEAD".to_owned(),
        target: None,
        limits: limits(),
        worktree: WorktreeRules {
            pool,
            include: vec!["/.env".to_owned()],
            ..WorktreeRules::default()
        },
        resolution: ResolutionRules::default(),
        worktree_path: Template::parse_path("../{repo}-{task}").unwrap(),
        branch: Template::parse_branch("feature/{task}").unwrap(),
        kind: RunKind::Test(Box::new(SuiteSpec { snapshot: None, parts })),
    }
}

/// Drives it to its end.
pub(super) fn driven(site: &Site, journal: Journal, resumed: bool) -> Journal {
    let request = DriveRequest {
        site: site.clone(),
        journal,
        resumed,
        files: 3,
        integrating: integrating(),
        signals: Signals::none(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(drive(request)).unwrap()
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

/// Runs a test in a process of its own: whoever drives a run adopts orphans.
pub(super) fn alone(test: &str, body: impl FnOnce()) {
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

/// Fails unless it begins in a clean worktree on no branch, spoils it, and tells whether the cache was
/// warm.
pub(super) const SPOILS: &str = "set -e
test -z \"$(git status --porcelain)\"; test ! -e x.log; test \"$(cat src/a)\" = 1
! git symbolic-ref -q HEAD
test ! -e target/report.xml
mkdir -p target; if test -e target/made; then echo warm; else echo cold; fi; echo $WT_ORCH_TASK > target/made
echo \"<of $WT_ORCH_TASK>\" > target/report.xml
echo 2 > src/a; echo new > untracked; echo x > x.log; git add untracked; git commit -qam spoilt";

pub(super) fn words(state: &RunState) -> String {
    let outcomes = state.tasks.iter().map(|record| match record.outcome() {
        Some(outcome) => format!("{outcome:?} {:?}", record.reason()),
        None => "open".to_owned(),
    });
    outcomes.collect::<Vec<_>>().join(", ")
}

pub(super) fn said(scene: &Scene, state: &RunState, module: &str) -> String {
    let log = scene.site.log(&state.spec.run, &module.parse().unwrap(), 1);
    fs::read_to_string(log).unwrap()
}
