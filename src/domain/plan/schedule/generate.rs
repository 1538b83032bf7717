//! From an order of jobs to a schedule.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::instance::{Direction, Instance, Units};

/// No point behind.
const LAST: u32 = u32::MAX;

/// Makes schedules and keeps the arrays that this takes. Times count in the direction in which a
/// schedule is made: from the start forward, from the end backward.
#[derive(Debug)]
pub(super) struct Generator<'a> {
    instance: &'a Instance,
    /// Start of each job.
    pub(super) start: Vec<u64>,
    /// Finish of each job.
    pub(super) finish: Vec<u64>,
    /// Schedules made.
    pub(super) made: usize,
    // The profile: points in time, in a linked list, and what is free from each to the next.
    time: Vec<u64>,
    next: Vec<u32>,
    free: Vec<Units>,
    /// The point at which each job is over.
    over: Vec<u32>,
    placed: Vec<bool>,
    /// What every job takes at least. Before the first point with that much free nothing fits.
    least: Vec<Units>,
    sorted: Vec<(u64, u32)>,
}

impl<'a> Generator<'a> {
    pub(super) fn new(instance: &'a Instance) -> Self {
        let n = instance.jobs();
        let least = (0..instance.blocks).map(|block| {
            let lasting = (0..n).filter(|&job| instance.durations[job] > 0);
            lasting.map(|job| instance.demand(job)[block]).reduce(smaller).unwrap_or_default()
        });
        Self {
            instance,
            start: vec![0; n],
            finish: vec![0; n],
            made: 0,
            time: Vec::with_capacity(n + 1),
            next: Vec::with_capacity(n + 1),
            free: Vec::with_capacity((n + 1) * instance.blocks),
            over: vec![0; n],
            placed: vec![false; n],
            least: least.collect(),
            sorted: Vec::with_capacity(n),
        }
    }

    /// Serial generation: each job of the list as early as it fits beside those before it. The list
    /// has every job behind what it waits for in this direction. Returns the makespan.
    pub(super) fn serial(&mut self, direction: Direction, list: &[u32]) -> u64 {
        self.made += 1;
        self.time.clear();
        self.next.clear();
        self.free.clear();
        self.time.push(0);
        self.next.push(LAST);
        self.free.extend_from_slice(&self.instance.capacities);
        self.placed.fill(false);
        let mut open = 0;
        let mut makespan = 0;
        for &job in list {
            let job = job as usize;
            let (mut point, mut earliest) = (0, 0);
            for &first in self.instance.before(direction, job) {
                if self.finish[first as usize] > earliest {
                    earliest = self.finish[first as usize];
                    point = self.over[first as usize];
                }
            }
            let duration = self.instance.durations[job];
            if duration == 0 {
                self.start[job] = earliest;
                self.finish[job] = earliest;
                self.over[job] = point;
                continue;
            }
            if self.time[open as usize] > earliest {
                point = open;
            }
            let point = self.first_fit(job, point);
            self.occupy(job, point);
            while self.next[open as usize] != LAST && !self.fits(open, &self.least) {
                open = self.next[open as usize];
            }
            makespan = makespan.max(self.finish[job]);
        }
        makespan
    }

    /// The first point, from the given one on, at which the job fits for as long as it lasts.
    fn first_fit(&self, job: usize, mut from: u32) -> u32 {
        let duration = self.instance.durations[job];
        let wanted = self.instance.demand(job);
        loop {
            let (mut begin, mut point) = (from, from);
            let mut end = self.time[begin as usize].saturating_add(duration);
            loop {
                if self.fits(point, wanted) {
                    point = self.next[point as usize];
                    if point == LAST || self.time[point as usize] >= end {
                        break;
                    }
                } else {
                    point = self.next[point as usize];
                    begin = point;
                    end = self.time[begin as usize].saturating_add(duration);
                }
            }
            match self.excluded_until(job, self.time[begin as usize], end) {
                Some(later) => from = later,
                None => return begin,
            }
        }
    }

    /// Where the last of the jobs is over that the given one excludes and that overlap this time.
    fn excluded_until(&self, job: usize, begin: u64, end: u64) -> Option<u32> {
        if !self.instance.exclusive {
            return None;
        }
        let others = self.instance.excludes(job).iter().map(|&other| other as usize);
        others
            .filter(|&o| self.placed[o] && self.start[o] < end && begin < self.finish[o])
            .max_by_key(|&other| self.finish[other])
            .map(|other| self.over[other])
    }

    /// Takes the units of a job from a point on for as long as it lasts.
    fn occupy(&mut self, job: usize, begin: u32) {
        let start = self.time[begin as usize];
        let finish = start.saturating_add(self.instance.durations[job]);
        let blocks = self.instance.blocks;
        let mut point = begin;
        let over = loop {
            let next = self.next[point as usize];
            let last = if next != LAST && self.time[next as usize] <= finish {
                (self.time[next as usize] == finish).then_some(next)
            } else {
                let added = self.time.len() as u32;
                self.time.push(finish);
                self.next.push(next);
                self.next[point as usize] = added;
                let at = point as usize * blocks;
                self.free.extend_from_within(at..at + blocks);
                Some(added)
            };
            let at = point as usize * blocks;
            for (free, taken) in
                self.free[at..at + blocks].iter_mut().zip(self.instance.demand(job))
            {
                for (free, taken) in free.iter_mut().zip(taken) {
                    *free -= taken;
                }
            }
            match last {
                Some(over) => break over,
                None => point = next,
            }
        };
        self.start[job] = start;
        self.finish[job] = finish;
        self.over[job] = over;
        self.placed[job] = true;
    }

    fn fits(&self, point: u32, wanted: &[Units]) -> bool {
        let point = point as usize;
        match wanted {
            [wanted] => room(&self.free[point], wanted),
            wanted => {
                let free = &self.free[point * wanted.len()..];
                free.iter().zip(wanted).all(|(free, wanted)| room(free, wanted))
            }
        }
    }

    /// The order that the schedule made last gives for one in the other direction: what is over last
    /// comes first. A job without duration may be over together with one that waits for it.
    pub(super) fn turned(&mut self, direction: Direction) -> Vec<u32> {
        let sign = |job: u32| match direction {
            Direction::Forward => job,
            Direction::Backward => u32::MAX - job,
        };
        self.sorted.clear();
        let jobs = self.finish.iter().zip(0_u32..);
        self.sorted.extend(jobs.map(|(&finish, job)| (finish, sign(job))));
        self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        self.sorted.iter().map(|&(_, job)| sign(job)).collect()
    }

    /// Parallel generation: at each time in turn, what is ready starts in the order of the list
    /// wherever it fits, as the dispatcher of a run does it. Returns the makespan.
    pub(super) fn parallel(&mut self, direction: Direction, list: &[u32]) -> u64 {
        self.made += 1;
        let instance = self.instance;
        let n = instance.jobs();
        let mut rank = vec![0_u32; n];
        for (at, &job) in list.iter().enumerate() {
            rank[job as usize] = at as u32;
        }
        let mut missing: Vec<usize> =
            (0..n).map(|job| instance.before(direction, job).len()).collect();
        let mut ready: Vec<u32> = (0..n).filter(|&j| missing[j] == 0).map(|j| rank[j]).collect();
        ready.sort_unstable();
        let mut free = instance.capacities.clone();
        let mut running: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
        self.placed.fill(false);
        let mut now = 0;
        loop {
            let mut waiting = Vec::with_capacity(ready.len());
            for &place in &ready {
                let job = list[place as usize] as usize;
                let duration = instance.durations[job];
                let room = duration == 0
                    || instance.demand(job).iter().zip(&free).all(|(want, free)| room(free, want))
                        && !instance.excludes(job).iter().any(|&o| self.placed[o as usize]);
                if !room {
                    waiting.push(place);
                    continue;
                }
                self.start[job] = now;
                self.finish[job] = now.saturating_add(duration);
                running.push(Reverse((self.finish[job], job as u32)));
                if duration > 0 {
                    self.placed[job] = true;
                    change(&mut free, instance.demand(job), |free, taken| free - taken);
                }
            }
            ready = waiting;
            let Some(&Reverse((time, _))) = running.peek() else {
                return now;
            };
            now = time;
            while running.peek().is_some_and(|Reverse((time, _))| *time == now) {
                let Some(Reverse((_, job))) = running.pop() else { break };
                let job = job as usize;
                if instance.durations[job] > 0 {
                    self.placed[job] = false;
                    change(&mut free, instance.demand(job), |free, taken| free + taken);
                }
                for &next in instance.after(direction, job) {
                    missing[next as usize] -= 1;
                    if missing[next as usize] == 0 {
                        let at = ready.partition_point(|&other| other < rank[next as usize]);
                        ready.insert(at, rank[next as usize]);
                    }
                }
            }
        }
    }
}

fn room(free: &Units, wanted: &Units) -> bool {
    free.iter().zip(wanted).fold(true, |room, (free, wanted)| room & (free >= wanted))
}

fn smaller(mut a: Units, b: Units) -> Units {
    for (a, b) in a.iter_mut().zip(b) {
        *a = (*a).min(b);
    }
    a
}

fn change(free: &mut [Units], units: &[Units], by: impl Fn(i32, i32) -> i32) {
    for (free, units) in free.iter_mut().zip(units) {
        for (free, units) in free.iter_mut().zip(units) {
            *free = by(*free, *units);
        }
    }
}
