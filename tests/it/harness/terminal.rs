//! A terminal of our own for a program that asks questions.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Both ends of a pseudo-terminal.
pub(super) struct Terminal {
    ours: File,
    /// What the program is given.
    pub(super) theirs: OwnedFd,
}

impl Terminal {
    pub(super) fn open() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        Self { ours: ours.into(), theirs }
    }

    /// Types the answer, and gives what the program showed once its end is closed.
    pub(super) fn answer(self, text: String) -> Receiver<Vec<u8>> {
        let Self { mut ours, theirs } = self;
        drop(theirs);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            ours.write_all(text.as_bytes()).unwrap();
            let mut shown = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                match ours.read(&mut buffer) {
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
