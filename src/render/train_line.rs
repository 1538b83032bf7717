//! What is said of a train that is validated ahead.

use super::event_line::Verbosity;
use crate::domain::run::{Train, TrainEnd};

/// That one is begun, or what came of it.
pub(super) fn train_text(train: &Train, end: Option<&TrainEnd>) -> (Verbosity, String) {
    use Verbosity::{Normal, Quiet, Verbose};
    let names: Vec<String> = train.iter().map(|(task, _)| format!("`{task}`")).collect();
    let names = names.join(", ");
    match end {
        None => (Normal, format!("validating ahead what has succeeded so far: {names}")),
        Some(TrainEnd::Passed { tasks }) => {
            let names: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
            let pass = if tasks.len() == 1 { "passes" } else { "pass" };
            let names = names.join(", ");
            (Normal, format!("ahead of landing: {names} {pass}, merged onto the target"))
        }
        Some(TrainEnd::Breaks { set }) => {
            (Quiet, format!("warning: before anything lands: {}", set.sentence()))
        }
        Some(TrainEnd::Unknown { reason }) => {
            (Normal, format!("ahead of landing: {names}: not known whether that passes: {reason}"))
        }
        Some(TrainEnd::Dropped) => (Verbose, format!("ahead of landing: {names}: given up")),
    }
}
