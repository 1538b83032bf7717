//! A small process of our own that ends what this one runs, should this one be killed.
//!
//! It is this program again, in a session of its own, and holds nothing but the reading end of a
//! pipe. Over it the supervisor says which commands are at work. When the pipe closes while some
//! are, nobody is left to look after them: they are ended, and then the warden ends too. Without a
//! warden, or when it is killed itself, such commands go on until `resume`, `abort` or `clean`.

mod serve;

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::adoption::Exempt;
use super::{MARKERS, ProcessIdentity};
use crate::adapters::host::crash_point::crash_point;

pub use serve::serve;

/// Name under which the program is started as a warden.
pub const WARDEN: &str = "wt-orch-warden";

/// Variable that tells the commands of one process of ours from those of a later one: what a
/// resumed run starts is of no concern to the warden of the killed one.
pub const DRIVER: &str = "WT_ORCH_DRIVER";

/// The file of this program, for [`Warden::start`].
pub fn own_program() -> Option<PathBuf> {
    if cfg!(target_os = "linux") {
        // Also when the file was replaced since this process began.
        Some("/proc/self/exe".into())
    } else {
        std::env::current_exe().ok()
    }
}

/// What is said over the pipe, one line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Notice {
    /// A command is about to start; `NAME=value` of every variable that marks its processes, and
    /// names of programs that may outlive it.
    Begun { key: u64, marks: Vec<String>, keep: Vec<String> },
    /// This process leads its process group; folder of its control group, if it has one.
    Leads { key: u64, leader: ProcessIdentity, group: Option<PathBuf> },
    /// Nothing is left of it.
    Over { key: u64 },
}

/// The supervisor's side of a warden; the default one is none. Clones speak to the same one. It is
/// dismissed with the last of them.
#[derive(Debug, Clone, Default)]
pub struct Warden(Option<Arc<Mutex<Post>>>);

#[derive(Debug)]
struct Post {
    child: Child,
    _no_orphan: Exempt,
    /// `None` once the warden does not listen.
    pipe: Option<ChildStdin>,
    /// Value of [`DRIVER`].
    driver: String,
    next_key: u64,
    /// Commands at work.
    live: u64,
}

/// A command that the warden knows of, until this is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    warden: Warden,
    key: u64,
}

impl Warden {
    /// Starts one. `program` must be this program: any other would do whatever it does. `about` is
    /// what a list of processes shows of its purpose.
    ///
    /// # Errors
    /// The system has no room for it.
    pub fn start(program: &Path, about: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg0(WARDEN).arg(about).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let enter_session = || rustix::process::setsid().map(drop).map_err(io::Error::from);
        // SAFETY: the closure makes one system call, neither allocates nor locks, and owns nothing.
        // Ctrl-C on the terminal must not reach a warden.
        unsafe { command.pre_exec(enter_session) };
        let mut child = command.spawn()?;
        crash_point("warden: started");
        let pipe = child.stdin.take();
        if let Some(pipe) = &pipe {
            // A warden that was stopped must not stop this process too.
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        let own = ProcessIdentity::own();
        let driver = format!("{}.{}", own.pid, own.start_time);
        let post = Post {
            _no_orphan: Exempt::child(child.id()),
            child,
            pipe,
            driver,
            next_key: 0,
            live: 0,
        };
        Ok(Self(Some(Arc::new(Mutex::new(post)))))
    }

    /// Marks the environment of a command that is about to start, and announces it.
    pub(super) fn watch(&self, env: &mut Vec<(OsString, OsString)>, keep: &[String]) -> Watched {
        let mut key = 0;
        if let Some(mut post) = self.post() {
            env.retain(|(name, _)| name != DRIVER);
            env.push((DRIVER.into(), post.driver.clone().into()));
            post.next_key += 1;
            post.live += 1;
            key = post.next_key;
            post.tell(&Notice::Begun { key, marks: marks(env), keep: keep.to_vec() });
        }
        Watched { warden: self.clone(), key }
    }

    fn post(&self) -> Option<MutexGuard<'_, Post>> {
        let post = self.0.as_ref()?;
        Some(post.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    /// It runs, as this process, in the control group of this folder.
    pub(super) fn leads(&self, leader: &ProcessIdentity, group: Option<&Path>) {
        if let Some(mut post) = self.warden.post() {
            let (leader, group) = (leader.clone(), group.map(Path::to_owned));
            post.tell(&Notice::Leads { key: self.key, leader, group });
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(mut post) = self.warden.post() {
            post.live -= 1;
            post.tell(&Notice::Over { key: self.key });
        }
    }
}

impl Post {
    /// One that does not take the line is dismissed: what it does not know, it must not act on.
    fn tell(&mut self, notice: &Notice) {
        let Some(pipe) = &mut self.pipe else { return };
        let line = serde_json::to_string(notice).map_err(io::Error::from);
        if line.and_then(|line| pipe.write_all((line + "\n").as_bytes())).is_err() {
            self.dismiss();
        }
    }

    fn dismiss(&mut self) {
        // One that has ended already needs no signal.
        self.child.kill().ok();
        self.child.wait().ok();
        self.pipe = None;
    }
}

impl Drop for Post {
    /// With a command still at work the pipe just closes, which leaves it to the warden.
    fn drop(&mut self) {
        if self.live == 0 {
            self.dismiss();
        }
    }
}

/// Run, task and attempt as in [`MARKERS`], and the process that started it, which stands for the
/// repository as well.
fn marks(env: &[(OsString, OsString)]) -> Vec<String> {
    let names = MARKERS.into_iter().take(3).chain([DRIVER]);
    let mark = |name: &str| {
        let (_, value) = env.iter().rfind(|(known, _)| known == name)?;
        Some(format!("{name}={}", value.to_str()?))
    };
    let found: Vec<Option<String>> = names.map(mark).collect();
    // Fewer would fit too much.
    found.into_iter().collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests;
