//! What a test command says of its tests, read from its output or from the JUnit report it left.
//!
//! Readers never fail on what tests print between the lines: what cannot be told apart makes the
//! results incomplete, and results that are incomplete never excuse a command that failed (rule 10
//! of `research/landing.md`). They see text only: neither the exit code nor other steps of the same
//! command, so that a command that failed while no test is listed as failed failed for another reason.

mod cargo;
mod cargo_block;
mod collected;
mod cut_short;
mod excerpt;
mod go;
mod go_events;
mod jest;
mod jest_document;
mod junit;
mod junit_detail;
mod lines;
mod mocha;
mod mocha_failures;
mod mocha_tree;
mod nextest;
mod node;
mod node_spec;
mod node_tap;
mod pytest;
mod pytest_line;
mod reading;
#[cfg(test)]
mod tests;
mod trouble;
mod unittest;
mod vitest;
mod vitest_line;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use cut_short::is_cut_short;
pub use junit::{parse_junit, read_junit};
pub use lines::LEFT_OUT;
pub(in crate::domain) use lines::plain;
pub use reading::{Tally, TestReading, ToldCase};
pub use trouble::{Trouble, trouble_in};

/// Who wrote the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestFormat {
    /// A JUnit XML report.
    Junit,
    /// `cargo test`, or a test binary of Rust's own harness.
    Cargo,
    /// `cargo nextest run`.
    Nextest,
    /// pytest.
    Pytest,
    /// `go test`, as text or with `-json`.
    Go,
    /// Jest, as text or with `--json`.
    Jest,
    /// `node --test`, as TAP or by its `spec` reporter.
    Node,
    /// `python -m unittest`.
    Unittest,
    /// Mocha, by its `spec` reporter or others that end with the same numbers.
    Mocha,
    /// Vitest.
    Vitest,
}

impl TestFormat {
    /// The name by which the tests' own program knows a test that results name so.
    pub fn own_name(self, id: &str) -> &str {
        let last = |by: &str| id.rsplit(by).next().unwrap_or(id);
        match self {
            // `foo src/lib.rs tests::a`, `foo::it tests::a`, `module/package Test/Sub`.
            Self::Cargo | Self::Nextest | Self::Go => last(" "),
            Self::Jest | Self::Node | Self::Mocha | Self::Vitest => last(" › "),
            // `tests.test_a.TestB.test_c` is what unittest takes.
            // A node id is what pytest takes; of a report it is not known who wrote it.
            Self::Pytest | Self::Junit | Self::Unittest => id,
        }
    }
}

/// What a test command says of its tests. A test is in one of the sets only: of several results of
/// one id the worst counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResults {
    /// The writer; of several in one output the first of [`TestFormat`]'s order.
    pub format: TestFormat,
    /// Everything that was meant to be executed was, and is listed: no crash, cut or stop at the first
    /// failure, no target that could not be built or collected, and at least one test.
    pub complete: bool,
    /// Tests that passed, in the end where they were tried again.
    pub passed: BTreeSet<String>,
    /// Tests that failed.
    pub failed: BTreeSet<String>,
    /// Tests that were not executed: ignored, skipped, or expected to fail. Not every writer names them.
    pub skipped: BTreeSet<String>,
}

impl TestResults {
    /// Tests that were executed, each once.
    pub fn executed(&self) -> impl Iterator<Item = &str> {
        self.passed.iter().chain(&self.failed).map(String::as_str)
    }

    /// Takes in what another tool said in the same output.
    fn join(self, other: Self) -> Self {
        let failed = &self.failed | &other.failed;
        let passed = &(&self.passed | &other.passed) - &failed;
        let skipped = &(&(&self.skipped | &other.skipped) - &failed) - &passed;
        let complete = self.complete && other.complete;
        Self { format: self.format, complete, passed, failed, skipped }
    }
}

/// Recognises the formats in a command's output; `None` when it says nothing by test. Knows the line
/// that stands for what a log left out, and takes such results for incomplete.
pub fn parse_output(text: &str) -> Option<TestResults> {
    Some(read_output(text)?.results)
}

/// As [`parse_output`], with numbers, times and the output of tests that failed.
pub fn read_output(text: &str) -> Option<TestReading> {
    let formats: [fn(&str) -> Option<TestReading>; 10] = [
        cargo::parse,
        nextest::parse,
        pytest::parse,
        go::parse,
        go_events::parse,
        jest::parse,
        node::parse,
        unittest::parse,
        mocha::parse,
        vitest::read,
    ];
    formats.into_iter().filter_map(|parse| parse(text)).reduce(TestReading::join)
}
