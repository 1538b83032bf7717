//! The one scheduler: which job starts next. `step` drives it live and on resume, `simulate` in the
//! plan.

use std::cmp::Reverse;

use super::problem::Problem;

/// Where a job stands, as far as starting jobs is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for predecessors.
    Waiting,
    /// May start when there is room.
    Ready,
    /// Holds its slot.
    Running,
    /// Ready but held back (between two attempts).
    Paused,
    /// Over, successfully.
    Succeeded,
    /// Over, in any other way: what needs it never becomes ready.
    Failed,
}

/// Ready set, free capacity and exclusions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatcher {
    width: usize,
    states: Vec<JobState>,
    missing: Vec<usize>,
    /// Places in the order of urgency: those of the plan until [`Self::rerank`].
    ranks: Vec<usize>,
    /// By rank, the most urgent last.
    ready: Vec<Ready>,
    /// How many running jobs exclude each job.
    excluded_by: Vec<u32>,
    free: Vec<u64>,
    /// What every job takes at least of each resource: with less than that free, nothing fits and
    /// no job need be looked at.
    least: Vec<u64>,
    running: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ready {
    rank: usize,
    job: usize,
}

impl Dispatcher {
    /// Nothing is ready before [`Self::release`].
    pub fn new(problem: &Problem, width: usize) -> Self {
        Self {
            width: width.max(1),
            states: vec![JobState::Waiting; problem.jobs.len()],
            missing: problem.jobs.iter().map(|job| job.predecessors.len()).collect(),
            ranks: problem.jobs.iter().map(|job| job.rank).collect(),
            ready: Vec::new(),
            excluded_by: vec![0; problem.jobs.len()],
            free: problem.capacities.clone(),
            least: least_demands(problem),
            running: 0,
        }
    }

    /// Makes every job without predecessors ready.
    pub fn release(&mut self) {
        for job in 0..self.states.len() {
            if self.missing[job] == 0 && self.states[job] == JobState::Waiting {
                self.states[job] = JobState::Ready;
                self.ready.push(Ready { rank: self.ranks[job], job });
            }
        }
        self.ready.sort_unstable_by_key(|ready| Reverse(ready.rank));
    }

    /// Other slots, from the next [`Self::reset`] on.
    pub(super) fn set_width(&mut self, width: usize) {
        self.width = width.max(1);
    }

    /// Back to the beginning, with everything released that waits for nothing. Keeps its vectors;
    /// the order of urgency is the plan's again.
    pub fn reset(&mut self, problem: &Problem) {
        self.running = 0;
        self.states.fill(JobState::Waiting);
        self.excluded_by.fill(0);
        self.free.copy_from_slice(&problem.capacities);
        self.ready.clear();
        for (index, job) in problem.jobs.iter().enumerate() {
            self.missing[index] = job.predecessors.len();
            self.ranks[index] = job.rank;
        }
        self.release();
    }

    /// Another order of urgency, by job: 0 starts first. One that is not for these jobs is left.
    pub fn rerank(&mut self, ranks: &[usize]) {
        if ranks.len() == self.ranks.len() {
            self.ranks.copy_from_slice(ranks);
            for ready in &mut self.ready {
                ready.rank = ranks[ready.job];
            }
            self.ready.sort_unstable_by_key(|ready| Reverse(ready.rank));
        }
    }

    /// The order of urgency, by job.
    pub fn ranks(&self) -> &[usize] {
        &self.ranks
    }

    /// The state of a job.
    pub fn state(&self, job: usize) -> JobState {
        self.states[job]
    }

    /// The most urgent ready job for which there is room, passing over those for which there is not.
    pub fn next(&self, problem: &Problem) -> Option<usize> {
        let exhausted = || self.free.iter().zip(&self.least).any(|(free, least)| free < least);
        if self.running >= self.width || exhausted() {
            return None;
        }
        self.ready.iter().rev().map(|ready| ready.job).find(|&job| self.fits(problem, job))
    }

    /// Marks a ready job as running.
    pub fn start(&mut self, problem: &Problem, job: usize) {
        self.leave_ready(job);
        self.states[job] = JobState::Running;
        self.running += 1;
        for &(resource, units) in &problem.jobs[job].demands {
            let taken = units.min(problem.capacities[resource]);
            self.free[resource] = self.free[resource].saturating_sub(taken);
        }
        for &other in &problem.jobs[job].excludes {
            self.excluded_by[other] += 1;
        }
    }

    /// Marks a job as over and makes ready what waited for nothing else.
    pub fn finish(&mut self, problem: &Problem, job: usize, succeeded: bool) {
        self.leave(problem, job);
        self.states[job] = if succeeded { JobState::Succeeded } else { JobState::Failed };
        if !succeeded {
            return;
        }
        for &next in &problem.jobs[job].successors {
            self.missing[next] -= 1;
            if self.missing[next] == 0 && self.states[next] == JobState::Waiting {
                self.make_ready(next);
            }
        }
    }

    /// A job is over without success that `next` waited for and does not need.
    pub fn excuse(&mut self, next: usize) {
        self.missing[next] = self.missing[next].saturating_sub(1);
        if self.missing[next] == 0 && self.states[next] == JobState::Waiting {
            self.make_ready(next);
        }
    }

    /// Gives the slot back without making the job ready again.
    pub fn pause(&mut self, problem: &Problem, job: usize) {
        self.leave(problem, job);
        self.states[job] = JobState::Paused;
    }

    /// Makes a running or paused job ready again.
    pub fn requeue(&mut self, problem: &Problem, job: usize) {
        self.leave(problem, job);
        if self.missing[job] == 0 {
            self.make_ready(job);
        } else {
            self.states[job] = JobState::Waiting;
        }
    }

    fn fits(&self, problem: &Problem, job: usize) -> bool {
        self.excluded_by[job] == 0
            && problem.jobs[job].demands.iter().all(|&(resource, units)| {
                self.free[resource] >= units.min(problem.capacities[resource])
            })
    }

    fn make_ready(&mut self, job: usize) {
        self.states[job] = JobState::Ready;
        let rank = self.ranks[job];
        let at = self.place_of(rank);
        self.ready.insert(at, Ready { rank, job });
    }

    fn leave_ready(&mut self, job: usize) {
        let at = self.place_of(self.ranks[job]);
        if self.ready.get(at).is_some_and(|ready| ready.job == job) {
            self.ready.remove(at);
        }
    }

    fn place_of(&self, rank: usize) -> usize {
        self.ready.partition_point(|ready| ready.rank > rank)
    }

    fn leave(&mut self, problem: &Problem, job: usize) {
        match self.states[job] {
            JobState::Running => {
                self.running -= 1;
                for &(resource, units) in &problem.jobs[job].demands {
                    self.free[resource] += units.min(problem.capacities[resource]);
                }
                for &other in &problem.jobs[job].excludes {
                    self.excluded_by[other] -= 1;
                }
            }
            JobState::Ready => self.leave_ready(job),
            JobState::Waiting | JobState::Paused | JobState::Succeeded | JobState::Failed => {}
        }
    }
}

fn least_demands(problem: &Problem) -> Vec<u64> {
    let jobs = problem.jobs.len();
    let least = |resource| (0..jobs).map(|job| problem.demand(job, resource)).min().unwrap_or(0);
    (0..problem.capacities.len()).map(least).collect()
}

#[cfg(test)]
mod tests {
    use super::super::problem::Job;
    use super::*;

    fn job(rank: usize, predecessors: &[usize], successors: &[usize]) -> Job {
        Job {
            predecessors: predecessors.to_vec(),
            successors: successors.to_vec(),
            excludes: Vec::new(),
            demands: vec![(0, 1)],
            rank,
        }
    }

    fn problem(jobs: Vec<Job>, capacity: u64) -> Problem {
        Problem { jobs, capacities: vec![capacity], resources: vec!["cpu".into()] }
    }

    fn released(problem: &Problem, width: usize) -> Dispatcher {
        let mut dispatcher = Dispatcher::new(problem, width);
        dispatcher.release();
        dispatcher
    }

    #[test]
    fn the_most_urgent_ready_job_starts_first_and_width_is_kept() {
        let p = problem(vec![job(2, &[], &[]), job(0, &[], &[]), job(1, &[], &[])], 9);
        let mut d = released(&p, 2);
        assert_eq!(d.next(&p), Some(1));
        d.start(&p, 1);
        assert_eq!(d.next(&p), Some(2));
        d.start(&p, 2);
        assert_eq!(d.next(&p), None);
        d.finish(&p, 1, true);
        assert_eq!(d.next(&p), Some(0));
    }

    #[test]
    fn what_depends_on_a_failed_job_never_becomes_ready() {
        let p = problem(vec![job(0, &[], &[1]), job(1, &[0], &[])], 9);
        let mut d = released(&p, 4);
        d.start(&p, 0);
        d.finish(&p, 0, false);
        assert_eq!((d.next(&p), d.state(1)), (None, JobState::Waiting));
    }

    #[test]
    fn excluded_jobs_wait_for_one_another_and_others_pass_them() {
        let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
        p.jobs[0].excludes.push(1);
        p.jobs[1].excludes.push(0);
        let mut d = released(&p, 4);
        d.start(&p, 0);
        assert_eq!(d.next(&p), Some(2));
    }

    #[test]
    fn a_demand_above_the_capacity_runs_alone_instead_of_never() {
        let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[])], 2);
        p.jobs[0].demands = vec![(0, 5)];
        let mut d = released(&p, 4);
        assert_eq!(d.next(&p), Some(0));
        d.start(&p, 0);
        assert_eq!(d.next(&p), None);
        d.pause(&p, 0);
        assert_eq!(d.next(&p), Some(1));
        d.requeue(&p, 0);
        assert_eq!(d.next(&p), Some(0));
    }
    #[test]
    fn another_order_of_urgency_holds_for_what_waits_until_a_reset() {
        let p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
        let mut d = released(&p, 1);
        d.rerank(&[2, 1, 0]);
        assert_eq!((d.next(&p), d.ranks()), (Some(2), &[2, 1, 0][..]));
        d.rerank(&[0]);
        assert_eq!(d.next(&p), Some(2));
        d.reset(&p);
        assert_eq!(d.next(&p), Some(0));
    }
}
