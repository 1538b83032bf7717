//! Conflicts that a plan expects, for people and as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prose::Line;
use crate::domain::id::TaskId;
use crate::domain::plan::{BranchOverlap, PairRisk, Plan};

/// Paths of a branch that are named; the document has all.
const NAMED: usize = 3;

/// What is known of conflicts beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RiskEntry {
    /// Pairs of tasks that may conflict although they may run at the same time.
    pub pairs: Vec<PairRiskEntry>,
    /// Branches that already change what tasks own.
    pub branches: Vec<BranchOverlapEntry>,
    /// Tasks of which nothing is known: they declare no `owns`.
    pub unknown: Vec<TaskId>,
}

/// Two tasks that may conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairRiskEntry {
    /// The one that stands first in the file.
    pub a: TaskId,
    /// The other.
    pub b: TaskId,
    /// That their work does not merge, 0 to 1.
    pub probability: f64,
    /// Where that comes from, as a sentence without a subject.
    pub why: String,
}

/// A branch and a task that change the same files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BranchOverlapEntry {
    /// Short name of the branch.
    pub branch: String,
    /// Commits of it that the base has not.
    pub commits: usize,
    /// The task.
    pub task: TaskId,
    /// Paths that the branch changes and the task owns.
    pub paths: Vec<String>,
    /// Those of them on which the branch cannot be merged into the base even without the task's
    /// work; null when that cannot be told.
    pub collides: Option<Vec<String>>,
}

/// For the document.
pub(super) fn risk_entry(plan: &Plan) -> RiskEntry {
    let id = |index: usize| plan.tasks[index].task.id.clone();
    let pair = |risk: &PairRisk| PairRiskEntry {
        a: id(risk.a),
        b: id(risk.b),
        probability: (risk.probability * 1000.0).round() / 1000.0,
        why: risk.why.clone(),
    };
    let branch = |overlap: &BranchOverlap| BranchOverlapEntry {
        branch: overlap.branch.clone(),
        commits: overlap.commits,
        task: id(overlap.task),
        paths: overlap.paths.clone(),
        collides: overlap.collides.clone(),
    };
    let risk = &plan.risk;
    RiskEntry {
        pairs: risk.pairs.iter().map(pair).collect(),
        branches: risk.branches.iter().map(branch).collect(),
        unknown: risk.unknown.iter().map(|task| id(*task)).collect(),
    }
}

/// For people: branches first, then pairs, the likeliest first. Of tasks without `owns` the reasons of
/// the verdict speak.
pub(super) fn risk_lines(plan: &Plan) -> Vec<Line> {
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    let mut lines: Vec<Line> =
        plan.risk.branches.iter().map(|overlap| branch_line(overlap, id(overlap.task))).collect();
    let mut pairs: Vec<&PairRisk> = plan.risk.pairs.iter().collect();
    pairs.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    lines.extend(pairs.into_iter().map(|pair| {
        let percent = (pair.probability * 100.0).round();
        Line::prose(&format!(
            "`{}` and `{}` may conflict ({percent} %): {}",
            id(pair.a),
            id(pair.b),
            pair.why
        ))
    }));
    lines
}

fn branch_line(overlap: &BranchOverlap, task: &str) -> Line {
    let noun = if overlap.commits == 1 { "commit" } else { "commits" };
    let line = Line::new()
        .text("the branch ")
        .code(&overlap.branch)
        .text(format!(" ({} {noun}) already changes ", overlap.commits))
        .some_codes(&overlap.paths, NAMED);
    let line = line.text(", which ").code(task).text(" owns");
    match overlap.collides.as_deref() {
        Some([]) | None => line,
        Some(paths) => {
            line.text("; it no longer merges into the base as it is: ").some_codes(paths, NAMED)
        }
    }
}
