//! Problems in what the user wrote, as data: a file is read in one pass and every problem in it is
//! reported with its place.

mod listing;
mod place;
mod placeholder;
mod suggest;
mod table;

use std::ops::Range;

pub use listing::{some_of, some_quoted, some_quoted_subject, told_of};
pub use place::LineIndex;
pub use placeholder::{filled, placeholders};
pub use suggest::{closest, quoted};
pub use table::{Document, Placed, Problems, Table};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; work goes on.
    Warning,
    /// Nothing is created (exit 2).
    Error,
}

/// A place in the source text and what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Byte range in the source text.
    pub span: Range<usize>,
    /// Short text shown under the place; may be empty.
    pub text: String,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable name of the kind of problem: `unknown_key`, `cycle`, …
    pub code: &'static str,
    /// One sentence without a final stop.
    pub message: String,
    /// Places, the main one first; empty for problems of the file as a whole.
    pub labels: Vec<Label>,
    /// The way out, where there is one to name.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        let labels = vec![Label { span, text: String::new() }];
        Self { severity: Severity::Error, code, message: message.into(), labels, help: None }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Text under the main place.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// A second place.
    #[must_use]
    pub fn also(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A problem of the file as a whole, without a place.
    #[must_use]
    pub fn without_place(mut self) -> Self {
        self.labels.clear();
        self
    }

    /// Where the problem starts, for ordering.
    pub fn offset(&self) -> usize {
        self.labels.first().map_or(0, |label| label.span.start)
    }
}

/// A value with everything that was found wrong on the way to it.
#[derive(Debug, Clone)]
pub struct Checked<T> {
    /// Present only when no problem is an error.
    pub value: Option<T>,
    /// Problems in the order of their places.
    pub problems: Vec<Diagnostic>,
}

impl<T> Checked<T> {
    /// Orders the problems and withholds the value when one of them is an error.
    pub fn new(value: Option<T>, mut problems: Vec<Diagnostic>) -> Self {
        problems.sort_by_key(Diagnostic::offset);
        let failed = problems.iter().any(|p| p.severity == Severity::Error);
        Self { value: value.filter(|_| !failed), problems }
    }

    /// Adds a problem that was found outside of the text, such as a revision git does not know.
    pub fn add(&mut self, problem: Diagnostic) {
        let mut problems = std::mem::take(&mut self.problems);
        problems.push(problem);
        *self = Self::new(self.value.take(), problems);
    }
}
