//! The JSON document of `plan`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use super::plan_answer::PlanAnswer;
use super::plan_patterns::time_limits;
use super::plan_risk::{RiskEntry, risk_entry};
use crate::domain::id::{Oid, TaskId};
use crate::domain::plan::{
    Binding, CarryPlan, ClaimKind, Compared, Deadline, EstimateSource, Interval, MoreSlots,
    Overhead, Planned, PlannedHook, Predicted, Verdict,
};

/// What `plan` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// Always 1.
    pub schema: u32,
    /// Side by side or one after another.
    pub verdict: Verdict,
    /// What the rule said, when the user overruled it.
    pub overruled: Option<Verdict>,
    /// Slots; 1 when sequential.
    pub width: usize,
    /// Commit that every task starts from.
    pub base: Oid,
    /// Tasks in the order of the file, then the gates that were inserted.
    pub tasks: Vec<PlanTaskEntry>,
    /// Setup hooks in the order in which they run.
    pub setup: Vec<SetupEntry>,
    /// Predicted times up to landed.
    pub predicted: PredictedEntry,
    /// No schedule can be shorter, seconds.
    pub lower_bound_s: f64,
    /// What limits the best parallel schedule.
    pub binding: Binding,
    /// Plain sentences.
    pub reasons: Vec<String>,
    /// What would turn the verdict.
    pub flips: Vec<String>,
    /// What the user could do.
    pub advice: Vec<String>,
    /// Pairs of tasks that wait for one another because of paths.
    pub claims: Vec<ClaimEntry>,
    /// Where the first failure stops the rest.
    pub fail_fast: FailFastEntry,
    /// Times that groups, or the run, may take.
    #[serde(default)]
    pub time_limits: Vec<TimeLimitEntry>,
    /// Readers that wait until a writer is over, without needing its success.
    pub orders: Vec<OrderEntry>,
    /// Ignored files of the checkout that every worktree gets; null when there are none.
    pub carry: Option<CarryPlan>,
    /// Conflicts that are likely.
    #[serde(default)]
    pub risk: RiskEntry,
    /// Things as they are and every scenario of `--what-if`; empty without one.
    pub scenarios: Vec<ScenarioEntry>,
    /// The deadline and what it takes to meet it; null without one.
    pub deadline: Option<DeadlineEntry>,
}

/// One task of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanTaskEntry {
    /// Its name.
    pub id: TaskId,
    /// It is a gate that the planner inserted.
    pub gate: bool,
    /// Tasks it waits for.
    pub depends_on: Vec<TaskId>,
    /// Predicted start, seconds from the start of the run.
    pub start_s: f64,
    /// Predicted end, seconds from the start of the run.
    pub finish_s: f64,
    /// How much later it could start, seconds.
    pub slack_s: f64,
    /// It lies on the critical path.
    pub critical: bool,
    /// How long it is expected to take.
    pub estimate_s: EstimateEntry,
    /// The item of `foreach` that it was made for.
    pub item: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// The condition under which it runs.
    pub when: Option<String>,
    /// A condition is expected to leave it out: it takes no time.
    pub left_out: bool,
}

/// A command that prepares a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetupEntry {
    /// Its name.
    pub name: Option<String>,
    /// The command.
    pub run: String,
    /// Globs of which the start must have a path; null: it always runs.
    pub when: Option<Vec<String>>,
    /// The base has such a path.
    pub applies: bool,
}

/// Median and 95 % interval in seconds, with where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EstimateEntry {
    /// Median.
    pub p50: f64,
    /// 2.5 % quantile.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
    /// Where it comes from.
    pub source: EstimateSource,
}

/// Predicted times of both arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictedEntry {
    /// One lane.
    pub sequential_s: Interval,
    /// Side by side.
    pub parallel_s: Interval,
    /// Sequential less parallel, seconds.
    pub benefit_s: f64,
    /// Share of the draws in which parallel was faster.
    pub probability: f64,
    /// False: from estimates only, not held against past runs.
    pub calibrated: bool,
    /// How much later the chosen arm ends than at the medians of its tasks, seconds.
    pub merge_bias_s: f64,
    /// What is spent beside the tasks.
    pub overhead_s: Overhead,
}

/// Where the first failure stops the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailFastEntry {
    /// In the whole run.
    pub run: bool,
    /// In these groups.
    pub groups: Vec<String>,
}

/// A time that a group, or the run, may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeLimitEntry {
    /// The group; null means the run.
    pub group: Option<String>,
    /// The limit in seconds.
    pub limit_s: f64,
    /// Expected from the first start of one of its tasks to the end of the last one, in seconds.
    pub expected_s: f64,
}

/// A task that waits until another one is over because it reads what that one writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderEntry {
    /// The writer.
    pub first: TaskId,
    /// The reader.
    pub then: TaskId,
    /// Globs they have in common.
    pub paths: Vec<String>,
}

/// Two tasks that wait for one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimEntry {
    /// The one that stands first in the file.
    pub a: TaskId,
    /// The other.
    pub b: TaskId,
    /// Globs they have in common; of tasks that are serialised, those of both.
    pub paths: Vec<String>,
    /// Why: both own the same paths, both own migrations and the like, or one reads what the other
    /// owns.
    pub kind: ClaimKind,
}

/// A plan under other circumstances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioEntry {
    /// What is different, as it was written; null for things as they are.
    pub changes: Option<String>,
    /// Side by side or one after another.
    pub verdict: Verdict,
    /// Slots; 1 when sequential.
    pub width: usize,
    /// Tasks, gates included.
    pub tasks: usize,
    /// When everything has landed, in the chosen arm, seconds.
    pub landed_s: Interval,
    /// How much sooner than as things are, seconds; negative: later.
    pub saving_s: f64,
    /// Share of the draws in which parallel was faster than sequential.
    pub probability: f64,
    /// What limits the best parallel schedule.
    pub binding: Binding,
    /// Probability to be in time; null without a deadline.
    pub in_time: Option<f64>,
    /// What it means, in one sentence.
    pub sentence: String,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineEntry {
    /// Seconds from the start until everything should have landed.
    pub seconds: f64,
    /// Probability that it has, as planned.
    pub probability: f64,
    /// Tasks to drop; empty where that is not needed or does not help.
    pub drop: Vec<TaskId>,
    /// Probability without them; null where there are none.
    pub probability_after: Option<f64>,
    /// More slots that help; null where they do not or are not needed.
    pub more_slots: Option<MoreSlotsEntry>,
}

/// More slots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoreSlotsEntry {
    /// How many.
    pub slots: usize,
    /// Probability to be in time on them.
    pub probability: f64,
}

/// The document of an answer whose plan starts from `base`.
pub fn from_plan(answer: &PlanAnswer, base: Oid) -> PlanDocument {
    let plan = &answer.plan;
    let id = |index: usize| plan.tasks[index].task.id.clone();
    let decision = plan.decision.clone();
    PlanDocument {
        schema: SCHEMA,
        verdict: decision.verdict,
        overruled: decision.overruled,
        width: decision.width,
        base,
        tasks: plan.tasks.iter().map(task_entry).collect(),
        setup: plan.setup.iter().map(setup_entry).collect(),
        predicted: predicted_entry(&plan.predicted),
        lower_bound_s: seconds(plan.lower_bound_s),
        binding: decision.binding,
        reasons: decision.reasons,
        flips: decision.flips,
        advice: decision.advice,
        claims: plan
            .claims
            .iter()
            .map(|claim| ClaimEntry {
                a: id(claim.a),
                b: id(claim.b),
                paths: claim.paths.clone(),
                kind: claim.kind,
            })
            .collect(),
        fail_fast: FailFastEntry {
            run: plan.fail_fast.run,
            groups: plan.fail_fast.groups.iter().cloned().collect(),
        },
        time_limits: time_limits(plan)
            .iter()
            .map(|planned| TimeLimitEntry {
                group: planned.group.map(str::to_owned),
                limit_s: seconds(planned.limit.as_secs_f64()),
                expected_s: seconds(planned.expected.as_secs_f64()),
            })
            .collect(),
        orders: plan
            .orders
            .iter()
            .map(|order| OrderEntry {
                first: id(order.first),
                then: id(order.then),
                paths: order.paths.clone(),
            })
            .collect(),
        carry: plan.carry.clone().map(|carry| CarryPlan { time_s: seconds(carry.time_s), ..carry }),
        risk: risk_entry(plan),
        scenarios: answer.scenarios.iter().map(scenario_entry).collect(),
        deadline: answer.deadline.as_ref().map(deadline_entry),
    }
}

fn scenario_entry(compared: &Compared) -> ScenarioEntry {
    ScenarioEntry {
        changes: compared.changes.clone(),
        verdict: compared.verdict,
        width: compared.width,
        tasks: compared.tasks,
        landed_s: rounded(compared.landed),
        saving_s: seconds(compared.saving_s),
        probability: compared.probability,
        binding: compared.binding,
        in_time: compared.in_time,
        sentence: compared.sentence.clone(),
    }
}

fn deadline_entry(deadline: &Deadline) -> DeadlineEntry {
    DeadlineEntry {
        seconds: deadline.seconds,
        probability: deadline.probability,
        drop: deadline.drop.clone(),
        probability_after: deadline.probability_after,
        more_slots: deadline
            .slots
            .map(|MoreSlots { slots, probability }| MoreSlotsEntry { slots, probability }),
    }
}

fn task_entry(planned: &Planned) -> PlanTaskEntry {
    let Planned { task, estimate, schedule, left_out } = planned;
    let interval = rounded(estimate.interval());
    PlanTaskEntry {
        id: task.id.clone(),
        gate: task.work.is_gate(),
        depends_on: task.depends_on.clone(),
        start_s: seconds(schedule.start_s),
        finish_s: seconds(schedule.finish_s),
        slack_s: seconds(schedule.slack_s),
        critical: schedule.critical,
        estimate_s: EstimateEntry {
            p50: interval.p50,
            low: interval.low,
            high: interval.high,
            source: estimate.source,
        },
        item: task.pattern.item.as_ref().map(|item| item.text.clone()),
        group: task.pattern.group.clone(),
        when: task.pattern.when.as_ref().map(ToString::to_string),
        left_out: *left_out,
    }
}

fn setup_entry(planned: &PlannedHook) -> SetupEntry {
    let hook = &planned.hook;
    SetupEntry {
        name: hook.name.clone(),
        run: hook.run.clone(),
        when: hook.when.as_ref().map(|when| when.globs().map(str::to_owned).collect()),
        applies: planned.applies,
    }
}

fn predicted_entry(predicted: &Predicted) -> PredictedEntry {
    let Overhead { provision, carry, setup, commit, merge, validate, conflict } =
        predicted.overhead;
    PredictedEntry {
        sequential_s: rounded(predicted.sequential),
        parallel_s: rounded(predicted.parallel),
        benefit_s: seconds(predicted.benefit_s),
        probability: predicted.probability,
        calibrated: predicted.calibrated,
        merge_bias_s: seconds(predicted.merge_bias_s),
        overhead_s: Overhead {
            provision: provision.map(seconds),
            carry: carry.map(seconds),
            setup: setup.map(seconds),
            commit: commit.map(seconds),
            merge: merge.map(seconds),
            validate: validate.map(seconds),
            conflict: conflict.map(seconds),
        },
    }
}

/// An interval to the millisecond.
pub(super) fn rounded(interval: Interval) -> Interval {
    let Interval { p50, low, high } = interval;
    Interval { p50: seconds(p50), low: seconds(low), high: seconds(high) }
}
