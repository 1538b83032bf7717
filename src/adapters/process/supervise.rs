//! One attempt as one actor: it alone starts the command, reads its output, keeps its time, hears
//! requests and clears up behind it.

mod begun;
mod samples;
mod stopwatch;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep_until, timeout};

use self::begun::Begun;
use self::samples::Samples;
use self::stopwatch::Stopwatch;
use super::super::host::clock::Clock;
use super::capture::Capture;
use super::group::{Family, Requests, Urgency, git_patience, later};
use super::spawn::{SpawnError, program};
use super::wait::Leader;
use super::{CommandSpec, Ending, Exit, Finished, LateOutput, Progress, Request, Used};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::run::AgentExit;

/// How long output is awaited after the end of the command while somebody holds it open.
const DRAIN: Duration = Duration::from_secs(2);
/// The same, once everybody that could be found is gone.
const LAST_DRAIN: Duration = Duration::from_millis(200);
/// The silence that is enough, see [`LateOutput::TakenWhileItComes`]. A process that is about to write
/// may be kept waiting for up to a tenth of a second where a control group limits its processor time.
const SILENCE: Duration = Duration::from_millis(250);
/// Shortest time between two lines of progress.
const LINE_GAP: Duration = Duration::from_millis(100);

/// Runs a command to its end and clears away whatever it leaves behind. Needs a tokio runtime with
/// I/O and time. Dropped before it is ready, it kills the command's process group.
///
/// When all senders of `requests` are gone, or the receiver of `progress` is, the command runs on.
pub async fn supervise(
    spec: CommandSpec,
    requests: mpsc::Receiver<Request>,
    progress: mpsc::UnboundedSender<Progress>,
) -> Result<Finished, SpawnError> {
    let drain = Drain::of(spec.late_output);
    supervise_draining(spec, requests, progress, drain).await
}

async fn supervise_draining(
    spec: CommandSpec,
    requests: mpsc::Receiver<Request>,
    progress: mpsc::UnboundedSender<Progress>,
    drain: Drain,
) -> Result<Finished, SpawnError> {
    let (program, grace) = (program(&spec), spec.grace);
    let (timeout, stall) = (spec.timeout, spec.stall_timeout);
    let lost = |source| SpawnError::Lost { program: program.clone(), source };
    let Begun { leader, family, capture, identity, own_memory, watch, watched } =
        Begun::begin(spec).await?;
    // Known to the warden until nothing is left of it.
    let _watched = watched;
    let mut attempt = Attempt {
        family,
        capture,
        leader,
        requests: Requests::new(requests),
        progress,
        line_due: Instant::now(),
        stage: Stage::Running,
        watch,
        samples: Samples::begin(),
        own_memory,
        limits: Limits { timeout, stall, grace, drain },
    };
    attempt.tell(Progress::Started(identity));
    attempt.run().await.map_err(lost)?;
    crash_point("process: its end seen");
    let finished = attempt.finish().await.map_err(lost);
    crash_point("process: cleared up");
    finished
}

struct Attempt {
    family: Family,
    capture: Capture,
    leader: Leader,
    requests: Requests,
    progress: mpsc::UnboundedSender<Progress>,
    line_due: Instant,
    stage: Stage,
    watch: Stopwatch,
    samples: Samples,
    limits: Limits,
    /// Most bytes that had been resident in this program when the command was started, see [`Used`].
    own_memory: u64,
}

struct Limits {
    timeout: Duration,
    stall: Option<Duration>,
    grace: Duration,
    drain: Drain,
}

/// When output that is held open after the end of the command is given up.
#[derive(Debug, Clone, Copy)]
struct Drain {
    limit: Duration,
    /// After this long without any, too.
    silence: Duration,
}

impl Drain {
    fn of(late: LateOutput) -> Self {
        let silence = match late {
            LateOutput::Awaited => DRAIN,
            LateOutput::TakenWhileItComes => SILENCE,
        };
        Self { limit: DRAIN, silence }
    }
}

/// How far the command has been pushed; it only ever goes down this list.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Running,
    /// Killed when the stopwatch shows `kill_at`.
    Terminating {
        why: Ending,
        kill_at: Duration,
        /// When git at work is asked as well, if that is still to be done.
        git_at: Option<Duration>,
    },
    Killing {
        why: Ending,
    },
}

enum Happening {
    Ended(std::io::Result<()>),
    Alarm,
    Asked(Request),
    OutputClosed,
}

impl Attempt {
    /// Until the command itself has ended.
    async fn run(&mut self) -> std::io::Result<()> {
        loop {
            let due = self.next_due();
            match self.next(due, true).await {
                Happening::Ended(end) => return end,
                Happening::Alarm => self.check_limits(),
                Happening::Asked(request) => self.obey(request),
                Happening::OutputClosed => {}
            }
        }
    }

    /// When something has to be looked at, should nothing else happen.
    fn next_due(&self) -> Duration {
        let limit = match self.stage {
            Stage::Running => {
                let stalled = self.limits.stall.map(|limit| self.samples.stalled_at(limit));
                stalled.map_or(self.limits.timeout, |due| due.min(self.limits.timeout))
            }
            Stage::Terminating { kill_at, git_at, .. } => {
                git_at.map_or(kill_at, |at| at.min(kill_at))
            }
            Stage::Killing { .. } => Duration::MAX,
        };
        limit.min(self.samples.due())
    }

    fn check_limits(&mut self) {
        let elapsed = self.watch.elapsed();
        let has_stalled = |samples: &Samples, limit: Option<Duration>| {
            limit.is_some_and(|limit| samples.has_stalled(limit, elapsed))
        };
        if elapsed >= self.samples.due() || has_stalled(&self.samples, self.limits.stall) {
            self.samples.take(self.family.load_usage(), elapsed);
        }
        match self.stage {
            Stage::Running if elapsed >= self.limits.timeout => self.terminate(Ending::TimedOut),
            Stage::Running if has_stalled(&self.samples, self.limits.stall) => {
                self.terminate(Ending::Stalled);
            }
            Stage::Terminating { why, kill_at, .. } if elapsed >= kill_at => self.kill(why),
            Stage::Terminating { why, kill_at, git_at: Some(at) } if elapsed >= at => {
                self.family.terminate_git();
                self.stage = Stage::Terminating { why, kill_at, git_at: None };
            }
            Stage::Running | Stage::Terminating { .. } | Stage::Killing { .. } => {}
        }
    }

    fn obey(&mut self, request: Request) {
        match (request, self.stage) {
            (Request::Suspend, _) => self.suspend(),
            (Request::Continue, _) => self.resume(),
            (Request::Stop, Stage::Running) => self.terminate(Ending::Stopped),
            (Request::Kill, Stage::Running) => self.kill(Ending::Stopped),
            (Request::Kill, Stage::Terminating { why, .. }) => self.kill(why),
            (Request::Stop, Stage::Terminating { .. } | Stage::Killing { .. })
            | (Request::Kill, Stage::Killing { .. }) => {}
        }
    }

    /// After the end of the command: its output, its remains, its numbers.
    async fn finish(mut self) -> std::io::Result<Finished> {
        let wall = self.watch.elapsed();
        if self.samples.is_worth_a_look(wall) {
            self.samples.take(self.family.load_usage(), wall);
        }
        // What is left is to be ended, which those that are stopped would not hear.
        self.resume();
        let (ending, kill_at) = match self.stage {
            Stage::Running => {
                let is_forced = self.drain().await;
                (Ending::Exited, later(if is_forced { Duration::ZERO } else { self.limits.grace }))
            }
            Stage::Terminating { why, kill_at, .. } => {
                (why, later(kill_at.saturating_sub(self.watch.elapsed())))
            }
            Stage::Killing { why } => (why, Instant::now()),
        };
        let urgency = Urgency { kill_at, look_twice: ending == Ending::Exited };
        let held_open = self.capture.is_open();
        let cleared = self.family.clear(&mut self.requests, urgency).await;
        timeout(LAST_DRAIN, self.take_rest()).await.ok();
        self.capture.take_ready();
        let held_open = self.capture.is_open() || (ending == Ending::Exited && held_open);
        // Members of a group that was being stopped did nothing wrong by ending after its leader.
        let inside = if ending == Ending::Exited { cleared.inside } else { 0 };
        // Whoever may outlive the command may hold its output, too.
        let leaked_output = held_open && (cleared.kept == 0 || inside + cleared.outside > 0);
        let reaped = self.leader.reap()?;
        let used = Used::of(&reaped, &self.samples.most(), self.own_memory);
        let captured = self.capture.finish();
        let succeeded = ending == Ending::Exited && reaped.exit == Exit::Code(0);
        let said = AgentExit { succeeded, at: Clock::start().now() };
        Ok(Finished {
            ending,
            exit: reaped.exit,
            wall,
            used,
            leaked_output,
            leaked_processes: cleared.outside + inside,
            survivors: cleared.survivors,
            ran_out_of_memory: cleared.ran_out_of_memory,
            output_bytes: captured.bytes,
            last_lines: captured.last_lines,
            log_error: captured.error,
            agent: captured.agent.map(|output| Box::new(output.finish(said))),
        })
    }

    /// Takes output until nobody holds it open, the time is up, or a request cuts it short. Answers
    /// whether force was asked for.
    async fn drain(&mut self) -> bool {
        let Drain { limit, silence } = self.limits.drain;
        let ended = self.watch.elapsed();
        let due = |samples: &Samples| {
            let silent = samples.stalled_at(silence).max(ended.saturating_add(silence));
            silent.min(ended.saturating_add(limit))
        };
        while self.capture.is_open() {
            match self.next(due(&self.samples), false).await {
                Happening::Asked(Request::Suspend) => self.suspend(),
                Happening::Asked(Request::Continue) => self.resume(),
                Happening::Asked(Request::Stop) => break,
                Happening::Asked(Request::Kill) => return true,
                Happening::Alarm => {
                    let at = self.watch.elapsed();
                    // The alarm may be late: what came before it was no silence.
                    if at >= due(&self.samples) && self.capture.take_ready() {
                        self.samples.heard(at);
                    }
                    if at >= due(&self.samples) {
                        break;
                    }
                }
                Happening::OutputClosed | Happening::Ended(_) => {}
            }
        }
        self.resume();
        false
    }

    async fn take_rest(&mut self) {
        while self.capture.is_open() {
            self.capture.take().await;
            consume_budget().await;
        }
    }

    /// The next thing to be dealt with; an alarm when the stopwatch shows `due`, or because this
    /// program overslept.
    async fn next(&mut self, due: Duration, is_running: bool) -> Happening {
        let alarm = self.watch.point_of(due);
        loop {
            tokio::select! {
                biased;
                end = self.leader.ended(), if is_running => return Happening::Ended(end),
                request = self.requests.next() => return Happening::Asked(request),
                alarm = at(alarm) => {
                    self.watch.forgive(alarm);
                    return Happening::Alarm;
                }
                () = sleep_until(self.line_due), if self.capture.lines.has_news() => {
                    self.line_due = Instant::now() + LINE_GAP;
                    if let Some(line) = self.capture.lines.latest() {
                        self.tell(Progress::Line(line));
                    }
                }
                () = self.capture.take(), if self.capture.is_open() => {
                    self.samples.heard(self.watch.elapsed());
                    if !self.capture.is_open() {
                        return Happening::OutputClosed;
                    }
                }
            }
            // A command that never stops talking must not keep the others waiting.
            consume_budget().await;
        }
    }

    /// Holds all of it, and its time.
    fn suspend(&mut self) {
        self.family.suspend();
        self.watch.stop();
        self.tell(Progress::Suspended);
    }

    fn resume(&mut self) {
        if self.watch.is_stopped() {
            self.family.resume();
            self.watch.go_on();
        }
    }

    fn terminate(&mut self, why: Ending) {
        self.resume();
        let spares_git = self.family.terminate();
        let now = self.watch.elapsed();
        let kill_at = now.saturating_add(self.limits.grace);
        let git_at = spares_git.then(|| now + git_patience(self.limits.grace));
        self.stage = Stage::Terminating { why, kill_at, git_at };
    }

    fn kill(&mut self, why: Ending) {
        self.resume();
        self.family.kill();
        self.stage = Stage::Killing { why };
    }

    fn tell(&self, progress: Progress) {
        // Nobody has to listen.
        self.progress.send(progress).ok();
    }
}

/// The alarm, once it rings.
async fn at(alarm: Option<Instant>) -> Instant {
    match alarm {
        Some(alarm) => {
            sleep_until(alarm).await;
            alarm
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
