//! The terminal that live progress is drawn on.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

/// A line must have room for a character of two columns: indicatif panics on one that does not fit.
const NARROWEST: u16 = 2;
/// Where the terminal does not say.
const USUAL: (u16, u16) = (24, 80);

/// A writer that understands ANSI sequences, drawn frame by frame. Between two frames the cursor waits
/// on an empty line below: what the terminal echoes there, such as `^C`, moves no line of the frame.
pub(super) struct Terminal {
    /// Rows and columns at this moment.
    size: fn() -> Option<(u16, u16)>,
    screen: Mutex<Screen>,
}

struct Screen {
    frame: String,
    /// The frame ends in text; indicatif leaves the cursor at the end of that line.
    ends_in_text: bool,
    /// The cursor waits below the last frame.
    is_below: bool,
    out: Box<dyn Write + Send>,
}

impl Screen {
    /// Takes the cursor back to the last line of the frame before.
    fn return_to_frame(&mut self) {
        if std::mem::take(&mut self.is_below) {
            self.frame.push_str("\r\x1b[2K\x1b[1A");
        }
    }

    /// What follows that line begins where the cursor waits.
    fn go_on_below(&mut self) {
        if std::mem::take(&mut self.is_below) {
            self.frame.push_str("\r\x1b[2K");
        }
    }
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
        let screen = Screen { frame: String::new(), ends_in_text: false, is_below: false, out };
        Self { size, screen: Mutex::new(screen) }
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn travel(&self, cells: usize, direction: char) -> io::Result<()> {
        if cells > 0 {
            let sequence = format!("\x1b[{cells}{direction}");
            let mut screen = self.screen();
            screen.return_to_frame();
            screen.frame.push_str(&sequence);
        }
        Ok(())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        (self.size)().unwrap_or(USUAL).1.max(NARROWEST)
    }

    fn height(&self) -> u16 {
        // One line is the cursor's.
        (self.size)().unwrap_or(USUAL).0.saturating_sub(1)
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
        let mut screen = self.screen();
        screen.go_on_below();
        screen.frame.push_str(line);
        screen.frame.push('\n');
        screen.ends_in_text = false;
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if !text.is_empty() {
            let mut screen = self.screen();
            screen.go_on_below();
            screen.frame.push_str(text);
            screen.ends_in_text = true;
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut screen = self.screen();
        screen.return_to_frame();
        screen.frame.push_str("\r\x1b[2K");
        screen.ends_in_text = false;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut screen = self.screen();
        if std::mem::take(&mut screen.ends_in_text) {
            screen.frame.push_str("\r\n");
            screen.is_below = true;
        }
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
