//! One attempt as one actor: it alone starts the command, reads its output, keeps its time, hears
//! requests and clears up behind it.

use std::time::Duration;

use rustix::process::Pid;
use tokio::sync::mpsc;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep_until, timeout};

use super::super::host::clock::Clock;
use super::capture::{Capture, Files};
use super::group::{Family, Requests, Urgency, later};
use super::spawn::{SpawnError, program, spawn};
use super::wait::Leader;
use super::{CommandSpec, Ending, Exit, Finished, ProcessIdentity, Progress, Request};
use crate::domain::run::AgentExit;

/// How long output is awaited after the end of the command while somebody holds it open.
const DRAIN: Duration = Duration::from_secs(2);
/// The same, once everybody that could be found is gone.
const LAST_DRAIN: Duration = Duration::from_millis(200);
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
    supervise_draining(spec, requests, progress, DRAIN).await
}

async fn supervise_draining(
    spec: CommandSpec,
    requests: mpsc::Receiver<Request>,
    progress: mpsc::UnboundedSender<Progress>,
    drain: Duration,
) -> Result<Finished, SpawnError> {
    let lost = |source| SpawnError::Lost { program: program(&spec), source };
    let files = Files::open(&spec)?;
    let spawned = spawn(&spec)?;
    let started = Instant::now();
    let leader =
        Leader::watch(spawned.pid).map_err(|source| SpawnError::OutOfResources { source })?;
    let identity = ProcessIdentity::load(number(spawned.pid));
    let mut attempt = Attempt {
        family: Family::of_child(identity.clone(), &spec.env),
        capture: Capture::new(spawned.pipes, files, spec.agent).map_err(lost)?,
        leader,
        requests: Requests::new(requests),
        progress,
        line_due: started,
        stage: Stage::Running,
    };
    attempt.tell(Progress::Started(identity));
    attempt.run(&spec).await.map_err(lost)?;
    let wall = started.elapsed();
    attempt.finish(drain, spec.grace, wall).await.map_err(lost)
}

struct Attempt {
    family: Family,
    capture: Capture,
    leader: Leader,
    requests: Requests,
    progress: mpsc::UnboundedSender<Progress>,
    line_due: Instant,
    stage: Stage,
}

/// How far the command has been pushed; it only ever goes down this list.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Running,
    Terminating { why: Ending, kill_at: Instant },
    Killing { why: Ending },
}

enum Happening {
    Ended(std::io::Result<()>),
    Alarm,
    Asked(Request),
    OutputClosed,
}

impl Attempt {
    /// Until the command itself has ended.
    async fn run(&mut self, spec: &CommandSpec) -> std::io::Result<()> {
        let deadline = later(spec.timeout);
        loop {
            let alarm = match self.stage {
                Stage::Running => Some(deadline),
                Stage::Terminating { kill_at, .. } => Some(kill_at),
                Stage::Killing { .. } => None,
            };
            let happening = self.next(alarm, true).await;
            match (happening, self.stage) {
                (Happening::Ended(end), _) => return end,
                (Happening::Alarm, Stage::Running) => self.terminate(Ending::TimedOut, spec.grace),
                (Happening::Asked(Request::Stop), Stage::Running) => {
                    self.terminate(Ending::Stopped, spec.grace);
                }
                (Happening::Asked(Request::Kill), Stage::Running) => {
                    self.kill(Ending::Stopped);
                }
                (
                    Happening::Alarm | Happening::Asked(Request::Kill),
                    Stage::Terminating { why, .. },
                ) => self.kill(why),
                (Happening::Asked(Request::Stop), Stage::Terminating { .. })
                | (Happening::Alarm | Happening::Asked(_), Stage::Killing { .. })
                | (Happening::OutputClosed, _) => {}
            }
        }
    }

    /// After the end of the command: its output, its remains, its numbers.
    async fn finish(
        mut self,
        drain: Duration,
        grace: Duration,
        wall: Duration,
    ) -> std::io::Result<Finished> {
        let (ending, urgency) = match self.stage {
            Stage::Running => {
                let grace = if self.drain(drain).await { Duration::ZERO } else { grace };
                (Ending::Exited, Urgency { kill_at: later(grace), look_twice: true })
            }
            Stage::Terminating { why, kill_at } => (why, Urgency { kill_at, look_twice: false }),
            Stage::Killing { why } => (why, Urgency { kill_at: Instant::now(), look_twice: false }),
        };
        let held_open = self.capture.is_open();
        let cleared = self.family.clone().clear(&mut self.requests, urgency).await;
        timeout(LAST_DRAIN, self.take_rest()).await.ok();
        let leaked_output = self.capture.is_open() || (ending == Ending::Exited && held_open);
        // Members of a group that was being stopped did nothing wrong by ending after its leader.
        let inside = if ending == Ending::Exited { cleared.inside } else { 0 };
        let reaped = self.leader.reap()?;
        let captured = self.capture.finish();
        let succeeded = ending == Ending::Exited && reaped.exit == Exit::Code(0);
        let said = AgentExit { succeeded, at: Clock::start().now() };
        Ok(Finished {
            ending,
            exit: reaped.exit,
            wall,
            cpu: reaped.cpu,
            peak_rss: reaped.peak_rss,
            leaked_output,
            leaked_processes: cleared.outside + inside,
            survivors: cleared.survivors,
            output_bytes: captured.bytes,
            last_lines: captured.last_lines,
            log_error: captured.error,
            agent: captured.agent.map(|output| Box::new(output.finish(said))),
        })
    }

    /// Takes output until nobody holds it open, the time is up, or a request cuts it short. Answers
    /// whether force was asked for.
    async fn drain(&mut self, limit: Duration) -> bool {
        let until = later(limit);
        while self.capture.is_open() {
            match self.next(Some(until), false).await {
                Happening::Asked(request) => return request == Request::Kill,
                Happening::Alarm => return false,
                Happening::OutputClosed | Happening::Ended(_) => {}
            }
        }
        false
    }

    async fn take_rest(&mut self) {
        while self.capture.is_open() {
            self.capture.take().await;
            consume_budget().await;
        }
    }

    async fn next(&mut self, alarm: Option<Instant>, is_running: bool) -> Happening {
        loop {
            tokio::select! {
                biased;
                end = self.leader.ended(), if is_running => return Happening::Ended(end),
                request = self.requests.next() => return Happening::Asked(request),
                () = at(alarm) => return Happening::Alarm,
                () = sleep_until(self.line_due), if self.capture.lines.has_news() => {
                    self.line_due = Instant::now() + LINE_GAP;
                    if let Some(line) = self.capture.lines.latest() {
                        self.tell(Progress::Line(line));
                    }
                }
                () = self.capture.take(), if self.capture.is_open() => {
                    if !self.capture.is_open() {
                        return Happening::OutputClosed;
                    }
                }
            }
            // A command that never stops talking must not keep the others waiting.
            consume_budget().await;
        }
    }

    fn terminate(&mut self, why: Ending, grace: Duration) {
        self.family.terminate();
        self.stage = Stage::Terminating { why, kill_at: later(grace) };
    }

    fn kill(&mut self, why: Ending) {
        self.family.kill();
        self.stage = Stage::Killing { why };
    }

    fn tell(&self, progress: Progress) {
        // Nobody has to listen.
        self.progress.send(progress).ok();
    }
}

async fn at(alarm: Option<Instant>) {
    match alarm {
        Some(alarm) => sleep_until(alarm).await,
        None => std::future::pending().await,
    }
}

fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}

#[cfg(test)]
mod tests;
