//! A world in which provisioning and committing take no time.

use super::*;

/// How long a run of a task's check takes, and its exit code.
pub(super) type Checks = Box<dyn FnMut(usize, u32) -> (i64, i32)>;

/// What performs the actions of a run.
pub(super) struct World {
    pub(super) state: RunState,
    pub(super) journal: Vec<Envelope>,
    pub(super) now: i64,
    /// (when, task, attempt or timer).
    pub(super) agenda: BinaryHeap<Reverse<(i64, usize, Option<u32>)>>,
    /// Timers of groups.
    pub(super) alarms: BTreeSet<(i64, Option<String>)>,
    pub(super) seconds: Vec<i64>,
    /// What the machine lacks for an attempt, by task and number of active tasks.
    pub(super) lacks: fn(usize, usize) -> Option<Shortage>,
    /// Exit code by task and attempt.
    pub(super) exit: fn(usize, u32) -> i32,
    /// Exit code of every check.
    pub(super) check: i32,
    /// Time and exit code of a check, by task and number of the run; without it checks take none.
    pub(super) checks: Option<Checks>,
    /// Exit codes of the checks that are under way.
    pub(super) checking: BTreeMap<usize, i32>,
    /// What the provider of an agent says to a failed attempt, by task and attempt.
    pub(super) limit: fn(usize, u32) -> Option<RateLimit>,
    /// How the hooks end, by task and attempt.
    pub(super) setup: fn(usize, u32) -> SetupEnd,
    pub(super) ended: bool,
    /// The train that is being validated.
    pub(super) train: Option<Train>,
    /// Trains that were requested, by name.
    pub(super) trains: Vec<String>,
    /// Tasks whose end asked for another order.
    pub(super) replans: Vec<usize>,
    /// Such an order is given: the last of the plan first.
    pub(super) replanning: bool,
    /// Lengths of the journal between transactions.
    pub(super) batches: Vec<usize>,
    /// The work that a commit holds: tasks, by the commit.
    pub(super) holds: BTreeMap<Oid, BTreeSet<usize>>,
    /// Starts that hold the task's own work, or lack that of a task it depends on.
    pub(super) wrong_starts: Vec<String>,
}

impl World {
    pub(super) fn new(plan: Plan, seconds: Vec<i64>, exit: fn(usize, u32) -> i32) -> Self {
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
            checks: None,
            checking: BTreeMap::new(),
            limit: |_, _| None,
            setup: |_, _| SetupEnd::Ready { ran: vec!["deps".to_owned()], held: Vec::new() },
            ended: false,
            train: None,
            trains: Vec::new(),
            replans: Vec::new(),
            replanning: false,
            batches: vec![1],
            holds: BTreeMap::new(),
            wrong_starts: Vec::new(),
        }
    }

    pub(super) fn say(&mut self, input: Input) {
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

    pub(super) fn perform(&mut self, action: Action) -> Option<Event> {
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
                changes: None,
                carried: Vec::new(),
                seconds: 0.0,
            },
            Action::Check { task, attempt, run } => return self.check(id(task), (attempt, run)),
            Action::Stop { task, .. } => {
                let running = std::mem::take(&mut self.agenda).into_vec();
                self.agenda = running.into_iter().filter(|Reverse((_, t, _))| *t != task).collect();
                let attempt = self.state.tasks[task].attempts;
                if self.checking.remove(&task).is_some() {
                    return Some(check_ended(id(task), attempt, Ending::Stopped));
                }
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
            Action::Forecast { .. } => return None,
            Action::ValidateTrain { train } => {
                let names: Vec<&str> = train.iter().map(|(task, _)| task.as_str()).collect();
                self.trains.push(names.join(" "));
                self.train = Some(train);
                return None;
            }
            Action::DropTrain { .. } => {
                let train = self.train.take()?;
                Event::TrainValidated { train, end: TrainEnd::Dropped }
            }
            Action::Finish => {
                self.ended = true;
                return None;
            }
        })
    }

    fn check(&mut self, task: TaskId, (attempt, run): (u32, u32)) -> Option<Event> {
        let Some(checks) = &mut self.checks else {
            return Some(check_ended(task, attempt, Ending::Code { code: self.check }));
        };
        let index = self.state.index(&task)?;
        let (time, code) = checks(index, run);
        self.checking.insert(index, code);
        self.agenda.push(Reverse((self.now + time, index, Some(attempt))));
        None
    }

    pub(super) fn changed_by(&self, task: usize) -> Vec<PathChange> {
        let path = PathChange { path: format!("{task}"), change: ChangeKind::Added };
        if matches!(self.state.task(task).work, Work::Gate { .. } | Work::Given) {
            Vec::new()
        } else {
            vec![path]
        }
    }

    /// The commit a task starts from: what it knows already, or the merge of `from`.
    pub(super) fn start_at(&mut self, task: usize, attempt: u32, from: &[(TaskId, Oid)]) -> Oid {
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

    pub(super) fn tip(&mut self, task: usize, attempt: u32) -> Oid {
        let start = self.state.tasks[task].start.unwrap_or(self.state.spec.base);
        let mut held = self.holds.get(&start).cloned().unwrap_or_default();
        held.insert(task);
        self.holds.insert(tip_of(task, attempt), held);
        tip_of(task, attempt)
    }

    pub(super) fn run(&mut self) {
        self.say(Input::Begin { resumed: false });
        self.play();
    }

    pub(super) fn play(&mut self) {
        while !self.agenda.is_empty() {
            self.play_next();
        }
    }

    /// The next thing that happens by itself.
    pub(super) fn play_next(&mut self) {
        let Reverse((at, task, attempt)) = self.agenda.peek().copied().unwrap();
        if self.alarms.first().is_some_and(|(alarm, _)| *alarm <= at) {
            let (alarm, group) = self.alarms.pop_first().unwrap();
            self.now = alarm;
            return self.say(Input::GroupTimer { group });
        }
        self.agenda.pop();
        self.now = at;
        let id = self.state.task(task).id.clone();
        let Some(attempt) = attempt else { return self.say(Input::Timer { task: id }) };
        if let Some(code) = self.checking.remove(&task) {
            return self.say(Input::Fact(check_ended(id, attempt, Ending::Code { code })));
        }
        let code = (self.exit)(task, attempt);
        let mut end = end(Ending::Code { code });
        end.agent = (self.limit)(task, attempt).map(|limit| {
            Box::new(AgentReport { rate_limit: Some(limit), ..AgentReport::default() })
        });
        self.say(Input::Fact(Event::AttemptFinished { task: id, attempt, end, shortage: None }));
    }

    pub(super) fn starts(&self) -> Vec<usize> {
        let index = |id: &TaskId| self.state.index(id).unwrap();
        self.journal
            .iter()
            .filter(|envelope| matches!(envelope.event, Event::ProvisionRequested { .. }))
            .filter_map(|envelope| envelope.event.task().map(index))
            .collect()
    }

    pub(super) fn outcome(&self, id: &str) -> Option<Outcome> {
        self.state.record(&id.parse().unwrap()).unwrap().outcome()
    }
}

fn check_ended(task: TaskId, attempt: u32, ending: Ending) -> Event {
    let end = Ok(end(ending));
    Event::CheckFinished { task, attempt, end, tainted: Vec::new(), shortage: None, evidence: None }
}
