//! Priority rules: orders of jobs from which good schedules come without any search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::instance::{Direction, Instance};

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The job that must be over first.
    LatestFinish,
    /// The job that must start first: the one with most behind it, itself included.
    LatestStart,
    /// The job that is longest together with those directly behind it.
    PositionalWeight,
    /// The job with most others behind it, directly or not.
    MostSuccessors,
}

/// Beyond this many jobs successors are counted directly: all of them take a square of bits.
const MOST_CLOSED: usize = 10_000;

impl Rule {
    /// Every job behind its predecessors, in the order of the rule otherwise.
    pub(super) fn list(self, instance: &Instance) -> Vec<u32> {
        list_by(instance, &self.weights(instance))
    }

    /// Greater comes first.
    fn weights(self, instance: &Instance) -> Vec<u64> {
        let durations = &instance.durations;
        let all = 0..instance.jobs();
        let after = |job| instance.after(Direction::Forward, job);
        match self {
            Self::LatestStart => instance.tails(Direction::Forward),
            Self::LatestFinish => {
                let tails = instance.tails(Direction::Forward);
                tails.iter().zip(durations).map(|(tail, duration)| tail - duration).collect()
            }
            Self::PositionalWeight => {
                let behind = |job| after(job).iter().map(|&next| durations[next as usize]);
                all.map(|job| behind(job).fold(durations[job], u64::saturating_add)).collect()
            }
            Self::MostSuccessors if all.len() > MOST_CLOSED => {
                all.map(|job| after(job).len() as u64).collect()
            }
            Self::MostSuccessors => count_successors(instance),
        }
    }
}

/// Every job behind its predecessors, of those that may come the one with the greatest weight first.
pub(super) fn list_by(instance: &Instance, weights: &[u64]) -> Vec<u32> {
    let n = instance.jobs();
    let mut missing: Vec<usize> =
        (0..n).map(|job| instance.before(Direction::Forward, job).len()).collect();
    let entry = |job: usize| (weights[job], Reverse(job as u32));
    let mut free: BinaryHeap<_> = (0..n).filter(|&job| missing[job] == 0).map(entry).collect();
    let mut list = Vec::with_capacity(n);
    while let Some((_, Reverse(job))) = free.pop() {
        list.push(job);
        for &next in instance.after(Direction::Forward, job as usize) {
            missing[next as usize] -= 1;
            if missing[next as usize] == 0 {
                free.push(entry(next as usize));
            }
        }
    }
    list
}

fn count_successors(instance: &Instance) -> Vec<u64> {
    let n = instance.jobs();
    let words = n.div_ceil(64).max(1);
    let mut reached = vec![0_u64; n * words];
    for job in (0..n).rev() {
        let (own, others) = reached[job * words..].split_at_mut(words);
        for &next in instance.after(Direction::Forward, job) {
            // In a topological order a successor stands behind.
            let at = (next as usize - job - 1) * words;
            for (own, other) in own.iter_mut().zip(&others[at..at + words]) {
                *own |= other;
            }
            own[next as usize / 64] |= 1 << (next % 64);
        }
    }
    let count = |bits: &[u64]| bits.iter().map(|word| u64::from(word.count_ones())).sum();
    reached.chunks(words).map(count).collect()
}
