//! A terminal of our own for a program that asks questions.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Both ends of a pseudo-terminal.
pub(super) struct Terminal {
    ours: File,
    /// What the program is given.
    pub(super) theirs: OwnedFd,
    /// Set, it closes our end while the program runs.
    pub(super) hung_up: Arc<AtomicBool>,
}

impl Terminal {
    pub(super) fn open() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        rustix::io::ioctl_fionbio(&ours, true).unwrap();
        Self { ours: ours.into(), theirs, hung_up: Arc::default() }
    }

    /// Types the answer, and gives what the program showed once either end is closed.
    pub(super) fn answer(self, text: String) -> Receiver<Vec<u8>> {
        let Self { mut ours, theirs, hung_up } = self;
        drop(theirs);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            ours.write_all(text.as_bytes()).unwrap();
            let mut shown = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                if hung_up.load(Ordering::Relaxed) {
                    break;
                }
                match ours.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        thread::sleep(Duration::from_millis(5));
                    }
                    // Linux tells the end by an error.
                    Ok(0) => break,
                    Err(error) if error.kind() != ErrorKind::Interrupted => break,
                    Err(_) => {}
                    Ok(count) => shown.extend_from_slice(&buffer[..count]),
                }
            }
            sender.send(shown)
        });
        receiver
    }
}
