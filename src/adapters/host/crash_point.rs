//! Points at which the program can be told to die, so that a test can try every one of them.
//!
//! They stand before and after everything that outlives the process: transactions, refs, files,
//! processes. A build with debug assertions counts the points it passes, of all threads together.
//! With `WT_ORCH_CRASH_AT=17` it kills itself at the seventeenth, as a crash would: nothing is
//! dropped, flushed or unlocked. `WT_ORCH_CRASH_LOG=FILE` gets a line for each point passed. Of a
//! build without debug assertions nothing of this is a part.

/// Begins the names of the variables; they are no settings.
const VARIABLES: &str = "WT_ORCH_CRASH_";

/// Whether a variable is for this module.
pub fn is_crash_variable(name: &str) -> bool {
    cfg!(debug_assertions) && name.starts_with(VARIABLES)
}

/// A point that a crash may follow, named for what has just happened or is about to.
#[cfg(not(debug_assertions))]
#[inline]
pub fn crash_point(_name: &str) {}

/// A point that a crash may follow, named for what has just happened or is about to.
#[cfg(debug_assertions)]
pub fn crash_point(name: &str) {
    wanted::wanted().pass(name);
}

#[cfg(debug_assertions)]
mod wanted {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::VARIABLES;

    /// What the environment asks for.
    pub(super) struct Wanted {
        at: Option<u64>,
        log: Option<File>,
        passed: AtomicU64,
    }

    pub(super) fn wanted() -> &'static Wanted {
        static WANTED: OnceLock<Wanted> = OnceLock::new();
        WANTED.get_or_init(|| {
            let at = variable("AT").and_then(|text| text.to_str()?.parse().ok());
            let open = |path| OpenOptions::new().create(true).append(true).open(path).ok();
            Wanted { at, log: variable("LOG").and_then(open), passed: AtomicU64::new(0) }
        })
    }

    impl Wanted {
        pub(super) fn pass(&self, name: &str) {
            if self.at.is_none() && self.log.is_none() {
                return;
            }
            let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
            if let Some(mut log) = self.log.as_ref() {
                // One write, so that lines of several threads stay whole.
                let _told = log.write_all(format!("{number} {name}\n").as_bytes()).is_ok();
            }
            if self.at == Some(number) {
                let _died = kill_process(getpid(), Signal::KILL).is_ok();
                // Until the signal is delivered, this thread goes no further.
                loop {
                    std::thread::park();
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "no settings: they are for tests alone")]
    fn variable(end: &str) -> Option<std::ffi::OsString> {
        std::env::var_os(format!("{VARIABLES}{end}"))
    }
}
