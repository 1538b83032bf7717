//! The end of one child, observed without touching any other.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;

use super::Exit;

/// Bytes of stack for a thread that does nothing but wait.
const STACK: usize = 128 * 1024;

/// A child that leads its own process group. It is reaped exactly once; dropped before that, its
/// whole group is killed.
#[derive(Debug)]
pub(super) struct Leader {
    pid: Pid,
    watcher: Watcher,
    is_ended: bool,
    is_reaped: bool,
}

/// Who tells of the end.
#[derive(Debug)]
enum Watcher {
    /// A handle of the process, which becomes readable.
    Handle(AsyncFd<OwnedFd>),
    /// A thread that ends with the child, where there are no such handles.
    Thread(oneshot::Receiver<io::Result<()>>),
}

/// How a child ended and what it used, with those descendants that were waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) exit: Exit,
    pub(super) cpu: Duration,
    /// Bytes of the largest one.
    pub(super) peak_rss: u64,
    /// Bytes read from devices; `None` where the system counts something else.
    pub(super) read_bytes: Option<u64>,
    /// Bytes written to them.
    pub(super) written_bytes: Option<u64>,
}

impl Leader {
    /// Begins to watch; needs a tokio runtime with I/O. A child that cannot be watched is killed.
    pub(super) fn watch(pid: Pid) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` is one and the same open file until it is dropped.
        let registered =
            |handle| unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) };
        let watcher = match open_handle(pid).and_then(|handle| registered(handle).ok()) {
            Some(handle) => Watcher::Handle(handle),
            None => Watcher::Thread(watch_by_thread(pid)?),
        };
        Ok(Self { pid, watcher, is_ended: false, is_reaped: false })
    }

    /// Waits for its end; it stays a zombie. May be dropped and called again until it has answered.
    pub(super) async fn ended(&mut self) -> io::Result<()> {
        let end = match &mut self.watcher {
            Watcher::Handle(handle) => handle.readable().await.map(drop),
            Watcher::Thread(ended) => {
                let lost = |_| Err(io::Error::other("the watching thread is gone"));
                ended.await.unwrap_or_else(lost)
            }
        };
        self.is_ended = true;
        end
    }

    /// Takes the zombie away and with it the claim on its number.
    pub(super) fn reap(mut self) -> io::Result<Reaped> {
        self.is_reaped = true;
        reap(self.pid)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        // An empty group has nothing to kill.
        kill_process_group(self.pid, Signal::KILL).ok();
        let pid = self.pid;
        match &mut self.watcher {
            _ if self.is_ended => {
                reap(pid).ok();
            }
            Watcher::Handle(_) => {
                // Dying takes a moment, for which nobody here can wait.
                waiting_thread().spawn(move || reap(pid).ok()).ok();
            }
            Watcher::Thread(ended) => {
                // Either the end was told already, or the thread finds nobody to tell and reaps.
                ended.close();
                if ended.try_recv().is_ok() {
                    reap(pid).ok();
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn open_handle(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_handle(_pid: Pid) -> Option<OwnedFd> {
    None
}

fn waiting_thread() -> thread::Builder {
    thread::Builder::new().name("wt-orch-wait".into()).stack_size(STACK)
}

fn watch_by_thread(pid: Pid) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    let (sender, ended) = oneshot::channel();
    let wait = move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let end = retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        if sender.send(end.map(drop).map_err(io::Error::from)).is_err() {
            reap(pid).ok();
        }
    };
    match waiting_thread().spawn(wait) {
        Ok(_detached) => Ok(ended),
        Err(error) => {
            kill_process_group(pid, Signal::KILL).ok();
            reap(pid).ok();
            Err(error)
        }
    }
}

/// rustix knows the end but not the resources, so this asks the C library.
fn reap(pid: Pid) -> io::Result<Reaped> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are valid for writing; the pid is that of one child.
        let found = unsafe {
            libc::wait4(pid.as_raw_nonzero().get(), &raw mut status, 0, usage.as_mut_ptr())
        };
        if found >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: every field is an integer, and all were zero before the call filled them in.
    let usage = unsafe { usage.assume_init() };
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    };
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    // Kibibytes on Linux, bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak_rss = u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(unit);
    // Blocks of 512 bytes on Linux, operations elsewhere.
    let bytes = |blocks: libc::c_long| {
        let blocks = u64::try_from(blocks).ok().filter(|_| cfg!(target_os = "linux"));
        blocks.map(|blocks| blocks.saturating_mul(512))
    };
    let (read_bytes, written_bytes) = (bytes(usage.ru_inblock), bytes(usage.ru_oublock));
    Ok(Reaped { exit, cpu, peak_rss, read_bytes, written_bytes })
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests;
