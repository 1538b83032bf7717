//! A git command that must not outlive this process: what it has begun, the next one does anew.

use std::process::Command;

use super::Invocation;

impl Invocation<'_> {
    /// Ends the command (SIGTERM, on which git takes its locks away) when this process is killed.
    /// Known on Linux only.
    pub(in crate::adapters) fn ending_with_us(mut self) -> Self {
        self.bound = true;
        self
    }
}

#[cfg(target_os = "linux")]
pub(super) fn bind(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    use rustix::process::{Signal, set_parent_process_death_signal};

    let bind = || set_parent_process_death_signal(Some(Signal::TERM)).map_err(Into::into);
    // SAFETY: the closure makes one system call, neither allocates nor locks, and owns nothing. Only
    // the child itself can ask for the signal.
    unsafe { command.pre_exec(bind) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bind(_command: &mut Command) {}
