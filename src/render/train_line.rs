//! What is said of a train that is validated ahead.

use super::event_line::Verbosity;
use crate::domain::run::{Train, TrainEnd};

/// That one is begun.
pub(super) fn requested_text(train: &Train) -> (Verbosity, String) {
    (Verbosity::Normal, format!("validating ahead what has succeeded so far: {}", members(train)))
}

/// What came of it.
pub(super) fn validated_text(train: &Train, end: &TrainEnd) -> (Verbosity, String) {
    use Verbosity::{Normal, Quiet, Verbose};
    let what = format!("ahead of landing: {}", members(train));
    match end {
        TrainEnd::Passed => (Normal, format!("{what} pass, merged onto the target")),
        TrainEnd::Breaks { set } => {
            (Quiet, format!("warning: before anything lands: {}", set.sentence()))
        }
        TrainEnd::Unknown { reason } => (Verbose, format!("{what}: not known: {reason}")),
        TrainEnd::Dropped => (Verbose, format!("{what}: given up")),
    }
}

fn members(train: &Train) -> String {
    let names: Vec<String> = train.iter().map(|(task, _)| format!("`{task}`")).collect();
    names.join(", ")
}
