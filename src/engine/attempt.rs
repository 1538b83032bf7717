//! Running a task's command, its check, or a validation: the same supervisor for all.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::containment::containment;
use super::environment::{Coordinates, Own, task_environment, with_identity};
use super::jobs::Jobs;
use super::site::Site;
use crate::adapters::host::shortage::{load_memory_kills, shortage_of};
use crate::adapters::process::{
    self, CommandSpec, Ending as ProcessEnding, Exit, Finished, LateOutput, Progress, Request,
    SpawnError,
};
use crate::domain::run::{
    AttemptEnd, Ending, ProcessStamp, RunSpec, Shortage, Usage, compose_project,
};
use crate::domain::suite::reporting_to;
use crate::domain::task::{
    AgentFormat, Command, Placeholders, SetupHook, Task, Work, agent_preset,
};

/// What is told while a command runs.
pub(super) enum Told {
    Started(ProcessStamp),
    Line(String),
    Suspended,
}

/// A command that is about to run for a task.
pub(super) struct Launch<'a> {
    pub(super) site: &'a Site,
    pub(super) spec: &'a RunSpec,
    pub(super) task: usize,
    pub(super) attempt: u32,
}

impl Launch<'_> {
    /// The task's own command.
    pub(super) fn command(&self) -> CommandSpec {
        let task = &self.spec.plan.tasks[self.task].task;
        let log = self.site.log(&self.spec.run, &task.id, self.attempt);
        CommandSpec {
            argv: os(self.argv(task)),
            // What a suite says is read in the order in which it says it: one pipe keeps that.
            stdout_copy: (task.read_only && !self.spec.kind.is_test())
                .then(|| log.with_extension("out")),
            agent: agent_format(&task.work),
            timeout: task.timeout,
            ..self.shared(task, log)
        }
    }

    /// Its check, a shell command; the first run of it, or a later one.
    pub(super) fn check(&self, check: &str, run: u32) -> CommandSpec {
        let task = &self.spec.plan.tasks[self.task].task;
        let log = self.site.check_log(&self.spec.run, &task.id, (self.attempt, run));
        let argv = os(["sh", "-c", check].map(str::to_owned).to_vec());
        let late_output = LateOutput::TakenWhileItComes;
        let shared = self.shared(task, log);
        let timeout = self.spec.kind.race().map_or(task.timeout, |race| race.rules.timeout);
        CommandSpec { argv, late_output, timeout, ..shared }
    }

    /// A setup hook; all hooks of an attempt write into one log.
    pub(super) fn hook(&self, hook: &SetupHook) -> CommandSpec {
        let task = &self.spec.plan.tasks[self.task].task;
        let log = self.site.setup_log(&self.spec.run, &task.id, self.attempt);
        let argv = os(["sh", "-c", &hook.run].map(str::to_owned).to_vec());
        let shared = self.shared(task, log);
        let late_output = LateOutput::TakenWhileItComes;
        CommandSpec { argv, timeout: hook.timeout, stall_timeout: None, late_output, ..shared }
    }

    fn shared(&self, task: &Task, log: PathBuf) -> CommandSpec {
        let place = &self.spec.places[self.task];
        let worktree = Path::new(&place.worktree);
        let project = compose_project(&self.site.repo.name(), &task.id);
        let at = Coordinates {
            run: &self.spec.run,
            task: &task.id,
            attempt: self.attempt,
            worktree,
            base: self.spec.base,
            own: Own {
                port: place.port,
                temporary: place.temporary.as_deref().map(Path::new),
                project: Some(&project),
            },
        };
        CommandSpec {
            argv: Vec::new(),
            cwd: worktree.to_owned(),
            env: self.site.jobs.added_to(with_identity(
                self.site.lend_identity,
                task_environment(&self.site.env, &self.spec.limits, &task.env, at),
            )),
            log,
            temporary: place.temporary.as_ref().map(PathBuf::from),
            stdout_copy: None,
            agent: None,
            log_limit: self.spec.limits.log_limit,
            timeout: task.timeout,
            stall_timeout: task.rules.stall_timeout,
            grace: self.spec.limits.grace,
            late_output: LateOutput::Awaited,
            containment: containment(self.site, self.spec, task.rules.memory_limit),
            warden: self.site.warden.clone(),
        }
    }

    fn argv(&self, task: &Task) -> Vec<String> {
        let place = &self.spec.places[self.task];
        let base = self.spec.base.to_string();
        let port = place.port.map_or_else(String::new, |port| port.to_string());
        let fill = |prompt| Placeholders {
            id: task.id.as_str(),
            title: task.title.as_deref().unwrap_or_default(),
            prompt,
            run: self.spec.run.as_str(),
            worktree: &place.worktree,
            branch: place.branch.as_deref().unwrap_or_default(),
            base: &base,
            port: &port,
            item: task.pattern.item.as_ref(),
        };
        match &task.work {
            Work::Command { command, .. } if self.spec.kind.is_test() => {
                let report = self.site.test_report(&self.spec.run, &task.id, self.attempt);
                match reporting_to(command, &report.to_string_lossy()) {
                    Command::Shell(text) => ["sh", "-c", &text].map(str::to_owned).to_vec(),
                    Command::Argv(words) => words,
                }
            }
            Work::Command { command, prompt } => {
                command.argv_with(&fill(prompt.as_deref().unwrap_or_default()))
            }
            Work::Gate { command } => command.argv_with(&fill("")),
            Work::Given => vec!["true".to_owned()],
            Work::Agent { preset, prompt, persona } => {
                let role = persona.as_ref().and_then(|wanted| {
                    let known = self.spec.limits.personas.iter();
                    known.filter(|(name, _)| name == wanted).map(|(_, text)| text).next()
                });
                let text = match (role, persona) {
                    (Some(role), _) => format!("{role}\n\n{prompt}"),
                    (None, Some(name)) => format!("You work as: {name}.\n\n{prompt}"),
                    (None, None) => prompt.clone(),
                };
                // The parser accepts known presets only.
                agent_preset(preset).map_or_else(|| vec![preset.clone()], |p| p.argv_with(&text))
            }
        }
    }
}

/// The form of what an agent writes; `None` for plain commands.
fn agent_format(work: &Work) -> Option<AgentFormat> {
    match work {
        Work::Agent { preset, .. } => agent_preset(preset).map(|preset| preset.output),
        Work::Command { .. } | Work::Given | Work::Gate { .. } => None,
    }
}

impl<'a> Launch<'a> {
    /// What it takes of the cores.
    pub(super) fn place(&self) -> Place<'a> {
        let task = &self.spec.plan.tasks[self.task].task;
        Place { jobs: &self.site.jobs, cores: task.demand.cpus }
    }
}

fn os(words: Vec<String>) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}

/// How a command ended, or why it did not start.
pub(super) struct Ended {
    pub(super) end: Result<AttemptEnd, String>,
    /// What the machine had run out of, where that is why.
    pub(super) shortage: Option<Shortage>,
}

impl Ended {
    fn of(ended: Result<Finished, SpawnError>, kills_before: Option<u64>) -> Self {
        match ended {
            Ok(finished) => {
                let end = attempt_end(finished);
                let shortage = killed_for_memory(end.ending, kills_before);
                Self { end: Ok(end), shortage }
            }
            Err(error) => Self { shortage: shortage_of(&error), end: Err(chain(&error)) },
        }
    }
}

/// A kill that nobody of ours sent, while the system killed something for lack of memory. A shell
/// gives the signal of its command as the exit code 128 + 9.
fn killed_for_memory(ending: Ending, kills_before: Option<u64>) -> Option<Shortage> {
    let killed = matches!(ending, Ending::Signal { signal: 9 } | Ending::Code { code: 137 });
    let kills = killed.then(load_memory_kills).flatten();
    (kills > kills_before && kills_before.is_some()).then_some(Shortage::Memory)
}

/// Whose turn it is to be before a command starts.
pub(super) struct Place<'a> {
    pub(super) jobs: &'a Jobs,
    /// Cores that it keeps busy.
    pub(super) cores: f64,
}

/// Runs a command to its end once it is its turn, passing on what happens meanwhile.
pub(super) async fn run(
    spec: CommandSpec,
    place: Place<'_>,
    mut requests: mpsc::Receiver<Request>,
    mut tell: impl FnMut(Told),
) -> Ended {
    let turn = place.jobs.turn(place.cores, &mut requests, || tell(Told::Suspended)).await;
    let Ok(_turn) = turn else {
        return Ended { end: Ok(never_started()), shortage: None };
    };
    let kills_before = load_memory_kills();
    let (progress, mut told) = mpsc::unbounded_channel();
    let supervised = process::supervise(spec, requests, progress);
    tokio::pin!(supervised);
    let end = loop {
        tokio::select! {
            biased;
            Some(progress) = told.recv() => tell(translate(progress)),
            end = &mut supervised => break end,
        }
    };
    while let Ok(progress) = told.try_recv() {
        tell(translate(progress));
    }
    Ended::of(end, kills_before)
}

fn translate(progress: Progress) -> Told {
    match progress {
        Progress::Started(identity) => Told::Started(ProcessStamp {
            pid: identity.pid,
            start_time: identity.start_time,
            boot_id: identity.boot_id,
        }),
        Progress::Line(line) => Told::Line(line),
        Progress::Suspended => Told::Suspended,
    }
}

fn attempt_end(finished: Finished) -> AttemptEnd {
    let ending = match (finished.ending, finished.exit) {
        (ProcessEnding::TimedOut, _) => Ending::TimedOut,
        (ProcessEnding::Stalled, _) => Ending::Stalled,
        (ProcessEnding::Stopped, _) => Ending::Stopped,
        (ProcessEnding::Exited, Exit::Code(code)) => Ending::Code { code },
        (ProcessEnding::Exited, Exit::Signal(signal)) => Ending::Signal { signal },
    };
    // Stored as whole milliseconds, so that the live state equals the one read back.
    let whole =
        |time: Duration| Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(0));
    let mut trouble = Vec::new();
    if let Some(why) = finished.log_error {
        trouble.push(format!("its output is not complete: {why}"));
    }
    if finished.survivors > 0 {
        trouble.push(format!("{} of its processes could not be ended", finished.survivors));
    }
    AttemptEnd {
        ending,
        usage: Usage {
            wall: whole(finished.wall),
            cpu: whole(finished.used.cpu),
            peak_rss: finished.used.peak_rss.unwrap_or(0),
            read_bytes: finished.used.read_bytes,
            written_bytes: finished.used.written_bytes,
            processes: Some(finished.used.processes),
        },
        leaked_output: finished.leaked_output,
        leaked_processes: finished.leaked_processes,
        out_of_memory: finished.ran_out_of_memory,
        last_lines: finished.last_lines,
        trouble,
        agent: finished.agent,
    }
}

/// Stopped while it waited for its turn.
fn never_started() -> AttemptEnd {
    AttemptEnd {
        ending: Ending::Stopped,
        usage: Usage::default(),
        leaked_output: false,
        leaked_processes: 0,
        last_lines: Vec::new(),
        trouble: Vec::new(),
        agent: None,
        out_of_memory: false,
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
