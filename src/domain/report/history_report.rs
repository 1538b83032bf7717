//! What `history` prints for people.

use super::history_document::{
    ComparedEntry, HistoryDocument, PredictionsEntry, TaskHistoryEntry, WorkflowEntry,
};
use super::plan_facts::percent;
use super::plan_report::Detail;
use super::prose::Line;
use super::section::{Block, Report, Section, Step, Table};
use crate::domain::task::human_size;
use crate::domain::time::{from_secs, human_duration};

/// What is known, and how predictions did; what tasks read, write and start only in full detail.
pub fn history_report(document: &HistoryDocument, detail: Detail) -> Report {
    let HistoryDocument { workflows, predictions, .. } = document;
    if workflows.is_empty() {
        let title = "nothing is known of durations yet: history begins with the first run";
        return Report { title: title.into(), sections: Vec::new() };
    }
    let tasks: usize = workflows.iter().map(|workflow| workflow.tasks.len()).sum();
    let title = format!("{} of {}", counted(tasks, "task"), counted(workflows.len(), "workflow"));
    let mut sections: Vec<Section> =
        workflows.iter().map(|workflow| workflow_section(workflow, detail)).collect();
    sections.push(Section { heading: "Predictions", blocks: vec![Block::List(told(predictions))] });
    let steps = vec![
        Step::new("wt-orch history forget WORKFLOW", "forget what is wrong or out of date"),
        Step::new("wt-orch history export FILE", "share it"),
    ];
    sections.push(Section { heading: "Next", blocks: vec![Block::Commands(steps)] });
    Report { title: title.into(), sections }
}

fn workflow_section(workflow: &WorkflowEntry, detail: Detail) -> Section {
    let mut line = Line::new().code(workflow.workflow.as_str());
    let PredictionsEntry { runs, covered, .. } = workflow.predictions;
    if runs > 0 {
        line = line.text(format!(
            ": {} held against their prediction, {covered} inside of the interval",
            counted(runs, "run")
        ));
    }
    let mut blocks = vec![Block::Line(line)];
    if !workflow.tasks.is_empty() {
        let used: &[&str] = match detail {
            Detail::Screen => &[">Cores", ">Memory"],
            Detail::Full => &[">Cores", ">CPU", ">Memory", ">Read", ">Written", ">Processes"],
        };
        let measured = ["Task", ">Samples", ">Median", ">Spread", ">Last"];
        let mut table = Table::new(&[&measured, used, &[">Beside", "Notes"]].concat());
        table.rows = workflow.tasks.iter().map(|task| row(task, detail)).collect();
        blocks.push(Block::Table(table));
    }
    Section { heading: "Workflow", blocks }
}

fn row(task: &TaskHistoryEntry, detail: Detail) -> Vec<Line> {
    let number = |value: Option<f64>, sign: &str| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{sign}{value:.2}"))
    };
    let unknown = || "-".to_owned();
    let bytes = |known: Option<u64>| known.map_or_else(unknown, human_size);
    let (cores, memory) = (number(task.cpu_share, ""), bytes(task.peak_rss_bytes));
    let used = match detail {
        Detail::Screen => vec![cores, memory],
        Detail::Full => vec![
            cores,
            task.cpu_s.map_or_else(unknown, time),
            memory,
            bytes(task.read_bytes),
            bytes(task.written_bytes),
            task.processes.map_or_else(unknown, |count| count.to_string()),
        ],
    };
    let measured = [
        task.task.clone(),
        task.samples.to_string(),
        task.median_s.map_or_else(unknown, time),
        number(task.spread, "×"),
        time(task.last_s),
    ];
    let last = [format!("{:.1}", (task.active - 1.0).max(0.0)), notes(task)];
    measured.into_iter().chain(used).chain(last).map(Line::from).collect()
}

fn notes(task: &TaskHistoryEntry) -> String {
    let mut notes = Vec::new();
    let mut count = |n: usize, what: &str| notes.extend((n > 0).then(|| format!("{n} {what}")));
    count(task.timeouts, "at the time limit");
    count(task.earlier, "of another command");
    count(task.imported, "imported");
    if let (Some(first), Some(later)) = (task.first_in_lane_s, task.later_in_lane_s) {
        notes.push(format!("{} first in a lane, {} later", time(first), time(later)));
    }
    notes.join(", ")
}

/// Sentences on how predictions did.
fn told(predictions: &PredictionsEntry) -> Vec<Line> {
    let PredictionsEntry { runs, covered, coverage, median_error, .. } = *predictions;
    let mut lines = Vec::new();
    match (coverage, median_error) {
        (Some(coverage), Some(error)) => lines.push(format!(
            "{covered} of {} ended inside of the 95 % interval ({}); the predicted median was \
             usually off by {}",
            counted(runs, "run"),
            percent(coverage),
            if error < 1.0 { percent(error) } else { format!("a factor of {:.1}", error + 1.0) }
        )),
        (Some(_), None) | (None, _) => {
            lines.push("no run has yet been held against its prediction".to_owned());
        }
    }
    lines.push(if predictions.calibrated {
        "intervals are calibrated on these runs".to_owned()
    } else {
        format!(
            "intervals are provisional: {} must succeed in one go before they are calibrated",
            counted(predictions.missing, "more run")
        )
    });
    let compared = [("overruled", &predictions.overruled), ("followed", &predictions.followed)];
    if predictions.overruled.runs > 0 {
        lines.extend(compared.into_iter().filter_map(|(what, runs)| comparison(what, runs)));
    }
    if predictions.branches > 0 {
        lines.push(format!(
            "{} of {} branches conflicted when they were merged",
            predictions.conflicts, predictions.branches
        ));
    }
    lines.into_iter().map(Line::from).collect()
}

fn comparison(what: &str, compared: &ComparedEntry) -> Option<String> {
    let (median, ratio) = (compared.median_s?, compared.median_ratio?);
    Some(format!(
        "{} that {what} the verdict took {}, {ratio:.2} times what was predicted (medians)",
        counted(compared.runs, "run"),
        time(median)
    ))
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn time(seconds: f64) -> String {
    human_duration(from_secs(seconds))
}
