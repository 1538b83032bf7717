//! What a run of a race's check said, read from its log before the next run begins.

use std::path::{Path, PathBuf};

use super::Driver;
use crate::adapters::host::report_file::{OutputPieces, load_output_end};
use crate::domain::integrate::parse_output;
use crate::domain::race::metric_in;
use crate::domain::run::{CheckEvidence, Ending, FailingTests};
use crate::domain::task::Metric;

/// Bytes that are kept of the output of a run that failed.
const MOST_OUTPUT: usize = 16 << 10;

/// Bytes that are read of the log of a run that failed, from its end: nothing else of the arm goes on
/// before they are read.
const MOST_READ: u64 = 4 << 20;

/// Bytes in which a number is looked for at once, from the end of the log: it stands there as a rule.
const PIECE: u64 = 256 << 10;

/// A run of a check of which something is to be kept.
pub(super) struct Watched {
    log: PathBuf,
    metric: Option<Metric>,
    /// No run on this arm has failed yet.
    first_failure: bool,
}

impl Driver {
    /// Only checks of a race are evidence.
    pub(super) fn evidence_wanted(&self, task: usize, log: &Path) -> Option<Watched> {
        let race = self.spec.kind.race()?;
        let checks = &self.journal.state().tasks[task].checks;
        Some(Watched {
            log: log.to_owned(),
            metric: race.rules.metric.clone(),
            first_failure: checks.iter().all(|run| run.passed || run.is_tainted()),
        })
    }
}

impl Watched {
    /// Reads the log.
    pub(super) fn load(self, ending: Ending) -> CheckEvidence {
        let metric = self
            .metric
            .and_then(|metric| metric_in(&metric, OutputPieces::open(&self.log, PIECE)?));
        if ending == (Ending::Code { code: 0 }) || !self.first_failure {
            return CheckEvidence { metric, ..CheckEvidence::default() };
        }
        let output = load_output_end(&self.log, MOST_READ).unwrap_or_default();
        let failed = parse_output(&output).map(|results| results.failed).unwrap_or_default();
        let FailingTests { named, more } = FailingTests::of(failed);
        let output = end_of(&output).to_owned();
        CheckEvidence { metric, failing: named, more_failing: more, output }
    }
}

/// The end of a text, from the beginning of a line on.
fn end_of(text: &str) -> &str {
    let Some(cut) = text.len().checked_sub(MOST_OUTPUT) else { return text };
    let cut = (cut..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let rest = &text[cut..];
    rest.split_once('\n').map_or(rest, |(_, lines)| lines)
}
