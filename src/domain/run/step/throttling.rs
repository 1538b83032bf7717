//! Fewer tasks at once, and more again: what the machine bears, and what providers of agents serve.

use std::time::Duration;

use super::super::action::Action;
use super::super::admission::Room;
use super::super::agent_report::RateLimit;
use super::super::event::Event;
use super::super::outcome::Outcome;
use super::super::reason::Reason;
use super::super::width::WidthCause;
use super::Draft;
use crate::domain::id::{TaskId, stable_hash};

/// Refusals in a row after which a task is given up: with the longest back-off they take two to three
/// hours.
const REFUSALS: u32 = 20;

/// A provider that wants to be left alone for longer is not waited for.
const LONGEST_WISH: Duration = Duration::from_secs(24 * 3600);

const FIRST_BACK_OFF: Duration = Duration::from_secs(15);

const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

impl Draft {
    /// The machine bears so many: more or fewer than so far.
    pub(super) fn make_room(&mut self, room: Room) {
        let width = room.width.clamp(1, self.state.widest());
        if width != self.state.dispatcher.width() {
            self.emit(Event::WidthChanged { width, because: room.because });
        }
        self.dispatch();
    }

    /// What the provider of an agent said, when that is why it gave up.
    pub(super) fn rate_limit_behind(&self, task: usize, reason: &Reason) -> Option<RateLimit> {
        let is_its_own = matches!(reason, Reason::ExitCode { .. } | Reason::AgentChangedNothing);
        let _preset = self.state.preset(task).filter(|_| is_its_own)?;
        self.state.tasks[task].end.as_ref()?.agent.as_ref()?.rate_limit.clone()
    }

    /// Tries again later, without burning a retry, and lets fewer tasks of the agent run until then.
    pub(super) fn after_rate_limit(&mut self, task: usize, limit: RateLimit) {
        let RateLimit { said, retry_after } = limit;
        let reason = Reason::RateLimited { said };
        let record = &self.state.tasks[task];
        let refusals = record.rate_limits + 1;
        let failed_attempt = record.attempts;
        let wish = retry_after.unwrap_or_default();
        if self.is_over(task) || refusals >= REFUSALS || wish > LONGEST_WISH {
            return self.finish(task, Outcome::Failed, reason);
        }
        self.throttle(task);
        let id = self.state.task(task).id.clone();
        let wait = wish.max(back_off(refusals)).mul_f64(self.spread(&id, failed_attempt));
        let not_before = self.now.after(wait);
        self.emit(Event::RetryScheduled {
            task: id,
            failed_attempt,
            reason,
            not_before,
            free: true,
        });
        self.step.actions.push(Action::Wake { task, at: not_before });
    }

    /// Half of the agent's tasks that run at the moment; once for all that were started before.
    fn throttle(&mut self, task: usize) {
        let Some(preset) = self.state.preset(task).map(str::to_owned) else { return };
        let known = self.state.throttles.get(&preset).copied();
        let launched = self.state.tasks[task].launched;
        let started_before = known.is_some_and(|known| launched.is_some_and(|at| at < known.since));
        let active = self.state.active_tasks().filter(|&t| self.state.preset(t) == Some(&preset));
        // Since then one task at a time may have become the most of all.
        let widest = self.state.widest();
        let most = known.map_or(widest, |known| known.most.min(widest));
        let width = (most.min(active.count()) / 2).max(1);
        if started_before || width >= most.min(self.left(&preset)) {
            return;
        }
        let task = self.state.task(task).id.clone();
        self.emit(Event::WidthChanged { width, because: WidthCause::RateLimit { task } });
    }

    /// A task of an agent is over: one more of them may run if it was served, as many as were decided
    /// when that is enough for all that are left.
    pub(super) fn ease_throttle(&mut self, task: usize, outcome: Outcome) {
        let Some(preset) = self.state.preset(task) else { return };
        let Some(known) = self.state.throttles.get(preset).copied() else { return };
        let left = self.left(preset);
        let most = known.most + usize::from(outcome == Outcome::Succeeded);
        let decided = self.state.widest();
        let width = if most >= left { decided } else { most.min(decided) };
        if width > known.most {
            let task = self.state.task(task).id.clone();
            self.emit(Event::WidthChanged { width, because: WidthCause::RateEased { task } });
        }
    }

    /// Tasks of the agent that are not over.
    fn left(&self, preset: &str) -> usize {
        let all = self.state.tasks_of(preset);
        all.iter().filter(|&&task| !self.state.tasks[task].state.is_finished()).count()
    }

    /// 1 to 1.2, so that tasks do not return in step, and none before its time. From the names, not
    /// from chance: the same run waits the same time.
    fn spread(&self, task: &TaskId, attempt: u32) -> f64 {
        let run = self.state.spec.run.as_str();
        let hash = stable_hash(&[run.as_bytes(), task.as_str().as_bytes(), &attempt.to_le_bytes()]);
        1.0 + 0.2 * (hash % 1000) as f64 / 1000.0
    }
}

/// 15 s, 30 s, 1 min … up to ten minutes.
fn back_off(refusals: u32) -> Duration {
    let doubled = FIRST_BACK_OFF * (1 << refusals.clamp(1, 7) >> 1);
    doubled.min(LONGEST_BACK_OFF)
}
