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
    /// Jobs of which only so many run at once.
    joint: Vec<JointLimit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct JointLimit {
    jobs: Vec<usize>,
    most: usize,
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
            joint: Vec::new(),
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

    /// At most `most` of these jobs at once, besides everything else; `None` takes that back. What
    /// runs goes on.
    pub fn limit_together(&mut self, jobs: &[usize], most: Option<usize>) {
        self.joint.retain(|joint| joint.jobs != jobs);
        let limit = |most: usize| JointLimit { jobs: jobs.to_vec(), most: most.max(1) };
        self.joint.extend(most.map(limit));
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
        let counted = self.excludes || !self.joint.is_empty();
        let Some(after) = after.filter(|_| !counted) else { return self.next() };
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
        let is_free = |ready: &Ready| {
            self.excluded_by[ready.job] == 0
                && self.joint.iter().all(|of| self.admits(of, ready.job))
        };
        self.ready.of(kind).find(is_free)
    }

    fn admits(&self, limit: &JointLimit, job: usize) -> bool {
        let running = |&&job: &&usize| self.states[job] == JobState::Running;
        !limit.jobs.contains(&job) || limit.jobs.iter().filter(running).count() < limit.most
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
                    *free = free.saturating_add(*taken);
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
mod tests;
