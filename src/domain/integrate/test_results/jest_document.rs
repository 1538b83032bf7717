//! What Jest prints with `--json`: complete when every suite was run and none could not be loaded.

use std::time::Duration;

use serde::Deserialize;

use super::collected::{Collected, Namesakes, Outcome, prefix};
use super::excerpt::Excerpt;
use super::jest::{is_fatal, parse_suite, parts, record, without_time};
use super::lines::{Line, lines};
use super::{Tally, TestFormat, TestReading};

/// `None` when there is no such document. It stands in one line; around it there may be Jest's text,
/// which alone tells what the files are called from the project's folder. Without that, ids hold
/// whole paths and are those of this worktree only.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut collected = Collected::default();
    let mut documents: Vec<Document> = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for line in lines(text) {
        match line {
            Line::Text(line) if is_document(&line) => match serde_json::from_str(&line) {
                Ok(document) => documents.push(document),
                Err(_) => collected.note_gap(),
            },
            Line::Text(line) => {
                if is_fatal(&line) {
                    collected.note_gap();
                }
                files.extend(parse_suite(&line).and_then(prefix));
            }
            Line::Cut => collected.note_gap(),
        }
    }
    files.sort();
    files.dedup();
    for document in &documents {
        document.tell(&files, &mut collected);
    }
    (!documents.is_empty()).then(|| collected.finish(TestFormat::Jest))
}

fn is_document(line: &str) -> bool {
    line.starts_with('{') && line.ends_with('}') && line.contains("\"numTotalTestSuites\":")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    num_runtime_error_test_suites: u64,
    #[serde(default)]
    was_interrupted: bool,
    num_total_test_suites: usize,
    num_total_tests: usize,
    #[serde(default)]
    num_passed_tests: u64,
    #[serde(default)]
    num_failed_tests: u64,
    test_results: Vec<Suite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    name: String,
    #[serde(default)]
    status: String,
    assertion_results: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    #[serde(default)]
    ancestor_titles: Vec<String>,
    title: String,
    status: String,
    /// Milliseconds.
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    failure_messages: Vec<String>,
}

impl Document {
    fn tell(&self, files: &[String], collected: &mut Collected) {
        let listed: usize =
            self.test_results.iter().map(|suite| suite.assertion_results.len()).sum();
        if self.num_runtime_error_test_suites > 0
            || self.was_interrupted
            || self.num_total_test_suites != self.test_results.len()
            || self.num_total_tests != listed
        {
            collected.note_gap();
        }
        let total = u64::try_from(self.num_total_tests).unwrap_or(u64::MAX);
        let executed = self.num_passed_tests.saturating_add(self.num_failed_tests);
        collected.count(Tally {
            passed: self.num_passed_tests,
            failed: self.num_failed_tests,
            skipped: total.saturating_sub(executed),
        });
        for suite in &self.test_results {
            suite.tell(files, collected);
        }
    }
}

impl Suite {
    fn tell(&self, files: &[String], collected: &mut Collected) {
        let failed = self.assertion_results.iter().any(|test| test.status == "failed");
        if self.status == "failed" && !failed {
            collected.note_gap();
        }
        let Some(file) = prefix(short(&self.name, files)) else { return collected.note_gap() };
        let mut namesakes = Namesakes::default();
        for test in &self.assertion_results {
            let outcome = match test.status.as_str() {
                "passed" => Outcome::Passed,
                "failed" => Outcome::Failed,
                _ => Outcome::Skipped,
            };
            let parts = parts(&file, &test.ancestor_titles, without_time(&test.title));
            let seconds = test.duration.map(|time| time / 1000.0);
            let duration = seconds.and_then(|time| Duration::try_from_secs_f64(time).ok());
            let id = record((&mut *collected, &mut namesakes), &parts, outcome, duration);
            if let (Outcome::Failed, Some(id)) = (outcome, id) {
                collected.print(&[&id], Excerpt::of(&test.failure_messages.join("\n")));
            }
        }
    }
}

/// The file as Jest's text calls it: the longest of `files` that the path ends with.
fn short<'a>(path: &'a str, files: &[String]) -> &'a str {
    let starts = path.match_indices(['/', '\\']).map(|(at, _)| at + 1);
    starts
        .filter_map(|start| path.get(start..))
        .find(|end| files.binary_search_by(|file| file.as_str().cmp(end)).is_ok())
        .unwrap_or(path)
}
