//! Which order of urgency is best on the chosen width.

use super::Candidate;
use crate::domain::plan::problem::Problem;
use crate::domain::plan::simulate::{Scenario, Simulator};
use crate::domain::plan::urgency::{contested_tails, ranks_by};

/// Another order must end this much earlier on average.
const BETTER: f64 = 0.995;

/// The problem with the best of the proposed ranks, compared on the same draws; `None` when none is
/// better than those it has. Every proposal is a list of ranks, 0 starts first.
pub(super) fn better_ranked(
    candidate: &Candidate<'_>,
    width: usize,
    proposals: Vec<Vec<usize>>,
) -> Option<Problem> {
    let draws = candidate.few_draws();
    let mut simulator = Simulator::new(candidate.problem);
    let mut total = |problem: &Problem| -> f64 {
        let scenario = |draw| Scenario { problem, ..candidate.parallel_in(draw, width) };
        draws.iter().map(|draw| simulator.play(&scenario(draw)).makespan).sum()
    };
    let mut least = BETTER * total(candidate.problem);
    let mut best = None;
    for ranks in proposals {
        let mut problem = candidate.problem.clone();
        for (job, rank) in problem.jobs.iter_mut().zip(ranks) {
            job.rank = rank;
        }
        let time = total(&problem);
        if time < least {
            least = time;
            best = Some(problem);
        }
    }
    best
}

/// Orders that may be better than that by the length of what hangs behind a task.
pub(super) fn proposals(candidate: &Candidate<'_>) -> Vec<Vec<usize>> {
    if candidate.problem.jobs.iter().all(|job| job.excludes.is_empty()) {
        return Vec::new();
    }
    let excludes: Vec<Vec<usize>> =
        candidate.problem.jobs.iter().map(|job| job.excludes.clone()).collect();
    let contested = contested_tails(candidate.graph, candidate.medians, &excludes);
    vec![ranks_by(candidate.tasks, candidate.graph, &contested)]
}
