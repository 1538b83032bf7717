//! What came of a validation.

use std::time::Duration;

use crate::domain::integrate::{ValidationRequest, ValidationRun, ValidationVerdict};
use crate::domain::run::{AttemptEnd, Ending};
use crate::engine::scratch::footing::TOOK_AWAY;

/// How its command ended, or why it did not start.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) verdict: ValidationVerdict,
    pub(super) ending: String,
    pub(super) duration: Duration,
    pub(super) last_lines: Vec<String>,
}

impl Ended {
    pub(super) fn of(end: Result<AttemptEnd, String>) -> Self {
        match end {
            Ok(end) => {
                let passed = end.ending == Ending::Code { code: 0 };
                Self {
                    verdict: if passed {
                        ValidationVerdict::Passed
                    } else {
                        ValidationVerdict::Failed
                    },
                    ending: end.ending.to_string(),
                    duration: end.usage.wall,
                    last_lines: if passed { Vec::new() } else { end.last_lines },
                }
            }
            Err(message) => Self {
                verdict: ValidationVerdict::Failed,
                ending: message,
                duration: Duration::ZERO,
                last_lines: Vec::new(),
            },
        }
    }

    /// The same of a command that took its worktree away, so that nothing is known of what it was to
    /// validate.
    pub(super) fn without_worktree(self) -> Self {
        let ending = format!("{TOOK_AWAY} ({})", self.ending);
        Self { verdict: ValidationVerdict::Failed, ending, ..self }
    }

    /// As a fact.
    pub(super) fn run(self, request: &ValidationRequest) -> ValidationRun {
        ValidationRun {
            name: request.name.clone(),
            verdict: self.verdict,
            ending: self.ending,
            duration: self.duration,
            last_lines: self.last_lines,
            tainted: Vec::new(),
            results: None,
            only: request.only.clone(),
            cached: false,
            log: None,
        }
    }
}

/// What a request is answered with when the same tree passed before.
pub(super) fn passed_before(request: &ValidationRequest) -> ValidationRun {
    let ended = Ended {
        verdict: ValidationVerdict::Passed,
        ending: "passed before on the same tree".to_owned(),
        duration: Duration::ZERO,
        last_lines: Vec::new(),
    };
    ValidationRun { cached: true, ..ended.run(request) }
}
