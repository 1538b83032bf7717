//! Arms of a race that nobody has timed: a check that is repeated takes as many times as long.

use super::build::PlanRequest;
use super::estimate::{DEFAULT_COMMAND_S, Estimate, EstimateSource, SD_ESTIMATE};
use crate::domain::task::{RaceRules, Task, Work};

/// Gives arms without history or `estimate` the time of their own work and of all runs of the check: as
/// measured on the base, where an earlier race did so, else the default of a command for each.
pub(super) fn repeat_checks(request: &PlanRequest<'_>, tasks: &[Task], estimates: &mut [Estimate]) {
    let Some(rules) = request.race_rules() else { return };
    let is_checked = |task: &Task| task.check.as_ref() == Some(&rules.check);
    let measured = tasks
        .iter()
        .zip(&*estimates)
        .find(|(task, estimate)| {
            is_control(rules, task) && estimate.source == EstimateSource::History
        })
        .map(|(_, estimate)| estimate.p50);
    for (task, estimate) in tasks.iter().zip(estimates).filter(|(task, _)| is_checked(task)) {
        let is_given = matches!(task.work, Work::Given);
        match (estimate.source, measured) {
            // What others of its kind took says more than a default.
            (EstimateSource::History | EstimateSource::Estimate, _)
            | (EstimateSource::Category, None) => {}
            // Of an arm with a command, most may be that command.
            (EstimateSource::Category, Some(checks)) => {
                if is_given {
                    (estimate.p50, estimate.sd) = (checks, SD_ESTIMATE);
                }
            }
            (EstimateSource::DefaultCommand | EstimateSource::DefaultAgent, measured) => {
                let own = if is_given { 0.0 } else { estimate.p50 };
                let checks = f64::from(rules.runs.max(1)) * DEFAULT_COMMAND_S;
                estimate.p50 = own + measured.unwrap_or(checks);
            }
        }
    }
}

/// Whether a task is the check on the base: nothing is done for it, and it waits for nothing.
fn is_control(rules: &RaceRules, task: &Task) -> bool {
    let is_bare = task.work == Work::Given && task.read_only && task.depends_on.is_empty();
    rules.control && is_bare && task.check.as_ref() == Some(&rules.check)
}

#[cfg(test)]
mod tests;
