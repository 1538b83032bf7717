//! What only the output tells: that tests were left out of a report, or that something else failed.

use super::lines::{Line, lines};
use super::{jest, mocha, pytest, vitest};

/// Whether an output says that not all tests were executed, or that the command failed for another
/// reason than a test. Such a command's JUnit report may look complete and is not. `false` says little:
/// `go test -failfast`, for one, does not tell.
pub fn is_cut_short(text: &str) -> bool {
    lines(text).any(|line| match line {
        Line::Text(line) => says_so(&line),
        Line::Cut => false,
    })
}

fn says_so(line: &str) -> bool {
    line.starts_with("error: could not compile ")
        // nextest.
        || (line.starts_with("warning: ") && line.contains(" not run due to "))
        || (line.starts_with("FAIL\t") && line.ends_with(" failed]"))
        || line.strip_prefix("Test Suites: ").is_some_and(|counts| !jest::ran_all(counts))
        || jest::is_fatal(line)
        || pytest::is_fatal(line)
        || mocha::is_fatal(line)
        || vitest::is_fatal(line)
}
