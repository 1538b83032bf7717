//! The course of a run on a terminal: a live line for each running task, a bar for the whole, and
//! above them the lines that stay.

mod forecast;

use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::event_line::{Verbosity, event_lines};
use super::style::Style;
use super::subscriber::Subscriber;
use super::terminal::stderr_target;
use super::text::{cut, pad, stripped};
use crate::domain::id::TaskId;
use crate::domain::integrate::IntegrationEvent;
use crate::domain::report::{Mark, remaining_s};
use crate::domain::run::{Envelope, Event, Outcome, RunState};
use crate::domain::time::{from_secs, human_duration};

/// Widest column of names.
const NAME_MAX: usize = 20;
/// Longest output line that is looked at.
const OUTPUT_MAX: usize = 400;
/// Between two frames.
const FRAME: Duration = Duration::from_millis(120);

/// Live progress on stderr. Only for a terminal: elsewhere nothing is shown.
#[derive(Debug)]
pub struct Progress {
    screen: MultiProgress,
    style: Style,
    verbosity: Verbosity,
    tasks: HashMap<TaskId, ProgressBar>,
    total: Option<Total>,
    integration: Option<ProgressBar>,
    /// Below all others.
    forecast: Vec<ProgressBar>,
}

/// The bar of the whole run.
#[derive(Debug)]
struct Total {
    bar: ProgressBar,
    /// Predicted end, milliseconds on the bar's own clock.
    end_ms: Arc<AtomicU64>,
}

impl Progress {
    /// Progress on stderr.
    pub fn new(style: Style, verbosity: Verbosity) -> Self {
        Self::on(stderr_target(), style, verbosity)
    }

    fn on(target: ProgressDrawTarget, style: Style, verbosity: Verbosity) -> Self {
        Self {
            screen: MultiProgress::with_draw_target(target),
            style,
            verbosity,
            tasks: HashMap::new(),
            total: None,
            integration: None,
            forecast: Vec::new(),
        }
    }

    /// Takes the live lines off the screen; what was printed above them stays.
    pub fn clear(&mut self) {
        let bars = self.tasks.drain().map(|(_, bar)| bar);
        let bars = bars.chain(self.integration.take()).chain(self.total.take().map(|t| t.bar));
        let bars = bars.chain(self.forecast.drain(..));
        for bar in bars.collect::<Vec<_>>() {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    /// Leaves the terminal to the shell.
    fn hide(&self) -> io::Result<()> {
        self.live_bars().for_each(ProgressBar::disable_steady_tick);
        self.screen.clear()
    }

    fn show(&self) {
        self.live_bars().for_each(|bar| bar.enable_steady_tick(FRAME));
    }

    fn live_bars(&self) -> impl Iterator<Item = &ProgressBar> {
        let total = self.total.iter().map(|total| &total.bar);
        self.tasks.values().chain(&self.integration).chain(total)
    }

    fn update_tasks(&mut self, event: &Event, state: &RunState) {
        let Some(task) = event.task() else { return };
        let active = state.record(task).is_some_and(|record| record.state.is_active());
        match event {
            Event::ProvisionRequested { .. } => self.show_task(task, state),
            Event::AttemptStarted { .. } => {
                // The clock of the line is the command's.
                if let Some(bar) = self.tasks.get(task) {
                    bar.reset_elapsed();
                }
                self.say(task, "");
            }
            Event::SetupRequested { .. } => self.say(task, "setting up"),
            Event::CommitRequested { .. } => self.say(task, "committing"),
            Event::CheckRequested { .. } => self.say(task, "checking"),
            Event::StartResolved { .. }
            | Event::Provisioned { .. }
            | Event::ProvisionFailed { .. }
            | Event::SetupFinished { .. }
            | Event::AttemptRequested { .. }
            | Event::AttemptNotStarted { .. }
            | Event::AttemptFinished { .. }
            | Event::SuiteFinished { .. }
            | Event::Committed { .. }
            | Event::CommitFailed { .. }
            | Event::CheckFinished { .. }
            | Event::RetryScheduled { .. }
            | Event::RetryReady { .. }
            | Event::TaskFinished { .. }
            | Event::Reconciled { .. }
            | Event::RunCreated { .. }
            | Event::RunStarted { .. }
            | Event::StopRequested { .. }
            | Event::Halted { .. }
            | Event::RaceDecided { .. }
            | Event::GroupTimedOut { .. }
            | Event::RetryRequested { .. }
            | Event::Replanned { .. }
            | Event::WidthChanged { .. }
            | Event::TrainRequested { .. }
            | Event::TrainValidated { .. }
            | Event::Suspended
            | Event::Continued
            | Event::SharedChanged { .. }
            | Event::ConflictForeseen { .. }
            | Event::Warned { .. }
            | Event::RunFinished
            | Event::RunStopped { .. }
            | Event::Integration { .. } => {}
        }
        if !active && let Some(bar) = self.tasks.remove(task) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    fn show_task(&mut self, task: &TaskId, state: &RunState) {
        let Some(index) = state.index(task) else { return };
        let ids = state.spec.plan.tasks.iter().map(|planned| planned.task.id.as_str().len());
        let width = ids.max().unwrap_or(0).min(NAME_MAX);
        let estimate = human_duration(from_secs(state.spec.plan.tasks[index].estimate.p50));
        let bar = unseen_bar(None);
        bar.set_style(task_style(estimate, self.style.color));
        bar.set_prefix(pad(&cut(task.as_str(), width), width));
        let bar = self.add_above_total(bar);
        bar.set_message("making its worktree");
        bar.enable_steady_tick(FRAME);
        if let Some(old) = self.tasks.insert(task.clone(), bar) {
            old.finish_and_clear();
            self.screen.remove(&old);
        }
    }

    fn say(&self, task: &TaskId, message: &'static str) {
        if let Some(bar) = self.tasks.get(task) {
            bar.set_message(message);
        }
    }

    fn add_above_total(&self, bar: ProgressBar) -> ProgressBar {
        match &self.total {
            Some(total) => self.screen.insert_before(&total.bar, bar),
            None => self.screen.add(bar),
        }
    }

    fn update_total(&mut self, envelope: &Envelope, state: &RunState) {
        match &envelope.event {
            Event::RunFinished | Event::RunStopped { .. } => return self.clear(),
            Event::RunStarted { .. } => {
                if self.total.is_none() {
                    self.total = Some(self.total_bar(state));
                }
            }
            Event::RunCreated { .. }
            | Event::ProvisionRequested { .. }
            | Event::StartResolved { .. }
            | Event::Provisioned { .. }
            | Event::ProvisionFailed { .. }
            | Event::SetupRequested { .. }
            | Event::SetupFinished { .. }
            | Event::AttemptRequested { .. }
            | Event::AttemptStarted { .. }
            | Event::AttemptNotStarted { .. }
            | Event::AttemptFinished { .. }
            | Event::CommitRequested { .. }
            | Event::SuiteFinished { .. }
            | Event::Committed { .. }
            | Event::CommitFailed { .. }
            | Event::CheckRequested { .. }
            | Event::CheckFinished { .. }
            | Event::RetryScheduled { .. }
            | Event::RetryReady { .. }
            | Event::TaskFinished { .. }
            | Event::StopRequested { .. }
            | Event::Halted { .. }
            | Event::RaceDecided { .. }
            | Event::GroupTimedOut { .. }
            | Event::Reconciled { .. }
            | Event::RetryRequested { .. }
            | Event::Replanned { .. }
            | Event::WidthChanged { .. }
            | Event::TrainRequested { .. }
            | Event::TrainValidated { .. }
            | Event::Suspended
            | Event::Continued
            | Event::SharedChanged { .. }
            | Event::ConflictForeseen { .. }
            | Event::Warned { .. }
            | Event::Integration { .. } => {}
        }
        let Some(total) = &self.total else { return };
        let (mut done, mut finished) = (0, 0);
        for (planned, record) in state.spec.plan.tasks.iter().zip(&state.tasks) {
            if record.state.is_finished() {
                done += millis(planned.estimate.p50);
                finished += 1;
            }
        }
        total.bar.set_position(done);
        let limited = (0..state.tasks.len()).filter(|&task| state.rate_limited(task).is_some());
        let limited = match limited.count() {
            0 => String::new(),
            limited => format!(", {limited} waiting for a rate limit"),
        };
        let unit = if state.spec.kind.is_test() { "suites" } else { "tasks" };
        total.bar.set_message(format!("{finished}/{} {unit}{limited}", state.tasks.len()));
        let left = millis(remaining_s(state, envelope.at));
        let now = u64::try_from(total.bar.elapsed().as_millis()).unwrap_or(u64::MAX);
        total.end_ms.store(now.saturating_add(left), Ordering::Relaxed);
    }

    fn total_bar(&self, state: &RunState) -> Total {
        let estimates = state.spec.plan.tasks.iter().map(|planned| millis(planned.estimate.p50));
        let bar = unseen_bar(Some(estimates.fold(0, u64::saturating_add).max(1)));
        let end_ms = Arc::new(AtomicU64::new(0));
        bar.set_style(total_style(end_ms.clone(), self.style.color));
        let bar = self.screen.add(bar);
        bar.enable_steady_tick(FRAME);
        Total { bar, end_ms }
    }

    fn update_integration(&mut self, event: &IntegrationEvent) {
        let message = match event {
            IntegrationEvent::Started { spec } => format!("merging into {}", spec.target),
            IntegrationEvent::Merged { task, trial: false, .. } => format!("merged {task}"),
            IntegrationEvent::Ejected { ejection, trial: false, .. } => {
                format!("left out {}", ejection.task)
            }
            IntegrationEvent::Merged { .. }
            | IntegrationEvent::Ejected { .. }
            | IntegrationEvent::Isolated { .. } => "looking for what breaks it".to_owned(),
            IntegrationEvent::ValidationRequested { .. }
            | IntegrationEvent::ValidationDropped { .. } => "validating".to_owned(),
            IntegrationEvent::LandRequested { .. } => "landing".to_owned(),
            IntegrationEvent::TargetMoved { .. } => "merging again".to_owned(),
            IntegrationEvent::StopRequested => "stopping".to_owned(),
            IntegrationEvent::ValidationFinished { .. } => "validated".to_owned(),
            IntegrationEvent::Landed { .. }
            | IntegrationEvent::Refused { .. }
            | IntegrationEvent::Finished => return self.clear(),
        };
        let bar = self.integration.get_or_insert_with(|| {
            let bar = self.screen.add(unseen_bar(None));
            bar.set_style(styled("{spinner} integrate {elapsed} {wide_msg}", self.style.color));
            bar.enable_steady_tick(FRAME);
            bar
        });
        bar.set_message(stripped(&message));
    }
}

impl Subscriber for Progress {
    fn on_event(&mut self, envelope: &Envelope, state: &RunState) -> io::Result<()> {
        for line in event_lines(envelope, state, self.verbosity.min(kept_from(envelope))) {
            let line = match mark_of(&envelope.event) {
                Some(mark) => self.style.paint(mark, &line),
                None => line,
            };
            self.screen.println(line)?;
        }
        if envelope.event == Event::Suspended {
            return self.hide();
        }
        if envelope.event == Event::Continued {
            self.show();
        }
        self.update_tasks(&envelope.event, state);
        self.update_total(envelope, state);
        if let Event::Integration { event } = &envelope.event {
            self.update_integration(event);
        }
        Ok(())
    }

    fn on_output(&mut self, task: &TaskId, line: &str) {
        if let Some(bar) = self.tasks.get(task) {
            // indicatif cuts to the width of the screen; this only bounds the work.
            let message = cut(&stripped(line), OUTPUT_MAX);
            if !message.trim().is_empty() {
                bar.set_message(message);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Starts are seen on the live lines and need no line of their own.
fn kept_from(envelope: &Envelope) -> Verbosity {
    if matches!(envelope.event, Event::AttemptStarted { attempt: 1, .. }) {
        Verbosity::Quiet
    } else {
        Verbosity::Verbose
    }
}

fn mark_of(event: &Event) -> Option<Mark> {
    if let Event::TaskFinished { outcome, .. } = event {
        return Some(match outcome {
            Outcome::Succeeded => Mark::Good,
            Outcome::Skipped => Mark::Warn,
            Outcome::Failed | Outcome::TimedOut | Outcome::Cancelled => Mark::Bad,
        });
    }
    let warns = matches!(
        event,
        Event::Warned { .. }
            | Event::ConflictForeseen { .. }
            | Event::SharedChanged { .. }
            | Event::RetryScheduled { .. }
    );
    warns.then_some(Mark::Warn)
}

/// A bar that draws nothing before it is put on a screen: by itself it would draw on stderr.
fn unseen_bar(length: Option<u64>) -> ProgressBar {
    ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden())
}

fn millis(seconds: f64) -> u64 {
    u64::try_from(from_secs(seconds).as_millis()).unwrap_or(u64::MAX)
}

fn task_style(estimate: String, color: bool) -> ProgressStyle {
    let clock = move |state: &ProgressState, out: &mut dyn Write| {
        // A line that cannot be written is drawn again in the next frame.
        let _ = write!(out, "{}/{estimate}", human_duration(state.elapsed()));
    };
    styled("{spinner} {prefix} {clock} {wide_msg}", color).with_key("clock", clock)
}

fn total_style(end_ms: Arc<AtomicU64>, color: bool) -> ProgressStyle {
    let left = move |state: &ProgressState, out: &mut dyn Write| {
        let end = Duration::from_millis(end_ms.load(Ordering::Relaxed));
        let _ = match end.checked_sub(state.elapsed()) {
            Some(left) => write!(out, "about {} left", human_duration(left)),
            None => write!(out, "later than predicted"),
        };
    };
    let clock = |state: &ProgressState, out: &mut dyn Write| {
        let _ = write!(out, "{}", human_duration(state.elapsed()));
    };
    styled("[{bar:20}] {msg}, {clock}, {left}", color)
        .progress_chars("=> ")
        .with_key("left", left)
        .with_key("clock", clock)
}

/// The style of a template that is fixed in this file; the default one should it be refused.
fn styled(template: &str, color: bool) -> ProgressStyle {
    let template =
        if color { template.replace("{spinner}", "{spinner:.cyan}") } else { template.to_owned() };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests;
