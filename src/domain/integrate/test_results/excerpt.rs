//! Output of one test, bounded.

use std::collections::VecDeque;

/// Bytes kept of the beginning, and as many of the end.
const HALF: usize = 32 * 1024;

/// Lines of which the first and the last are kept.
#[derive(Debug, Default, Clone)]
pub(super) struct Excerpt {
    head: String,
    head_is_full: bool,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: usize,
}

impl Excerpt {
    /// All lines of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut excerpt = Self::default();
        text.lines().for_each(|line| excerpt.push(line));
        excerpt
    }

    pub(super) fn push(&mut self, line: &str) {
        let line = self.shortened(line);
        if !self.head_is_full && self.head.len() + line.len() < HALF {
            self.head.push_str(line);
            self.head.push('\n');
            return;
        }
        self.head_is_full = true;
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line.to_owned());
        while self.tail_bytes > HALF
            && let Some(line) = self.tail.pop_front()
        {
            self.tail_bytes -= line.len() + 1;
            self.left_out += line.len() + 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.trim().is_empty() && self.tail.is_empty()
    }

    /// Whether some line holds this.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.head.contains(text) || self.tail.iter().any(|line| line.contains(text))
    }

    /// A line may be longer than all that is kept.
    fn shortened<'a>(&mut self, line: &'a str) -> &'a str {
        let mut end = line.len().min(HALF - 1);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        self.left_out += line.len() - end;
        line.get(..end).unwrap_or_default()
    }

    /// Without empty lines around it; what was left out is told where it stood.
    pub(super) fn finish(self) -> String {
        let mut text = self.head;
        if self.left_out > 0 {
            let note = format!("---- {} bytes left out here ----\n", self.left_out);
            text.push_str(&note);
        }
        for line in self.tail {
            text.push_str(&line);
            text.push('\n');
        }
        text.trim_start_matches('\n').trim_end().to_owned()
    }
}
