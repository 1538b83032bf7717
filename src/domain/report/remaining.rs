//! How long a run still takes, from what was planned and what is done.

use crate::domain::plan::Problem;
use crate::domain::run::{RunState, TaskState};
use crate::domain::time::Timestamp;

/// Seconds that a run still takes at `now`, by the medians of its estimates: the larger of what is
/// left shared among the slots and the longest chain that is left. A task that takes longer than
/// its estimate counts as almost done.
pub fn remaining_s(state: &RunState, now: Timestamp) -> f64 {
    let plan = &state.spec.plan;
    let left: Vec<f64> = plan
        .tasks
        .iter()
        .zip(&state.tasks)
        .map(|(planned, record)| {
            let estimate = planned.estimate.p50;
            match &record.state {
                TaskState::Finished { .. } => 0.0,
                TaskState::Running { since, .. } => {
                    (estimate - now.since(*since).as_secs_f64()).max(0.0)
                }
                TaskState::Ended { .. }
                | TaskState::Committing { .. }
                | TaskState::Committed { .. }
                | TaskState::Checking { .. }
                | TaskState::Checked { .. } => 0.0,
                TaskState::Pending
                | TaskState::Provisioning { .. }
                | TaskState::Provisioned { .. }
                | TaskState::SettingUp { .. }
                | TaskState::SetUp { .. }
                | TaskState::RetryWait { .. } => estimate,
            }
        })
        .collect();
    let shared = left.iter().sum::<f64>() / plan.decision.width.max(1) as f64;
    longest_chain(&plan.problem, &left).max(shared)
}

/// Length of the longest chain of dependencies, from its end to its beginning.
fn longest_chain(problem: &Problem, left: &[f64]) -> f64 {
    let mut unseen: Vec<usize> = problem.jobs.iter().map(|job| job.successors.len()).collect();
    let mut open: Vec<usize> = (0..unseen.len()).filter(|&task| unseen[task] == 0).collect();
    let mut behind = vec![0.0_f64; left.len()];
    let mut longest = 0.0_f64;
    while let Some(task) = open.pop() {
        let length = left[task] + behind[task];
        longest = longest.max(length);
        for &before in &problem.jobs[task].predecessors {
            behind[before] = behind[before].max(length);
            unseen[before] -= 1;
            if unseen[before] == 0 {
                open.push(before);
            }
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Preference;
    use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};

    fn left_at(seconds: f64) -> f64 {
        let tasks = vec![task("a", &[], 10), task("b", &["a"], 20), task("c", &[], 6)];
        let script = [("a", vec![Try::well(30.0, &["a"])]), ("c", vec![Try::well(5.0, &["c"])])];
        let run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(2)), &script);
        let run = run.until(seconds);
        remaining_s(&run.state, run.now)
    }

    #[test]
    fn the_longest_chain_is_left_and_a_late_task_counts_as_almost_done() {
        assert!((left_at(0.05) - 30.0).abs() < 1e-9);
        assert!((left_at(4.1) - 26.0).abs() < 1e-9, "a has run for 4 s");
        assert!((left_at(20.0) - 20.0).abs() < 1e-9, "a is late, b is to come");
        assert!(left_at(90.0).abs() < 1e-9);
    }
}
