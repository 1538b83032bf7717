//! The run in virtual time, with scripted outcomes: the live dispatcher against the simulator, the
//! folded journal against the live state, and the rules of retry, stop and start.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::id::{Oid, TaskId};
use crate::domain::plan::{
    Host, NO_COSTS, Plan, PlanRequest, Preference, Scenario, build, simulate,
};
use crate::domain::task::{Command, Demand, Priority, Task, TaskSet, Work};
use crate::domain::time::Timestamp;

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
        check: None,
        env: BTreeMap::new(),
    }
}

fn plan(tasks: Vec<Task>, preference: Preference) -> Plan {
    let set = TaskSet { name: None, base: None, tasks, gates: Vec::new(), validations: Vec::new() };
    let capacity = BTreeMap::from([("gpu".to_owned(), 2)]);
    build(&PlanRequest {
        set: &set,
        host: Host { cores: 64, memory: 0 },
        slots: 8,
        capacity: &capacity,
        costs: NO_COSTS,
        preference,
        draws: 20,
        seed: 0,
    })
    .unwrap()
}

fn spec(plan: Plan) -> RunSpec {
    let places = plan
        .tasks
        .iter()
        .map(|p| TaskPlace {
            branch: format!("feature/{}", p.task.id),
            worktree: format!("/tmp/{}", p.task.id),
        })
        .collect();
    RunSpec {
        run: "run".parse().unwrap(),
        base: Oid::from_bytes(&[7; 20]).unwrap(),
        base_name: "HEAD".into(),
        target: Some("main".into()),
        places,
        plan,
        limits: Limits {
            grace: Duration::from_secs(1),
            log_limit: 1 << 20,
            env_deny: Vec::new(),
            env_pass: Vec::new(),
            personas: Vec::new(),
        },
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
    seconds: Vec<i64>,
    /// Exit code by task and attempt.
    exit: fn(usize, u32) -> i32,
    ended: bool,
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
            seconds,
            exit,
            ended: false,
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
                    seconds: 0.0,
                }
            }
            Action::Launch { task, attempt } => {
                let end = self.now + self.seconds[task];
                self.agenda.push(Reverse((end, task, Some(attempt))));
                return None;
            }
            Action::Commit { task, attempt, .. } => Event::Committed {
                task: id(task),
                attempt,
                tip: self.tip(task, attempt),
                changed: vec![PathChange { path: format!("{task}"), change: ChangeKind::Added }],
                leftovers: true,
                notes: Vec::new(),
                seconds: 0.0,
            },
            Action::Check { task, attempt } => Event::CheckFinished {
                task: id(task),
                attempt,
                end: Ok(end(Ending::Code { code: 0 })),
                tainted: Vec::new(),
            },
            Action::Stop { task, .. } => {
                let running = std::mem::take(&mut self.agenda).into_vec();
                self.agenda = running.into_iter().filter(|Reverse((_, t, _))| *t != task).collect();
                let attempt = self.state.tasks[task].attempts;
                Event::AttemptFinished { task: id(task), attempt, end: end(Ending::Stopped) }
            }
            Action::Wake { task, at } => {
                self.agenda.push(Reverse((at.0, task, None)));
                return None;
            }
            Action::Finish => {
                self.ended = true;
                return None;
            }
        })
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
        if let Some(lacking) = before.iter().find(|first| !held.contains(first)) {
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
        while let Some(Reverse((at, task, attempt))) = self.agenda.pop() {
            self.now = at;
            let id = self.state.task(task).id.clone();
            match attempt {
                None => self.say(Input::Timer { task: id }),
                Some(attempt) => {
                    let code = (self.exit)(task, attempt);
                    let end = end(Ending::Code { code });
                    self.say(Input::Fact(Event::AttemptFinished { task: id, attempt, end }));
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
        last_lines: Vec::new(),
        trouble: Vec::new(),
    }
}

#[derive(Debug, Clone)]
struct Case {
    tasks: Vec<Task>,
    seconds: Vec<i64>,
    preference: Preference,
}

fn cases() -> impl Strategy<Value = Case> {
    let one = (1..20_i64, 0..3_u8, 0..3_u32, any::<u16>(), 0..3_u8);
    (prop::collection::vec(one, 1..14), 0..6_usize).prop_map(|(raw, width)| {
        let name = |i: usize| format!("t{i}");
        let tasks = raw.iter().enumerate().map(|(i, (seconds, lock, gpus, edges, priority))| {
            let before: Vec<String> =
                (0..i).filter(|j| edges >> (j % 16) & 0b11 == 0b11).map(name).collect();
            let mut t = task(&name(i), &before.iter().map(String::as_str).collect::<Vec<_>>());
            t.estimate = Some(Duration::from_secs(u64::try_from(*seconds).unwrap()));
            t.locks = (*lock == 0).then(|| "db".to_owned()).into_iter().collect();
            t.demand.uses = BTreeMap::from([("gpu".to_owned(), *gpus)]);
            t.priority = [Priority::Low, Priority::Medium, Priority::High][usize::from(*priority)];
            t
        });
        let preference = match width {
            0 => Preference::Sequential,
            width => Preference::ParallelWith(width),
        };
        Case { tasks: tasks.collect(), seconds: raw.iter().map(|r| r.0).collect(), preference }
    })
}

fn flaky(task: usize, attempt: u32) -> i32 {
    i32::from((task * 7 + attempt as usize * 3).is_multiple_of(5))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_live_run_starts_tasks_in_the_order_of_the_simulation(case in cases()) {
        let plan = plan(case.tasks, case.preference);
        let durations: Vec<f64> = case.seconds.iter().map(|s| *s as f64).collect();
        let simulated = simulate(&Scenario {
            problem: &plan.problem,
            width: plan.decision.width,
            durations: &durations,
            costs: &NO_COSTS,
            one_lane: case.preference == Preference::Sequential,
            contention: false,
        });
        let mut world = World::new(plan, case.seconds, |_, _| 0);
        world.run();
        prop_assert_eq!(world.starts(), simulated.order);
        prop_assert_eq!(world.now as f64, simulated.makespan);
        prop_assert!(world.ended && world.state.all_finished());
    }

    #[test]
    fn every_prefix_of_the_journal_folds_and_the_whole_equals_the_live_state(case in cases()) {
        let mut tasks = case.tasks;
        for task in &mut tasks {
            task.retries = 1;
        }
        let mut world = World::new(plan(tasks, case.preference), case.seconds, flaky);
        world.run();
        for length in 1..=world.journal.len() {
            prop_assert!(RunState::fold(&world.journal[..length]).is_ok());
        }
        prop_assert_eq!(RunState::fold(&world.journal).unwrap(), world.state);
    }

    #[test]
    fn no_task_starts_too_early_and_no_capacity_is_exceeded(case in cases()) {
        let mut world = World::new(plan(case.tasks, case.preference), case.seconds, flaky);
        world.run();
        let width = world.state.spec.plan.decision.width;
        let mut state = RunState::fold(&world.journal[..1]).unwrap();
        for envelope in &world.journal[1..] {
            if let Event::ProvisionRequested { task, .. } = &envelope.event {
                let job = &state.spec.plan.problem.jobs[state.index(task).unwrap()];
                prop_assert!(job.predecessors.iter().all(|&p| state.tasks[p].state.succeeded()));
                prop_assert!(job.excludes.iter().all(|&o| !state.tasks[o].state.is_active()));
            }
            state.apply(envelope).unwrap();
            let active: Vec<usize> = state.active_tasks().collect();
            prop_assert!(active.len() <= width);
            let problem = &state.spec.plan.problem;
            for (resource, capacity) in problem.capacities.iter().enumerate() {
                let used: u64 = active.iter().map(|&job| problem.demand(job, resource)).sum();
                prop_assert!(used <= *capacity);
            }
        }
        prop_assert!(world.state.all_finished());
    }

    #[test]
    fn a_task_starts_from_the_work_it_depends_on_and_never_from_its_own(
        case in cases(),
        again in prop::collection::vec(0..14_usize, 0..3),
    ) {
        let mut tasks = case.tasks;
        for task in &mut tasks {
            task.retries = 1;
        }
        let names: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        let mut world = World::new(plan(tasks, case.preference), case.seconds, flaky);
        world.run();
        for index in again {
            let task = names[index % names.len()].clone();
            world.say(Input::Retry { tasks: vec![task] });
            world.say(Input::Begin { resumed: true });
            world.play();
        }
        prop_assert_eq!(&world.wrong_starts, &Vec::<String>::new());
        for record in world.state.tasks.iter().filter(|record| record.state.succeeded()) {
            let held = &world.holds[&record.tip.unwrap()];
            for need in &record.needs {
                prop_assert!(held.contains(&world.state.index(need).unwrap()));
            }
        }
        if world.state.is_lane() {
            // The head of the lane holds everything that succeeded.
            let held = world.holds.get(&world.state.lane_tip).cloned().unwrap_or_default();
            for (index, record) in world.state.tasks.iter().enumerate() {
                prop_assert_eq!(held.contains(&index), record.state.succeeded());
            }
        }
    }

    #[test]
    fn a_run_cut_anywhere_and_resumed_ends_with_the_same_outcomes(case in cases(), cut in 0..200_usize) {
        let plan = plan(case.tasks, case.preference);
        let mut whole = World::new(plan.clone(), case.seconds.clone(), |task, _| i32::from(task % 4 == 3));
        whole.run();
        let mut resumed = World::new(plan, case.seconds, whole.exit);
        resumed.journal = whole.journal[..whole.batches[cut % whole.batches.len()]].to_vec();
        resumed.state = RunState::fold(&resumed.journal).unwrap();
        resumed.now = resumed.journal.last().unwrap().at.0;
        // The engine finds that no process survived, and says so.
        for index in resumed.state.active_tasks().collect::<Vec<_>>() {
            if !matches!(resumed.state.tasks[index].state, TaskState::Running { .. }) {
                continue;
            }
            let task = resumed.state.task(index).id.clone();
            let finding = "gone".to_owned();
            resumed.say(Input::Fact(Event::Reconciled { task, finding }));
        }
        if !resumed.state.all_finished() {
            resumed.say(Input::Begin { resumed: true });
            resumed.play();
        }
        let outcomes = |w: &World| w.state.tasks.iter().map(TaskRecord::outcome).collect::<Vec<_>>();
        prop_assert_eq!(outcomes(&resumed), outcomes(&whole));
    }
}

#[test]
fn a_failure_skips_its_dependents_and_nothing_else() {
    let tasks = vec![task("a", &[]), task("b", &["a"]), task("c", &["b"]), task("d", &[])];
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 1, 1, 9], |t, _| {
            i32::from(t == 0)
        });
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Failed));
    assert_eq!(
        (world.outcome("b"), world.outcome("c")),
        (Some(Outcome::Skipped), Some(Outcome::Skipped))
    );
    assert_eq!(world.outcome("d"), Some(Outcome::Succeeded));
}

#[test]
fn a_retry_waits_its_back_off_and_counts_from_one_in_a_new_round() {
    let mut a = task("a", &[]);
    a.retries = 2;
    let mut world = World::new(plan(vec![a], Preference::Sequential), vec![5], |_, attempt| {
        i32::from(attempt < 3)
    });
    world.run();
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert_eq!(world.state.tasks[0].attempts, 3);
    // The work of both failed attempts is kept.
    assert_eq!(world.state.tasks[0].kept, [tip_of(0, 1), tip_of(0, 2)]);
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    world.say(Input::Begin { resumed: true });
    world.play();
    let record = &world.state.tasks[0];
    assert_eq!((record.attempts, record.attempts_this_round), (4, 1));
    assert_eq!(record.tip, Some(tip_of(0, 4)));
}

#[test]
fn a_retry_takes_the_dependents_along() {
    let tasks = vec![task("a", &[]), task("b", &["a"]), task("c", &[])];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(3)), vec![1, 1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
    assert_eq!(world.outcome("c"), Some(Outcome::Succeeded));
}

#[test]
fn a_retry_in_a_lane_takes_along_what_was_built_on_the_old_work_and_starts_before_it() {
    let tasks = vec![task("a", &[]), task("b", &[]), task("c", &[])];
    let mut world = World::new(plan(tasks, Preference::Sequential), vec![1, 1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["b".parse().unwrap()] });
    assert_eq!(world.outcome("a"), Some(Outcome::Succeeded));
    assert_eq!((world.outcome("b"), world.outcome("c")), (None, None));
    assert_eq!(world.state.lane_tip, tip_of(0, 1), "the lane goes on behind `a`");
    world.say(Input::Begin { resumed: true });
    world.play();
    assert_eq!(world.state.lane_tip, tip_of(2, 2));
}

#[test]
fn a_retry_of_a_failed_task_in_a_lane_leaves_the_others_alone() {
    let tasks = vec![task("a", &[]), task("b", &[]), task("c", &["a"])];
    let fails_once = |task, attempt| i32::from(task == 0 && attempt == 1);
    let mut world = World::new(plan(tasks, Preference::Sequential), vec![1, 1, 1], fails_once);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!(world.outcome("b"), Some(Outcome::Succeeded));
    world.say(Input::Begin { resumed: true });
    world.play();
    assert!(world.state.tasks.iter().all(|record| record.state.succeeded()));
}

#[test]
fn a_retry_takes_along_what_started_from_the_work_because_of_a_lock() {
    let mut tasks = vec![task("a", &[]), task("b", &[])];
    for task in &mut tasks {
        task.locks = vec!["db".into()];
    }
    let mut world = World::new(plan(tasks, Preference::ParallelWith(2)), vec![1, 1], |_, _| 0);
    world.run();
    world.say(Input::Retry { tasks: vec!["a".parse().unwrap()] });
    assert_eq!((world.outcome("a"), world.outcome("b")), (None, None));
}

#[test]
fn an_interrupted_task_starts_again_and_an_aborted_one_is_cancelled() {
    for (reason, outcome) in
        [(StopReason::Interrupted, None), (StopReason::Aborted, Some(Outcome::Cancelled))]
    {
        let tasks = vec![task("a", &[]), task("b", &["a"])];
        let mut world = World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 5], |_, _| 0);
        world.say(Input::Begin { resumed: false });
        world.say(Input::Stop { reason, force: false });
        assert!(world.ended);
        assert_eq!(world.state.phase, RunPhase::Stopped(reason));
        assert_eq!((world.outcome("a"), world.outcome("b")), (outcome, outcome));
    }
}

#[test]
fn a_signal_while_the_run_is_being_interrupted_is_no_failure_of_the_task() {
    let mut world =
        World::new(plan(vec![task("a", &[])], Preference::Sequential), vec![5], |_, _| 0);
    world.say(Input::Begin { resumed: false });
    let stop = Input::Stop { reason: StopReason::Interrupted, force: false };
    let stopping = step(&world.state, stop, Timestamp(1));
    for event in stopping.events {
        let envelope = Envelope { seq: world.state.next_seq, at: Timestamp(1), event };
        world.state.apply(&envelope).unwrap();
    }
    let killed = Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: end(Ending::Signal { signal: 2 }),
    };
    let then = step(&world.state, Input::Fact(killed), Timestamp(2));
    assert!(then.events.iter().any(|event| matches!(event, Event::Reconciled { .. })));
    assert!(!then.events.iter().any(|event| matches!(event, Event::TaskFinished { .. })));
}

#[test]
fn a_task_behind_a_shared_lock_starts_from_the_other_ones_tip() {
    let mut tasks = vec![task("a", &[]), task("b", &[]), task("c", &["b"])];
    tasks[0].locks = vec!["db".into()];
    tasks[1].locks = vec!["db".into()];
    let mut world = World::new(plan(tasks, Preference::ParallelWith(3)), vec![1, 1, 1], |_, _| 0);
    world.run();
    let starts: Vec<(&str, Vec<&str>)> = world
        .journal
        .iter()
        .filter_map(|envelope| {
            let Event::ProvisionRequested { task, needs, .. } = &envelope.event else {
                return None;
            };
            Some((task.as_str(), needs.iter().map(TaskId::as_str).collect()))
        })
        .collect();
    // `b` is the more urgent one (something hangs behind it) and goes first.
    assert_eq!(starts[0], ("b", vec![]));
    assert!(starts.contains(&("a", vec!["b"])));
    assert!(starts.contains(&("c", vec!["b"])));
}

#[test]
fn a_stale_observation_changes_nothing() {
    let mut world =
        World::new(plan(vec![task("a", &[])], Preference::Sequential), vec![5], |_, _| 0);
    world.run();
    let late = Event::AttemptFinished {
        task: "a".parse().unwrap(),
        attempt: 1,
        end: end(Ending::Code { code: 1 }),
    };
    let step = step(&world.state, Input::Fact(late), Timestamp(99));
    assert_eq!(step, Step::default());
}

#[test]
fn every_event_survives_the_round_trip_through_the_journal() {
    let tasks = vec![task("a", &[]), task("b", &["a"])];
    let mut world =
        World::new(plan(tasks, Preference::ParallelWith(2)), vec![5, 5], |t, _| i32::from(t == 1));
    world.run();
    for envelope in &world.journal {
        let (kind, body) = envelope.encode().unwrap();
        assert_eq!(kind, envelope.event.name());
        let back = Envelope::decode(envelope.seq, envelope.at, JOURNAL_VERSION, &body).unwrap();
        assert_eq!(back, *envelope);
    }
    let newer = Envelope::decode(0, Timestamp(0), JOURNAL_VERSION + 1, "{}");
    assert_eq!(newer, Err(JournalError::Newer { seq: 0, found: JOURNAL_VERSION + 1 }));
}
