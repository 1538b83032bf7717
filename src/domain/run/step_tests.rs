//! The run in virtual time, with scripted outcomes: the live dispatcher against the simulator, the
//! folded journal against the live state, and the rules of retry, stop and start.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::ResolutionRules;
use crate::domain::plan::{
    Host, Plan, PlanRequest, PlannedHook, Preference, Scenario, build, simulate,
};
use crate::domain::task::{
    AttemptRules, Command, Demand, FailFast, Pattern, Priority, RetryCause, SetupHook, Task,
    TaskSet, TimeLimits, Work,
};
use crate::domain::time::Timestamp;
use cases::{Case, cases, flaky};
use world::World;

mod cases;
mod findings;
mod foreseeing;
mod limits;
mod mixed;
mod patterns;
mod properties;
mod race_order;
mod racing;
mod racing_by_chance;
mod racing_cut_short;
mod racing_saves;
mod rules;
mod setup;
mod shared_host;
mod starts;
mod throttling;
mod validating_ahead;
mod world;

pub(in crate::domain::run) use shared_host::{forced_run, parallel_run, task_of};

fn task(id: &str, depends_on: &[&str]) -> Task {
    Task {
        id: id.parse().unwrap(),
        title: None,
        work: Work::Command { command: Command::Shell("true".into()), prompt: None },
        depends_on: depends_on.iter().map(|d| d.parse().unwrap()).collect(),
        owns: None,
        reads: Vec::new(),
        read_only: false,
        estimate: Some(Duration::from_secs(10)),
        priority: Priority::Medium,
        phase: None,
        locks: Vec::new(),
        demand: Demand { cpus: 1.0, memory: 0, uses: BTreeMap::new() },
        timeout: Duration::from_secs(60),
        retries: 0,
        rules: AttemptRules::default(),
        check: None,
        env: BTreeMap::new(),
        pattern: Pattern::default(),
    }
}

fn plan(tasks: Vec<Task>, preference: Preference) -> Plan {
    let set = TaskSet {
        name: None,
        base: None,
        tasks,
        gates: Vec::new(),
        validations: Vec::new(),
        setup: Vec::new(),
        fail_fast: FailFast::default(),
        time_limits: TimeLimits::default(),
        race: None,
    };
    let capacity = BTreeMap::from([("gpu".to_owned(), 2)]);
    build(&PlanRequest {
        host: Host { cores: 64, memory: 0 },
        capacity: &capacity,
        preference,
        ..PlanRequest::of(&set)
    })
    .unwrap()
}

/// The same plan with a setup hook.
fn with_hook(mut plan: Plan) -> Plan {
    let hook = SetupHook {
        name: Some("deps".to_owned()),
        run: "npm ci".to_owned(),
        when: None,
        timeout: Duration::from_secs(60),
    };
    plan.setup.push(PlannedHook { hook, applies: true });
    plan
}

fn spec(plan: Plan) -> RunSpec {
    let places = plan
        .tasks
        .iter()
        .map(|p| TaskPlace {
            branch: Some(format!("feature/{}", p.task.id)),
            worktree: format!("/tmp/{}", p.task.id),
            port: Some(20_000),
            temporary: Some(format!("/tmp/wt-orch-0/{}", p.task.id)),
        })
        .collect();
    RunSpec {
        run: "run".parse().unwrap(),
        workflow: "run".into(),
        base: Oid::from_bytes(&[7; 20]).unwrap(),
        base_name: "HEAD".into(),
        target: Some("main".into()),
        places,
        plan,
        limits: Limits {
            grace: Duration::from_secs(1),
            log_limit: 1 << 20,
            keep: Vec::new(),
            jobserver: false,
            share_host: false,
            speculate: false,
            env_deny: Vec::new(),
            env_pass: Vec::new(),
            personas: Vec::new(),
        },
        worktree: crate::domain::run::WorktreeRules::default(),
        resolution: ResolutionRules::default(),
        kind: RunKind::default(),
        made_folders: Vec::new(),
        version: "0".into(),
    }
}

fn tip_of(task: usize, attempt: u32) -> Oid {
    let mut raw = [0; 20];
    raw[0] = 1;
    raw[1] = u8::try_from(task).unwrap();
    raw[2] = u8::try_from(attempt).unwrap();
    Oid::from_bytes(&raw).unwrap()
}

fn end(ending: Ending) -> AttemptEnd {
    AttemptEnd {
        ending,
        usage: Usage::default(),
        leaked_output: false,
        leaked_processes: 0,
        out_of_memory: false,
        last_lines: Vec::new(),
        trouble: Vec::new(),
        agent: None,
    }
}
