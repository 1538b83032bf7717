//! Requests to end that reach this process as signals.

use std::io;

use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// A polite request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal went away.
    Hangup,
}

/// The signals of this process. A signal that was ignored when the program was started (`nohup`, a
/// background job of a script) stays ignored.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<Listener>,
    terminate: Option<Listener>,
    hangup: Option<Listener>,
}

impl Signals {
    /// Starts to listen; from here on the signals no longer end the process by themselves. Needs a
    /// tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: listener(SignalKind::interrupt())?,
            terminate: listener(SignalKind::terminate())?,
            hangup: listener(SignalKind::hangup())?,
        })
    }

    /// The next one. May be dropped and called again without losing any.
    pub async fn recv(&mut self) -> Signal {
        tokio::select! {
            () = heard(&mut self.interrupt) => Signal::Interrupt,
            () = heard(&mut self.terminate) => Signal::Terminate,
            () = heard(&mut self.hangup) => Signal::Hangup,
        }
    }
}

fn listener(kind: SignalKind) -> io::Result<Option<Listener>> {
    if is_ignored(kind.as_raw_value())? { Ok(None) } else { signal(kind).map(Some) }
}

async fn heard(listener: &mut Option<Listener>) {
    if let Some(listener) = listener
        && listener.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Whether the signal of this number is thrown away.
pub(in crate::adapters) fn is_ignored(signal: i32) -> io::Result<bool> {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with no new action given, the call only fills in `action`, which is large enough.
    let code = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the value is filled in.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_signal_is_heard_and_does_not_end_the_process() {
        let mut signals = Signals::listen().unwrap();
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
        assert_eq!(signals.recv().await, Signal::Terminate);
    }

    #[test]
    fn the_runtime_of_rust_ignores_broken_pipes_and_nothing_else() {
        assert!(is_ignored(libc::SIGPIPE).unwrap());
        assert!(!is_ignored(libc::SIGALRM).unwrap());
    }
}
