//! WfInstances (wfcommons.org): measured runs of real workflows, their tasks on a few equal slots.
//! `wfinstances/*.json` in WfFormat.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use wt_orch::domain::plan::{
    Dispatcher, Effort, Graph, Job, Problem, RankSearch, Ranking, take_best_ranks,
};
use wt_orch::domain::task::Priority;

use crate::clock::Stopwatch;
use crate::table::{Limit, Row};

/// Slots and how far above the lower bound schedules may be in the mean.
const WIDTHS: [(usize, f64); 3] = [(2, 3.3), (4, 8.0), (8, 6.1)];

/// How long to look for the order of one workflow.
const CAP: Duration = Duration::from_millis(50);

/// A measured run.
pub(crate) struct Workflow {
    pub(crate) names: Vec<String>,
    pub(crate) graph: Graph,
    /// Seconds.
    pub(crate) durations: Vec<f64>,
}

pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let (workflows, left_out) = load(&data.join("wfinstances"));
    let shown = |quantity: &str, count: usize| Row {
        quantity: quantity.to_owned(),
        measured: count as f64,
        unit: "",
        limit: Limit::Shown,
    };
    let left_out =
        (left_out > 0).then(|| shown("WfInstances: left out, damaged or without times", left_out));
    if workflows.is_empty() {
        let missing = Row::missing("wfinstances/*.json: workflows");
        return std::iter::once(missing).chain(left_out).collect();
    }
    let mut rows = vec![shown("WfInstances: workflows", workflows.len())];
    rows.extend(left_out);
    for (width, most) in WIDTHS {
        let gaps: Vec<[f64; 3]> = workflows.iter().map(|workflow| workflow.gaps(width)).collect();
        let mean = |at: usize| gaps.iter().map(|gap| gap[at]).sum::<f64>() / gaps.len() as f64;
        let kinds = [
            ("dispatched by longest path", Limit::Shown),
            ("schedules found", Limit::Between(0.0, most)),
            ("dispatched by the ranks found", Limit::Between(0.0, most)),
        ];
        rows.extend(kinds.into_iter().enumerate().map(|(at, (what, limit))| Row {
            quantity: format!("WfInstances, {width} slots: mean over bound, {what}"),
            measured: mean(at),
            unit: "%",
            limit,
        }));
    }
    rows
}

impl Workflow {
    /// Percent above max(longest path, work / slots): dispatched by longest path, in the schedule
    /// that a search finds, and dispatched by the better of the ranks of both.
    fn gaps(&self, width: usize) -> [f64; 3] {
        let problem = self.problem();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let priorities = vec![Priority::default(); names.len()];
        let ranking = Ranking {
            graph: &self.graph,
            durations: &self.durations,
            priorities: &priorities,
            names: &names,
        };
        let stopwatch = Stopwatch::started();
        let is_up = || stopwatch.has_passed(CAP);
        let effort = Effort { schedules: usize::MAX, out_of_time: Some(&is_up) };
        let found = ranking
            .by_search(&problem, &RankSearch { width, effort, seed: 1 })
            .unwrap_or_else(|circle| panic!("a graph has none: {circle}"));
        let dispatched = |rankings: Vec<Vec<usize>>| {
            let mut problem = problem.clone();
            take_best_ranks(&mut problem, rankings, |ranked| self.dispatch(ranked, width));
            self.dispatch(&problem, width)
        };
        let path = self.graph.tails(&self.durations).into_iter().fold(0.0, f64::max);
        let bound = path.max(self.durations.iter().sum::<f64>() / width as f64);
        let by_path = dispatched(vec![ranking.by_path()]);
        let by_best = dispatched(vec![ranking.by_path(), found.ranks]);
        // To a ten-thousandth of a percent: what meets the bound may miss it by how floats add up.
        [by_path, found.makespan_s, by_best].map(|end| ((end / bound - 1.0) * 1e6).round() / 1e4)
    }

    fn problem(&self) -> Problem {
        let jobs = (0..self.durations.len()).map(|job| Job {
            predecessors: self.graph.predecessors[job].clone(),
            successors: self.graph.successors[job].clone(),
            excludes: Vec::new(),
            cliques: Vec::new(),
            demands: Vec::new(),
            rank: job,
        });
        Problem { jobs: jobs.collect(), capacities: Vec::new(), resources: Vec::new() }
    }

    /// When a run is over whose tasks the dispatcher starts.
    fn dispatch(&self, problem: &Problem, width: usize) -> f64 {
        let mut dispatcher = Dispatcher::new(problem, width);
        dispatcher.release();
        let mut running: Vec<(f64, usize)> = Vec::new();
        let mut now = 0.0;
        loop {
            while let Some(job) = dispatcher.next() {
                dispatcher.start(problem, job);
                running.push((now + self.durations[job], job));
            }
            let first = (0..running.len()).min_by(|&a, &b| running[a].0.total_cmp(&running[b].0));
            let Some(first) = first else { return now };
            let (end, job) = running.swap_remove(first);
            now = end;
            dispatcher.finish(problem, job, true);
        }
    }
}

/// Workflows in the order of their files, and how many files are none.
fn load(folder: &Path) -> (Vec<Workflow>, usize) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| parse(&fs::read_to_string(path).ok()?);
    let workflows: Vec<Workflow> = paths.iter().filter_map(read).collect();
    let left_out = paths.len() - workflows.len();
    (workflows, left_out)
}

/// Reads WfFormat 1.5.
pub(crate) fn parse(text: &str) -> Option<Workflow> {
    let document: Value = serde_json::from_str(text).ok()?;
    let workflow = document.get("workflow")?;
    let tasks = workflow.pointer("/specification/tasks")?.as_array()?;
    let names: Vec<String> = tasks
        .iter()
        .map(|task| Some(task.get("id")?.as_str()?.to_owned()))
        .collect::<Option<_>>()?;
    let index: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut edges = Vec::new();
    for (at, task) in tasks.iter().enumerate() {
        let others = |of: &str| {
            let names = task.get(of).and_then(Value::as_array).into_iter().flatten();
            names.filter_map(|name| index.get(name.as_str()?).copied()).collect::<Vec<_>>()
        };
        edges.extend(others("parents").into_iter().map(|parent| (parent, at)));
        edges.extend(others("children").into_iter().map(|child| (at, child)));
    }
    let graph = Graph::new(names.len(), edges).ok()?;
    let mut durations = vec![0.0; names.len()];
    for task in workflow.pointer("/execution/tasks")?.as_array()? {
        let at = index.get(task.get("id")?.as_str()?);
        if let (Some(&at), Some(seconds)) = (at, task.get("runtimeInSeconds")?.as_f64()) {
            durations[at] = seconds;
        }
    }
    (durations.iter().sum::<f64>() > 0.0).then_some(Workflow { names, graph, durations })
}
