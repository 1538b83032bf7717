//! One supervised command: started in a session and process group of its own, watched until nothing
//! of it is left. Tasks, checks and validations all run through [`supervise`]. What holds its processes
//! together is [`Containment`].
//!
//! The leader of the group is kept as a zombie until the group is empty, so that its number can't
//! be given to another process while it is still used to send signals.

mod adoption;
mod capture;
mod cgroup;
mod containment;
mod entry;
mod group;
mod jobserver;
mod lines;
mod log;
mod log_file;
mod spawn;
mod supervise;
mod used;
mod wait;
mod warden;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::run::AgentReport;
use crate::domain::task::AgentFormat;

pub use super::host::identity::{ProcessIdentity, is_alive};
pub use adoption::adopt_orphans;
pub use containment::{Borne, Containment, Way, load_borne};
pub use group::{Cleared, LostCommand, load_strays, stop_leftovers, stop_marked, stop_stray};
pub use jobserver::{Jobserver, Turn};
pub use spawn::SpawnError;
pub use supervise::supervise;
pub use used::Used;
pub use warden::{DRIVER, WARDEN, Warden, own_program, serve};

/// Variables that mark every process of an attempt. Strays that left the process group are found by
/// them when a command's environment has the first three; the fourth, where given, must match too.
pub const MARKERS: [&str; 4] =
    ["WT_ORCH_RUN", "WT_ORCH_TASK", "WT_ORCH_ATTEMPT", "WT_ORCH_WORKTREE"];

/// What to run, where, and within which limits.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// Program and arguments; a program without a slash is looked up in the `PATH` of `env`.
    pub argv: Vec<OsString>,
    /// Working folder.
    pub cwd: PathBuf,
    /// The whole environment; nothing of the caller's is added.
    pub env: Vec<(OsString, OsString)>,
    /// Gets stdout and stderr, in the order of their arrival, after what it holds. Its folders are
    /// made.
    pub log: PathBuf,
    /// Folder for temporary files, made before the command starts and closed to others.
    pub temporary: Option<PathBuf>,
    /// Gets stdout alone; overwritten.
    pub stdout_copy: Option<PathBuf>,
    /// What it writes is read as that of an agent.
    pub agent: Option<AgentFormat>,
    /// Bytes written to either file, at least 4096. Past it the beginning and the end are kept, with
    /// a line between them that says how much was left out.
    pub log_limit: u64,
    /// The command is stopped after this time. Time in which this program was itself stopped, or
    /// the machine asleep, does not count for any limit, but for the first two seconds of it.
    pub timeout: Duration,
    /// The command is stopped when it neither wrote output nor used processor time for this long, give
    /// or take 10 ms of it. Nothing stalls where the system does not tell of processor time.
    pub stall_timeout: Option<Duration>,
    /// Time between the request to end (SIGTERM) and the end by force (SIGKILL).
    pub grace: Duration,
    /// What is done where its output is held open after its end.
    pub late_output: LateOutput,
    /// What its processes are held in.
    pub containment: Containment,
    /// Who ends it should this process be killed.
    pub warden: Warden,
}

/// How long output is awaited that processes may still write which the command left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateOutput {
    /// For two seconds, since it may be part of a result that is looked at.
    Awaited,
    /// For as long, but only while it keeps coming: after a quarter of a second without any they are
    /// ended. For commands of which the exit code is the result, and validations: a shell waits for
    /// every member of a pipeline, so that only what it started aside can still write.
    TakenWhileItComes,
}

/// What one may ask of a command that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// SIGTERM to the group, SIGKILL after the grace.
    Stop,
    /// SIGKILL at once, also when it is being stopped already.
    Kill,
    /// All of it is held, and so is its time: no limit is reached meanwhile, and the wall time does
    /// not grow. Answered by [`Progress::Suspended`] unless it has ended.
    Suspend,
    /// It goes on where it was held. What stops a command makes it go on first.
    Continue,
}

/// What is told while a command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It runs, as this process.
    Started(ProcessIdentity),
    /// Its last line of output, at most about ten times a second, without control characters.
    Line(String),
    /// All of it is held, as requested.
    Suspended,
}

/// Who ended the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did, or somebody outside.
    Exited,
    /// Its time was up.
    TimedOut,
    /// It did nothing for too long.
    Stalled,
    /// It was requested.
    Stopped,
}

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// A command that has ended, with everything that it left behind cleared away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Who ended it.
    pub ending: Ending,
    /// How.
    pub exit: Exit,
    /// From its start to the end of the command itself, without the time in which it was held.
    pub wall: Duration,
    /// What it used.
    pub used: Used,
    /// Somebody held its output open after its end, for longer than [`LateOutput`] grants.
    pub leaked_output: bool,
    /// Processes that the command left behind and that were ended.
    pub leaked_processes: u32,
    /// It was ended because all of it together held more memory than it may.
    pub ran_out_of_memory: bool,
    /// Processes that even SIGKILL did not end in time: 0 unless the system itself hangs.
    pub survivors: u32,
    /// Bytes of output, whether kept or left out.
    pub output_bytes: u64,
    /// The last lines of output that are not blank, without control characters; up to 20.
    pub last_lines: Vec<String>,
    /// Why output could not be written, if so; the command ran on.
    pub log_error: Option<String>,
    /// What the agent said of its work.
    pub agent: Option<Box<AgentReport>>,
}
