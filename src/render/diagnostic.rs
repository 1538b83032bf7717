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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::task::{Known, parse};

    fn shown(text: &str, problems: &[Diagnostic], style: Style) -> String {
        let mut out = Vec::new();
        write_diagnostics(&mut out, "tasks.toml", text, problems, style).unwrap();
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Style = Style { color: false, width: 80 };

    const MANY: &str = r#"[defaults]
timeout = "1 fortnight"

[[task]]
id = "api"
rnu = "x"
depends_on = ["web", "schem"]

[[task]]
id = "web"
	run = """
make
"""
depends_on = ["api"]
owns = ["../é"]
check = "true"

[[task]]
id = "api"
run = "true"
check = "true"
"#;

    #[test]
    fn every_problem_is_drawn_at_its_place() {
        let problems = parse(MANY, &Known::default()).tasks.problems;
        insta::assert_snapshot!(shown(MANY, &problems, PLAIN), @r#"
        error[bad_duration]
          x `1 fortnight` is no duration; write it like `90s`, `10m` or `1h 30m`
           ,-[tasks.toml:2:11]
         1 | [defaults]
         2 | timeout = "1 fortnight"
           :           ^^^^^^^^^^^^^
         3 |
           `----

        warning[not_testable]
          ! task `api` can't be tested on its own
           ,-[tasks.toml:5:6]
         4 | [[task]]
         5 | id = "api"
           :      ^^^^^
         6 | rnu = "x"
           `----
          help: add a `check` to the task, or a `[[validate]]` to the file: without
                either nothing tells whether the work is right

        error[unknown_key]
          x unknown key `rnu` in `[[task]]`
           ,-[tasks.toml:6:1]
         5 | id = "api"
         6 | rnu = "x"
           : ^|^
           :  `-- did you mean `run`?
         7 | depends_on = ["web", "schem"]
           `----
          help: known keys: id, title, run, argv, agent, prompt, persona, depends_on,
                owns, reads, read_only, estimate, priority, phase, locks, cpus,
                memory, uses, timeout, retries, check, env

        error[cycle]
          x tasks wait for each other: api → web → api
           ,-[tasks.toml:7:15]
         6 | rnu = "x"
         7 | depends_on = ["web", "schem"]
           :               ^^|^^
           :                 `-- `api` waits for `web`
         8 |
           `----
            ,-[tasks.toml:14:15]
         13 | """
         14 | depends_on = ["api"]
            :               ^^|^^
            :                 `-- `web` waits for `api`
         15 | owns = ["../é"]
            `----
          help: remove one of these dependencies

        error[unknown_dependency]
          x task `api` depends on the unknown task `schem`
           ,-[tasks.toml:7:22]
         6 | rnu = "x"
         7 | depends_on = ["web", "schem"]
           :                      ^^^^^^^
         8 |
           `----
          help: `depends_on` lists ids of tasks of this file

        error[bad_glob]
          x the glob `../é` has a `..` component; paths are relative to the
          | repository's root
            ,-[tasks.toml:15:9]
         14 | depends_on = ["api"]
         15 | owns = ["../é"]
            :         ^^^^^^
         16 | check = "true"
            `----
          help: a task can't own what lies outside of its worktree

        error[duplicate_id]
          x the id `api` is used twice
           ,-[tasks.toml:5:6]
         4 | [[task]]
         5 | id = "api"
           :      ^^|^^
           :        `-- first used here
         6 | rnu = "x"
           `----
            ,-[tasks.toml:19:6]
         18 | [[task]]
         19 | id = "api"
            :      ^^|^^
            :        `-- used again here
         20 | run = "true"
            `----
          help: rename one of them, to `api-2` say

        6 errors, 1 warning in tasks.toml
        "#);
    }

    #[test]
    fn colour_brings_escape_codes_and_box_drawing_and_its_absence_neither() {
        let problems = parse(MANY, &Known::default()).tasks.problems;
        let plain = shown(MANY, &problems, PLAIN);
        let from_file = |c: char| MANY.contains(c) || "…→".contains(c);
        assert!(plain.chars().all(|c| c.is_ascii() || from_file(c)), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        let colored = shown(MANY, &problems, Style { color: true, width: 80 });
        assert!(colored.contains("\u{1b}[31m×") && colored.contains('╭'), "{colored}");
    }

    #[test]
    fn nothing_is_written_when_nothing_is_wrong() {
        assert_eq!(shown("", &[], PLAIN), "");
    }

    #[test]
    fn a_problem_of_the_whole_file_needs_no_snippet() {
        let problem = Diagnostic::error("no_tasks", 0..0, "nothing to do").without_place();
        insta::assert_snapshot!(shown("", &[problem.help("add one")], PLAIN), @r"
        error[no_tasks]
          x nothing to do
          help: add one

        1 error in tasks.toml
        ");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let text = "a = '\u{1b}[2J\u{7}\u{9b}\u{202e}x'\r\nb = 1\r\n";
        let problem = Diagnostic::error("c", 4..14, "bad `\u{1b}]0;x\u{7}\n`").labelled("\u{9b}");
        let mut out = Vec::new();
        write_diagnostics(&mut out, "a\u{1b}b", text, &[problem.help("\u{202e}")], PLAIN).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.chars().any(|c| is_control(c) && c != '\n'), "{out:?}");
        assert!(out.contains(r"bad `\u{1b}]0;x\u{7}\n`"), "{out}");
        assert!(out.ends_with("1 error in a\\u{1b}b\n"), "{out}");
    }

    #[test]
    fn long_lines_are_cut_and_their_labels_stay() {
        let text = format!("prompt = '{}'", "x".repeat(5_000));
        let problem = Diagnostic::error("c", 9..text.len(), "long").labelled("this one");
        let out = shown(&text, &[problem], PLAIN);
        assert!(out.contains("this one") && out.contains('…'));
        assert!(out.lines().all(|line| line.chars().count() <= LONGEST_LINE + 1), "{out}");
    }

    proptest! {
        #[test]
        fn no_place_makes_the_drawing_fail(
            text in "[a\u{e9}\u{65e5}\t\r\n\u{1b} ]{0,40}",
            spans in prop::collection::vec((0..60usize, 0..60usize), 1..4),
        ) {
            let mut problem = Diagnostic::error("c", spans[0].0..spans[0].1, "m");
            for span in &spans[1..] {
                problem = problem.also(span.0..span.1, "also");
            }
            for color in [false, true] {
                shown(&text, &[problem.clone()], Style { color, width: 0 });
            }
        }
    }
}
