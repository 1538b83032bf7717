//! From a valid task set to a plan: which task excludes which, in what order they start, how long it
//! takes, and whether it pays to run them side by side.
//!
//! [`build`] is the entry. The one scheduler is [`Dispatcher`]: [`simulate`] drives it here with
//! sampled durations, `domain::run::step` drives it live and on resume (DESIGN.md §1 item 5).
//!
//! # In the order in which the data flows
//!
//! 1. **What is asked** (`build`): a [`PlanRequest`] with all that a plan depends on. What is measured
//!    comes in as values: [`History`] (`history`; as stored and exchanged, `observations`), [`Costs`]
//!    (`costs`), [`Contention`] (`contention`), [`Risk`] (`risk`), what worktrees get (`carry`).
//! 2. **Arrays** (`model`): gates are inserted (`gates`), tasks put in the order of their names
//!    (`by_name`), and from them follow exclusions (`claims`), order that nobody wrote down
//!    (`inferred`), the [`Graph`] (`graph`), what conditions leave out (`conditional`) and the
//!    [`Problem`] that the dispatcher works on (`problem`).
//! 3. **Durations** (`learn`): history → an [`Estimate`] for each task and what a whole run shares;
//!    without history what the user or a default says (`estimate`).
//! 4. **Ranks** (`ranks`): which of the tasks that could start does. `schedule` searches for a short
//!    schedule as long as the [`Effort`] (`effort`) lets it; the ranks that end earliest in play win.
//! 5. **Play** (`simulate`): one run in virtual time with costs, contention and conflicts through the
//!    dispatcher (`dispatcher`). `montecarlo` draws durations (`random`) and plays both arms with the
//!    same ones.
//! 6. **Decide** (`decide`): width, both arms compared up to landed, the rule, intervals calibrated on
//!    past runs ([`Calibration`]), what binds, what would turn it, and all of it in sentences.
//! 7. **The plan** (`plan_type`), stored with its run.
//!
//! Around it: `what_if`, `deadline` and `conflict_cost` make the plan again under other circumstances;
//! `replan` gives the rest of a run other ranks.

mod build;
mod builds;
mod by_name;
mod carry;
mod claims;
mod conditional;
mod conflict_cost;
mod contention;
mod costs;
mod deadline;
mod decide;
#[cfg(test)]
mod decide_tests;
mod dispatcher;
mod effort;
mod estimate;
mod gates;
mod graph;
mod history;
mod inferred;
mod learn;
mod median;
mod model;
mod montecarlo;
mod observations;
mod plan_type;
mod problem;
mod random;
mod ranks;
mod reach;
mod repeats;
mod replan;
mod risk;
pub mod schedule;
mod simulate;
mod what_if;

pub use build::{GateCycle, Host, PlanRequest, Preference, build, check_order, may_overlap};
pub use builds::{Builds, NO_BUILDS};
pub use carry::{Amount, CarryLoad, CarryPlan};
pub use claims::{Claim, ClaimKind, exclusions};
pub use conflict_cost::{ConflictCost, Shared, conflict_costs};
pub use contention::{Contention, DEFAULT_CONTENTION};
pub use costs::{CostSample, CostSamples, Costs, NO_COSTS, Reuse, SetupCost, unit_seconds};
pub use deadline::{Deadline, IN_TIME, MoreSlots, meet_deadline};
pub use dispatcher::{Dispatcher, JobState};
pub use effort::{Effort, LEAST_EFFORT};
pub use estimate::{Estimate, EstimateSource};
pub use gates::with_gates;
pub use graph::Graph;
pub use history::{History, NO_HISTORY, ObservedAttempt, ObservedRun, ResourceUse};
pub use inferred::{NO_RULES, Order, OrderRules, ReadsRule};
pub use learn::{
    Accuracy, Calibration, Durations, RunEffect, Sampler, category, median_and_spread, work_digest,
};
pub use median::median;
pub use observations::{Observations, RecordedAttempt, RecordedRun};
pub use plan_type::{
    Binding, Decision, Interval, Overhead, Plan, Planned, PlannedHook, Predicted, RunPrediction,
    ScheduledTask, Verdict,
};
pub use problem::{Job, Problem};
#[cfg(test)]
pub(in crate::domain) use random::Random;
pub use ranks::{RankSearch, Ranked, Ranking, take_best_ranks, urgencies};
pub use replan::{JobProgress, Progress, replan};
pub use risk::{BranchOverlap, CoChange, NO_RISK, PairRisk, Risk, RiskFacts, UnmergedBranch};
pub use simulate::{Interplay, Luck, NO_INTERPLAY, Scenario, Simulated, TaskTraits, simulate};
pub use what_if::{Change, Compared, WhatIf, compare, parse_what_if};
