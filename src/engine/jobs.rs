//! How the commands of a run share the cores: one jobserver for tasks, checks, setup hooks and
//! validations, and variables for tools that know nothing of it.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use super::error::EngineError;
use super::journal::Journal;
use super::site::Site;
use crate::adapters::host::machine::Machine;
use crate::adapters::host::temporary::{ensure_temporary, remove_temporary, temporary_place};
use crate::adapters::process::{
    self, CommandSpec, Containment, Jobserver, LateOutput, Request, Turn, Warden, Way,
};
use crate::domain::id::RunId;
use crate::domain::run::{Event, RunSpec, jobs_name};

/// Variables in which builds look for a jobserver.
const AUTHORITIES: [&str; 3] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

/// Variables that limit what one command starts at once, for tools that speak no jobserver.
const THREADS: [&str; 5] = [
    "NEXTEST_TEST_THREADS",
    "RUST_TEST_THREADS",
    "PYTEST_XDIST_AUTO_NUM_WORKERS",
    "CMAKE_BUILD_PARALLEL_LEVEL",
    "GOMAXPROCS",
];

/// Before the path of a named pipe in such a variable.
const NAMED: &str = "--jobserver-auth=fifo:";

/// First version of GNU make that knows named pipes; an older one ends at once when it meets one.
const KNOWING_MAKE: (u32, u32) = (4, 4);

/// The tokens of a run, where it has any.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    shared: Option<Shared>,
}

#[derive(Debug, Clone)]
struct Shared {
    server: Jobserver,
    variables: Vec<(&'static str, OsString)>,
}

/// Somebody asked for the end of a command that had not started.
pub(super) struct GivenUp;

impl Jobs {
    /// Those of a run that wants them. What stands in the way is said, and the run does without.
    pub(super) async fn open(site: &Site, spec: &RunSpec) -> Result<Self, String> {
        if !spec.limits.jobserver {
            return Ok(Self::default());
        }
        let without = |why: &dyn std::fmt::Display| {
            format!("builds do not share the cores (`run.jobserver`): {why}")
        };
        let tokens = tokens(spec);
        let mut variables = shares(tokens, spec.plan.decision.width);
        if let Some(path) = site.env.iter().find_map(|(name, value)| named_pipe(name, value)) {
            // Inside a build of somebody else's, or inside a task: its pool is shared.
            let server = Jobserver::join(&path).map_err(|error| without(&error))?;
            return Ok(Self { shared: Some(Shared { server, variables }) });
        }
        let folder = folder(site, &spec.run);
        let path = folder.join("pool");
        let Some(text) = path.to_str().filter(|path| !path.contains(char::is_whitespace)) else {
            return Err(without(&format!("the path {} has blanks", path.display())));
        };
        let authority = format!("-j --jobserver-fds=fifo:{text} {NAMED}{text}");
        ensure_temporary(&folder).map_err(|error| without(&error))?;
        let knows = make_version(site, &folder).await.is_none_or(|version| version >= KNOWING_MAKE);
        let server = Jobserver::create(&path, tokens).map_err(|error| without(&error))?;
        variables.push(("CARGO_MAKEFLAGS", authority.into()));
        if knows {
            variables.push(("MAKEFLAGS", format!("-j {NAMED}{text}").into()));
        }
        Ok(Self { shared: Some(Shared { server, variables }) })
    }

    /// The environment of a command with what tells its tools of the pool. What is there is left:
    /// the user's word counts. A pool that is gone, such as that of a task which outlived its run, is
    /// taken out.
    pub(super) fn added_to(&self, mut env: Vec<(OsString, OsString)>) -> Vec<(OsString, OsString)> {
        env.retain(|(name, value)| {
            !names_pipe(name, value) || named_pipe(name, value).is_some_and(|path| is_pipe(&path))
        });
        for (name, value) in self.shared.iter().flat_map(|shared| &shared.variables) {
            if !env.iter().any(|(known, _)| known == name) {
                env.push(((*name).into(), value.clone()));
            }
        }
        env
    }

    /// Waits until a command that keeps so many cores busy may start. Its time has not begun yet, and
    /// requests are heard: one to end it gives it up, and while it is held, as `held` is told, it
    /// takes no turn.
    pub(super) async fn turn(
        &self,
        cores: f64,
        requests: &mut mpsc::Receiver<Request>,
        mut held: impl FnMut(),
    ) -> Result<Option<Turn>, GivenUp> {
        let Some(shared) = &self.shared else { return Ok(None) };
        loop {
            tokio::select! {
                biased;
                Some(request) = requests.recv() => match request {
                    Request::Stop | Request::Kill => return Err(GivenUp),
                    Request::Suspend => {
                        held();
                        continued(requests, &mut held).await?;
                    }
                    Request::Continue => {}
                },
                turn = shared.server.turn(cores) => return Ok(turn),
            }
        }
    }
}

/// Until a command that is held may go on, also because nobody is left who could say so.
async fn continued(
    requests: &mut mpsc::Receiver<Request>,
    held: &mut impl FnMut(),
) -> Result<(), GivenUp> {
    loop {
        match requests.recv().await {
            Some(Request::Continue) | None => return Ok(()),
            Some(Request::Stop | Request::Kill) => return Err(GivenUp),
            Some(Request::Suspend) => held(),
        }
    }
}

/// The tokens of the run of a journal, which is told what stands in the way.
pub(super) async fn open_jobs(site: &Site, journal: &mut Journal) -> Result<Jobs, EngineError> {
    let spec = journal.state().spec.clone();
    match Jobs::open(site, &spec).await {
        Ok(jobs) => Ok(jobs),
        Err(message) => {
            journal.note(Event::Warned { message })?;
            Ok(Jobs::default())
        }
    }
}

/// Takes away the place of a run's pool, whether its owner did well or was killed.
pub(super) fn remove_jobs(site: &Site, spec: &RunSpec) {
    if spec.limits.jobserver {
        let _in_nobodys_way = remove_temporary(&folder(site, &spec.run));
    }
}

/// What builds that share the cores can rely on here, for people.
pub async fn jobserver_text(site: &Site, wanted: bool) -> String {
    let folder = temporary_place(&jobs_name(&site.repo.common_dir().to_string_lossy(), "-"));
    let version = match ensure_temporary(&folder) {
        Ok(()) => make_version(site, &folder).await,
        Err(_) => None,
    };
    let _in_nobodys_way = remove_temporary(&folder);
    let switch = if wanted { "on" } else { "off (`run.jobserver`)" };
    let make = match version {
        None => "cargo, make and ninja".to_owned(),
        Some((major, minor)) if (major, minor) >= KNOWING_MAKE => {
            format!("cargo, make ({major}.{minor}) and ninja")
        }
        Some((0, _)) => "cargo only: `make` here is not GNU make 4.4 or newer".to_owned(),
        Some((major, minor)) => {
            format!("cargo only: make is {major}.{minor}, from 4.4 on make and ninja take part")
        }
    };
    format!("{switch}; {make}")
}

fn folder(site: &Site, run: &RunId) -> PathBuf {
    temporary_place(&jobs_name(&site.repo.common_dir().to_string_lossy(), run.as_str()))
}

/// As many as the plan counts on cores, or as the machine has where it does not count them.
fn tokens(spec: &RunSpec) -> usize {
    let problem = &spec.plan.problem;
    let planned = problem.resources.iter().zip(&problem.capacities);
    let cores = planned.filter(|(name, _)| *name == "cores").map(|(_, units)| units / 1000).next();
    cores.and_then(|cores| usize::try_from(cores).ok()).unwrap_or(Machine::load().cores).max(1)
}

/// For each of those that run at once the same part, at least one.
fn shares(tokens: usize, width: usize) -> Vec<(&'static str, OsString)> {
    let share = (tokens / width.max(1)).max(1).to_string();
    THREADS.map(|name| (name, share.clone().into())).into()
}

/// The path of the pool that a variable names.
fn named_pipe(name: &OsStr, value: &OsStr) -> Option<PathBuf> {
    let text = value.to_str().filter(|_| AUTHORITIES.iter().any(|known| name == *known))?;
    let mut words = text.split_whitespace().rev();
    words.find_map(|word| word.strip_prefix(NAMED)).map(PathBuf::from)
}

fn names_pipe(name: &OsStr, value: &OsStr) -> bool {
    named_pipe(name, value).is_some()
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

/// The version of the GNU make that tasks find; `None` where they find none.
async fn make_version(site: &Site, folder: &Path) -> Option<(u32, u32)> {
    let spec = CommandSpec {
        argv: ["make", "--version"].map(OsString::from).to_vec(),
        cwd: folder.to_owned(),
        env: Jobs::default().added_to(site.env.clone()),
        log: folder.join("make.log"),
        temporary: None,
        stdout_copy: None,
        agent: None,
        log_limit: 4096,
        timeout: Duration::from_secs(5),
        stall_timeout: None,
        grace: Duration::ZERO,
        late_output: LateOutput::TakenWhileItComes,
        containment: unheld(),
        warden: Warden::default(),
    };
    let (_keep_open, requests) = mpsc::channel(1);
    let (progress, _unheard) = mpsc::unbounded_channel();
    let finished = process::supervise(spec, requests, progress).await.ok()?;
    // A make of another kind does not read the variable as GNU make does.
    finished.last_lines.iter().find_map(|line| parse_make_version(line)).or(Some((0, 0)))
}

/// For a command that starts nothing.
fn unheld() -> Containment {
    let owner = String::new();
    Containment { owner, best: Way::ProcessTable, keep: Vec::new(), memory_limit: None }
}

fn parse_make_version(line: &str) -> Option<(u32, u32)> {
    let version = line.strip_prefix("GNU Make ")?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests;
