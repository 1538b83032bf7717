//! Requests to end, or to stand still, that reach this process as signals.

use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// A polite request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal went away.
    Hangup,
    /// SIGTSTP: Ctrl-Z.
    Suspend,
}

/// The signals of this process. A signal that was ignored when the program was started (`nohup`, a
/// background job of a script) stays ignored. Once this is dropped they do what they do to any
/// process.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<Listener>,
    terminate: Option<Listener>,
    hangup: Option<Listener>,
    suspend: Option<Listener>,
}

impl Signals {
    /// Starts to listen; from here on the signals no longer end the process by themselves. Needs a
    /// tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: listener(SignalKind::interrupt())?,
            terminate: listener(SignalKind::terminate())?,
            hangup: listener(SignalKind::hangup())?,
            suspend: listener(SignalKind::from_raw(libc::SIGTSTP))?,
        })
    }

    /// None of them, for work on which others keep an eye.
    pub fn none() -> Self {
        Self { interrupt: None, terminate: None, hangup: None, suspend: None }
    }

    /// The next one. May be dropped and called again without losing any.
    pub async fn recv(&mut self) -> Signal {
        tokio::select! {
            () = heard(&mut self.interrupt) => Signal::Interrupt,
            () = heard(&mut self.terminate) => Signal::Terminate,
            () = heard(&mut self.hangup) => Signal::Hangup,
            () = heard(&mut self.suspend) => Signal::Suspend,
        }
    }

    /// One that has come already, for whoever is about to do what takes the thread away. Needs the
    /// runtime of one thread that the program has: it looks for signals whenever its only task yields.
    pub async fn pending(&mut self) -> Option<Signal> {
        tokio::select! {
            biased;
            signal = self.recv() => Some(signal),
            () = tokio::task::yield_now() => None,
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let numbers = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGTSTP];
        let listeners = [&self.interrupt, &self.terminate, &self.hangup, &self.suspend];
        for (number, _) in numbers.into_iter().zip(listeners).filter(|(_, found)| found.is_some()) {
            if let Ok(action) = exchange(number, &default_action()) {
                listening().insert(number, action);
            }
        }
    }
}

/// Stops this process as if nobody listened for SIGTSTP, and returns when it was told to go on.
/// Where no shell could do that, the system lets it go on at once.
///
/// # Errors
/// The system refuses to change what the signal does.
pub fn stand_still() -> io::Result<()> {
    let action = exchange(libc::SIGTSTP, &default_action())?;
    // SAFETY: sends a signal to this thread; the action is the default one, which runs no code.
    unsafe { libc::raise(libc::SIGTSTP) };
    exchange(libc::SIGTSTP, &action).map(drop)
}

/// What the runtime does on the signals that nobody listens for at the moment. It sets that up
/// once for each, so it has to be put back.
fn listening() -> std::sync::MutexGuard<'static, HashMap<i32, libc::sigaction>> {
    static ACTIONS: LazyLock<Mutex<HashMap<i32, libc::sigaction>>> = LazyLock::new(Mutex::default);
    ACTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listener(kind: SignalKind) -> io::Result<Option<Listener>> {
    let number = kind.as_raw_value();
    if is_ignored(number)? {
        return Ok(None);
    }
    let listener = signal(kind)?;
    if let Some(action) = listening().remove(&number) {
        exchange(number, &action)?;
    }
    Ok(Some(listener))
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
    Ok(swap(signal, std::ptr::null())?.sa_sigaction == libc::SIG_IGN)
}

/// Sets what a signal does; what it did before.
fn exchange(signal: i32, action: &libc::sigaction) -> io::Result<libc::sigaction> {
    swap(signal, action)
}

fn swap(signal: i32, action: *const libc::sigaction) -> io::Result<libc::sigaction> {
    let mut before = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: `action` is null, which changes nothing, or points to the default action or one that
    // the system gave itself; `before` is large enough for what the call fills in.
    let code = unsafe { libc::sigaction(signal, action, before.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so the value is filled in.
    Ok(unsafe { before.assume_init() })
}

fn default_action() -> libc::sigaction {
    // SAFETY: all fields are integers, sets of bits or optional pointers; zeros mean the default
    // action, no flags and no further signals blocked.
    unsafe { std::mem::zeroed() }
}

#[cfg(test)]
mod tests;
