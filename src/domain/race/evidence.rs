//! What shows that an arm is falsified.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use similar::{Algorithm, ChangeTag, TextDiff};

use crate::domain::diagnostic::some_quoted;
use crate::domain::integrate::{LEFT_OUT, parse_output, plain};

/// Lines that are shown.
const LINES_SHOWN: usize = 40;
/// Characters that are shown of a line.
const LINE_LENGTH: usize = 200;
/// Lines from the end of an output that are compared.
const LINES_COMPARED: usize = 2000;
/// Equal lines around what differs.
const CONTEXT: usize = 2;
/// Failing tests that are named.
const TESTS_NAMED: usize = 20;

/// Failing tests that are named in one line.
const TESTS_IN_LINE: usize = 3;

/// What one run of the check left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOutput<'a> {
    /// Its exit code, where it ended by itself.
    pub exit_code: Option<i32>,
    /// Text of its log.
    pub text: &'a str,
    /// Absolute path of the worktree that it ran in.
    pub worktree: &'a str,
}

/// What shows that an arm is falsified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Exit code of its check, where it ended by itself.
    pub exit_code: Option<i32>,
    /// Tests that failed, the first twenty.
    pub failing: Vec<String>,
    /// How many failed beyond those.
    pub more_failing: usize,
    /// Of the output.
    pub shown: Shown,
}

impl Evidence {
    /// How the check ended, and the first tests that failed.
    pub fn ending(&self) -> String {
        let ended = match self.exit_code {
            Some(code) => format!("its check ended with exit code {code}"),
            None => "its check was ended before it exited".to_owned(),
        };
        if self.failing.is_empty() {
            return ended;
        }
        let count = self.failing.len() + self.more_failing;
        let tests =
            if count == 1 { "1 test fails".to_owned() } else { format!("{count} tests fail") };
        format!("{ended}, {tests}: {}", some_quoted(&self.failing, TESTS_IN_LINE))
    }
}

/// An excerpt of an arm's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shown {
    /// It says the same as the control's.
    Same,
    /// Unified diff from the control's output to the arm's, without headers.
    Diff {
        /// Its lines.
        lines: Vec<String>,
        /// Lines that are not shown.
        more: usize,
    },
    /// Its end, where there is no control to compare with.
    End {
        /// Its lines.
        lines: Vec<String>,
    },
}

/// What shows that an arm is falsified: its last failed run, compared with one of the control.
pub fn evidence(arm: CheckOutput<'_>, control: Option<CheckOutput<'_>>) -> Evidence {
    let failed = parse_output(arm.text).map(|results| results.failed).unwrap_or_default();
    let more_failing = failed.len().saturating_sub(TESTS_NAMED);
    let failing = failed.into_iter().take(TESTS_NAMED).collect();
    let lines = last_lines(arm);
    let shown = match control {
        Some(control) => difference(&last_lines(control), &lines),
        None => Shown::End {
            lines: lines[lines.len().saturating_sub(LINES_SHOWN)..]
                .iter()
                .map(|line| cut(line))
                .collect(),
        },
    };
    Evidence { exit_code: arm.exit_code, failing, more_failing, shown }
}

/// The end of an output as it looks, its worktree by a name that every output has in common.
fn last_lines(output: CheckOutput<'_>) -> Vec<String> {
    let text = output.text.trim_end();
    let from = text.rmatch_indices('\n').nth(LINES_COMPARED - 1).map_or(0, |(at, _)| at + 1);
    let named = |line: &str| match output.worktree.trim_end_matches('/') {
        "" => line.to_owned(),
        worktree => line.replace(worktree, "WORKTREE"),
    };
    without_backtraces(text[from..].lines().map(|line| named(&plain(line))))
}

/// Where `RUST_BACKTRACE` is set, the frames of a panic differ by lines of the arm's own code, which
/// says nothing beyond the panic's own place.
fn without_backtraces(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut inside = false;
    let stays = |line: &String| {
        let word = line.trim_start();
        let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered = digits.len() < word.len() && digits.starts_with(": ");
        let is_frame = word.len() < line.len() && (numbered || word.starts_with("at "));
        let is_note = word.starts_with("note: Some details are omitted, run with `RUST_BACKTRACE");
        let is_part = word == "stack backtrace:" || (inside && (is_frame || is_note));
        inside = is_part && !is_note;
        !is_part
    };
    lines.filter(stays).collect()
}

/// Lines are compared without what changes from run to run, and shown as they are.
fn difference(control: &[String], arm: &[String]) -> Shown {
    let [old, new] =
        [control, arm].map(|lines| lines.iter().map(|line| steady(line)).collect::<Vec<_>>());
    let [old, new] = [&old, &new].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_slices(&old, &new);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let of = |lines: &[String], index: Option<usize>| {
                index.and_then(|index| lines.get(index)).map(|line| cut(line)).unwrap_or_default()
            };
            lines.push(match change.tag() {
                ChangeTag::Equal => format!(" {}", of(arm, change.new_index())),
                ChangeTag::Delete => format!("-{}", of(control, change.old_index())),
                ChangeTag::Insert => format!("+{}", of(arm, change.new_index())),
            });
        }
    }
    if lines.is_empty() {
        return Shown::Same;
    }
    let more = lines.len().saturating_sub(LINES_SHOWN);
    lines.truncate(LINES_SHOWN);
    Shown::Diff { lines, more }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// What changes from run to run, and what stands for it. Durations only where tools print their own,
/// so that `expected 5s, found 4s` stays what it is.
static UNSTEADY: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    const PATTERNS: [(&str, &str); 8] = [
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "DATE"),
        (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "TIME"),
        (
            r"((?i)(?:\b(?:in|took|after|elapsed|time|duration)[:=]?\s+|[(\[]\s*))\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|secs?|seconds?|m|min|minutes?)\b",
            "${1}DURATION",
        ),
        (r"\b0x[0-9a-fA-F]{4,}\b", "ADDRESS"),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "UUID"),
        // A crate's build: `target/debug/deps/it-0123456789abcdef`.
        (r"-[0-9a-f]{16}\b", "-HASH"),
        (r#"(?:/private)?(?:/tmp|/var/tmp|/var/folders)/[^\s:'"`,)]+"#, "TEMPORARY"),
        // `thread 'name' (12345) panicked`, `ok  package  0.012s` of go.
        (r"(\bthread '[^']*' )\(\d+\)|(^ok\s+\S+\s+|^FAIL\s+\S+\s+)\d+\.\d+s$", "${1}${2}NUMBER"),
    ];
    let built = PATTERNS.iter().map(|(pattern, word)| Some((Regex::new(pattern).ok()?, *word)));
    built.flatten().collect()
});

fn steady(line: &str) -> String {
    // What a log left out differs in its count, which says nothing.
    if line.starts_with(LEFT_OUT) {
        return LEFT_OUT.to_owned();
    }
    UNSTEADY.iter().fold(line.to_owned(), |line, (pattern, word)| {
        pattern.replace_all(&line, *word).into_owned()
    })
}

#[cfg(test)]
mod tests;
