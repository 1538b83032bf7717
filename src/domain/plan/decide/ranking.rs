//! Which order of urgency is best on the chosen width.

use super::Candidate;
use crate::domain::plan::effort::Effort;
use crate::domain::plan::problem::{Job, Problem};
use crate::domain::plan::ranks::{RankSearch, Ranking, contested_tails, ranks_by, urgencies};
use crate::domain::plan::simulate::{Scenario, Simulator};

/// Schedules times tasks are kept below this, so that large files are still answered at once.
const MOST_PLACED: usize = 400_000;

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

/// Orders that may be better on that width than the one by the length of what hangs behind a task;
/// none for a race, whose order is that of the file.
pub(super) fn proposals(candidate: &Candidate<'_>, width: usize) -> Vec<Vec<usize>> {
    if candidate.request.race_rules().is_some() {
        return Vec::new();
    }
    let mut proposals: Vec<Vec<usize>> = searched(candidate, width).into_iter().collect();
    let kept_apart = |job: &Job| !(job.excludes.is_empty() && job.cliques.is_empty());
    if candidate.problem.jobs.iter().any(kept_apart) {
        let contested = contested_tails(candidate.graph, candidate.medians, candidate.problem);
        proposals.push(ranks_by(candidate.tasks, candidate.graph, &contested));
    }
    proposals
}

/// As in the shortest schedule that a search finds for the medians, with what each task costs beside
/// its own time.
fn searched(candidate: &Candidate<'_>, width: usize) -> Option<Vec<usize>> {
    let request = candidate.request;
    let costs = &request.costs;
    let beside =
        costs.provision + costs.carry + costs.setup.seconds + costs.handling + costs.commit;
    let durations: Vec<f64> = candidate.medians.iter().map(|median| median + beside).collect();
    let priorities = urgencies(candidate.tasks, candidate.graph);
    let ids = candidate.tasks.iter().map(|task| task.id.as_str());
    // Of those that have no name the earlier one comes first.
    let names: Vec<&str> = ids.map(|id| if request.apart { "" } else { id }).collect();
    let ranking = Ranking {
        graph: candidate.graph,
        durations: &durations,
        priorities: &priorities,
        names: &names,
    };
    let schedules = request.effort.schedules.min(MOST_PLACED / durations.len().max(1)).max(1);
    let effort = Effort { schedules, ..request.effort };
    let how = RankSearch { width, effort, seed: request.seed };
    Some(ranking.by_search(candidate.problem, &how).ok()?.ranks)
}
