//! The plan for people.

use super::headline::verdict_line;
use super::plan_patterns::pattern_sections;
use super::plan_risk::risk_lines;
use super::prediction::{human, range};
use super::prose::{Line, Mark};
use super::section::{Block, Report, Section, Table};
use super::timeline::{Bar, BarKind, Timeline};
use crate::domain::plan::{
    CarryPlan, Claim, ClaimKind, EstimateSource, Plan, PlannedHook, Verdict,
};

/// Verdict, reasons, schedule, overlapping claims, what would turn the verdict, advice.
pub fn plan_report(plan: &Plan) -> Report {
    let decision = &plan.decision;
    let reasons = decision.reasons.iter().map(|reason| Line::prose(reason));
    let reasons = reasons.chain(std::iter::once(interval_line(plan))).collect();
    let mut sections = vec![
        Section { heading: "Why", blocks: vec![Block::List(reasons)] },
        Section { heading: "Tasks", blocks: vec![Block::Table(task_table(plan))] },
        Section { heading: "Schedule", blocks: vec![Block::Timeline(schedule(plan))] },
    ];
    if !plan.setup.is_empty() {
        let hooks = plan.setup.iter().map(hook_line).collect();
        sections.insert(1, Section { heading: "Setup", blocks: vec![Block::List(hooks)] });
    }
    if let Some(carry) = &plan.carry {
        let blocks = vec![Block::List(carry_lines(carry))];
        sections.push(Section { heading: "Brought along", blocks });
    }
    sections.extend(pattern_sections(plan));
    let claims: Vec<Line> = plan.claims.iter().map(|claim| claim_line(plan, claim)).collect();
    let prose = |lines: &[String]| lines.iter().map(|line| Line::prose(line)).collect();
    let lists: [(&'static str, Vec<Line>); 4] = [
        ("Tasks that exclude one another", claims),
        ("Conflicts", risk_lines(plan)),
        ("What would turn the verdict", prose(&decision.flips)),
        ("Advice", prose(&decision.advice)),
    ];
    for (heading, lines) in lists {
        if !lines.is_empty() {
            sections.push(Section { heading, blocks: vec![Block::List(lines)] });
        }
    }
    Report { title: title(plan), sections }
}

fn title(plan: &Plan) -> Line {
    let line = verdict_line(plan);
    match plan.decision.overruled {
        Some(Verdict::Parallel) => line.text(" (overruled: the rule says parallel)"),
        Some(Verdict::Sequential) => line.text(" (overruled: the rule says sequential)"),
        None => line,
    }
}

/// What the reasons, which speak of medians, leave open.
fn interval_line(plan: &Plan) -> Line {
    let predicted = &plan.predicted;
    let bound = human(plan.lower_bound_s);
    Line::new().text(if predicted.parallel_width < 2 {
        let one = &predicted.sequential;
        format!("predicted {} (95 %: {}), lower bound at the medians {bound}", human(one.p50), range(one))
    } else {
        format!(
            "95 % intervals: side by side {}, one after another {}; lower bound at the medians {bound}",
            range(&predicted.parallel),
            range(&predicted.sequential),
        )
    })
}

fn task_table(plan: &Plan) -> Table {
    let mut table = Table::new(&[
        "Task",
        ">Estimate",
        "95 %",
        ">Start",
        ">Finish",
        ">Slack",
        "Critical",
        "From",
    ]);
    for planned in &plan.tasks {
        let interval = planned.estimate.interval();
        let schedule = &planned.schedule;
        let critical =
            if schedule.critical { Line::new().mark(Mark::Warn, "critical") } else { Line::new() };
        let text = |text: String| Line::new().text(text);
        table.rows.push(vec![
            text(planned.task.id.to_string()),
            text(human(interval.p50)),
            text(range(&interval)),
            text(human(schedule.start_s)),
            text(human(schedule.finish_s)),
            text(human(schedule.slack_s)),
            critical,
            text(source_word(planned.estimate.source).to_owned()),
        ]);
    }
    table
}

fn source_word(source: EstimateSource) -> &'static str {
    match source {
        EstimateSource::Estimate => "your estimate",
        EstimateSource::DefaultCommand | EstimateSource::DefaultAgent => "default",
    }
}

fn schedule(plan: &Plan) -> Timeline {
    let bars = plan.tasks.iter().map(|planned| {
        let schedule = &planned.schedule;
        let kind = if schedule.critical { BarKind::Critical } else { BarKind::Planned };
        let mut note = format!("{} to {}", human(schedule.start_s), human(schedule.finish_s));
        if schedule.critical {
            note += ", critical";
        }
        Bar {
            label: planned.task.id.to_string(),
            span_s: Some((schedule.start_s, schedule.finish_s)),
            kind,
            note,
        }
    });
    Timeline { bars: bars.collect(), ..Timeline::default() }
}

/// Ignored files that every worktree gets, at what cost, and what stays behind.
fn carry_lines(carry: &CarryPlan) -> Vec<Line> {
    let mut lines = Vec::new();
    if !carry.paths.is_empty() {
        let known = if carry.measured { "measured here" } else { "not measured yet" };
        lines.push(Line::new().text("every worktree gets ").codes(&carry.paths).text(format!(
            " from your checkout: {} in about {} ({known})",
            carry.load,
            human(carry.time_s)
        )));
    }
    lines.extend(carry.notes.iter().map(|note| Line::prose(note)));
    lines
}

fn hook_line(planned: &PlannedHook) -> Line {
    let hook = &planned.hook;
    let line = match &hook.name {
        Some(name) => Line::new().text(format!("{name}: ")),
        None => Line::new(),
    };
    let line = line.code(hook.run.trim()).text(" in each worktree");
    let Some(when) = &hook.when else { return line };
    let line = line.text(" where there is ").codes(when.globs());
    if planned.applies { line } else { line.text("; the base has none") }
}

fn claim_line(plan: &Plan, claim: &Claim) -> Line {
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    let why = match claim.kind {
        ClaimKind::Owns => " wait for one another: both may write ",
        ClaimKind::Serialised => {
            " wait for one another: both own what is changed one after another, "
        }
        ClaimKind::Reads => " wait for one another: one reads what the other may write, ",
    };
    Line::new().code(id(claim.a)).text(" and ").code(id(claim.b)).text(why).codes(&claim.paths)
}
