//! Orders made of other orders. All of them keep every job behind what it waits for.

use super::instance::{Direction, Instance};
use crate::domain::plan::random::Random;

/// The part that comes from the second parent is between a third and two thirds of an order.
const LEAST_PART: f64 = 1.0 / 3.0;
/// See [`LEAST_PART`].
const MOST_PART: f64 = 2.0 / 3.0;

/// How many jobs are moved in each order on average, whatever its length.
const MOVES: f64 = 100.0;

/// How far a job's urgency may be raised in a random order, as a part of the longest path.
const SWAY: f64 = 0.4;

/// Makes new orders by chance.
#[derive(Debug)]
pub(super) struct Breeder {
    random: Random,
    taken: Vec<bool>,
}

impl Breeder {
    pub(super) fn new(jobs: usize, seed: u64) -> Self {
        Self { random: Random::new(seed), taken: vec![false; jobs] }
    }

    /// Below `n`, which is not 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((1.0 - self.random.uniform()) * n as f64) as usize
    }

    /// Each weight raised by some part of the greatest.
    pub(super) fn swayed(&mut self, weights: &[u64]) -> Vec<u64> {
        let most = weights.iter().copied().max().unwrap_or(0) as f64 * SWAY;
        let mut raised = |&weight: &u64| {
            // In sixteenths: where durations are small numbers, ties would be many.
            16.0_f64.mul_add(weight as f64, 16.0 * most * self.random.uniform()) as u64
        };
        weights.iter().map(&mut raised).collect()
    }

    /// A child: the first parent, but for a part of it that has the order of the second.
    pub(super) fn cross(&mut self, first: &[u32], second: &[u32]) -> Vec<u32> {
        let n = first.len();
        let part = LEAST_PART + (MOST_PART - LEAST_PART) * self.random.uniform();
        let length = ((part * n as f64) as usize).clamp(1, n);
        let begin = self.below(n - length + 1);
        let mut child = Vec::with_capacity(n);
        self.taken.fill(false);
        for &job in &first[..begin] {
            self.taken[job as usize] = true;
            child.push(job);
        }
        for &job in second {
            if child.len() == begin + length {
                break;
            }
            if !std::mem::replace(&mut self.taken[job as usize], true) {
                child.push(job);
            }
        }
        child.extend(first.iter().filter(|&&job| !self.taken[job as usize]));
        child
    }

    /// Moves some jobs to another place that their predecessors and successors allow.
    pub(super) fn mutate(
        &mut self,
        instance: &Instance,
        direction: Direction,
        list: &mut [u32],
        again: usize,
    ) {
        let n = list.len();
        let mean = (MOVES / n as f64).min(4.0);
        let moves = mean as usize + usize::from(self.random.uniform() < mean.fract()) + again;
        for _ in 0..moves {
            let at = self.below(n);
            let job = list[at] as usize;
            let before = instance.before(direction, job);
            let after = instance.after(direction, job);
            let first = list[..at].iter().rposition(|other| before.contains(other));
            let first = first.map_or(0, |place| place + 1);
            let last = list[at + 1..].iter().position(|other| after.contains(other));
            let last = last.map_or(n - 1, |place| at + place);
            let to = first + self.below(last - first + 1);
            if to < at {
                list[to..=at].rotate_right(1);
            } else {
                list[at..=to].rotate_left(1);
            }
        }
    }
}
