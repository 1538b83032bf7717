//! The JSON document of `race`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::race::{
    Changes, Contender, Evidence, Luck, MetricSummary, Ranking, Reproduction, Shown, Standing,
    Tally, luck, pass_rate, rank, reproduction, standing,
};
use crate::domain::task::{RaceRules, RaceStop};

/// What a race found, from which its document and its report are made.
#[derive(Debug, Clone, PartialEq)]
pub struct RaceFacts {
    /// Name of the run.
    pub run: RunId,
    /// Commit that the control runs on.
    pub base: Oid,
    /// What decides.
    pub rules: RaceRules,
    /// The control, where there is one.
    pub control: Option<ControlFacts>,
    /// In the order of the file.
    pub arms: Vec<ArmFacts>,
    /// Time that the losers would have run on for.
    pub saved: Duration,
}

/// The check on the base.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlFacts {
    /// Its results.
    pub tally: Tally,
    /// Why it came to no result, where it is over without one.
    pub reason: Option<String>,
    /// Time of all its runs.
    pub duration: Duration,
    /// What the check printed.
    pub metric: Option<MetricSummary>,
    /// What it said where it failed.
    pub evidence: Option<Evidence>,
}

impl ControlFacts {
    /// What its results say: nothing, where it came to no result whatever the check ended with.
    fn says(&self, rules: &RaceRules) -> Reproduction {
        match self.reason {
            Some(_) => Reproduction::Open,
            None => reproduction(rules, self.tally),
        }
    }
}

/// One arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmFacts {
    /// Its name.
    pub id: TaskId,
    /// What it claims.
    pub title: Option<String>,
    /// What became of it; `None` while it runs or waits.
    pub verdict: Option<ArmVerdict>,
    /// Why, where it errored or was stopped, or where its check's output does not tell.
    pub reason: Option<String>,
    /// Results of its check.
    pub tally: Tally,
    /// What the check printed in the runs that passed.
    pub metric: Option<MetricSummary>,
    /// Its diff.
    pub changes: Changes,
    /// Paths that it changes and the check names.
    pub changes_check: Vec<String>,
    /// Time of its command and of all runs of its check.
    pub duration: Duration,
    /// Time of its command and, on average, of one run of its check: arms that were checked more or
    /// less often are compared by it.
    pub once: Duration,
    /// Name that several arms of one command share.
    pub family: Option<String>,
    /// Branch that holds its work.
    pub branch: Option<String>,
    /// The last commit there.
    pub tip: Option<Oid>,
    /// What shows that it is falsified.
    pub evidence: Option<Evidence>,
}

/// What became of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArmVerdict {
    /// The check passed as often as it must.
    Proved,
    /// It can no longer.
    Falsified,
    /// Another arm won before it was decided.
    Stopped,
    /// Its check could not be run: its command failed, its patch does not apply, …
    Errored,
}

impl RaceFacts {
    /// Arms that are proved, the best first.
    pub fn ranking(&self) -> Ranking {
        let contender = |arm: &ArmFacts| Contender {
            id: arm.id.clone(),
            tally: arm.tally,
            metric: arm.metric,
            changes: arm.changes.clone(),
            duration: arm.once,
            family: arm.family.clone(),
        };
        let proved = self.arms.iter().filter(|arm| arm.verdict == Some(ArmVerdict::Proved));
        rank(&self.rules, &proved.map(contender).collect::<Vec<_>>())
    }

    /// What the control says; `None` where there is none.
    pub fn reproduction(&self) -> Option<Reproduction> {
        self.control.as_ref().map(|control| control.says(&self.rules))
    }

    /// Passes that an arm lacks to be proved; `None` where it can no longer be.
    pub fn lacks(&self, arm: &ArmFacts) -> Option<u32> {
        let can_be = match arm.verdict {
            Some(ArmVerdict::Proved) => true,
            Some(ArmVerdict::Falsified | ArmVerdict::Stopped | ArmVerdict::Errored) => false,
            None => match standing(&self.rules, arm.tally) {
                Standing::Open | Standing::Proved => true,
                Standing::Falsified => false,
            },
        };
        can_be.then(|| self.rules.need.saturating_sub(arm.tally.passes))
    }

    /// Why the winner is the one, with names in backticks; `None` where there is no winner.
    pub fn why(&self) -> Option<String> {
        let ranking = self.ranking();
        let winner = ranking.winner()?;
        let stopped = self.arms.iter().any(|arm| arm.verdict == Some(ArmVerdict::Stopped));
        if self.rules.stop == RaceStop::First && ranking.places.len() == 1 && stopped {
            return Some(format!(
                "`{winner}` is the first arm that was proved; the race ended with it"
            ));
        }
        ranking.why()
    }

    /// How probable it is that the winner is a wrong arm; `None` without repeats.
    pub(super) fn luck_of(&self, winner: &TaskId) -> Option<Luck> {
        if self.rules.runs < 2 {
            return None;
        }
        let others = self.arms.iter().filter(|arm| arm.id != *winner).map(|arm| arm.tally);
        let control = self.control.as_ref().map(|control| control.tally);
        luck(&self.rules, control, &others.collect::<Vec<_>>())
    }
}

/// What `race` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RaceDocument {
    /// Always 1.
    pub schema: u32,
    /// Name of the run.
    pub run: RunId,
    /// Commit that the control ran on.
    pub base: Oid,
    /// The check on the base; null where none was asked for.
    pub control: Option<ControlEntry>,
    /// The best proved arm.
    pub winner: Option<TaskId>,
    /// Why that one, with names in backticks.
    pub why: Option<String>,
    /// Probability that a race proves a wrong arm and states a number as small as this; null without
    /// repeats or a winner.
    pub luck_at_most: Option<f64>,
    /// In the order of the file.
    pub arms: Vec<ArmEntry>,
    /// Time that the losers would have run on for, seconds.
    pub saved_s: f64,
}

/// The check on the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlEntry {
    /// What it says; null while it is open, or where it came to no result.
    pub outcome: Option<ControlOutcome>,
    /// Why it came to no result.
    pub reason: Option<String>,
    /// Runs of the check.
    pub runs: u32,
    /// How many of them passed.
    pub passes: u32,
    /// What the check said where it failed.
    pub evidence: Option<EvidenceEntry>,
}

/// What the control says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlOutcome {
    /// The base fails the check.
    Reproduced,
    /// The base passes it: there is nothing to decide.
    NotReproduced,
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArmEntry {
    /// Its name.
    pub id: TaskId,
    /// What it claims.
    pub title: Option<String>,
    /// What became of it; null while it runs or waits.
    pub verdict: Option<ArmVerdict>,
    /// Why it is not proved; null where it is, and while it runs or waits.
    pub reason: Option<String>,
    /// Runs of the check.
    pub runs: u32,
    /// How many of them passed.
    pub passes: u32,
    /// Passes that it lacks to be proved; null where it can no longer be.
    pub passes_missing: Option<u32>,
    /// Where its pass rate lies with 95 % confidence; null before its first run.
    pub pass_rate: Option<RateEntry>,
    /// Median of the numbers that the check printed in the runs that passed.
    pub metric: Option<f64>,
    /// Where that median lies, and how surely; null where there is none.
    pub metric_interval: Option<MetricInterval>,
    /// Paths that its diff changes.
    pub changed_paths: Vec<String>,
    /// Paths among them that the check names.
    pub changes_check: Vec<String>,
    /// Lines that its diff adds and removes.
    pub changed_lines: usize,
    /// Time of its command and its check, seconds.
    pub duration_s: f64,
    /// Branch that holds its work.
    pub branch: Option<String>,
    /// The last commit there.
    pub tip: Option<Oid>,
    /// What shows that it is falsified.
    pub evidence: Option<EvidenceEntry>,
}

/// Bounds of a pass rate, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RateEntry {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// Where the true median of a metric lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricInterval {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// With this probability; below 0.95 there were too few runs.
    pub confidence: f64,
}

/// What shows that an arm is falsified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceEntry {
    /// Exit code of its check, where it ended by itself.
    pub exit_code: Option<i32>,
    /// Tests that failed, the first twenty.
    pub failing: Vec<String>,
    /// How many failed beyond those.
    pub more_failing: usize,
    /// Unified diff from the control's output to the arm's, empty where both say the same; null without
    /// a control.
    pub difference: Option<Vec<String>>,
    /// Lines of the diff that are left out of it.
    pub more: usize,
    /// The end of its output, where there is no control to compare with.
    pub last_lines: Option<Vec<String>>,
}

/// The document of a race.
pub fn from_race(facts: &RaceFacts) -> RaceDocument {
    let winner = facts.ranking().winner().cloned();
    RaceDocument {
        schema: SCHEMA,
        run: facts.run.clone(),
        base: facts.base,
        control: facts.control.as_ref().map(|control| control_entry(&facts.rules, control)),
        why: facts.why(),
        luck_at_most: winner.as_ref().and_then(|arm| facts.luck_of(arm)).map(|luck| luck.any),
        winner,
        arms: facts.arms.iter().map(|arm| arm_entry(facts, arm)).collect(),
        saved_s: seconds(facts.saved.as_secs_f64()),
    }
}

fn control_entry(
    rules: &RaceRules,
    control @ ControlFacts { tally, reason, evidence, .. }: &ControlFacts,
) -> ControlEntry {
    let outcome = match control.says(rules) {
        Reproduction::Open => None,
        Reproduction::Reproduced => Some(ControlOutcome::Reproduced),
        Reproduction::NotReproduced => Some(ControlOutcome::NotReproduced),
    };
    let reason = reason.clone();
    let evidence = evidence.as_ref().map(evidence_entry);
    ControlEntry { outcome, reason, runs: tally.runs(), passes: tally.passes, evidence }
}

fn arm_entry(facts: &RaceFacts, arm: &ArmFacts) -> ArmEntry {
    let rate = (arm.tally.runs() > 0).then(|| pass_rate(&facts.rules, arm.tally));
    ArmEntry {
        id: arm.id.clone(),
        title: arm.title.clone(),
        verdict: arm.verdict,
        reason: arm.reason.clone().or_else(|| Some(arm.evidence.as_ref()?.ending())),
        runs: arm.tally.runs(),
        passes: arm.tally.passes,
        passes_missing: facts.lacks(arm),
        pass_rate: rate.map(|rate| RateEntry { low: rate.low, high: rate.high }),
        metric: arm.metric.map(|metric| metric.median),
        metric_interval: arm.metric.map(|MetricSummary { low, high, confidence, .. }| {
            MetricInterval { low, high, confidence }
        }),
        changed_paths: arm.changes.paths.iter().cloned().collect(),
        changes_check: arm.changes_check.clone(),
        changed_lines: arm.changes.lines,
        duration_s: seconds(arm.duration.as_secs_f64()),
        branch: arm.branch.clone(),
        tip: arm.tip,
        evidence: arm.evidence.as_ref().map(evidence_entry),
    }
}

fn evidence_entry(evidence: &Evidence) -> EvidenceEntry {
    let (difference, more, last_lines) = match &evidence.shown {
        Shown::Same => (Some(Vec::new()), 0, None),
        Shown::Diff { lines, more } => (Some(lines.clone()), *more, None),
        Shown::End { lines } => (None, 0, Some(lines.clone())),
    };
    let (failing, more_failing) = (evidence.failing.clone(), evidence.more_failing);
    let exit_code = evidence.exit_code;
    EvidenceEntry { exit_code, failing, more_failing, difference, more, last_lines }
}
