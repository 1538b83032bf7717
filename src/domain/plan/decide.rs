//! Parallel or sequential: both arms are played up to *landed* and compared
//! (`research/scheduling.md` §4 with the rule of §7).

mod binding;
mod bound;
mod break_even;
mod gains;
mod prediction;
mod ranking;
mod rule;
mod verdict_text;
mod width;

use self::ranking::{better_ranked, proposals};
use self::rule::{needed_benefit, pays};
use self::verdict_text::{Evidence, advice, flips, reasons};
pub(super) use self::width::Curve;
use super::build::{PlanRequest, Preference};
use super::builds::BuildFacts;
use super::claims::Exclusions;
use super::graph::Graph;
use super::learn::Durations;
use super::montecarlo::{Arms, Chance, Draw, compare};
use super::plan_type::{Decision, Predicted, Verdict};
use super::problem::Problem;
use super::simulate::{Interplay, Luck, Scenario, Simulated, Simulator};
use crate::domain::task::Task;

/// Draws times tasks are kept below this, so that large files are still answered at once.
const MOST_SAMPLES: usize = 40_000;

/// Above this many tasks, widths and orders are compared at medians only.
const MOST_FEW: usize = 300;

/// Everything the decision looks at.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) request: &'a PlanRequest<'a>,
    pub(super) tasks: &'a [Task],
    pub(super) graph: &'a Graph,
    pub(super) durations: &'a Durations,
    pub(super) builds: BuildFacts,
    pub(super) medians: &'a [f64],
    pub(super) excluded: &'a Exclusions,
    pub(super) interplay: &'a Interplay,
    pub(super) problem: &'a Problem,
}

/// The decision with the schedule of the chosen arm.
pub(super) struct Choice {
    pub(super) decision: Decision,
    pub(super) predicted: Predicted,
    pub(super) schedule: Simulated,
    pub(super) lower_bound_s: f64,
    /// Better ranks than the candidate's, when there are any.
    pub(super) problem: Option<Problem>,
}

/// Decides.
pub(super) fn decide(candidate: &Candidate<'_>) -> Choice {
    let request = candidate.request;
    let (curve, pays_until) = Curve::wide(candidate, &mut candidate.simulator());
    let width = match request.preference {
        Preference::ParallelWith(width) => width.max(1),
        Preference::Rule | Preference::Parallel | Preference::Sequential => curve.best(),
    };
    let problem = better_ranked(candidate, width, proposals(candidate, width));
    let candidate =
        &Candidate { problem: problem.as_ref().unwrap_or(candidate.problem), ..*candidate };
    let arms = candidate.arms(width);
    let draws = candidate.draws();
    let comparison = compare(&arms, candidate.chance(), draws);
    let tasks = candidate.tasks.len();
    let needed = needed_benefit(candidate.lane_landed(candidate.medians), tasks);
    let known = !candidate.builds_are_unknown(width);
    let ruled = if tasks > 1 && width > 1 && known && pays(&comparison, needed) {
        Verdict::Parallel
    } else {
        Verdict::Sequential
    };
    let verdict = match request.preference {
        Preference::Rule => ruled,
        Preference::Parallel | Preference::ParallelWith(_) => Verdict::Parallel,
        Preference::Sequential => Verdict::Sequential,
    };
    let telling = match verdict {
        Verdict::Sequential => candidate.telling_order(arms.first),
        Verdict::Parallel => None,
    };
    let played = match verdict {
        Verdict::Parallel => arms.parallel,
        Verdict::Sequential => arms.sequential,
    };
    let mut simulator = candidate.simulator();
    let problem_played = telling.as_ref().unwrap_or(played.problem);
    simulator.play(&Scenario { problem: problem_played, ..played });
    let evidence = Evidence {
        candidate,
        comparison: &comparison,
        predicted: &candidate.predicted(&comparison, &arms, verdict),
        ruled,
        verdict,
        width,
        draws,
        needed,
        bound: candidate.bound_by(width),
        flip: candidate.turning_scale(ruled, width),
        pays_until: pays_until.max(width),
        gains: candidate.gains(verdict, width),
    };
    let decision = Decision {
        verdict,
        width: if verdict == Verdict::Parallel { width } else { 1 },
        overruled: (verdict != ruled).then_some(ruled),
        binding: evidence.bound.binding,
        bound_by: evidence.bound.phrase.clone(),
        reasons: reasons(&evidence),
        flips: flips(&evidence),
        advice: advice(&evidence),
    };
    Choice {
        decision,
        predicted: evidence.predicted.clone(),
        schedule: simulator.into_result(),
        lower_bound_s: candidate.lower_bound(),
        problem: telling.or(problem),
    }
}

impl<'a> Candidate<'a> {
    /// For problems like this one.
    fn simulator(&self) -> Simulator {
        Simulator::new(self.problem)
    }

    /// Most tasks at once.
    pub(super) fn slots(&self) -> usize {
        match self.request.preference {
            Preference::ParallelWith(width) => width.max(1),
            Preference::Rule | Preference::Parallel | Preference::Sequential => {
                self.request.slots.max(1)
            }
        }
    }

    fn draws(&self) -> usize {
        self.request.draws.min(MOST_SAMPLES / self.tasks.len().max(1)).max(20)
    }

    /// Branches that are merged.
    pub(super) fn merges(&self) -> usize {
        self.tasks.iter().filter(|task| !task.read_only).count()
    }

    /// Whether worktrees would be built in, and nobody can tell how long that takes.
    pub(super) fn builds_are_unknown(&self, width: usize) -> bool {
        let (made, _) = self.request.costs.made_and_reused(self.tasks.len(), width);
        self.builds.unknown > 0 && made > 0
    }

    /// One lane takes as long whichever of its tasks builds first, so that begins which was only seen
    /// behind others: from then on it is known what the build takes, and whether a second worktree is
    /// worth one. What is urgent goes first all the same, and a worktree that waits is built in already.
    fn telling_order(&self, first: Option<usize>) -> Option<Problem> {
        let (first, telling) = (first?, self.builds.telling?);
        if self.request.race_rules().is_some() {
            return None;
        }
        let is_free = self.problem.jobs[telling].predecessors.is_empty();
        let as_urgent = self.tasks[first].priority == self.tasks[telling].priority;
        if self.request.costs.lane_ready || first == telling || !is_free || !as_urgent {
            return None;
        }
        let mut problem = self.problem.clone();
        let (before, behind) = (problem.jobs[first].rank, problem.jobs[telling].rank);
        for job in &mut problem.jobs {
            // All between the two move back by one place.
            job.rank += usize::from((before..behind).contains(&job.rank));
        }
        problem.jobs[telling].rank = before;
        Some(problem)
    }

    /// Whether the tasks are test suites.
    pub(super) fn is_test(&self) -> bool {
        self.request.costs.reuse.is_some()
    }

    /// Whether there are tasks whose conflicts nobody can tell.
    pub(super) fn has_unknown_conflicts(&self) -> bool {
        self.unknown_conflicts() > 0
    }

    /// Tasks whose conflicts nobody can tell: those the request names; where it knows nothing of
    /// conflicts at all, those without `owns`.
    pub(super) fn unknown_conflicts(&self) -> usize {
        let risk = self.request.risk;
        if risk.pairs.is_empty() && risk.unknown.is_empty() {
            self.tasks.iter().filter(|task| task.owns.is_none() && !task.read_only).count()
        } else {
            risk.unknown.len()
        }
    }

    /// Seconds of validating up to landed, in either arm: a red one is followed by a search that
    /// halves the branches, and by another one (`research/scheduling.md` §7).
    pub(super) fn validation(&self) -> f64 {
        let costs = &self.request.costs;
        if self.request.set.validations.is_empty() {
            return 0.0;
        }
        let rounds = 1.0 + (self.merges().max(1) as f64).log2();
        costs.validate.unwrap_or(0.0) * (1.0 + costs.red * rounds)
    }

    /// Runs on which widths and orders are compared before the two arms are: fewer, the more tasks.
    pub(super) fn few_draws(&self) -> Vec<Draw> {
        let tasks = self.tasks.len().max(1);
        if tasks > MOST_FEW {
            return vec![Draw::expected(self.medians)];
        }
        let mut chance = self.chance();
        (0..(2000 / tasks).clamp(8, 64)).map(|_| chance.draw()).collect()
    }

    fn chance(&self) -> Chance {
        Chance::new(self.durations, self.request.seed, self.interplay.has_conflicts())
    }

    fn arms<'b>(&'b self, width: usize) -> Arms<'b> {
        let first = (0..self.tasks.len())
            .filter(|&task| self.problem.jobs[task].predecessors.is_empty())
            .min_by_key(|&task| self.problem.jobs[task].rank);
        Arms {
            sequential: self.sequential(self.medians),
            parallel: self.parallel(self.medians, width),
            first,
            fixed: self.request.costs.fixed,
            validation: self.validation(),
        }
    }

    fn sequential<'b>(&self, durations: &'b [f64]) -> Scenario<'b>
    where
        'a: 'b,
    {
        Scenario { one_lane: true, ..self.parallel(durations, 1) }
    }

    fn parallel<'b>(&self, durations: &'b [f64], width: usize) -> Scenario<'b>
    where
        'a: 'b,
    {
        Scenario {
            problem: self.problem,
            width,
            durations,
            costs: &self.request.costs,
            one_lane: false,
            interplay: self.interplay,
            luck: Luck::Expected,
        }
    }

    /// One run side by side.
    fn parallel_in<'b>(&self, draw: &'b Draw, width: usize) -> Scenario<'b>
    where
        'a: 'b,
    {
        Scenario { luck: draw.luck(), ..self.parallel(&draw.durations, width) }
    }

    /// Time up to landed side by side, with the expected cost of conflicts.
    pub(super) fn landed(&self, simulator: &mut Simulator, durations: &[f64], width: usize) -> f64 {
        let merged = simulator.play(&self.parallel(durations, width)).makespan;
        merged + self.request.costs.fixed + self.validation()
    }

    /// Time up to landed in one lane.
    pub(super) fn lane_landed(&self, durations: &[f64]) -> f64 {
        let arms = self.arms(1);
        let lane = Scenario { durations, ..arms.sequential };
        lane.lane_times(arms.first).1 + self.validation()
    }
}
