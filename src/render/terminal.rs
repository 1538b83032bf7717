//! The terminal that live progress is drawn on.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

/// A line must have room for a character of two columns: indicatif panics on one that does not fit.
const NARROWEST: u16 = 2;
/// Where the terminal does not say.
const USUAL: (u16, u16) = (24, 80);

/// A writer that understands ANSI sequences, drawn frame by frame.
pub(super) struct Terminal {
    /// Rows and columns at this moment.
    size: fn() -> Option<(u16, u16)>,
    screen: Mutex<Screen>,
}

struct Screen {
    frame: String,
    out: Box<dyn Write + Send>,
}

/// Stderr when it is a terminal; otherwise nothing is drawn.
pub(super) fn stderr_target() -> ProgressDrawTarget {
    if io::stderr().is_terminal() {
        let terminal = Terminal::new(stderr_size, Box::new(io::stderr()));
        ProgressDrawTarget::term_like(Box::new(terminal))
    } else {
        ProgressDrawTarget::hidden()
    }
}

fn stderr_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some((size.ws_row, size.ws_col))
}

impl Terminal {
    pub(super) fn new(size: fn() -> Option<(u16, u16)>, out: Box<dyn Write + Send>) -> Self {
        Self { size, screen: Mutex::new(Screen { frame: String::new(), out }) }
    }

    fn put(&self, text: &str) -> io::Result<()> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).frame.push_str(text);
        Ok(())
    }

    fn travel(&self, cells: usize, direction: char) -> io::Result<()> {
        if cells == 0 { Ok(()) } else { self.put(&format!("\x1b[{cells}{direction}")) }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        (self.size)().unwrap_or(USUAL).1.max(NARROWEST)
    }

    fn height(&self) -> u16 {
        (self.size)().unwrap_or(USUAL).0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.travel(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.travel(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.travel(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.travel(n, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.put(line)?;
        self.put("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = std::mem::take(&mut screen.frame);
        screen.out.write_all(frame.as_bytes())?;
        screen.out.flush()
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").finish_non_exhaustive()
    }
}
