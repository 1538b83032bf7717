//! Commands that may take only so long: what comes later is ended, with all that it started.

use std::io::{self, Read};
use std::process::{Child, Output};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Invocation;
use crate::adapters::git::error::{GitError, io};

impl Invocation<'_> {
    /// Ends the command and what it started after this long; that is [`GitError::TimedOut`].
    pub(in crate::adapters) fn at_most(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(super) fn ended_early(&self, error: io::Error) -> GitError {
        match self.limit {
            Some(limit) if error.kind() == io::ErrorKind::TimedOut => {
                GitError::TimedOut { words: self.shown(), limit }
            }
            Some(_) | None => io("wait for", &self.program.path)(error),
        }
    }
}

/// As [`Child::wait_with_output`] of a child that leads a group of its own;
/// [`io::ErrorKind::TimedOut`] when it was ended.
pub(super) fn output(mut child: Child, limit: Option<Duration>) -> io::Result<Output> {
    let Some(limit) = limit else { return child.wait_with_output() };
    let watchdog = match Watchdog::over(&child, limit) {
        Ok(watchdog) => watchdog,
        Err(refused) => {
            child.kill()?;
            child.wait()?;
            return Err(refused);
        }
    };
    let read = read_to_end(&mut child);
    // The child keeps its number until the watchdog can no longer send a signal to it.
    let ended = wait_without_reaping(&child);
    let bit = watchdog.called_off();
    let status = child.wait()?;
    if bit {
        return Err(io::ErrorKind::TimedOut.into());
    }
    ended?;
    let (stdout, stderr) = read?;
    Ok(Output { status, stdout, stderr })
}

fn read_to_end(child: &mut Child) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let errors = Builder::new().spawn_scoped(scope, || read_all(err))?;
        let stdout = read_all(out);
        let stderr = errors.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        Ok((stdout?, stderr?))
    })
}

fn read_all(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.map(|mut pipe| pipe.read_to_end(&mut bytes)).transpose()?;
    Ok(bytes)
}

fn wait_without_reaping(child: &Child) -> io::Result<()> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(Pid::from_child(child)), options) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends the group of a child unless it is called off in time. Must not outlive the child's entry in
/// the table of processes: whoever reaps the child calls it off before.
#[derive(Debug)]
struct Watchdog {
    call_off: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watchdog {
    fn over(child: &Child, limit: Duration) -> io::Result<Self> {
        let group = Pid::from_child(child);
        let (call_off, called_off) = channel::<()>();
        let thread = Builder::new().spawn(move || {
            let late = called_off.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            late && kill_process_group(group, Signal::KILL).is_ok()
        })?;
        Ok(Self { call_off, thread })
    }

    /// Whether it had ended the child before.
    fn called_off(self) -> bool {
        drop(self.call_off);
        self.thread.join().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    #[test]
    fn a_command_is_ended_with_what_it_started_and_one_in_time_is_left_alone() {
        let child = shell("sleep 60 & sleep 60; echo late");
        let late = output(child, Some(Duration::from_millis(20)));
        // Had the second `sleep` lived on, it would have held the pipe open.
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let quick = output(shell("echo a; echo b >&2; exit 3"), Some(Duration::from_secs(60)));
        let quick = quick.unwrap();
        assert_eq!(
            (quick.status.code(), &*quick.stdout, &*quick.stderr),
            (Some(3), &b"a\n"[..], &b"b\n"[..])
        );
    }
}
