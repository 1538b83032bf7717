//! A run in virtual time: the dispatcher of the real run, durations as numbers.

use std::collections::VecDeque;

use super::costs::Costs;
use super::dispatcher::Dispatcher;
use super::problem::Problem;

/// Universal Scalability Law parameters until wider runs were observed (`research/scheduling.md`
/// §4): contention and coherence.
const SIGMA: f64 = 0.03;
const KAPPA: f64 = 0.002;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Scenario<'a> {
    /// The tasks.
    pub problem: &'a Problem,
    /// Slots.
    pub width: usize,
    /// Seconds each task takes when it runs alone.
    pub durations: &'a [f64],
    /// Costs beside the tasks.
    pub costs: &'a Costs,
    /// One worktree for all tasks, made once.
    pub one_lane: bool,
    /// Tasks slow one another down.
    pub contention: bool,
}

/// A simulated run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulated {
    /// When each task started.
    pub start: Vec<f64>,
    /// When each task's work was committed.
    pub finish: Vec<f64>,
    /// Tasks in the order in which they started.
    pub order: Vec<usize>,
    /// When the last one was committed.
    pub makespan: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum LaneWork {
    Provision,
    Commit,
}

/// Plays the scenario. Worktrees and commits pass one after another through a serial lane; tasks
/// that run share the machine. Ties go to the task with the lower index.
pub fn simulate(scenario: &Scenario<'_>) -> Simulated {
    let n = scenario.problem.jobs.len();
    let mut dispatcher = Dispatcher::new(scenario.problem, scenario.width);
    dispatcher.release(scenario.problem);
    let mut result = Simulated {
        start: vec![0.0; n],
        finish: vec![0.0; n],
        order: Vec::with_capacity(n),
        makespan: 0.0,
    };
    let mut now = 0.0_f64;
    let mut queue: VecDeque<(usize, LaneWork)> = VecDeque::new();
    let mut lane: Option<(f64, usize, LaneWork)> = None;
    let mut running: Vec<(usize, f64)> = Vec::new();
    loop {
        while let Some(job) = dispatcher.next(scenario.problem) {
            dispatcher.start(scenario.problem, job);
            result.start[job] = now;
            result.order.push(job);
            queue.push_back((job, LaneWork::Provision));
        }
        if lane.is_none()
            && let Some((job, work)) = queue.pop_front()
        {
            lane = Some((now + lane_seconds(scenario, &result, job, work), job, work));
        }
        let slowdown = scenario.slowdown(running.len());
        let first = running
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
            .map(|(at, &(_, left))| (at, now + left * slowdown));
        let lane_first = match (&lane, first) {
            (Some((until, ..)), Some((_, end))) => *until <= end,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        let until = if lane_first { lane.map(|(until, ..)| until) } else { first.map(|f| f.1) };
        let until = until.unwrap_or(now);
        for (_, left) in &mut running {
            *left = (*left - (until - now) / slowdown).max(0.0);
        }
        now = until;
        if lane_first {
            match lane.take() {
                Some((_, job, LaneWork::Provision)) => {
                    let setup = setup_seconds(scenario, &result, job);
                    running.push((job, setup + scenario.durations[job]));
                }
                Some((_, job, LaneWork::Commit)) => {
                    result.finish[job] = now;
                    dispatcher.finish(scenario.problem, job, true);
                }
                None => {}
            }
        } else if let Some((at, _)) = first {
            let (job, _) = running.swap_remove(at);
            queue.push_back((job, LaneWork::Commit));
        }
    }
    result.makespan = now;
    result
}

/// Hooks run in the slot of their task, beside other tasks. In one lane they run once.
fn setup_seconds(s: &Scenario<'_>, result: &Simulated, job: usize) -> f64 {
    let again = s.one_lane && result.order.first() != Some(&job);
    if again { 0.0 } else { s.costs.setup.seconds }
}

fn lane_seconds(s: &Scenario<'_>, result: &Simulated, job: usize, work: LaneWork) -> f64 {
    match work {
        LaneWork::Provision if s.one_lane && result.order.first() != Some(&job) => 0.0,
        LaneWork::Provision => s.costs.provision + s.costs.carry,
        LaneWork::Commit => s.costs.commit,
    }
}

impl Scenario<'_> {
    /// How much longer everything takes when `running` tasks run at once.
    fn slowdown(&self, running: usize) -> f64 {
        if !self.contention || running < 2 {
            return 1.0;
        }
        let others = (running - 1) as f64;
        1.0 + SIGMA * others + KAPPA * running as f64 * others
    }
}

#[cfg(test)]
mod tests {
    use super::super::costs::{NO_COSTS, SetupCost};
    use super::super::problem::Job;
    use super::*;

    fn independent(n: usize) -> Problem {
        let jobs = (0..n)
            .map(|rank| Job {
                predecessors: Vec::new(),
                successors: Vec::new(),
                excludes: Vec::new(),
                demands: Vec::new(),
                rank,
            })
            .collect();
        Problem { jobs, capacities: Vec::new(), resources: Vec::new() }
    }

    fn scenario<'a>(problem: &'a Problem, durations: &'a [f64], costs: &'a Costs) -> Scenario<'a> {
        Scenario { problem, width: 2, durations, costs, one_lane: false, contention: false }
    }

    #[test]
    fn two_slots_halve_four_equal_tasks() {
        let problem = independent(4);
        let run = simulate(&scenario(&problem, &[3.0; 4], &NO_COSTS));
        assert_eq!(run.start, [0.0, 0.0, 3.0, 3.0]);
        assert!((run.makespan - 6.0).abs() < 1e-9);
    }

    #[test]
    fn worktrees_are_made_one_after_another() {
        let problem = independent(2);
        let costs = Costs { provision: 1.0, commit: 0.5, ..NO_COSTS };
        let run = simulate(&scenario(&problem, &[10.0, 10.0], &costs));
        // Made at 1 and 2, done at 11 and 12, committed at 11.5 and 12.5.
        assert_eq!(run.finish, [11.5, 12.5]);
        let lane = Scenario { width: 1, one_lane: true, ..scenario(&problem, &[10.0; 2], &costs) };
        assert!((simulate(&lane).makespan - 22.0).abs() < 1e-9);
    }

    #[test]
    fn every_worktree_pays_for_its_hooks_and_a_lane_pays_once() {
        let problem = independent(2);
        let setup = SetupCost { hooks: 1, seconds: 3.0, measured: true };
        let costs = Costs { setup, ..NO_COSTS };
        let side_by_side = scenario(&problem, &[10.0, 10.0], &costs);
        assert_eq!(simulate(&side_by_side).finish, [13.0, 13.0]);
        let lane = Scenario { width: 1, one_lane: true, ..side_by_side };
        assert_eq!(simulate(&lane).finish, [13.0, 23.0]);
    }

    #[test]
    fn five_tasks_at_once_slow_one_another_down_by_the_published_factor() {
        let problem = independent(5);
        let durations = [600.0; 5];
        let five =
            Scenario { width: 5, contention: true, ..scenario(&problem, &durations, &NO_COSTS) };
        assert!((simulate(&five).makespan - 696.0).abs() < 1e-6);
    }
}
