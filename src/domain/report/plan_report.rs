//! The plan for people.

use super::headline::{chosen_interval, verdict_line};
use super::plan_answer::PlanAnswer;
use super::plan_facts::plan_facts;
use super::prediction::{human, range};
use super::prose::{Line, Mark};
use super::scenario_section::scenarios;
use super::section::{Block, Report, Section, Table};
use super::timeline::{Bar, BarKind, Timeline};
use crate::domain::plan::{EstimateSource, Plan, Planned, Verdict};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What fits on one screen.
    Screen,
    /// Everything.
    Full,
}

/// Bars on one screen.
const BARS: usize = 8;

/// Verdict, times, overhead, reasons, what would turn the verdict, advice and schedule; in full with
/// every task.
pub fn plan_report(answer: &PlanAnswer, detail: Detail) -> Report {
    let plan = &answer.plan;
    let facts = Section { heading: "", blocks: vec![Block::Facts(plan_facts(answer))] };
    let mut sections = vec![facts];
    if detail == Detail::Full {
        sections.push(Section { heading: "Tasks", blocks: vec![Block::Table(task_table(plan))] });
    }
    sections.push(schedule_section(plan, detail));
    sections.extend(scenarios(&answer.scenarios));
    Report { title: title(plan), sections }
}

fn title(plan: &Plan) -> Line {
    let landed = human(chosen_interval(plan).p50);
    let line = verdict_line(plan).text(format!(", landed after about {landed}"));
    let line = if plan.predicted.calibrated { line } else { line.text(" (provisional)") };
    match plan.decision.overruled {
        Some(Verdict::Parallel) => line.text(" (overruled: the rule says parallel)"),
        Some(Verdict::Sequential) => line.text(" (overruled: the rule says sequential)"),
        None => line,
    }
}

/// Every task with its estimate and place.
pub(super) fn task_table(plan: &Plan) -> Table {
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
        EstimateSource::History => "past attempts",
        EstimateSource::Category => "its kind",
        EstimateSource::Estimate => "your estimate",
        EstimateSource::DefaultCommand | EstimateSource::DefaultAgent => "default",
    }
}

/// The bars; on one screen those of the critical path first, then the longest.
fn schedule_section(plan: &Plan, detail: Detail) -> Section {
    let all = plan.tasks.len();
    let mut shown: Vec<usize> = (0..all).collect();
    let mut blocks = Vec::new();
    if detail == Detail::Screen && all > BARS {
        let schedule = |task: usize| &plan.tasks[task].schedule;
        let length = |task: usize| schedule(task).finish_s - schedule(task).start_s;
        shown.sort_by(|&a, &b| {
            let critical = schedule(b).critical.cmp(&schedule(a).critical);
            critical.then(length(b).total_cmp(&length(a))).then(a.cmp(&b))
        });
        shown.truncate(BARS);
        shown.sort_by(|&a, &b| schedule(a).start_s.total_cmp(&schedule(b).start_s).then(a.cmp(&b)));
        let critical = plan.tasks.iter().filter(|planned| planned.schedule.critical).count();
        blocks.push(Block::Line(Line::new().text(format!(
            "{BARS} of {all} tasks ({critical} on the critical path); -v shows all"
        ))));
    }
    let bars = shown.into_iter().map(|task| bar(&plan.tasks[task])).collect();
    let until_s = plan.tasks.iter().map(|planned| planned.schedule.finish_s).fold(0.0, f64::max);
    blocks.push(Block::Timeline(Timeline { bars, until_s, ..Timeline::default() }));
    let heading = if detail == Detail::Screen { "" } else { "Schedule" };
    Section { heading, blocks }
}

/// All bars.
pub(super) fn bars(plan: &Plan) -> Timeline {
    Timeline { bars: plan.tasks.iter().map(bar).collect(), ..Timeline::default() }
}

fn bar(planned: &Planned) -> Bar {
    let schedule = &planned.schedule;
    let kind = if schedule.critical { BarKind::Critical } else { BarKind::Planned };
    let mut note = format!("{} to {}", human(schedule.start_s), human(schedule.finish_s));
    if planned.left_out {
        note = "not expected to run".to_owned();
    } else if schedule.critical {
        note += ", critical";
    }
    Bar {
        label: planned.task.id.to_string(),
        span_s: Some((schedule.start_s, schedule.finish_s)),
        kind,
        note,
        leaked: false,
    }
}
