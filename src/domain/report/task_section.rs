//! Sections about the tasks of a run: what they were, how they ended, what they used.

use super::headline::{reason_line, standing};
use super::plan_patterns::order_lines;
use super::prose::{Line, Mark};
use super::section::{Block, Section, Table};
use super::timeline::{Bar, BarKind, Timeline};
use crate::domain::id::Oid;
use crate::domain::run::{Outcome, RunState, StartMerge, Usage};
use crate::domain::task::{Task, Work, human_size};
use crate::domain::time::{Timestamp, from_secs, human_duration};

/// What the run was split into and how each part ended.
pub(super) fn decomposition(state: &RunState) -> Section {
    let plan = &state.spec.plan;
    let edges: usize = plan.tasks.iter().map(|planned| planned.task.depends_on.len()).sum();
    let gates = plan.tasks.iter().filter(|planned| planned.task.work.is_gate()).count();
    let count =
        |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let mut summary = Line::new().text(format!(
        "{}, {}",
        count(plan.tasks.len() - gates, "task", "tasks"),
        count(edges, "dependency", "dependencies"),
    ));
    if gates > 0 {
        summary = summary.text(format!(", {}", count(gates, "gate", "gates")));
    }
    summary = summary
        .text("; all from ")
        .code(state.spec.base_name.as_str())
        .text(" at ")
        .code(state.spec.base.short());
    let mut table = Table::new(&["Task", "What", "Depends on", ">Tries", "Result", "Why"]);
    for (index, record) in state.tasks.iter().enumerate() {
        let task = state.task(index);
        let what = match &task.title {
            Some(title) => Line::new().text(title.as_str()),
            None => work_line(state, task),
        };
        table.rows.push(vec![
            Line::new().text(task.id.as_str()),
            what,
            Line::new().text(names(task.depends_on.iter().map(|id| id.as_str()))),
            Line::new().text(record.attempts.to_string()),
            standing(record),
            reason_line(record),
        ]);
    }
    let mut blocks = vec![Block::Line(summary), Block::Table(table)];
    let orders = order_lines(plan);
    if !orders.is_empty() {
        blocks.push(Block::List(orders));
    }
    Section { heading: "Decomposition", blocks }
}

/// What tasks left behind, notes that were made while work was committed, and warnings of the
/// machinery.
pub(super) fn oddities(state: &RunState) -> Option<Section> {
    let mut lines: Vec<Line> = Vec::new();
    let left = state.tasks.iter().enumerate().filter(|(_, record)| record.leftovers);
    let left: Vec<&str> = left.map(|(index, _)| state.task(index).id.as_str()).collect();
    if !left.is_empty() {
        lines.push(Line::new().text("committed for tasks that left it uncommitted: ").codes(left));
    }
    for (index, record) in state.tasks.iter().enumerate() {
        let id = state.task(index).id.as_str();
        let leak = record.leak();
        lines.extend(leak.map(|leak| Line::new().code(id).text(format!(": {leak}"))));
        let merged = record.start_merges.iter().flat_map(StartMerge::sentences);
        lines.extend(merged.map(|said| Line::new().code(id).text(": ").join(Line::prose(&said))));
        let notes = record.notes.iter();
        lines.extend(notes.map(|note| Line::new().code(id).text(": ").join(Line::prose(note))));
        // An attempt that left nothing is kept as the commit it started from.
        let kept = record.kept.iter().filter(|commit| Some(**commit) != record.start);
        let kept: Vec<String> = kept.map(Oid::short).collect();
        if !kept.is_empty() {
            let line = Line::new().code(id).text(": work of failed attempts is kept as ");
            lines.push(line.codes(kept));
        }
    }
    lines.extend(state.warnings.iter().map(|warning| {
        Line::new().mark(Mark::Warn, "warning").text(": ").join(Line::prose(warning))
    }));
    (!lines.is_empty()).then(|| Section { heading: "Notes", blocks: vec![Block::List(lines)] })
}

/// When each task ran.
pub(super) fn timeline(state: &RunState, now: Timestamp) -> Option<Section> {
    let origin = state.started?;
    let bars = state.tasks.iter().enumerate().map(|(index, record)| {
        let span = record.started.map(|from| {
            let to = record.finished.unwrap_or(now);
            (from.since(origin).as_secs_f64(), to.since(origin).as_secs_f64())
        });
        let times = span.map_or(String::new(), |(from, to)| {
            format!("{} to {}, ", human_duration(from_secs(from)), human_duration(from_secs(to)))
        });
        let word = record.outcome().map_or(record.state.word(), Outcome::word);
        let setup =
            record.setup.map_or(String::new(), |time| format!(", setup {}", human_duration(time)));
        let kind = match record.outcome() {
            Some(Outcome::Succeeded) => BarKind::Succeeded,
            Some(_) => BarKind::Failed,
            None => BarKind::Open,
        };
        let label = state.task(index).id.to_string();
        let leaked = record.leak().is_some();
        let leak = if leaked { ", leaked" } else { "" };
        Bar { label, span_s: span, kind, note: format!("{times}{word}{leak}{setup}"), leaked }
    });
    let timeline = Timeline::without_pauses(bars.collect());
    if timeline.bars.iter().all(|bar| bar.span_s.is_none()) {
        return None;
    }
    let mut blocks = Vec::new();
    if timeline.pauses > 0 {
        let pauses = if timeline.pauses == 1 { "pause" } else { "pauses" };
        blocks.push(Block::Line(Line::new().text(format!(
            "{} {pauses} in which nothing ran ({}) left out",
            timeline.pauses,
            human_duration(from_secs(timeline.pauses_s)),
        ))));
    }
    blocks.push(Block::Timeline(timeline));
    Some(Section { heading: "Timeline", blocks })
}

/// What each task used.
pub(super) fn resources(state: &RunState) -> Option<Section> {
    let columns =
        ["Task", ">Time", ">CPU", ">Cores busy", ">Peak memory", ">Read", ">Written", ">Processes"];
    let mut table = Table::new(&columns);
    let mut all = Usage::default();
    for (index, record) in state.tasks.iter().enumerate().filter(|(_, r)| r.end.is_some()) {
        all.add(&record.usage);
        table.rows.push(usage_row(state.task(index).id.as_str(), &record.usage));
    }
    match table.rows.len() {
        0 => return None,
        1 => {}
        _ => table.rows.push(usage_row("all (sum, largest)", &all)),
    }
    Some(Section { heading: "Resources", blocks: vec![Block::Table(table)] })
}

fn usage_row(name: &str, usage: &Usage) -> Vec<Line> {
    let unknown = || "-".to_owned();
    let cores = if usage.wall.is_zero() {
        unknown()
    } else {
        format!("{:.1}", usage.cpu.as_secs_f64() / usage.wall.as_secs_f64())
    };
    let bytes = |bytes: Option<u64>| bytes.map_or_else(unknown, human_size);
    [
        name.to_owned(),
        human_duration(usage.wall),
        human_duration(usage.cpu),
        cores,
        bytes(Some(usage.peak_rss).filter(|&bytes| bytes > 0)),
        bytes(usage.read_bytes),
        bytes(usage.written_bytes),
        usage.processes.map_or_else(unknown, |processes| processes.to_string()),
    ]
    .map(|cell| Line::new().text(cell))
    .to_vec()
}

fn work_line(state: &RunState, task: &Task) -> Line {
    match &task.work {
        Work::Command { command, .. } | Work::Gate { command } => {
            Line::new().code(command.display())
        }
        Work::Agent { preset, .. } => Line::new().code(format!("agent {preset}")),
        Work::Given => match state.spec.kind.race().map(|race| race.arm(&task.id)) {
            Some(Some(arm)) if arm.begins_at != state.spec.base => {
                Line::new().text("what it begins with, ").code(arm.begins_at.short())
            }
            Some(_) => Line::new().text("the base as it is"),
            None => Line::new().text("nothing"),
        },
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
