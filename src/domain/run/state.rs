//! The state of a run: folded from its events, never changed otherwise.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::agent_report::AgentReport;
use super::check_run::CheckRun;
use super::envelope::FIRST_SEQ;
use super::event::Event;
use super::foresight::Foreseen;
use super::kind::RunKind;
use super::outcome::{AttemptEnd, Outcome, PathChange, Usage};
use super::patterns::Halt;
use super::reason::Reason;
use super::shortage::Shortage;
use super::spec::RunSpec;
use super::start_merge::StartMerge;
use super::stop_reason::StopReason;
use super::task_state::TaskState;
use super::throttle::{Narrowed, Throttle};
use super::time_limits::Expiry;
use super::train::Trains;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::Integration;
use crate::domain::plan::{Dispatcher, Verdict};
use crate::domain::race::Changes;
use crate::domain::suite::SuiteResults;
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPhase {
    /// Stored, not begun.
    Created,
    /// Tasks run, or may.
    Running,
    /// What runs is being stopped.
    Stopping(StopReason),
    /// Stopped before the end.
    Stopped(StopReason),
    /// Nothing is left to do.
    Finished,
}

impl RunPhase {
    /// Whether it has ended for good: nothing is left to go on with, and no abort to finish.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Stopped(StopReason::Aborted))
    }

    /// The word in `status` and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Stopping(_) => "stopping",
            Self::Stopped(StopReason::Interrupted) => "interrupted",
            Self::Stopped(StopReason::Aborted) => "aborted",
            Self::Finished => "finished",
        }
    }
}

/// A run so far.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    /// What it was created with.
    pub spec: Arc<RunSpec>,
    /// Where it stands.
    pub phase: RunPhase,
    /// Tasks, by index of the plan; shared with copies of the state until they change.
    pub tasks: Vec<Arc<TaskRecord>>,
    /// What may start next.
    pub dispatcher: Dispatcher,
    /// Head of the lane of a sequential run: the last good tip.
    pub lane_tip: Oid,
    /// When it was created.
    pub created: Timestamp,
    /// When tasks first ran.
    pub started: Option<Timestamp>,
    /// When it last ended.
    pub ended: Option<Timestamp>,
    /// Time in which a wt-orch process was at work on it.
    pub active: Duration,
    /// Since when the time counts: when the current process took it over, or continued it.
    pub(super) since: Option<Timestamp>,
    /// When the last event was stored.
    pub(super) seen: Timestamp,
    /// Its process was killed during an abort; only of what is shown without a driver.
    abort_cut_off: bool,
    /// The task and attempt that the worktree was last asked for, and the ones before.
    pub(super) lane_user: Option<(usize, u32)>,
    /// Whose leftovers the task that has the lane may find there, as (task, attempt).
    pub lane_before: Option<(usize, u32)>,
    /// Sequence number of the next event.
    pub next_seq: u64,
    /// Integrations, oldest first.
    pub integrations: Vec<Integration>,
    /// Failures that stopped the rest of the run or of a group, since the last `retry`.
    pub halts: Vec<Halt>,
    /// The arm that ended a race, since the last `retry`.
    pub decided: Option<TaskId>,
    /// Time limits that were reached since the last `retry`.
    pub expired: Vec<Expiry>,
    /// When the clocks of time limits began, in time at work; by group, `None` for the run.
    pub(super) clocks: Vec<(Option<String>, Duration)>,
    /// Most tasks at once since running side by side failed.
    pub(super) width_cap: Option<usize>,
    /// Agents whose provider limits the rate, by the name of the preset.
    pub throttles: BTreeMap<String, Throttle>,
    /// How long fewer tasks ran at once than were decided, agents aside.
    pub narrowed: Narrowed,
    /// What was validated ahead.
    pub trains: Trains,
    /// Warnings, oldest first.
    pub warnings: Vec<String>,
    /// Collisions that were foreseen, oldest first; shared with copies of the state.
    pub(super) foreseen: Arc<Vec<Foreseen>>,
    pub(super) index: Arc<HashMap<TaskId, usize>>,
}

/// What is known of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRecord {
    /// Where it stands.
    pub state: TaskState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Attempts begun since the last `retry` of the user.
    pub attempts_this_round: u32,
    /// Commit its work begins at.
    pub start: Option<Oid>,
    /// The start is a merge that nothing validated.
    pub unvalidated_start: bool,
    /// Merges of what it starts from that did not come about by themselves, in their order.
    pub start_merges: Vec<StartMerge>,
    /// Head of its committed work, once it is committed.
    pub tip: Option<Oid>,
    /// Commits its worktree was asked to start from, with the tasks they belong to.
    pub from: Vec<(TaskId, Oid)>,
    /// Every task whose work it contains, at any distance: without them it cannot land.
    pub needs: Vec<TaskId>,
    /// Time its setup hooks took in the last attempt, once they ended.
    pub setup: Option<Duration>,
    /// Paths changed between start and tip.
    pub changed: Vec<PathChange>,
    /// What its diff changes, where it is an arm of a race.
    pub changes: Option<Box<Changes>>,
    /// Something it left uncommitted was committed for it.
    pub leftovers: bool,
    /// What was odd and how it was dealt with.
    pub notes: Vec<String>,
    /// What runs programs outside its worktree, was changed in this attempt and was put back.
    pub tampered: Vec<String>,
    /// Commits under refs of ours that keep the work of failed attempts.
    pub kept: Vec<Oid>,
    /// What the machine lacked for its last attempt.
    pub shortage: Option<Shortage>,
    /// Its last attempt had the machine to itself.
    pub alone: bool,
    /// The last end of its command.
    pub end: Option<AttemptEnd>,
    /// The last end of its check.
    pub check: Option<Result<AttemptEnd, String>>,
    /// Every run of its check on the work that it has now, oldest first.
    pub checks: Vec<CheckRun>,
    /// What its tests said, where it is a suite: one for each attempt that ended, oldest first.
    pub suites: Vec<SuiteResults>,
    /// The numbers of those attempts.
    pub suite_attempts: Vec<u32>,
    /// Sum over all attempts and checks; peak memory is the maximum.
    pub usage: Usage,
    /// When its command was last asked for.
    pub(super) launched: Option<Timestamp>,
    /// Attempts in a row that its provider refused to serve.
    pub rate_limits: u32,
    /// What its agent said, over all attempts; `None` for plain commands.
    pub agent: Option<Box<AgentReport>>,
    /// When its first worktree was asked for.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub finished: Option<Timestamp>,
    /// Position of that event in the journal: the order in which tasks ended, whatever the clock.
    pub finished_seq: u64,
}

impl TaskRecord {
    pub(super) fn fresh() -> Self {
        Self {
            state: TaskState::Pending,
            attempts: 0,
            attempts_this_round: 0,
            start: None,
            unvalidated_start: false,
            start_merges: Vec::new(),
            tip: None,
            from: Vec::new(),
            needs: Vec::new(),
            setup: None,
            changed: Vec::new(),
            changes: None,
            leftovers: false,
            notes: Vec::new(),
            tampered: Vec::new(),
            kept: Vec::new(),
            shortage: None,
            alone: false,
            end: None,
            check: None,
            checks: Vec::new(),
            suites: Vec::new(),
            suite_attempts: Vec::new(),
            usage: Usage::default(),
            launched: None,
            rate_limits: 0,
            agent: None,
            started: None,
            finished: None,
            finished_seq: 0,
        }
    }

    /// The outcome, once it is over.
    pub fn outcome(&self) -> Option<Outcome> {
        self.state.outcome()
    }

    /// The reason, once it is over.
    pub fn reason(&self) -> Option<&Reason> {
        if let TaskState::Finished { reason, .. } = &self.state { Some(reason) } else { None }
    }
}

impl RunState {
    /// The state just after `RunCreated`.
    pub fn new(spec: RunSpec, created: Timestamp) -> Self {
        let mut dispatcher = Dispatcher::new(&spec.plan.problem, spec.plan.decision.width);
        dispatcher.release();
        let index =
            spec.plan.tasks.iter().enumerate().map(|(i, p)| (p.task.id.clone(), i)).collect();
        Self {
            phase: RunPhase::Created,
            tasks: spec.plan.tasks.iter().map(|_| Arc::new(TaskRecord::fresh())).collect(),
            dispatcher,
            lane_tip: spec.base,
            created,
            started: None,
            ended: None,
            active: Duration::ZERO,
            since: None,
            seen: created,
            abort_cut_off: false,
            lane_user: None,
            lane_before: None,
            next_seq: FIRST_SEQ + 1,
            integrations: Vec::new(),
            halts: Vec::new(),
            decided: None,
            expired: Vec::new(),
            clocks: Vec::new(),
            width_cap: None,
            throttles: BTreeMap::new(),
            narrowed: Narrowed::default(),
            trains: Trains::default(),
            warnings: Vec::new(),
            foreseen: Arc::default(),
            index: Arc::new(index),
            spec: Arc::new(spec),
        }
    }

    /// Index of a task in the plan.
    pub fn index(&self, id: &TaskId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// Those of [`RunSpec::own_starts`] at which tasks begin that are not over.
    pub fn starts_to_come(&self) -> Vec<Oid> {
        let is_open = |task: usize| !self.tasks[task].state.is_finished();
        self.spec.own_starts_of(|id| self.index(id).is_some_and(is_open))
    }

    /// Declaration of the task at `index`.
    pub fn task(&self, index: usize) -> &Task {
        &self.spec.plan.tasks[index].task
    }

    /// Record of a task by name.
    pub fn record(&self, id: &TaskId) -> Option<&TaskRecord> {
        self.index(id).map(|index| &*self.tasks[index])
    }

    /// Whether all tasks work in one worktree.
    pub fn is_lane(&self) -> bool {
        self.spec.plan.decision.verdict == Verdict::Sequential
    }

    /// Whether no task builds on the work of another: arms of a race, test suites.
    pub fn is_apart(&self) -> bool {
        !matches!(self.spec.kind, RunKind::Split)
    }

    /// Most tasks that may ever run at once: what was decided, or less since running side by side
    /// failed for lack of room.
    pub fn widest(&self) -> usize {
        let decided = self.spec.plan.decision.width.max(1);
        self.width_cap.map_or(decided, |cap| cap.min(decided))
    }

    /// Tasks that occupy a slot.
    pub fn active_tasks(&self) -> impl Iterator<Item = usize> + '_ {
        self.tasks.iter().enumerate().filter(|(_, r)| r.state.is_active()).map(|(i, _)| i)
    }

    /// Whether every task is over.
    pub fn all_finished(&self) -> bool {
        self.tasks.iter().all(|record| record.state.is_finished())
    }

    /// How many tasks ended with `outcome`.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.tasks.iter().filter(|record| record.outcome() == Some(outcome)).count()
    }

    /// Time in which the run was at work, up to `now`.
    pub fn wall(&self, now: Timestamp) -> Duration {
        self.active + self.since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Whether the process that drives it is held, and everything that it runs with it.
    pub fn is_suspended(&self) -> bool {
        matches!(self.phase, RunPhase::Running | RunPhase::Stopping(_)) && self.since.is_none()
    }

    /// Whether an abort has begun and not ended: nothing but its end can come, also when the process
    /// that was at it is gone.
    pub fn is_being_aborted(&self) -> bool {
        self.abort_cut_off || self.phase == RunPhase::Stopping(StopReason::Aborted)
    }

    /// How the run is to be shown when no process drives it any more although its journal ends in the
    /// middle: as interrupted at the last event.
    pub fn seen_without_driver(&self) -> Self {
        let last = self.seen;
        let mut seen = self.clone();
        if self.phase == RunPhase::Stopping(StopReason::Aborted) {
            seen.abort_cut_off = true;
            let run = &self.spec.run;
            seen.warnings.push(format!(
                "its process was killed while the run was being aborted: `wt-orch abort {run}` or \
                 `wt-orch resume {run}` finishes the abort"
            ));
        }
        if let RunPhase::Created | RunPhase::Running | RunPhase::Stopping(_) = self.phase {
            seen.trains.under_way = None;
            seen.phase = RunPhase::Stopped(StopReason::Interrupted);
            seen.ended = Some(last);
            for record in seen.tasks.iter_mut().filter(|record| record.state.is_active()) {
                let record = Arc::make_mut(record);
                record.state = TaskState::Pending;
                record.started = None;
            }
            if let Some(since) = seen.since.take() {
                seen.active += last.since(since);
            }
            seen.narrowed.end(seen.active);
        }
        seen
    }

    /// Name of an event's task, for messages: all events of one run name tasks of its plan.
    pub(super) fn event_index(&self, event: &Event) -> Option<usize> {
        event.task().and_then(|id| self.index(id))
    }
}
