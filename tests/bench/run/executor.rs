//! A run without git: the decisions, the journal and the supervisor of a real one.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use wt_orch::adapters::host::clock::Clock;
use wt_orch::adapters::process::{
    CommandSpec, Containment, Exit, Finished, LateOutput, Progress, Warden, Way, adopt_orphans,
    supervise,
};
use wt_orch::adapters::store::Store;
use wt_orch::domain::id::Oid;
use wt_orch::domain::plan::{Host, Plan, PlanRequest, Preference, build};
use wt_orch::domain::run::{
    Action, AttemptEnd, Ending, Event, Input, Limits, ProcessStamp, RunSpec, TaskPlace, Usage,
    WorktreeRules, step,
};
use wt_orch::domain::task::{Known, parse};
use wt_orch::engine::{Journal, load_run};

use super::Failure;

/// The same command for every task.
pub(super) struct Job {
    pub(super) tasks: usize,
    pub(super) width: usize,
    pub(super) argv: &'static [&'static str],
}

/// How it went.
pub(super) struct Executed {
    pub(super) wall: Duration,
    pub(super) events: usize,
    /// Transactions, each of which waits for the disk once.
    pub(super) commits: usize,
}

/// Runs it in a folder of its own, on the file system of the temporary files.
pub(super) fn execute(job: &Job) -> Result<Executed, Failure> {
    let folder = tempfile::tempdir()?;
    let spec = run_spec(job, folder.path())?;
    let run = spec.run.clone();
    let begun = Journal::begin(Store::open(folder.path())?, Clock::start(), spec)?;
    let journal = begun.map_err(|_taken| "the name of the run is taken")?;
    adopt_orphans();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let commits = runtime.block_on(drive(job, journal, folder.path()))?;
    let wall = began.elapsed();
    let (events, state) = load_run(&Store::open(folder.path())?, &run)?;
    if !state.tasks.iter().all(|task| task.state.succeeded()) {
        return Err("not every task succeeded".into());
    }
    Ok(Executed { wall, events: events.len(), commits })
}

/// As the loop of a run: what was said is taken in together, stored, and then acted upon.
async fn drive(job: &Job, mut journal: Journal, folder: &Path) -> Result<usize, Failure> {
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    let mut inputs = vec![Input::Begin { resumed: false }];
    let mut commits = 0;
    loop {
        let mut actions = VecDeque::new();
        for input in inputs.drain(..) {
            let now = journal.now();
            let step = step(journal.state(), input, now);
            journal.stage(step.events, now)?;
            actions.extend(step.actions);
        }
        journal.store_staged()?;
        commits += 1;
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Finish => return Ok(commits),
                Action::Launch { task, attempt } => {
                    let id = journal.state().task(task).id.clone();
                    let command = command(job, folder, id.as_str());
                    let outbox = outbox.clone();
                    tokio::spawn(async move {
                        for event in attempted(command, id, attempt).await {
                            let _receiver_gone = outbox.send(Input::Fact(event));
                        }
                    });
                }
                Action::Provision { .. }
                | Action::SetUp { .. }
                | Action::Commit { .. }
                | Action::Check { .. }
                | Action::Stop { .. }
                | Action::Wake { .. }
                | Action::WakeGroup { .. }
                | Action::Replan { .. }
                | Action::ValidateTrain { .. }
                | Action::DropTrain { .. }
                | Action::Forecast { .. } => {
                    if let Some(event) = answer(&journal, &action) {
                        outbox.send(Input::Fact(event))?;
                    }
                }
            }
        }
        inbox.recv_many(&mut inputs, 256).await;
    }
}

/// What git would have answered.
fn answer(journal: &Journal, action: &Action) -> Option<Event> {
    let base = journal.state().spec.base;
    let id = |task: usize| journal.state().task(task).id.clone();
    match *action {
        Action::Provision { task, attempt, .. } => Some(Event::Provisioned {
            task: id(task),
            attempt,
            start: base,
            unvalidated: false,
            saved: None,
            by_git: None,
            brought: None,
            reused: false,
            together: 1,
            seconds: 0.0,
        }),
        Action::Commit { task, attempt, .. } => Some(Event::Committed {
            task: id(task),
            attempt,
            tip: base,
            changed: Vec::new(),
            leftovers: false,
            notes: Vec::new(),
            changes: None,
            carried: Vec::new(),
            seconds: 0.0,
        }),
        Action::SetUp { .. }
        | Action::Launch { .. }
        | Action::Check { .. }
        | Action::Stop { .. }
        | Action::Wake { .. }
        | Action::WakeGroup { .. }
        | Action::Replan { .. }
        | Action::ValidateTrain { .. }
        | Action::DropTrain { .. }
        | Action::Forecast { .. }
        | Action::Finish => None,
    }
}

async fn attempted(
    command: CommandSpec,
    task: wt_orch::domain::id::TaskId,
    attempt: u32,
) -> Vec<Event> {
    let (_keep_open, requests) = mpsc::channel(4);
    let (progress, mut told) = mpsc::unbounded_channel();
    let ended = supervise(command, requests, progress).await;
    let mut events = Vec::new();
    while let Ok(progress) = told.try_recv() {
        if let Progress::Started(identity) = progress {
            let process = ProcessStamp {
                pid: identity.pid,
                start_time: identity.start_time,
                boot_id: identity.boot_id,
            };
            events.push(Event::AttemptStarted { task: task.clone(), attempt, process });
        }
    }
    events.push(match ended {
        Ok(finished) => {
            Event::AttemptFinished { task, attempt, end: end(finished), shortage: None }
        }
        Err(error) => {
            Event::AttemptNotStarted { task, attempt, message: error.to_string(), shortage: None }
        }
    });
    events
}

fn end(finished: Finished) -> AttemptEnd {
    let ending = match finished.exit {
        Exit::Code(code) => Ending::Code { code },
        Exit::Signal(signal) => Ending::Signal { signal },
    };
    AttemptEnd {
        ending,
        usage: Usage { wall: finished.wall, cpu: finished.used.cpu, ..Usage::default() },
        leaked_output: finished.leaked_output,
        leaked_processes: finished.leaked_processes,
        last_lines: finished.last_lines,
        trouble: Vec::new(),
        agent: None,
        out_of_memory: false,
    }
}

fn command(job: &Job, folder: &Path, task: &str) -> CommandSpec {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let worktree = folder.join(task);
    let marks = [("WT_ORCH_RUN", "bench"), ("WT_ORCH_TASK", task), ("WT_ORCH_ATTEMPT", "1")];
    let mut env: Vec<(OsString, OsString)> =
        marks.map(|(name, value)| (name.into(), value.into())).to_vec();
    env.push(("WT_ORCH_WORKTREE".into(), worktree.into()));
    env.push(("PATH".into(), path));
    CommandSpec {
        argv: job.argv.iter().map(OsString::from).collect(),
        cwd: folder.to_owned(),
        env,
        log: folder.join("logs/bench").join(format!("{task}.1.log")),
        temporary: None,
        stdout_copy: None,
        agent: None,
        log_limit: 64 << 20,
        timeout: Duration::from_secs(600),
        stall_timeout: None,
        grace: Duration::from_secs(5),
        late_output: LateOutput::Awaited,
        containment: Containment {
            owner: "bench".to_owned(),
            best: Way::ControlGroup,
            keep: Vec::new(),
            memory_limit: None,
        },
        warden: Warden::default(),
    }
}

fn run_spec(job: &Job, folder: &Path) -> Result<RunSpec, Failure> {
    let plan = plan(job)?;
    let places = plan.tasks.iter().map(|planned| TaskPlace {
        branch: Some(format!("feature/{}", planned.task.id)),
        worktree: folder.join(planned.task.id.as_str()).to_string_lossy().into_owned(),
        port: None,
        temporary: None,
    });
    Ok(RunSpec {
        run: "bench".parse()?,
        workflow: "bench".to_owned(),
        base: Oid::from_bytes(&[7; 20]).ok_or("no id")?,
        base_name: "HEAD".to_owned(),
        target: None,
        places: places.collect(),
        plan,
        limits: Limits {
            grace: Duration::from_secs(5),
            log_limit: 64 << 20,
            keep: Vec::new(),
            jobserver: false,
            share_host: false,
            speculate: false,
            env_deny: Vec::new(),
            env_pass: Vec::new(),
            personas: Vec::new(),
        },
        worktree: WorktreeRules::default(),
        resolution: wt_orch::domain::integrate::ResolutionRules::default(),
        kind: wt_orch::domain::run::RunKind::default(),
        made_folders: Vec::new(),
        version: "0".to_owned(),
    })
}

fn plan(job: &Job) -> Result<Plan, Failure> {
    let task = |number| {
        format!("[[task]]\nid = \"t{number}\"\nargv = {:?}\nestimate = \"1s\"\n", job.argv)
    };
    let text: String = (0..job.tasks).map(task).collect();
    let known = Known::default();
    let set = parse(&text, &known).tasks.value.ok_or("the tasks are not valid")?;
    let request = PlanRequest {
        host: Host { cores: 64, memory: 0 },
        preference: Preference::ParallelWith(job.width),
        ..PlanRequest::of(&set)
    };
    Ok(build(&request).map_err(|_| "there is no plan")?)
}
