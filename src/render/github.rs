//! What GitHub Actions takes from a job: annotations and the summary of a step.
//!
//! Commands are lines that begin with `::`. Whatever else is printed on the way can hold such lines as
//! well: no text for people holds one ([`without_commands`]), and output of tests goes through
//! [`GuardedOutput`] besides.

use super::report_markdown;
use crate::domain::id::stable_hash;
use crate::domain::report::{ModuleResult, Report};
use crate::domain::suite::Place;

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

/// One annotation for each failure of a module, or for the module where no test is named, and a
/// warning for what was flaky. `locate` finds the file of a place from the root of the repository.
pub fn annotations(
    module: &ModuleResult,
    locate: impl Fn(&Place) -> Option<String>,
) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    if module.outcome.is_failure() {
        let failures = module.results.iter().flat_map(|results| &results.failures);
        annotations.extend(failures.map(|failure| {
            let place = failure.place.as_ref();
            let file = place.and_then(&locate);
            Annotation {
                level: Level::Error,
                line: place.filter(|_| file.is_some()).map(|place| place.line),
                column: place.filter(|_| file.is_some()).and_then(|place| place.column),
                file,
                title: format!("{}: {}", module.name, failure.test),
                message: if failure.message.is_empty() {
                    "failed".to_owned()
                } else {
                    failure.message.clone()
                },
            }
        }));
        if annotations.is_empty() || module.trouble.is_some() {
            annotations.push(Annotation::of_module(Level::Error, module, module.why()));
        }
    }
    let Some(results) = &module.results else { return annotations };
    if !results.flaky.is_empty() {
        let message = format!("failed, then passed unchanged: {}", results.flaky.join(", "));
        annotations.push(Annotation::of_module(Level::Warning, module, message));
    } else if results.flaked {
        let message = "failed as a whole, then passed unchanged".to_owned();
        annotations.push(Annotation::of_module(Level::Warning, module, message));
    }
    annotations
}

impl Annotation {
    fn of_module(level: Level, module: &ModuleResult, message: String) -> Self {
        Self { level, file: None, line: None, column: None, title: module.name.clone(), message }
    }
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

/// The text without anything that GitHub would take for a command: `::` that begins a line, and `##[`
/// anywhere, are set apart.
pub fn without_commands(text: &str) -> String {
    let apart = text.replace("##[", "# #[");
    let mut safe = String::with_capacity(apart.len());
    for line in apart.split_inclusive(['\n', '\r']) {
        let (blank, rest) = line.split_at(line.len() - line.trim_start().len());
        safe.push_str(blank);
        match rest.strip_prefix("::") {
            Some(rest) => safe.extend([": :", rest]),
            None => safe.push_str(rest),
        }
    }
    safe
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
    let left_out = report.sections.len() - short.sections.len();
    format!("{}\n_{left_out} sections were too long for this page._\n", report_markdown(&short))
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
    text.split('\n').map(super::stripped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
