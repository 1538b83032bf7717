//! The simulator that is played often: it keeps its vectors from draw to draw.

use super::serial::{GitLane, Provisioning, Step};
use super::{Luck, Scenario, Simulated};
use crate::domain::plan::dispatcher::Dispatcher;
use crate::domain::plan::problem::Problem;

/// Plays scenarios of problems with as many jobs and the same demands.
#[derive(Debug, Clone)]
pub(in crate::domain::plan) struct Simulator {
    dispatcher: Dispatcher,
    provisioning: Provisioning,
    git: GitLane,
    running: Running,
    /// By task: the probability that nothing merged so far conflicts with it.
    clean: Vec<f64>,
    result: Simulated,
    /// Worktrees that wait for a task.
    idle: usize,
    /// By task, which of the worktrees that were made it has, from 1; 0 is one that waited.
    worktree: Vec<u32>,
    held: usize,
    /// Something may start that could not before.
    changed: bool,
    now: f64,
}

/// Tasks that run share the machine: all advance at the same pace, so that they end in the order
/// of the work that each still has to do.
#[derive(Debug, Clone, Default)]
struct Running {
    /// Work done by everything that ran from the beginning on, seconds.
    done: f64,
    /// The next to end last; equal ends: the lower index is last.
    ends: Vec<(f64, usize)>,
    busy: u64,
    slowdown: f64,
}

impl Running {
    fn clear(&mut self) {
        self.done = 0.0;
        self.ends.clear();
        self.busy = 0;
        self.slowdown = 1.0;
    }

    fn add(&mut self, scenario: &Scenario<'_>, task: usize, seconds: f64) {
        let end = self.done + seconds;
        let at = self.ends.partition_point(|&(other, of)| (other, of) > (end, task));
        self.ends.insert(at, (end, task));
        self.busy += scenario.interplay.busy(task);
        self.slowdown = scenario.interplay.slowdown(self.ends.len(), self.busy);
    }

    fn until(&self, now: f64) -> f64 {
        self.ends
            .last()
            .map_or(f64::INFINITY, |&(end, _)| now + (end - self.done).max(0.0) * self.slowdown)
    }

    fn pass(&mut self, seconds: f64) {
        self.done += seconds / self.slowdown;
    }

    fn end(&mut self, scenario: &Scenario<'_>) -> Option<usize> {
        let (end, task) = self.ends.pop()?;
        self.done = end;
        self.busy -= scenario.interplay.busy(task);
        self.slowdown = if self.ends.is_empty() {
            1.0
        } else {
            scenario.interplay.slowdown(self.ends.len(), self.busy)
        };
        Some(task)
    }
}

impl Simulator {
    /// For problems like this one.
    pub(in crate::domain::plan) fn new(problem: &Problem) -> Self {
        let n = problem.jobs.len();
        Self {
            dispatcher: Dispatcher::new(problem, 1),
            provisioning: Provisioning::default(),
            git: GitLane::default(),
            running: Running::default(),
            clean: Vec::with_capacity(n),
            result: Simulated {
                start: vec![0.0; n],
                finish: vec![0.0; n],
                order: Vec::with_capacity(n),
                ..Simulated::default()
            },
            idle: 0,
            worktree: vec![0; n],
            held: 0,
            changed: true,
            now: 0.0,
        }
    }

    /// The last play.
    pub(in crate::domain::plan) fn into_result(self) -> Simulated {
        self.result
    }

    /// Plays once. Ties: git first, then worktrees, then the task with the lower index.
    pub(in crate::domain::plan) fn play(&mut self, scenario: &Scenario<'_>) -> &Simulated {
        self.begin(scenario);
        loop {
            self.git.take_up(self.now, scenario.costs.commit, scenario.costs.merge);
            // What a merge that takes no time makes ready is as early as what a commit makes room for.
            if self.changed && self.git.until() > self.now {
                self.dispatch(scenario);
            }
            let (git, made) = (self.git.until(), self.provisioning.until());
            let ends = self.running.until(self.now);
            if git <= made && git <= ends && git.is_finite() {
                self.advance(git);
                match self.git.end() {
                    Some((task, Step::Commit)) => self.committed(scenario, task),
                    Some((task, Step::Merge)) => self.merged(scenario, task),
                    None => {}
                }
            } else if made <= ends && made.is_finite() {
                self.advance(made);
                self.made(scenario);
            } else if let Some(task) = {
                self.now = if ends.is_finite() { ends } else { self.now };
                self.running.end(scenario)
            } {
                self.git.commit(task);
            } else {
                break;
            }
        }
        let lane_merge = scenario.one_lane
            && self.result.order.iter().any(|&task| scenario.interplay.merges(task));
        self.result.makespan = self.now + if lane_merge { scenario.costs.merge } else { 0.0 };
        &self.result
    }

    fn begin(&mut self, scenario: &Scenario<'_>) {
        self.dispatcher.set_width(scenario.width);
        self.dispatcher.reset(scenario.problem);
        self.provisioning.clear();
        self.git.clear();
        self.running.clear();
        self.clean.clear();
        self.clean.resize(scenario.problem.jobs.len(), 1.0);
        self.result.order.clear();
        self.result.committed = 0.0;
        self.result.redone = 0.0;
        self.result.peak = 0;
        self.idle = scenario.costs.reuse.map_or(0, |reuse| reuse.ready);
        self.worktree.fill(0);
        self.held = 0;
        self.changed = true;
        self.now = 0.0;
    }

    fn advance(&mut self, until: f64) {
        self.running.pass(until - self.now);
        self.now = until;
    }

    /// Starts what there is room for; their worktrees are one batch.
    fn dispatch(&mut self, scenario: &Scenario<'_>) {
        self.changed = false;
        let (mut tasks, mut seconds) = (0, 0.0);
        let mut after = None;
        while let Some(task) = self.dispatcher.next_after(after) {
            after = Some(self.dispatcher.ranks()[task]);
            self.dispatcher.start(scenario.problem, task);
            self.result.start[task] = self.now;
            seconds += self.worktree_seconds(scenario, task);
            self.result.order.push(task);
            self.provisioning.ask(task);
            tasks += 1;
        }
        if tasks > 0 {
            self.held += tasks;
            self.result.peak = self.result.peak.max(self.held);
            self.provisioning.close(self.now, tasks, seconds);
        }
    }

    /// A worktree that starts from several tasks starts from their merge.
    fn worktree_seconds(&mut self, scenario: &Scenario<'_>, task: usize) -> f64 {
        let costs = scenario.costs;
        if let Some(reuse) = costs.reuse.filter(|_| !scenario.one_lane) {
            if self.idle > 0 {
                self.idle -= 1;
                return reuse.seconds;
            }
            self.worktree[task] = 1 + self.worktree.iter().max().copied().unwrap_or(0);
        }
        if !scenario.one_lane {
            let starts = scenario.problem.jobs[task].predecessors.len().max(1) - 1;
            costs.provision + costs.carry + starts as f64 * costs.merge
        } else if self.result.order.is_empty() {
            scenario.lane_worktree_seconds()
        } else {
            0.0
        }
    }

    fn made(&mut self, scenario: &Scenario<'_>) {
        let Self { provisioning, running, result, worktree, .. } = self;
        let is_handed_on = !scenario.one_lane && scenario.costs.reuse.is_some();
        provisioning.deliver(|task| {
            let seconds = if is_handed_on {
                scenario.handed_on_seconds(task, worktree[task])
            } else {
                let first = !scenario.one_lane || result.order.first() == Some(&task);
                scenario.slot_seconds(task, first)
            };
            running.add(scenario, task, seconds);
        });
    }

    /// The slot is free; what depends on the task waits for its merge.
    fn committed(&mut self, scenario: &Scenario<'_>, task: usize) {
        if self.git.redone(task) {
            self.over(scenario, task);
            return;
        }
        self.result.finish[task] = self.now;
        self.result.committed = self.now;
        self.held -= 1;
        self.idle += 1;
        if !scenario.one_lane && scenario.interplay.merges(task) {
            self.dispatcher.pause(scenario.problem, task);
            self.changed = true;
            self.git.merge(task);
        } else {
            self.over(scenario, task);
        }
    }

    /// A task whose work does not merge is done again before anything else is merged.
    fn merged(&mut self, scenario: &Scenario<'_>, task: usize) {
        let conflict = 1.0 - self.clean[task];
        let share = match scenario.luck {
            Luck::Expected => conflict,
            Luck::Drawn(uniforms) if conflict > 0.0 && uniforms[task] <= conflict => 1.0,
            Luck::Drawn(_) => 0.0,
        };
        for &(other, probability) in scenario.interplay.conflicts(task) {
            self.clean[other] *= 1.0 - probability;
        }
        let seconds = share * scenario.costs.redo * scenario.durations[task];
        if seconds > 0.0 {
            self.result.redone += seconds;
            self.git.redo(task);
            self.running.add(scenario, task, seconds);
        } else {
            self.over(scenario, task);
        }
    }

    fn over(&mut self, scenario: &Scenario<'_>, task: usize) {
        self.dispatcher.finish(scenario.problem, task, true);
        self.changed = true;
    }
}

impl Scenario<'_> {
    fn lane_worktree_seconds(&self) -> f64 {
        match (self.costs.lane_ready, self.costs.reuse) {
            (true, reuse) => reuse.map_or(0.0, |reuse| reuse.seconds),
            (false, _) => self.costs.provision + self.costs.carry,
        }
    }

    /// As [`Self::slot_seconds`] where worktrees go from task to task. Those that are new are built in
    /// at the same time, and each build keeps all cores busy: the second one ends twice as late.
    fn handed_on_seconds(&self, task: usize, worktree: u32) -> f64 {
        let cold = self.durations[task];
        let warm = self.interplay.warm_seconds(task, cold);
        let made = match worktree {
            0 => 0.0,
            made => self.costs.setup.seconds + f64::from(made) * (cold - warm),
        };
        self.costs.handling + warm + made
    }

    /// Seconds a task holds the machine when nothing else runs: hooks of its worktree, its command, and
    /// what is spent on it beside.
    fn slot_seconds(&self, task: usize, first_in_worktree: bool) -> f64 {
        let cold = self.durations[task];
        let handling = if self.one_lane { self.costs.lane_handling } else { self.costs.handling };
        if self.one_lane && (self.costs.lane_ready || !first_in_worktree) {
            handling + self.interplay.warm_seconds(task, cold)
        } else {
            handling + self.costs.setup.seconds + cold
        }
    }

    /// When everything was committed and when it was merged, in one lane whose first task is
    /// `first`: what [`Simulator::play`] finds for it, as a sum.
    pub(in crate::domain::plan) fn lane_times(&self, first: Option<usize>) -> (f64, f64) {
        let Some(first) = first else { return (0.0, 0.0) };
        let tasks = 0..self.durations.len();
        let work: f64 = tasks.clone().map(|task| self.slot_seconds(task, task == first)).sum();
        let costs = self.costs;
        let commits = tasks.len() as f64 * costs.commit;
        let committed = self.lane_worktree_seconds() + work + commits;
        let merges = tasks.into_iter().any(|task| self.interplay.merges(task));
        (committed, committed + if merges { costs.merge } else { 0.0 })
    }
}
