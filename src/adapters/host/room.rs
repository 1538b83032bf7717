//! Whether the system still gives this process what every command needs.

use std::io;
use std::num::NonZero;
use std::sync::RwLock;
use std::thread::{self, Builder};

/// Most threads that are tried.
const MOST: usize = 18;
/// Bytes of stack for a thread that does nothing.
const STACK: usize = 64 * 1024;

/// Starts as many threads at once as a command needs beside its own, and ends them. Libraries panic
/// where they get none, which is too late to say what is missing.
///
/// # Errors
/// What the system said to the first one that it refused.
pub fn try_threads() -> io::Result<()> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let gate = RwLock::new(());
    thread::scope(|scope| {
        // All of them wait at the gate until the last one is there, or refused.
        let _shut = gate.write();
        for _ in 0..(2 * cores + 2).min(MOST) {
            let wait = || drop(gate.read());
            Builder::new().stack_size(STACK).spawn_scoped(scope, wait)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_machine_that_runs_tests_has_room() {
        super::try_threads().unwrap();
    }
}
