//! The run in virtual time, with scripted outcomes: the live dispatcher against the simulator, the
//! folded journal against the live state, and the rules of retry, stop and start.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::id::{Oid, TaskId};
use crate::domain::plan::{
    Host, Plan, PlanRequest, PlannedHook, Preference, Scenario, build, simulate,
};
use crate::domain::task::{
    AttemptRules, Command, Demand, FailFast, Pattern, Priority, RetryCause, SetupHook, Task,
    TaskSet, TimeLimits, Work,
};
use crate::domain::time::Timestamp;
use cases::{Case, cases, flaky};

mod cases;
mod findings;
mod limits;
mod mixed;
mod patterns;
mod properties;
mod rules;
mod setup;
mod shared_host;
mod throttling;

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
            branch: format!("feature/{}", p.task.id),
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
            env_deny: Vec::new(),
            env_pass: Vec::new(),
            personas: Vec::new(),
        },
        worktree: crate::domain::run::WorktreeRules::default(),
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

/// A world in which provisioning and committing take no time.
struct World {
    state: RunState,
    journal: Vec<Envelope>,
    now: i64,
    /// (when, task, attempt or timer).
    agenda: BinaryHeap<Reverse<(i64, usize, Option<u32>)>>,
    /// Timers of groups.
    alarms: BTreeSet<(i64, Option<String>)>,
    seconds: Vec<i64>,
    /// What the machine lacks for an attempt, by task and number of active tasks.
    lacks: fn(usize, usize) -> Option<Shortage>,
    /// Exit code by task and attempt.
    exit: fn(usize, u32) -> i32,
    /// Exit code of every check.
    check: i32,
    /// What the provider of an agent says to a failed attempt, by task and attempt.
    limit: fn(usize, u32) -> Option<RateLimit>,
    /// How the hooks end, by task and attempt.
    setup: fn(usize, u32) -> SetupEnd,
    ended: bool,
    /// Tasks whose end asked for another order.
    replans: Vec<usize>,
    /// Such an order is given: the last of the plan first.
    replanning: bool,
    /// Lengths of the journal between transactions.
    batches: Vec<usize>,
    /// The work that a commit holds: tasks, by the commit.
    holds: BTreeMap<Oid, BTreeSet<usize>>,
    /// Starts that hold the task's own work, or lack that of a task it depends on.
    wrong_starts: Vec<String>,
}

impl World {
    fn new(plan: Plan, seconds: Vec<i64>, exit: fn(usize, u32) -> i32) -> Self {
        let created = Envelope {
            seq: FIRST_SEQ,
            at: Timestamp(0),
            event: Event::RunCreated { spec: Box::new(spec(plan)) },
        };
        let state = RunState::fold([&created]).unwrap();
        let journal = vec![created];
        let agenda = BinaryHeap::new();
        Self {
            state,
            journal,
            now: 0,
            agenda,
            alarms: BTreeSet::new(),
            seconds,
            lacks: |_, _| None,
            exit,
            check: 0,
            limit: |_, _| None,
            setup: |_, _| SetupEnd::Ready { ran: vec!["deps".to_owned()], held: Vec::new() },
            ended: false,
            replans: Vec::new(),
            replanning: false,
            batches: vec![1],
            holds: BTreeMap::new(),
            wrong_starts: Vec::new(),
        }
    }

    fn say(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let step = step(&self.state, input, Timestamp(self.now));
            for event in step.events {
                let seq = FIRST_SEQ + self.journal.len() as u64;
                let envelope = Envelope { seq, at: Timestamp(self.now), event };
                self.state.apply(&envelope).unwrap();
                self.journal.push(envelope);
            }
            self.batches.push(self.journal.len());
            for action in step.actions {
                inputs.extend(self.perform(action).map(Input::Fact));
            }
        }
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        let spec = self.state.spec.clone();
        let id = |task: usize| spec.plan.tasks[task].task.id.clone();
        Some(match action {
            Action::Provision { task, attempt, from } => {
                let start = self.start_at(task, attempt, &from);
                Event::Provisioned {
                    task: id(task),
                    attempt,
                    start,
                    unvalidated: false,
                    saved: None,
                    by_git: None,
                    reused: false,
                    together: 1,
                    brought: None,
                    seconds: 0.0,
                }
            }
            Action::SetUp { task, attempt } => Event::SetupFinished {
                task: id(task),
                attempt,
                end: (self.setup)(task, attempt),
                notes: Vec::new(),
                seconds: 0.0,
            },
            Action::Launch { task, attempt } => {
                let shortage = (self.lacks)(task, self.state.active_tasks().count());
                if shortage.is_some() {
                    let message = "no room".to_owned();
                    return Some(Event::AttemptNotStarted {
                        task: id(task),
                        attempt,
                        message,
                        shortage,
                    });
                }
                let end = self.now + self.seconds[task];
                self.agenda.push(Reverse((end, task, Some(attempt))));
                return None;
            }
            Action::Commit { task, attempt, .. } => Event::Committed {
                task: id(task),
                attempt,
                tip: self.tip(task, attempt),
                changed: self.changed_by(task),
                leftovers: true,
                notes: Vec::new(),
                carried: Vec::new(),
                seconds: 0.0,
            },
            Action::Check { task, attempt } => Event::CheckFinished {
                task: id(task),
                attempt,
                end: Ok(end(Ending::Code { code: self.check })),
                tainted: Vec::new(),
                shortage: None,
            },
            Action::Stop { task, .. } => {
                let running = std::mem::take(&mut self.agenda).into_vec();
                self.agenda = running.into_iter().filter(|Reverse((_, t, _))| *t != task).collect();
                let attempt = self.state.tasks[task].attempts;
                let end = end(Ending::Stopped);
                Event::AttemptFinished { task: id(task), attempt, end, shortage: None }
            }
            Action::Wake { task, at } => {
                self.agenda.push(Reverse((at.0, task, None)));
                return None;
            }
            Action::WakeGroup { group, at } => {
                self.alarms.insert((at.0, group));
                return None;
            }
            Action::Replan { because } => {
                self.replans.push(because);
                // The other way round: what was last comes first.
                let ranks: Vec<usize> = (0..self.seconds.len()).rev().collect();
                if !self.replanning {
                    return None;
                }
                Event::Replanned { because: id(because), ranks }
            }
            Action::Finish => {
                self.ended = true;
                return None;
            }
        })
    }

    fn changed_by(&self, task: usize) -> Vec<PathChange> {
        let path = PathChange { path: format!("{task}"), change: ChangeKind::Added };
        if self.state.task(task).work.is_gate() { Vec::new() } else { vec![path] }
    }

    /// The commit a task starts from: what it knows already, or the merge of `from`.
    fn start_at(&mut self, task: usize, attempt: u32, from: &[(TaskId, Oid)]) -> Oid {
        if let Some(known) = self.state.tasks[task].start {
            return known;
        }
        let held =
            from.iter().flat_map(|(_, tip)| self.holds.get(tip).cloned().unwrap_or_default());
        let held: BTreeSet<usize> = held.collect();
        let name = &self.state.task(task).id;
        if held.contains(&task) {
            self.wrong_starts.push(format!("{name} {attempt} starts on top of itself"));
        }
        let before = &self.state.spec.plan.problem.jobs[task].predecessors;
        let mut done = before.iter().filter(|&&first| self.state.tasks[first].state.succeeded());
        if let Some(lacking) = done.find(|first| !held.contains(first)) {
            self.wrong_starts.push(format!("{name} {attempt} starts without t{lacking}"));
        }
        let mut raw = [0; 20];
        raw[0] = 2;
        raw[1..9].copy_from_slice(&(self.holds.len() as u64).to_be_bytes());
        let start = Oid::from_bytes(&raw).unwrap();
        self.holds.insert(start, held);
        start
    }

    fn tip(&mut self, task: usize, attempt: u32) -> Oid {
        let start = self.state.tasks[task].start.unwrap_or(self.state.spec.base);
        let mut held = self.holds.get(&start).cloned().unwrap_or_default();
        held.insert(task);
        self.holds.insert(tip_of(task, attempt), held);
        tip_of(task, attempt)
    }

    fn run(&mut self) {
        self.say(Input::Begin { resumed: false });
        self.play();
    }

    fn play(&mut self) {
        while let Some(Reverse((at, task, attempt))) = self.agenda.peek().copied() {
            if self.alarms.first().is_some_and(|(alarm, _)| *alarm <= at) {
                let (alarm, group) = self.alarms.pop_first().unwrap();
                self.now = alarm;
                self.say(Input::GroupTimer { group });
                continue;
            }
            self.agenda.pop();
            self.now = at;
            let id = self.state.task(task).id.clone();
            match attempt {
                None => self.say(Input::Timer { task: id }),
                Some(attempt) => {
                    let code = (self.exit)(task, attempt);
                    let mut end = end(Ending::Code { code });
                    end.agent = (self.limit)(task, attempt).map(|limit| {
                        Box::new(AgentReport { rate_limit: Some(limit), ..AgentReport::default() })
                    });
                    let ended = Event::AttemptFinished { task: id, attempt, end, shortage: None };
                    self.say(Input::Fact(ended));
                }
            }
        }
    }

    fn starts(&self) -> Vec<usize> {
        let index = |id: &TaskId| self.state.index(id).unwrap();
        self.journal
            .iter()
            .filter(|envelope| matches!(envelope.event, Event::ProvisionRequested { .. }))
            .filter_map(|envelope| envelope.event.task().map(index))
            .collect()
    }

    fn outcome(&self, id: &str) -> Option<Outcome> {
        self.state.record(&id.parse().unwrap()).unwrap().outcome()
    }
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
