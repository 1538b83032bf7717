//! Recorded durations read from the data folder. What is missing is left out and named.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A graph of tasks, as indices.
pub(crate) struct Trace {
    /// Name of the file or workflow.
    pub name: String,
    /// What each task waits for.
    pub parents: Vec<Vec<usize>>,
    /// Recorded runs, oldest first; `None` for a task that was not in a run.
    pub runs: Vec<Vec<Option<f64>>>,
    /// Day on which each run began, counted from any; empty where that does not matter.
    pub days: Vec<f64>,
}

/// Files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    found.sort();
    found
}

/// Every workflow instance in `wfinstances/`, each with its one recorded run.
pub(crate) fn instances(data: &Path) -> Vec<Trace> {
    let load = |path: &PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let json: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        let tasks = |part: &str| json["workflow"][part]["tasks"].as_array();
        let specified = tasks("specification")?;
        let took: BTreeMap<&str, f64> = tasks("execution")?
            .iter()
            .filter_map(|task| Some((task["id"].as_str()?, task["runtimeInSeconds"].as_f64()?)))
            .collect();
        let ids: Vec<&str> = specified.iter().filter_map(|task| task["id"].as_str()).collect();
        let index: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let mut parents: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); ids.len()];
        for task in specified {
            let Some(&at) = task["id"].as_str().and_then(|id| index.get(id)) else { continue };
            let of = |part: &str| {
                let names = task[part].as_array().into_iter().flatten();
                names.filter_map(|n| index.get(n.as_str()?).copied()).collect::<Vec<_>>()
            };
            parents[at].extend(of("parents"));
            for child in of("children") {
                parents[child].insert(at);
            }
        }
        let run = ids.iter().map(|id| took.get(id).copied()).collect();
        let parents = parents.into_iter().map(|set| set.into_iter().collect()).collect();
        Some(Trace { name, parents, runs: vec![run], days: Vec::new() })
    };
    files(&data.join("wfinstances"), "json").iter().filter_map(load).collect()
}

/// Task, seconds and parents of the rows of every run, by date and number of the run.
type Rows<'a> = BTreeMap<(&'a str, &'a str), Vec<(&'a str, f64, &'a str)>>;

/// Workflows of `durations/wfinstances_repeats.csv`.
pub(crate) fn repeats(data: &Path) -> Vec<Trace> {
    let path = data.join("durations/wfinstances_repeats.csv");
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|found| *found == name);
    let columns = ["workflow", "created_at", "run", "task_id", "runtime_s", "parents"];
    let Some(at) = columns.iter().map(|name| column(name)).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let mut workflows: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    for row in lines {
        let field = |i: usize| row.get(at[i]).copied().unwrap_or_default();
        let Ok(seconds) = field(4).parse() else { continue };
        let runs = workflows.entry(field(0)).or_default();
        runs.entry((field(1), field(2))).or_default().push((field(3), seconds, field(5)));
    }
    let trace = |(name, runs): (&&str, &Rows<'_>)| {
        let names: BTreeSet<&str> = runs.values().flatten().map(|(task, ..)| *task).collect();
        let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mut parents: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); names.len()];
        for (task, _, before) in runs.values().flatten() {
            let before = before.split([' ', ';', '|']).filter_map(|name| index.get(name));
            parents[index[task]].extend(before.copied());
        }
        let played = runs.values().map(|rows| by_index(names.len(), rows, &index)).collect();
        Trace {
            name: (*name).to_owned(),
            parents: parents.into_iter().map(|set| set.into_iter().collect()).collect(),
            runs: played,
            days: Vec::new(),
        }
    };
    workflows.iter().map(trace).collect()
}

fn by_index(
    tasks: usize,
    rows: &[(&str, f64, &str)],
    index: &BTreeMap<&str, usize>,
) -> Vec<Option<f64>> {
    let mut run = vec![None; tasks];
    for (task, seconds, _) in rows {
        run[index[task]] = Some(*seconds);
    }
    run
}

/// `tests/test_a.py::b[c]` without its folder: the folder moved once, the tests did not.
fn without_folder(test: &str) -> String {
    let (file, rest) = test.split_once("::").unwrap_or((test, ""));
    format!("{}::{rest}", file.rsplit('/').next().unwrap_or(file))
}

/// Day and seconds of every test.
type Snapshot = (f64, BTreeMap<String, f64>);

/// One trace for each system of `durations/conda-lock/`: independent tests. A snapshot that repeats
/// the figures of an earlier one was not measured again and is left out.
pub(crate) fn snapshots(data: &Path) -> Vec<Trace> {
    let mut systems: BTreeMap<String, Vec<Snapshot>> = BTreeMap::new();
    for path in files(&data.join("durations/conda-lock"), "json") {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let mut parts = stem.split('_');
        let day = parts.next().and_then(day_number).unwrap_or_default();
        let system = parts.nth(1).and_then(|s| s.split('-').next()).unwrap_or_default();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let Ok(recorded) = serde_json::from_str::<BTreeMap<String, f64>>(&text) else { continue };
        let seconds: BTreeMap<String, f64> =
            recorded.iter().map(|(test, seconds)| (without_folder(test), *seconds)).collect();
        let seen = systems.entry(system.to_owned()).or_default();
        let figures = |run: &BTreeMap<String, f64>| run.values().sum::<f64>().to_bits();
        if !seen.iter().any(|(_, run)| figures(run) == figures(&seconds)) {
            seen.push((day, seconds));
        }
    }
    let trace = |(system, runs): (String, Vec<Snapshot>)| {
        let names: BTreeSet<&String> = runs.iter().flat_map(|(_, run)| run.keys()).collect();
        let played = runs
            .iter()
            .map(|(_, run)| names.iter().map(|name| run.get(*name).copied()).collect())
            .collect();
        Trace {
            name: format!("conda-lock {system}"),
            parents: vec![Vec::new(); names.len()],
            runs: played,
            days: runs.iter().map(|(day, _)| *day).collect(),
        }
    };
    systems.into_iter().map(trace).collect()
}

/// `2024-09-11` as a number of days.
fn day_number(date: &str) -> Option<f64> {
    let mut parts = date.split('-').map(|part| part.parse::<f64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    Some(365.25 * year + 30.44 * (month - 1.0) + day)
}
