//! The one scheduler: which job starts next. `step` drives it live and on resume, `simulate` in the
//! plan.

mod ready;

use self::ready::{Ready, ReadyJobs};
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
    ready: ReadyJobs,
    /// How many running jobs exclude each job.
    excluded_by: Vec<u32>,
    /// How many running jobs belong to each clique.
    busy: Vec<u32>,
    free: Vec<u64>,
    /// What every job takes at least of each resource: with less than that free, nothing fits and
    /// no job need be looked at.
    least: Vec<u64>,
    running: usize,
    /// Some jobs exclude others one by one.
    excludes: bool,
}

impl Dispatcher {
    /// Nothing is ready before [`Self::release`].
    pub fn new(problem: &Problem, width: usize) -> Self {
        let ready = ReadyJobs::new(problem);
        let cliques = problem.jobs.iter().flat_map(|job| &job.cliques).max();
        Self {
            width: width.max(1),
            states: vec![JobState::Waiting; problem.jobs.len()],
            missing: problem.jobs.iter().map(|job| job.predecessors.len()).collect(),
            ranks: problem.jobs.iter().map(|job| job.rank).collect(),
            excluded_by: vec![0; problem.jobs.len()],
            busy: vec![0; cliques.map_or(0, |last| last + 1)],
            free: problem.capacities.clone(),
            least: ready.least(),
            ready,
            running: 0,
            excludes: problem.jobs.iter().any(|job| !job.excludes.is_empty()),
        }
    }

    /// Makes every job without predecessors ready.
    pub fn release(&mut self) {
        let Self { ready, states, missing, ranks, .. } = self;
        let free = (0..states.len()).filter(|&job| {
            let is_free = missing[job] == 0 && states[job] == JobState::Waiting;
            if is_free {
                states[job] = JobState::Ready;
            }
            is_free
        });
        ready.extend(free.map(|job| Ready { rank: ranks[job], job }));
    }

    /// Other slots; what runs goes on.
    pub fn set_width(&mut self, width: usize) {
        self.width = width.max(1);
    }

    /// Back to the beginning, with everything released that waits for nothing. Keeps its vectors;
    /// the order of urgency is the plan's again.
    pub fn reset(&mut self, problem: &Problem) {
        self.running = 0;
        self.states.fill(JobState::Waiting);
        self.excluded_by.fill(0);
        self.busy.fill(0);
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
            self.ready.rerank(ranks);
        }
    }

    /// Most jobs at once.
    pub fn width(&self) -> usize {
        self.width
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
    pub fn next(&self) -> Option<usize> {
        if self.is_full() {
            return None;
        }
        let mut first: Option<Ready> = None;
        for open in self.ready.open() {
            if first.is_some_and(|first| first.rank < open.rank) {
                break;
            }
            if self.has_room(open.kind) {
                let own = self.first_of(open.kind);
                first = first.into_iter().chain(own).min_by_key(|ready| ready.rank);
            }
        }
        first.map(|first| first.job)
    }

    /// As [`Self::next`] for one that has just started the job of rank `after` and nothing has ended
    /// since: what had no room before has none.
    pub(super) fn next_after(&self, after: Option<usize>) -> Option<usize> {
        let Some(after) = after.filter(|_| !self.excludes) else { return self.next() };
        if self.is_full() {
            return None;
        }
        let mut less_urgent = self.ready.open_after(after);
        less_urgent
            .find(|open| self.has_room(open.kind))
            .and_then(|open| self.first_of(open.kind).map(|first| first.job))
    }

    /// Marks a ready job as running.
    pub fn start(&mut self, problem: &Problem, job: usize) {
        self.leave_ready(job);
        self.states[job] = JobState::Running;
        self.running += 1;
        let kind = self.ready.kind(job);
        for (free, taken) in self.free.iter_mut().zip(self.ready.units(kind)) {
            *free = free.saturating_sub(*taken);
        }
        for &clique in self.ready.cliques(kind) {
            self.busy[clique] += 1;
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

    /// Nothing can start, whatever is ready.
    fn is_full(&self) -> bool {
        self.running >= self.width
            || self.free.iter().zip(&self.least).any(|(free, least)| free < least)
    }

    fn has_room(&self, kind: usize) -> bool {
        self.ready.units(kind).iter().zip(&self.free).all(|(units, free)| units <= free)
            && (self.busy.is_empty()
                || self.ready.cliques(kind).iter().all(|&clique| self.busy[clique] == 0))
    }

    /// The most urgent ready job of a kind that no running job excludes.
    fn first_of(&self, kind: usize) -> Option<Ready> {
        self.ready.of(kind).find(|ready| self.excluded_by[ready.job] == 0)
    }

    fn make_ready(&mut self, job: usize) {
        self.states[job] = JobState::Ready;
        self.ready.insert(Ready { rank: self.ranks[job], job });
    }

    fn leave_ready(&mut self, job: usize) {
        self.ready.remove(Ready { rank: self.ranks[job], job });
    }

    fn leave(&mut self, problem: &Problem, job: usize) {
        match self.states[job] {
            JobState::Running => {
                self.running -= 1;
                let kind = self.ready.kind(job);
                for (free, taken) in self.free.iter_mut().zip(self.ready.units(kind)) {
                    *free += taken;
                }
                for &clique in self.ready.cliques(kind) {
                    self.busy[clique] -= 1;
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

#[cfg(test)]
mod tests {
    use super::super::problem::Job;
    use super::*;

    fn job(rank: usize, predecessors: &[usize], successors: &[usize]) -> Job {
        Job {
            predecessors: predecessors.to_vec(),
            successors: successors.to_vec(),
            excludes: Vec::new(),
            cliques: Vec::new(),
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
        assert_eq!(d.next(), Some(1));
        d.start(&p, 1);
        assert_eq!(d.next(), Some(2));
        d.start(&p, 2);
        assert_eq!(d.next(), None);
        d.finish(&p, 1, true);
        assert_eq!(d.next(), Some(0));
    }

    #[test]
    fn what_depends_on_a_failed_job_never_becomes_ready() {
        let p = problem(vec![job(0, &[], &[1]), job(1, &[0], &[])], 9);
        let mut d = released(&p, 4);
        d.start(&p, 0);
        d.finish(&p, 0, false);
        assert_eq!((d.next(), d.state(1)), (None, JobState::Waiting));
    }

    #[test]
    fn excluded_jobs_wait_for_one_another_and_others_pass_them() {
        let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
        p.jobs[0].excludes.push(1);
        p.jobs[1].excludes.push(0);
        let mut d = released(&p, 4);
        d.start(&p, 0);
        assert_eq!(d.next(), Some(2));
    }

    #[test]
    fn jobs_of_a_clique_run_one_after_another_by_urgency_and_others_pass_them() {
        let mut p = problem((0..4).map(|rank| job(3 - rank, &[], &[])).collect(), 9);
        for (job, cliques) in [(3, vec![0]), (2, vec![0, 1]), (0, vec![1])] {
            p.jobs[job].cliques = cliques;
        }
        let mut d = released(&p, 4);
        let mut started = Vec::new();
        while let Some(job) = d.next() {
            d.start(&p, job);
            started.push(job);
        }
        d.finish(&p, 3, true);
        assert_eq!((started, d.next()), (vec![3, 1, 0], None));
        d.finish(&p, 0, true);
        assert_eq!(d.next(), Some(2));
        assert_eq!((p.rivals(2), p.keeps_apart(0, 3)), (vec![0, 3], false));
    }

    #[test]
    fn jobs_stored_without_cliques_are_still_kept_apart() {
        let job = r#"{"predecessors":[],"successors":[],"excludes":[1],"demands":[],"rank":0}"#;
        let job: Job = serde_json::from_str(job).unwrap();
        assert_eq!((job.excludes, job.cliques), (vec![1], vec![]));
    }

    #[test]
    fn a_demand_above_the_capacity_runs_alone_instead_of_never() {
        let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[])], 2);
        p.jobs[0].demands = vec![(0, 5)];
        let mut d = released(&p, 4);
        assert_eq!(d.next(), Some(0));
        d.start(&p, 0);
        assert_eq!(d.next(), None);
        d.pause(&p, 0);
        assert_eq!(d.next(), Some(1));
        d.requeue(&p, 0);
        assert_eq!(d.next(), Some(0));
    }

    #[test]
    fn another_order_of_urgency_holds_for_what_waits_until_a_reset() {
        let p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
        let mut d = released(&p, 1);
        d.rerank(&[2, 1, 0]);
        assert_eq!((d.next(), d.ranks()), (Some(2), &[2, 1, 0][..]));
        d.rerank(&[0]);
        assert_eq!(d.next(), Some(2));
        d.reset(&p);
        assert_eq!(d.next(), Some(0));
    }
}
