//! The verdict in plain sentences.

use super::costs::DEFAULT_HOOK_S;
use super::decide::{Candidate, needed_benefit};
use super::estimate::EstimateSource;
use super::montecarlo::Comparison;
use super::plan_type::{Binding, Verdict};
use crate::domain::time::{from_secs, human_duration};

/// What the sentences are made from.
pub(super) struct Evidence<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) comparison: &'a Comparison,
    /// What the rule says.
    pub(super) ruled: Verdict,
    /// What will be done.
    pub(super) verdict: Verdict,
    pub(super) width: usize,
    pub(super) draws: usize,
    pub(super) binding: Binding,
    pub(super) flip: Option<f64>,
}

fn human(seconds: f64) -> String {
    human_duration(from_secs(seconds))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Why the verdict is what it is.
pub(super) fn reasons(e: &Evidence<'_>) -> Vec<String> {
    let c = e.comparison;
    let tasks = e.candidate.tasks.len();
    let mut reasons = Vec::new();
    if e.verdict != e.ruled {
        let word = if e.ruled == Verdict::Parallel { "parallel" } else { "sequential" };
        reasons.push(format!("you overruled the verdict, which was {word}"));
    }
    if tasks == 1 {
        reasons.push("there is one task: nothing to split".to_owned());
        return reasons;
    }
    if e.width < 2 {
        reasons.push("there is one slot: nothing can run side by side".to_owned());
        return reasons;
    }
    reasons.push(format!(
        "one after another {}, side by side on {} slots {} (medians up to landed, {} draws)",
        human(c.sequential.p50),
        e.width,
        human(c.parallel.p50),
        e.draws,
    ));
    let wanted = needed_benefit(c.sequential.p50, tasks);
    let probability = percent(c.wins);
    reasons.push(if c.benefit < 0.0 {
        format!("splitting would take {} longer on average", human(-c.benefit))
    } else if c.benefit < wanted {
        format!(
            "splitting saves {} on average; it pays from {} on",
            human(c.benefit),
            human(wanted)
        )
    } else if c.wins < 0.80 {
        format!("splitting is faster in only {probability} of the draws; 80 % are wanted")
    } else if c.losses > 0.05 {
        let losses = percent(c.losses);
        format!("splitting is more than 5 % slower in {losses} of the draws; at most 5 % may be")
    } else {
        let saved = human(c.benefit);
        format!("splitting saves {saved} on average and is faster in {probability} of the draws")
    });
    reasons.push(format!("the parallel schedule is bound by {}", binding_detail(e)));
    reasons.extend(uncertainty(e));
    reasons
}

fn binding_detail(e: &Evidence<'_>) -> String {
    if e.binding == Binding::CriticalPath {
        let path = e.candidate.graph.critical_path(e.candidate.medians);
        if path.len() > 1 {
            let names: Vec<&str> =
                path.iter().map(|&task| e.candidate.tasks[task].id.as_str()).collect();
            let shown = if names.len() > 6 {
                format!("{} → … → {}", names[..3].join(" → "), names[names.len() - 1])
            } else {
                names.join(" → ")
            };
            return format!("the critical path {shown}");
        }
        if let Some(&task) = path.first() {
            return format!("its longest task `{}`", e.candidate.tasks[task].id);
        }
    }
    e.binding.phrase().to_owned()
}

fn uncertainty(e: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let tasks = e.candidate.tasks.len();
    let defaults = e
        .candidate
        .estimates
        .iter()
        .filter(|estimate| estimate.source != EstimateSource::Estimate)
        .count();
    if defaults > 0 {
        found.push(format!(
            "provisional: {defaults} of {tasks} tasks have no `estimate`, so a default stands in"
        ));
    } else {
        found.push("provisional: from your estimates, not held against past runs".to_owned());
    }
    let setup = e.candidate.request.costs.setup;
    if setup.hooks > 0 && !setup.measured {
        let each = human(DEFAULT_HOOK_S);
        let hooks = if setup.hooks == 1 { "setup hook was" } else { "setup hooks were" };
        found.push(format!(
            "provisional: {} {hooks} never measured here, so a default of {each} each stands in",
            setup.hooks
        ));
    }
    let open = e.candidate.tasks.iter().filter(|t| t.owns.is_none() && !t.read_only).count();
    if open > 0 {
        found.push(format!(
            "{open} of {tasks} tasks declare no `owns`: conflicts between them are not predicted"
        ));
    }
    found
}

/// What would turn the verdict.
pub(super) fn flips(e: &Evidence<'_>) -> Vec<String> {
    let Some(scale) = e.flip else { return Vec::new() };
    let medians = e.candidate.medians;
    let mean = medians.iter().sum::<f64>() / medians.len() as f64;
    let (word, side) = match e.ruled {
        Verdict::Parallel => ("sequential", "at most"),
        Verdict::Sequential => ("parallel", "at least"),
    };
    vec![format!(
        "the verdict turns to {word} when tasks take {side} {} on average instead of {}",
        human(mean * scale),
        human(mean),
    )]
}

/// What the user could do.
pub(super) fn advice(e: &Evidence<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let c = e.candidate;
    if c.estimates.iter().any(|estimate| estimate.source != EstimateSource::Estimate) {
        advice.push("give tasks an `estimate`; the prediction is only as good as that".to_owned());
    }
    match e.binding {
        Binding::Claims => {
            let (names, more) = claim_pairs(e);
            advice.push(format!("narrow `owns` of {names}{more}: they wait for one another"));
        }
        Binding::Cores => advice.push(
            "set `cpus` below 1 for tasks that mostly wait, or overrule with `--parallel=M`"
                .to_owned(),
        ),
        Binding::Slots => advice.push("raise `[run] slots` or pass `--parallel=M`".to_owned()),
        Binding::CriticalPath
        | Binding::Memory
        | Binding::Capacity
        | Binding::Locks
        | Binding::Overhead => {}
    }
    advice
}

fn claim_pairs(e: &Evidence<'_>) -> (String, String) {
    const SHOWN: usize = 2;
    let claims = &e.candidate.excluded.claims;
    let name = |task: usize| &e.candidate.tasks[task].id;
    let names: Vec<String> = claims
        .iter()
        .take(SHOWN)
        .map(|claim| format!("`{}` and `{}`", name(claim.a), name(claim.b)))
        .collect();
    let more = match claims.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more pairs"),
    };
    (names.join(", "), more)
}
