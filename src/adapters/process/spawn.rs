//! Starting a command, and telling why it could not be started.

mod fork;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod image;
mod streams;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod vfork;

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

use rustix::process::Pid;

use self::streams::Streams;
use super::adoption::enrolled;
use super::cgroup::{self, Leaf};
use super::entry::Entry;
use super::group::Bonds;
use super::{CommandSpec, Containment, ProcessIdentity, Way};
use crate::adapters::host::crash_point::crash_point;
use crate::adapters::host::private::PrivateError;
use crate::adapters::host::signals::is_ignored;
use crate::adapters::host::temporary::ensure_temporary;

/// Why a command could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No words at all.
    #[error("the command is empty")]
    Empty,
    /// No such program, neither in `PATH` nor at the path given.
    #[error("program `{program}` not found")]
    ProgramNotFound {
        /// The program, as given.
        program: String,
    },
    /// The file is there; the interpreter that its first line names is not.
    #[error("the interpreter of `{program}` was not found")]
    InterpreterNotFound {
        /// The program, as given.
        program: String,
    },
    /// The working folder is not there, or is no folder.
    #[error("the working folder {} does not exist", path.display())]
    FolderMissing {
        /// The working folder.
        path: PathBuf,
    },
    /// The working folder may not be entered.
    #[error("no permission to enter {}", path.display())]
    FolderDenied {
        /// The working folder.
        path: PathBuf,
    },
    /// The file may not be executed.
    #[error("no permission to execute `{program}`")]
    NotExecutable {
        /// The program, as given.
        program: String,
    },
    /// Arguments and environment together, or one of them, exceed what the system passes on.
    #[error("the arguments of `{program}` are too long for the system")]
    TooLong {
        /// The program, as given.
        program: String,
    },
    /// Processes, file handles or memory ran out; it may work later.
    #[error("the system cannot start another process")]
    OutOfResources {
        /// What the system said.
        source: io::Error,
    },
    /// A file for the output could not be opened.
    #[error("cannot write the log {}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder for temporary files could not be made.
    #[error(transparent)]
    Temporary(#[from] PrivateError),
    /// The system refused for another reason.
    #[error("cannot start `{program}`")]
    Other {
        /// The program, as given.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It was started, and then its end could not be observed.
    #[error("lost track of `{program}`")]
    Lost {
        /// The program, as given.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// A started process, what holds it, and the reading ends of its output.
pub(super) struct Spawned {
    pub(super) pid: Pid,
    pub(super) identity: ProcessIdentity,
    pub(super) bonds: Bonds,
    /// Stdout (with stderr in it unless that is kept apart), and stderr.
    pub(super) pipes: [Option<OwnedFd>; 2],
}

struct Started {
    pid: Pid,
    identity: ProcessIdentity,
    pipes: [Option<OwnedFd>; 2],
}

/// Starts the command in a session of its own, with nothing to read and no terminal.
pub(super) fn spawn(spec: &CommandSpec) -> Result<Spawned, SpawnError> {
    let program = spec.argv.first().ok_or(SpawnError::Empty)?;
    if !spec.cwd.is_dir() {
        return Err(SpawnError::FolderMissing { path: spec.cwd.clone() });
    }
    if let Some(folder) = &spec.temporary {
        ensure_temporary(folder)?;
    }
    ensure_children_are_kept();
    let leaf = make_leaf(&spec.containment);
    let number = |started: &Started| (started.identity.pid, started.identity.start_time);
    let begun = |leaf: Option<&Leaf>| enrolled(|| start(spec, leaf), number);
    let (leaf, begun) = match (begun(leaf.as_ref()), leaf) {
        // Whatever was the matter: without the group it is the command's own fault.
        (Err(_), Some(_unusable)) => (None, begun(None)),
        (begun, leaf) => (leaf, begun),
    };
    let (started, enrolled) = begun.map_err(|error| reason(spec, program, error))?;
    let keep = spec.containment.keep.clone();
    let bonds = Bonds { leaf, keep, enrolled: Some(enrolled) };
    let Started { pid, identity, pipes } = started;
    Ok(Spawned { pid, identity, bonds, pipes })
}

/// A control group for the command, where it may have one.
fn make_leaf(containment: &Containment) -> Option<Leaf> {
    let home = cgroup::home().ok().filter(|_| containment.best == Way::ControlGroup)?;
    // As many as the system allows may be there.
    Leaf::create(home, &containment.owner).ok()
}

/// The program of a command, for messages.
pub(super) fn program(spec: &CommandSpec) -> String {
    spec.argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default()
}

fn start(spec: &CommandSpec, leaf: Option<&Leaf>) -> io::Result<Started> {
    let apart = spec.stdout_copy.is_some() || spec.agent.is_some();
    let (streams, pipes) = Streams::open(apart)?;
    let entry = Entry::prepare(leaf, spec.containment.memory_limit);
    crash_point("process: before its start");
    let pid = begin(spec, leaf, &streams, entry)?;
    crash_point("process: after its start");
    let identity = ProcessIdentity::load(pid.as_raw_nonzero().get().unsigned_abs());
    Ok(Started { pid, identity, pipes })
}

/// The short way where there is one.
fn begin(
    spec: &CommandSpec,
    leaf: Option<&Leaf>,
    streams: &Streams,
    entry: Entry,
) -> io::Result<Pid> {
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    match vfork::start(spec, leaf, streams, &entry) {
        Err(vfork::Unborn::Unsupported) => {}
        Err(vfork::Unborn::Failed(error)) => return Err(error),
        Ok(pid) => return Ok(pid),
    }
    fork::start(spec, leaf, streams, entry)
}

/// A parent that ignores SIGCHLD passes that on, and then the system throws away how children
/// ended.
fn ensure_children_are_kept() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if is_ignored(libc::SIGCHLD).unwrap_or(false) {
            // SAFETY: the default action runs no code of this program.
            unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
        }
    });
}

fn reason(spec: &CommandSpec, program: &OsStr, source: io::Error) -> SpawnError {
    let name = program.to_string_lossy().into_owned();
    match source.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) if !spec.cwd.is_dir() => {
            SpawnError::FolderMissing { path: spec.cwd.clone() }
        }
        Some(libc::ENOENT) if is_there(spec, program) => {
            SpawnError::InterpreterNotFound { program: name }
        }
        Some(libc::ENOENT | libc::ENOTDIR) => SpawnError::ProgramNotFound { program: name },
        Some(libc::EACCES | libc::EPERM) => {
            match rustix::fs::access(&spec.cwd, rustix::fs::Access::EXEC_OK) {
                Ok(()) => SpawnError::NotExecutable { program: name },
                Err(_) => SpawnError::FolderDenied { path: spec.cwd.clone() },
            }
        }
        Some(libc::E2BIG) => SpawnError::TooLong { program: name },
        Some(libc::EAGAIN | libc::ENOMEM | libc::EMFILE | libc::ENFILE) => {
            SpawnError::OutOfResources { source }
        }
        Some(_) | None => SpawnError::Other { program: name, source },
    }
}

fn is_there(spec: &CommandSpec, program: &OsStr) -> bool {
    if program.as_bytes().contains(&b'/') {
        return spec.cwd.join(program).is_file();
    }
    let paths = spec.env.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value);
    paths.is_some_and(|paths| {
        std::env::split_paths(paths)
            .any(|dir| spec.cwd.join(dir).join(Path::new(program)).is_file())
    })
}
