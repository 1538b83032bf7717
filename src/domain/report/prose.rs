//! A line of text with the little structure that every printer needs: what is code, what is good or
//! bad. Printers make it safe; here it is as it came.

use std::fmt;

use crate::domain::diagnostic::told_of;

/// How a word is meant. Printers may colour it; the word itself says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Went well.
    Good,
    /// Went wrong.
    Bad,
    /// Worth a look.
    Warn,
    /// Stands out.
    Strong,
    /// Beside the point.
    Dim,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Plain text.
    Text(String),
    /// A command, name or path.
    Code(String),
    /// A word with a meaning.
    Marked(Mark, String),
}

impl Span {
    /// The characters, without what surrounds them.
    pub fn content(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Marked(_, text) => text,
        }
    }
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its pieces, from left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// A sentence in which backticks surround code, as reasons and messages have it.
    pub fn prose(sentence: &str) -> Self {
        let pieces: Vec<&str> = sentence.split('`').collect();
        let mut line = Self::new();
        for (at, piece) in pieces.iter().enumerate() {
            let closed = at + 1 < pieces.len();
            match (at % 2, closed) {
                (0, _) => line = line.text(*piece),
                (_, true) => line = line.code(*piece),
                (_, false) => line = line.text(format!("`{piece}")),
            }
        }
        line
    }

    /// Adds plain text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.spans.push(Span::Text(text));
        }
        self
    }

    /// Adds code.
    #[must_use]
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.spans.push(Span::Code(text.into()));
        self
    }

    /// Adds a word with a meaning.
    #[must_use]
    pub fn mark(mut self, mark: Mark, text: impl Into<String>) -> Self {
        self.spans.push(Span::Marked(mark, text.into()));
        self
    }

    /// Adds another line's pieces.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Adds names as code, with commas between them.
    #[must_use]
    pub fn codes<T: fmt::Display>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        for (at, name) in names.into_iter().enumerate() {
            if at > 0 {
                self = self.text(", ");
            }
            self = self.code(name.to_string());
        }
        self
    }

    /// As [`Self::codes`], the first `shown` and how many more there are.
    #[must_use]
    pub fn some_codes<T: fmt::Display>(self, names: &[T], shown: usize) -> Self {
        let told = told_of(names.len(), shown);
        let line = self.codes(&names[..told]);
        match names.len() - told {
            0 => line,
            more => line.text(format!(" and {more} more")),
        }
    }
}

impl From<&str> for Line {
    fn from(sentence: &str) -> Self {
        Self::prose(sentence)
    }
}

impl From<String> for Line {
    fn from(sentence: String) -> Self {
        Self::prose(&sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_surround_code_and_a_lone_one_is_text() {
        let line = Line::prose("`a` and `b` meet at ` once");
        assert_eq!(
            line.spans,
            [
                Span::Code("a".into()),
                Span::Text(" and ".into()),
                Span::Code("b".into()),
                Span::Text(" meet at ".into()),
                Span::Text("` once".into()),
            ]
        );
    }

    #[test]
    fn names_beyond_those_that_are_told_are_counted() {
        let text = |names: &[&str]| {
            let line = Line::new().some_codes(names, 2);
            line.spans.iter().map(Span::content).collect::<String>()
        };
        assert_eq!(text(&["a", "b", "c", "d"]), "a, b and 2 more");
        assert_eq!(text(&["a", "b", "c"]), "a, b, c");
    }
}
