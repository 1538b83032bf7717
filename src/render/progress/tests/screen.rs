//! What a terminal shows of what is written to it.

use std::io;
use std::sync::{Arc, Mutex};

/// Columns.
const WIDTH: usize = 100;

/// A terminal with as many lines as are needed.
#[derive(Clone, Default)]
pub(super) struct Screen(Arc<Mutex<Grid>>);

#[derive(Default)]
struct Grid {
    lines: Vec<Vec<char>>,
    row: usize,
    /// At [`WIDTH`] the next character goes to the next line.
    column: usize,
    sequence: Option<String>,
}

impl Screen {
    pub(super) fn size() -> Option<(u16, u16)> {
        Some((24, 100))
    }

    /// What the terminal itself adds when a key is pressed.
    pub(super) fn echo(&self, text: &str) {
        self.0.lock().unwrap().show(text);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let grid = self.0.lock().unwrap();
        let lines = grid.lines.iter().map(|line| line.iter().collect::<String>());
        lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }
}

impl io::Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().show(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Grid {
    fn show(&mut self, text: &str) {
        for c in text.chars() {
            match (&mut self.sequence, c) {
                (Some(sequence), 'A' | 'B' | 'K') => {
                    let cells = sequence.trim_start_matches('[').parse().unwrap();
                    match c {
                        'A' => self.row = self.row.checked_sub(cells).unwrap(),
                        'B' => self.row += cells,
                        _ => self.line().fill(' '),
                    }
                    self.sequence = None;
                }
                (Some(sequence), _) => sequence.push(c),
                (None, '\x1b') => self.sequence = Some(String::new()),
                (None, '\r') => self.column = 0,
                (None, '\n') => self.row += 1,
                (None, _) => {
                    if self.column == WIDTH {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                    let column = self.column;
                    self.line()[column] = c;
                    self.column += 1;
                }
            }
        }
    }

    fn line(&mut self) -> &mut Vec<char> {
        let wanted = self.lines.len().max(self.row + 1);
        self.lines.resize(wanted, vec![' '; WIDTH]);
        &mut self.lines[self.row]
    }
}
