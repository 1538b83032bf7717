//! What GitHub Actions takes from a job: annotations and the summary of a step.
//!
//! Commands are lines that begin with `::`. Whatever else is printed on the way can hold such lines as
//! well, so output of tests goes through [`GuardedOutput`].

use std::fmt::Write as _;

use super::report_markdown;
use crate::domain::id::stable_hash;
use crate::domain::report::Report;

/// Annotations that are shown of one step: GitHub drops what is beyond ten of a kind.
pub const ANNOTATIONS_MAX: usize = 10;
/// Bytes of a step's summary at most: GitHub refuses a larger one.
const SUMMARY_MAX: usize = 1024 * 1024;
/// Characters of a message.
const MESSAGE_MAX: usize = 4000;

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Worth a look: a flaky test.
    Warning,
    /// Beside the point.
    Notice,
}

/// A message at a place in the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How grave it is.
    pub level: Level,
    /// From the root of the repository; `None` where no place is known.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// A few words.
    pub title: String,
    /// What there is to say; may have several lines.
    pub message: String,
}

/// The line that makes GitHub show an annotation.
pub fn annotation_line(annotation: &Annotation) -> String {
    let word = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let mut properties = Vec::new();
    if let Some(file) = &annotation.file {
        properties.push(format!("file={}", property(file)));
        // Without a file, GitHub shows a line of none.
        properties.extend(annotation.line.map(|line| format!("line={line}")));
        properties.extend(annotation.column.map(|column| format!("col={column}")));
    }
    if !annotation.title.is_empty() {
        properties.push(format!("title={}", property(&annotation.title)));
    }
    let blank = if properties.is_empty() { "" } else { " " };
    let message: String = annotation.message.chars().take(MESSAGE_MAX).collect();
    format!("::{word}{blank}{}::{}", properties.join(","), data(&message))
}

/// Text between a word by which GitHub stops taking commands and the same word by which it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedOutput {
    token: String,
}

impl GuardedOutput {
    /// `seed` must be something that the output cannot know: it decides the word together with the
    /// name of the run.
    pub fn new(run: &str, seed: &[u8]) -> Self {
        let [first, second] =
            ["stop", "go"].map(|part| stable_hash(&[part.as_bytes(), run.as_bytes(), seed]));
        Self { token: format!("wt-orch-{first:016x}{second:016x}") }
    }

    /// Comes before the output.
    pub fn begin(&self) -> String {
        format!("::stop-commands::{}", self.token)
    }

    /// Comes behind it.
    pub fn end(&self) -> String {
        format!("::{}::", self.token)
    }

    /// The output between both, each in a line of its own. Should the output hold the word all the
    /// same, it is taken out.
    pub fn wrap(&self, output: &str) -> String {
        let output = output.replace(&self.token, "");
        let output = output.trim_end_matches(['\n', '\r']);
        format!("{}\n{output}\n{}\n", self.begin(), self.end())
    }
}

/// The text for `GITHUB_STEP_SUMMARY`: the report as Markdown, within what GitHub takes.
pub fn step_summary(report: &Report) -> String {
    let text = report_markdown(report);
    if text.len() <= SUMMARY_MAX {
        return text;
    }
    let mut short = Report { title: report.title.clone(), sections: Vec::new() };
    for section in &report.sections {
        short.sections.push(section.clone());
        if report_markdown(&short).len() > SUMMARY_MAX - 200 {
            short.sections.pop();
            break;
        }
    }
    let mut text = report_markdown(&short);
    let left_out = report.sections.len() - short.sections.len();
    // Writing to a string does not fail.
    drop(write!(text, "\n_{left_out} sections were too long for this page._\n"));
    text
}

/// A message: what ends a line is encoded.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what ends one is encoded, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Without what would drive a terminal.
fn visible(text: &str) -> String {
    let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    super::stripped(text).chars().filter(is_shown).collect()
}

#[cfg(test)]
mod tests;
