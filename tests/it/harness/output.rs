//! What a program left behind when it ended.

use std::fmt;
use std::path::Path;
use std::process::ExitStatus;

use serde_json::Value;

use super::redact::redact;

/// Streams and exit status of a program that ended. A test must look at it: it either takes a
/// [`Self::snapshot`] or asserts on it, beginning with [`Self::exit`].
#[must_use = "a program that failed must not go unnoticed"]
pub(crate) struct Output {
    line: String,
    status: ExitStatus,
    stdout: String,
    stderr: String,
    root: String,
}

/// The raw facts of an [`Output`].
pub(super) struct Ended {
    pub(super) line: String,
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Output {
    pub(super) fn new(ended: Ended, root: &Path) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Self {
            line: ended.line,
            status: ended.status,
            stdout: text(ended.stdout),
            stderr: text(ended.stderr),
            root: root.display().to_string(),
        }
    }

    /// Expects this exit code.
    #[track_caller]
    pub(crate) fn exit(&self, code: i32) -> &Self {
        assert!(self.status.code() == Some(code), "expected exit: {code}, but\n{self}");
        self
    }

    /// The exit code, `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    pub(crate) fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Expects these words on stdout.
    #[track_caller]
    pub(crate) fn stdout_has(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words), "stdout has no `{words}`:\n{self}");
        self
    }

    /// Expects these words on stderr.
    #[track_caller]
    pub(crate) fn stderr_has(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "stderr has no `{words}`:\n{self}");
        self
    }

    /// Expects that nothing was written to stdout.
    #[track_caller]
    pub(crate) fn stdout_is_empty(&self) -> &Self {
        assert!(self.stdout.is_empty(), "stdout is not empty:\n{self}");
        self
    }

    /// The one document on stdout, of schema 1; anything beside it fails the test.
    #[track_caller]
    pub(crate) fn stdout_json(&self) -> Value {
        let document: Value = match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("stdout is not exactly one JSON document: {error}\n{self}"),
        };
        assert!(document["schema"] == 1, "the document is not of schema 1:\n{self}");
        document
    }

    /// Command line, exit code and both streams as one text in which everything that differs from
    /// run to run is replaced (see the module `redact`), for an inline snapshot. A stream without
    /// output is left out.
    pub(crate) fn snapshot(&self) -> String {
        redact(&self.to_string(), &self.root)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        match self.status.code() {
            Some(code) => writeln!(f, "exit: {code}")?,
            None => writeln!(f, "{}", self.status)?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') { "" } else { "⏎ missing\n" };
                write!(f, "--- {name}\n{text}{end}")?;
            }
        }
        Ok(())
    }
}

#[test]
fn exactly_one_document_of_schema_1_is_accepted() {
    let repo = super::Repo::without_git();
    let printed = |text: &str| repo.program("printf", &["%s", text]).run();
    assert_eq!(printed("{\"schema\": 1, \"a\": 2}\n").exit(0).stdout_json()["a"], 2);
    for bad in ["", "{\"schema\": 1} {\"schema\": 1}", "x {\"schema\": 1}", "{\"schema\": 2}", "1"]
    {
        let output = printed(bad);
        let accepted = std::panic::catch_unwind(|| output.stdout_json());
        assert!(accepted.is_err(), "{bad}");
    }
}

#[test]
fn a_failed_expectation_shows_the_whole_output() {
    let repo = super::Repo::without_git();
    let output = repo.program("sh", &["-c", "printf out; echo err >&2; exit 3"]).run();
    let unmet: [fn(&Output) -> &Output; 4] = [
        |output| output.exit(0),
        |output| output.stdout_has("err"),
        |output| output.stderr_has("out"),
        |output| output.stdout_is_empty(),
    ];
    for expectation in unmet {
        let met = std::panic::catch_unwind(|| expectation(&output).code());
        let panic = met.unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        let whole = "exit: 3\n--- stdout\nout⏎ missing\n--- stderr\nerr\n";
        assert!(message.contains(whole), "{message}");
    }
    assert_eq!(output.stderr(), "err\n");
}
