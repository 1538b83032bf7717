//! The named pipe that holds tokens: one byte each.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{CWD, Mode, mkfifoat};
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

use crate::adapters::host::crash_point::crash_point;

/// What GNU make writes for a token.
const TOKEN: [u8; 1] = *b"+";

/// Both ends, so that the pipe never ends for whoever reads it.
pub(super) struct Fifo {
    out: Receiver,
    back: Sender,
}

impl Fifo {
    /// Makes it, closed to others, with so many tokens in it.
    pub(super) fn create(path: &Path, tokens: usize) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?;
        crash_point("jobserver: pipe made");
        let fifo = Self::open(path)?;
        fifo.refill(tokens);
        Ok(fifo)
    }

    /// Opens one that is there. Its other readers still wait where there is nothing to read: not to
    /// wait is a matter of each opening.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let options = OpenOptions::new();
        // A pipe can be opened for writing at once only while somebody has it open for reading.
        let out = options.open_receiver(path)?;
        Ok(Self { out, back: options.open_sender(path)? })
    }

    /// Takes a token as soon as there is one; nothing is lost when it is dropped before.
    pub(super) async fn take(&self) -> io::Result<()> {
        loop {
            self.out.readable().await?;
            match self.out.try_read(&mut [0]) {
                // Somebody was quicker.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                taken => return taken.map(drop),
            }
        }
    }

    // What follows asks the system itself: the runtime knows only what it has been told so far.

    /// Puts one back. A full pipe would hold thousands: nothing is to be done about it.
    pub(super) fn give(&self) {
        let _full = rustix::io::write(&self.back, &TOKEN);
    }

    /// Takes out what is in it and puts in so many.
    pub(super) fn refill(&self, tokens: usize) {
        let mut found = [0; 256];
        while matches!(rustix::io::read(&self.out, &mut found), Ok(1..)) {}
        for _ in 0..tokens {
            self.give();
        }
    }
}
