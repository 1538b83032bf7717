//! Runs in virtual time for tests: the real `step`, with facts from a script.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::id::{Oid, TaskId};
use crate::domain::plan::{Host, Plan, PlanRequest, Preference, build};
use crate::domain::run::{
    Action, AgentReport, AttemptEnd, ChangeKind, Ending, Envelope, Event, Input, Limits,
    PathChange, ProcessStamp, RateLimit, RunSpec, RunState, SetupEnd, TaskPlace, TaskState, Usage,
    step,
};
use crate::domain::task::{
    AttemptRules, Command, Demand, FailFast, Pattern, Priority, Task, TaskSet, TimeLimits,
    Validation, Work,
};
use crate::domain::time::Timestamp;

/// Start of every scripted run.
pub(crate) const EPOCH: i64 = 1_800_000_000_000;

/// How an attempt goes.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    pub(crate) ending: Ending,
    pub(crate) seconds: f64,
    pub(crate) changed: Vec<&'static str>,
    pub(crate) last_lines: Vec<&'static str>,
}

impl Try {
    pub(crate) fn well(seconds: f64, changed: &[&'static str]) -> Self {
        Self {
            ending: Ending::Code { code: 0 },
            seconds,
            changed: changed.to_vec(),
            last_lines: vec!["ok"],
        }
    }

    pub(crate) fn fails(seconds: f64, last_line: &'static str) -> Self {
        let ending = Ending::Code { code: 1 };
        Self { ending, seconds, changed: vec!["half.rs"], last_lines: vec!["running", last_line] }
    }

    pub(crate) fn times_out(seconds: f64) -> Self {
        Self { ending: Ending::TimedOut, ..Self::fails(seconds, "still waiting") }
    }
}

/// A task of a test.
pub(crate) fn task(id: &str, depends_on: &[&str], estimate_s: u64) -> Task {
    Task {
        id: id.parse().unwrap(),
        title: None,
        work: Work::Command { command: Command::Shell(format!("make {id}")), prompt: None },
        depends_on: depends_on.iter().map(|id| id.parse().unwrap()).collect(),
        owns: None,
        reads: Vec::new(),
        read_only: false,
        estimate: Some(Duration::from_secs(estimate_s)),
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

/// The task of an agent.
pub(crate) fn agent(id: &str) -> Task {
    let (preset, prompt) = ("claude".to_owned(), "do it".to_owned());
    Task { work: Work::Agent { preset, prompt, persona: None }, ..task(id, &[], 60) }
}

/// A plan for a machine with four cores.
pub(crate) fn plan(tasks: Vec<Task>, preference: Preference) -> Plan {
    let validation = Validation {
        name: "workspace".to_owned(),
        run: "cargo test --workspace".to_owned(),
        report: None,
        rerun: None,
        locks: Vec::new(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(600),
    };
    let set = TaskSet {
        name: Some("auth".to_owned()),
        base: Some("main".to_owned()),
        tasks,
        gates: Vec::new(),
        validations: vec![validation],
        setup: Vec::new(),
        fail_fast: FailFast::default(),
        time_limits: TimeLimits::default(),
        race: None,
    };
    build(&PlanRequest {
        host: Host { cores: 4, memory: 0 },
        preference,
        draws: 50,
        seed: 7,
        ..PlanRequest::of(&set)
    })
    .unwrap()
}

/// A commit by number.
pub(crate) fn oid(number: u8) -> Oid {
    Oid::from_bytes(&[number; 20]).unwrap()
}

/// A run that plays a script, with everything a subscriber would have seen.
pub(crate) struct ScriptedRun {
    pub(crate) envelopes: Vec<Envelope>,
    /// After each envelope, as a live subscriber saw it.
    pub(crate) states: Vec<RunState>,
    pub(crate) state: RunState,
    pub(crate) now: Timestamp,
    script: BTreeMap<TaskId, Vec<Try>>,
    agenda: Vec<(Timestamp, usize, Input)>,
    entries: usize,
    commits: u8,
}

impl ScriptedRun {
    /// A run that was created and has not begun.
    pub(crate) fn new(plan: Plan, script: &[(&str, Vec<Try>)]) -> Self {
        let lane = plan.decision.width == 1;
        let place = |id: &TaskId| TaskPlace {
            branch: Some(format!("feature/{id}")),
            worktree: format!("/home/u/repo-{}", if lane { "auth" } else { id.as_str() }),
            port: None,
            temporary: None,
        };
        let places = plan.tasks.iter().map(|planned| place(&planned.task.id)).collect();
        let spec = RunSpec {
            run: "auth".parse().unwrap(),
            workflow: "auth".to_owned(),
            base: oid(1),
            base_name: "main".to_owned(),
            target: Some("main".to_owned()),
            plan,
            places,
            limits: Limits {
                grace: Duration::from_secs(10),
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
            resolution: crate::domain::integrate::ResolutionRules::default(),
            kind: crate::domain::run::RunKind::default(),
            made_folders: Vec::new(),
            version: "0.0.0".to_owned(),
        };
        let now = Timestamp(EPOCH);
        let event = Event::RunCreated { spec: Box::new(spec.clone()) };
        let state = RunState::new(spec, now);
        Self {
            envelopes: vec![Envelope { seq: 0, at: now, event }],
            states: vec![state.clone()],
            state,
            now,
            script: script.iter().map(|(id, tries)| (id.parse().unwrap(), tries.clone())).collect(),
            agenda: Vec::new(),
            entries: 0,
            commits: 1,
        }
    }

    /// Begins and goes on until nothing is left to happen.
    pub(crate) fn finished(mut self) -> Self {
        self.input(Input::Begin { resumed: false });
        while self.advance() {}
        self
    }

    /// Plays up to `seconds` after the start.
    pub(crate) fn until(mut self, seconds: f64) -> Self {
        self.input(Input::Begin { resumed: false });
        let end = Timestamp(EPOCH).after(Duration::from_secs_f64(seconds));
        while self.agenda.iter().any(|(at, _, _)| *at <= end) && self.advance() {}
        self.now = end;
        self
    }

    /// The provider of the agent ends the attempt that runs: it is tried again later.
    pub(crate) fn refused(mut self, task: &str) -> Self {
        let id: TaskId = task.parse().unwrap();
        let limit = RateLimit { said: "429 Too Many Requests".to_owned(), retry_after: None };
        let agent = AgentReport { rate_limit: Some(limit), ..AgentReport::default() };
        let end = ended(Ending::Code { code: 1 }, usage(Duration::from_secs(1)), Vec::new());
        let end = AttemptEnd { agent: Some(Box::new(agent)), ..end };
        let attempt = self.state.record(&id).unwrap().attempts;
        let event = Event::AttemptFinished { task: id.clone(), attempt, end, shortage: None };
        self.input(Input::Fact(event));
        while !matches!(self.state.record(&id).unwrap().state, TaskState::RetryWait { .. }) {
            assert!(self.advance());
        }
        self
    }

    pub(crate) fn advance(&mut self) -> bool {
        let next = self.agenda.iter().enumerate().min_by_key(|(_, (at, entry, _))| (*at, *entry));
        let Some((next, _)) = next else { return false };
        let (at, _, input) = self.agenda.remove(next);
        self.now = at;
        self.input(input);
        true
    }

    pub(crate) fn input(&mut self, input: Input) {
        let step = step(&self.state, input, self.now);
        for event in step.events {
            self.record(event);
        }
        for action in step.actions {
            self.perform(action);
        }
    }

    /// A fact beside the script.
    pub(crate) fn record(&mut self, event: Event) {
        let envelope = Envelope { seq: self.state.next_seq, at: self.now, event };
        self.state.apply(&envelope).unwrap();
        self.states.push(self.state.clone());
        self.envelopes.push(envelope);
    }

    fn later(&mut self, seconds: f64, input: Input) {
        let at = self.now.after(Duration::from_secs_f64(seconds));
        self.agenda.push((at, self.entries, input));
        self.entries += 1;
    }

    pub(super) fn new_commit(&mut self) -> Oid {
        self.commits += 1;
        oid(self.commits)
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Provision { task, attempt, from } => {
                let unvalidated = from.len() > 1;
                let start = match from[..] {
                    [] => self.state.spec.base,
                    [(_, tip)] => tip,
                    [..] => self.new_commit(),
                };
                let task = self.state.task(task).id.clone();
                let (saved, brought, seconds) = (None, None, 0.1);
                let fact = Event::Provisioned {
                    task,
                    attempt,
                    start,
                    unvalidated,
                    saved,
                    by_git: None,
                    reused: false,
                    together: 1,
                    brought,
                    seconds,
                };
                self.later(0.1, Input::Fact(fact));
            }
            Action::SetUp { task, attempt } => {
                let task = self.state.task(task).id.clone();
                let ran = self.state.spec.plan.setup.iter();
                let ran = ran.map(|planned| planned.hook.label().to_owned()).collect();
                let end = SetupEnd::Ready { ran, held: Vec::new() };
                let fact =
                    Event::SetupFinished { task, attempt, end, notes: Vec::new(), seconds: 2.0 };
                self.later(2.0, Input::Fact(fact));
            }
            Action::Launch { task, attempt } => {
                let id = self.state.task(task).id.clone();
                let process = ProcessStamp { pid: 7, start_time: 0, boot_id: String::new() };
                let started = Event::AttemptStarted { task: id.clone(), attempt, process };
                self.later(0.0, Input::Fact(started));
                let plan = self.current(&id, attempt);
                let wall = Duration::from_secs_f64(plan.seconds);
                let lines = plan.last_lines.iter().map(|&line| line.to_owned()).collect();
                let end = ended(plan.ending, usage(wall), lines);
                let finished = Event::AttemptFinished { task: id, attempt, end, shortage: None };
                self.later(plan.seconds, Input::Fact(finished));
            }
            Action::Commit { task, attempt, .. } => {
                let id = self.state.task(task).id.clone();
                let changed: Vec<PathChange> = self
                    .current(&id, attempt)
                    .changed
                    .iter()
                    .map(|path| PathChange {
                        path: (*path).to_owned(),
                        change: ChangeKind::Modified,
                    })
                    .collect();
                let tip = if changed.is_empty() {
                    self.state.tasks[task].start.unwrap()
                } else {
                    self.new_commit()
                };
                let fact = Event::Committed {
                    task: id,
                    attempt,
                    tip,
                    changed,
                    leftovers: false,
                    notes: Vec::new(),
                    changes: None,
                    carried: Vec::new(),
                    seconds: 0.05,
                };
                self.later(0.05, Input::Fact(fact));
            }
            Action::Check { task, attempt, .. } => {
                let usage = Usage { wall: Duration::from_secs(1), ..Usage::default() };
                let end = ended(Ending::Code { code: 0 }, usage, Vec::new());
                let task = self.state.task(task).id.clone();
                let fact = Event::CheckFinished {
                    task,
                    attempt,
                    end: Ok(end),
                    tainted: Vec::new(),
                    shortage: None,
                    evidence: None,
                };
                self.later(1.0, Input::Fact(fact));
            }
            Action::Wake { task, at } => {
                let task = self.state.task(task).id.clone();
                self.later(at.since(self.now).as_secs_f64(), Input::Timer { task });
            }
            // The order of the plan stands; what collides is said by the test.
            Action::Replan { .. }
            | Action::Forecast { .. }
            | Action::WakeGroup { .. }
            | Action::Stop { .. }
            | Action::ValidateTrain { .. }
            | Action::DropTrain { .. }
            | Action::Finish => {}
        }
    }

    fn current(&self, id: &TaskId, attempt: u32) -> Try {
        let tries = self.script.get(id).map_or(&[][..], |tries| tries);
        let at = usize::try_from(attempt).unwrap() - 1;
        tries.get(at).or(tries.last()).cloned().unwrap_or_else(|| Try::well(1.0, &[]))
    }
}

fn usage(wall: Duration) -> Usage {
    Usage {
        wall,
        cpu: wall.mul_f64(0.5),
        peak_rss: 100 << 20,
        read_bytes: Some(2 << 20),
        written_bytes: Some(10 << 20),
        processes: Some(3),
    }
}

fn ended(ending: Ending, usage: Usage, last_lines: Vec<String>) -> AttemptEnd {
    AttemptEnd {
        ending,
        usage,
        leaked_output: false,
        leaked_processes: 0,
        out_of_memory: false,
        last_lines,
        trouble: Vec::new(),
        agent: None,
    }
}
