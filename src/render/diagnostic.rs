//! Problems in a file as source snippets with carets.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Style;
use crate::domain::diagnostic::{Diagnostic, LineIndex, Severity};

/// Narrowest width that messages are wrapped to.
const NARROWEST: usize = 40;

/// Columns of a source line that are shown however narrow the terminal is.
const LONGEST_LINE: usize = 160;

/// Longest part of a source line that is underlined, in characters.
const LONGEST_UNDERLINE: usize = 60;

/// Writes every problem with its place in `text`, and a line that counts them. Writes nothing when
/// there is no problem. Control characters of the file and of its name are replaced by visible
/// ones.
pub fn write_diagnostics(
    out: &mut dyn Write,
    source_name: &str,
    text: &str,
    problems: &[Diagnostic],
    style: Style,
) -> io::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let name = escaped(source_name);
    let source = Source::new(&name, text);
    let handler = GraphicalReportHandler::new_themed(theme(style.color))
        .with_width(style.width.max(NARROWEST))
        .with_links(false)
        .with_context_lines(1)
        .with_break_words(false);
    for problem in problems {
        let mut report = String::new();
        handler
            .render_report(&mut report, &Report::new(problem, &source))
            .map_err(|_| io::Error::other("a problem could not be drawn"))?;
        let lines = report.lines().map(str::trim_end);
        // miette leaves an empty line between the code and the message.
        for line in lines.filter(|line| !line.is_empty()) {
            writeln!(out, "{}", cut(line, style.width.max(LONGEST_LINE)))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} in {name}", summary(problems))
}

/// `2 errors, 1 warning`.
fn summary(problems: &[Diagnostic]) -> String {
    let count = |severity| problems.iter().filter(|p| p.severity == severity).count();
    let counted = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let errors = counted(count(Severity::Error), "error");
    let warnings = counted(count(Severity::Warning), "warning");
    errors.into_iter().chain(warnings).collect::<Vec<_>>().join(", ")
}

fn theme(color: bool) -> GraphicalTheme {
    if color {
        GraphicalTheme { characters: ThemeCharacters::unicode(), styles: ThemeStyles::ansi() }
    } else {
        GraphicalTheme::none()
    }
}

/// The text of a file with its lines found once, so that a report costs no pass over the file.
struct Source<'t> {
    name: &'t str,
    text: Cow<'t, str>,
    lines: LineIndex,
}

impl<'t> Source<'t> {
    fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text: visible(text), lines: LineIndex::new(text) }
    }

    /// The part of a span that is underlined: the start of what lies on its first line.
    fn clipped(&self, span: &Range<usize>) -> SourceSpan {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end.max(start));
        let part = self.text[start..end].chars().take(LONGEST_UNDERLINE);
        let len = part.take_while(|c| *c != '\n').map(char::len_utf8).sum::<usize>();
        SourceSpan::from((start, len))
    }
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let line = self.lines.line(span.offset());
        let last = self.lines.line(end);
        let first = line.saturating_sub(before);
        // Without context the contents are the span itself, from whose start miette takes the
        // line and the column that it prints.
        let (from, to, column) = if before == 0 {
            let (_, column) = self.lines.place(&self.text, span.offset());
            (span.offset(), end, column - 1)
        } else {
            (self.lines.start(first), self.lines.start(last + after + 1), 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_owned(),
            &self.text.as_bytes()[from..to],
            SourceSpan::from((from, to - from)),
            first,
            column,
            last - first + 1,
        )))
    }
}

/// One problem in the form that miette draws.
struct Report<'p> {
    problem: &'p Diagnostic,
    message: Cow<'p, str>,
    labels: Vec<LabeledSpan>,
    source: &'p Source<'p>,
}

impl<'p> Report<'p> {
    fn new(problem: &'p Diagnostic, source: &'p Source<'p>) -> Self {
        let label = |(at, label): (usize, &crate::domain::diagnostic::Label)| {
            let text = (!label.text.is_empty()).then(|| escaped(&label.text).into_owned());
            let span = source.clipped(&label.span);
            if at == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        };
        let labels = problem.labels.iter().enumerate().map(label).collect();
        Self { problem, message: escaped(&problem.message), labels, source }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let severity = match self.problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        Some(Box::new(format!("{severity}[{}]", self.problem.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.problem.help.as_deref()?;
        Some(Box::new(escaped(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }
}

/// A line of a report without what lies beyond `most` characters; escape codes have no width and
/// all stay.
fn cut(line: &str, most: usize) -> Cow<'_, str> {
    if line.len() <= most {
        return Cow::Borrowed(line);
    }
    let (mut out, mut width, mut in_code) = (String::with_capacity(most), 0, false);
    for c in line.chars() {
        in_code |= c == '\u{1b}';
        if in_code || width < most {
            out.push(c);
        } else if width == most {
            out.push('…');
        }
        width += usize::from(!in_code);
        in_code &= c != 'm';
    }
    Cow::Owned(out)
}

/// Characters that a terminal would obey rather than show, or that reorder what it shows.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Source text without such characters, each replaced by one of the same length in bytes, so that
/// every place stays where it is.
fn visible(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| matches!(c, '\n' | '\t') || !is_control(c);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let replaced = |c: char| match c {
        c if harmless(c) => c,
        '\r' => ' ',
        c => match c.len_utf8() {
            1 => '?',
            2 => '·',
            _ => char::REPLACEMENT_CHARACTER,
        },
    };
    Cow::Owned(text.chars().map(replaced).collect())
}

/// A message on one line, with such characters written as escapes.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_control(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
