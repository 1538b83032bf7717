//! Why a test command failed although no test did, from what it printed.

use serde::{Deserialize, Serialize};

use super::lines::{Line, lines};
use super::{jest, mocha, pytest, vitest};

/// Bytes that are kept of a line.
const LINE_MAX: usize = 400;

/// What fails beside tests, with the line that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trouble", rename_all = "snake_case")]
pub enum Trouble {
    /// Something could not be built.
    Build {
        /// What it printed.
        line: String,
    },
    /// Tests could not be found or loaded.
    Collection {
        /// What it printed.
        line: String,
    },
    /// Tests ended before they could tell a result.
    Crash {
        /// What it printed.
        line: String,
    },
    /// Too little of the code was executed.
    Coverage {
        /// What it printed.
        line: String,
    },
    /// There was no test to run.
    NoTests {
        /// What it printed.
        line: String,
    },
    /// The program that runs tests, or its script, is not there.
    Missing {
        /// What it printed.
        line: String,
    },
}

/// The first that an output tells of; one that says more about the cause goes first.
pub fn trouble_in(text: &str) -> Option<Trouble> {
    let mut found: Option<Trouble> = None;
    for line in lines(text) {
        let Line::Text(line) = line else { continue };
        let Some(trouble) = trouble(&line) else { continue };
        if found.as_ref().is_none_or(|found| rank(&trouble) < rank(found)) {
            found = Some(trouble);
        }
    }
    found
}

/// A build that failed explains the tests that could not be loaded, not the other way round.
fn rank(trouble: &Trouble) -> u8 {
    match trouble {
        Trouble::Missing { .. } => 0,
        Trouble::Build { .. } => 1,
        Trouble::Collection { .. } => 2,
        Trouble::Crash { .. } => 3,
        Trouble::Coverage { .. } => 4,
        Trouble::NoTests { .. } => 5,
    }
}

fn trouble(line: &str) -> Option<Trouble> {
    let said = line.trim_start();
    let begins = |starts: &[&str]| starts.iter().any(|start| said.starts_with(start));
    let line: String = said.chars().take(LINE_MAX).collect();
    if begins(&["npm error Missing script: ", "npm ERR! Missing script: "])
        || said.ends_with(": command not found")
        || (said.starts_with("sh: ") && said.ends_with(": not found"))
        || said.ends_with(": No module named pytest")
        || begins(&["error: no such command: "])
    {
        Some(Trouble::Missing { line })
    } else if begins(&["error: could not compile ", "error: no test target named "])
        || (said.starts_with("FAIL\t")
            && (said.ends_with("[build failed]") || said.ends_with("[setup failed]")))
        || (said.contains(": error TS") && said.contains('('))
    {
        Some(Trouble::Build { line })
    } else if begins(&["ERROR: file or directory not found", "ERROR: not found: "])
        || (said.starts_with("!!!") && said.contains(" during collection"))
        || said == "● Test suite failed to run"
        || said.starts_with("ImportError: Failed to import test module: ")
        || said.starts_with("Error: Cannot find module ")
        || mocha::is_fatal(said)
    {
        Some(Trouble::Collection { line })
    } else if said.starts_with("process didn't exit successfully") && said.contains("(signal: ")
        || begins(&["Fatal Python error: ", "INTERNALERROR> ", "panic: test timed out after "])
        || (said.starts_with("[gw") && said.contains("] node down: "))
    {
        Some(Trouble::Crash { line })
    } else if begins(&["ERROR: Coverage failure", "FAIL Required test coverage"])
        || vitest::is_coverage(said)
        || (said.starts_with("Jest: ") && said.contains("coverage threshold"))
    {
        Some(Trouble::Coverage { line })
    } else if begins(&["No tests found, exiting with code 1", "No test files found, exiting"])
        || said.contains("no tests ran in ")
        || said.ends_with("Error: no test specified")
        || said == "error: no tests to run"
        || said.starts_with("Error: No test files found")
    {
        Some(Trouble::NoTests { line })
    } else if jest::is_fatal(said) || pytest::is_fatal(said) || vitest::is_fatal(said) {
        Some(Trouble::Crash { line })
    } else {
        None
    }
}
