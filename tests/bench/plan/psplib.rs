//! PSPLIB (Kolisch and Sprecher 1997): projects of 30, 60 and 120 jobs with four resources, against
//! the best makespans known. `psplib/<set>/*.sm` and `psplib/<set>_bounds.csv`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use wt_orch::domain::plan::Effort;
use wt_orch::domain::plan::schedule::{Instance, InstanceJob, Schedule, search};

use crate::clock::Stopwatch;
use crate::table::{Limit, Row};

/// When a search ends.
#[derive(Clone, Copy)]
enum Budget {
    Time(Duration),
    Schedules(usize),
}

/// Budgets with what the mean deviation may be at most on each of [`SETS`].
const BUDGETS: [(&str, Budget, [f64; 3]); 3] = [
    ("50 ms", Budget::Time(Duration::from_millis(50)), [0.25, 0.9, 3.5]),
    ("1,000 schedules", Budget::Schedules(1000), [0.45, 1.1, 3.8]),
    // Less than the limit: the time is looked at between schedules.
    ("under 1 ms", Budget::Time(Duration::from_micros(900)), [1.6, 2.3, 6.3]),
];

const SETS: [&str; 3] = ["j30", "j60", "j120"];

struct Project {
    jobs: Vec<InstanceJob>,
    capacities: Vec<u64>,
    best_known: f64,
}

/// Sums over the instances of a set.
#[derive(Default)]
struct Sum {
    deviation: f64,
    milliseconds: f64,
    schedules: f64,
}

pub(crate) fn rows(data: &Path) -> Vec<Row> {
    SETS.into_iter().enumerate().flat_map(|(at, set)| rows_of(data, set, at)).collect()
}

fn rows_of(data: &Path, set: &str, at: usize) -> Vec<Row> {
    let name = set.to_uppercase();
    let (projects, left_out) = load(&data.join("psplib"), set);
    let shown = |quantity: String, measured: f64, unit: &'static str| Row {
        quantity,
        measured,
        unit,
        limit: Limit::Shown,
    };
    let left_out = (left_out > 0).then(|| {
        shown(format!("{name}: left out, without bounds or damaged"), left_out as f64, "")
    });
    if projects.is_empty() {
        let missing = Row::missing(&format!("psplib/{set}: instances with bounds"));
        return std::iter::once(missing).chain(left_out).collect();
    }
    let count = projects.len() as f64;
    let mut rows = vec![shown(format!("{name}: instances"), count, "")];
    rows.extend(left_out);
    let (mut made, mut feasible, mut within) = (0.0, 0.0, 0.0);
    for (budget_name, budget, limits) in BUDGETS {
        let mut sum = Sum::default();
        for project in &projects {
            let stopwatch = Stopwatch::started();
            let found = project.search(budget, &stopwatch);
            sum.milliseconds += stopwatch.milliseconds();
            sum.schedules += found.made as f64;
            let makespan = found.makespan as f64;
            sum.deviation += (makespan - project.best_known) / project.best_known * 100.0;
            made += 1.0;
            feasible += f64::from(u8::from(project.is_feasible(&found)));
            let total: u64 = project.jobs.iter().map(|job| job.duration).sum();
            within += f64::from(u8::from(found.makespan <= total));
        }
        rows.push(Row {
            quantity: format!("{name}: mean over best known, {budget_name}"),
            measured: sum.deviation / count,
            unit: "%",
            limit: Limit::AtMost(limits[at]),
        });
        rows.push(shown(
            format!("{name}: time each, {budget_name}"),
            sum.milliseconds / count,
            "ms",
        ));
        if let Budget::Time(_) = budget {
            let schedules = (sum.schedules / count).round();
            rows.push(shown(format!("{name}: schedules each, {budget_name}"), schedules, ""));
        }
    }
    for (what, share) in [("feasible", feasible), ("not above the sum of durations", within)] {
        rows.push(Row {
            quantity: format!("{name}: schedules that are {what}"),
            measured: share / made * 100.0,
            unit: "%",
            limit: Limit::AtLeast(100.0),
        });
    }
    rows
}

impl Project {
    /// From the project as it was read: preparing counts as searching.
    fn search(&self, budget: Budget, stopwatch: &Stopwatch) -> Schedule {
        let instance = Instance::new(&self.jobs, &self.capacities)
            .unwrap_or_else(|circle| panic!("a project of the library: {circle}"));
        match budget {
            Budget::Schedules(schedules) => {
                search(&instance, &Effort { schedules, out_of_time: None }, 1)
            }
            Budget::Time(limit) => {
                let is_up = || stopwatch.has_passed(limit);
                let effort = Effort { schedules: usize::MAX, out_of_time: Some(&is_up) };
                search(&instance, &effort, 1)
            }
        }
    }

    /// Looks at every unit of time; nothing of what makes schedules is used.
    fn is_feasible(&self, found: &Schedule) -> bool {
        let end = |job: usize| found.starts[job] + self.jobs[job].duration;
        let in_order = self.jobs.iter().enumerate().all(|(then, job)| {
            job.predecessors.iter().all(|&first| end(first) <= found.starts[then])
        });
        let makespan = (0..self.jobs.len()).map(end).max().unwrap_or(0);
        let has_room = |now: u64| {
            let mut free = self.capacities.clone();
            let running =
                (0..self.jobs.len()).filter(|&job| found.starts[job] <= now && now < end(job));
            running.flat_map(|job| &self.jobs[job].demands).all(|&(resource, units)| {
                free[resource].checked_sub(units).map(|left| free[resource] = left).is_some()
            })
        };
        in_order && makespan == found.makespan && (0..makespan).all(has_room)
    }
}

/// Projects with bounds, in the order of their names, and how many files are none.
fn load(folder: &Path, set: &str) -> (Vec<Project>, usize) {
    let bounds = fs::read_to_string(folder.join(format!("{set}_bounds.csv"))).unwrap_or_default();
    let best_known: BTreeMap<&str, f64> = bounds
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(',').map(str::trim);
            let (instance, _, upper) = (cells.next()?, cells.next()?, cells.next()?);
            Some((instance.trim_end_matches(".sm"), upper.parse().ok()?))
        })
        .collect();
    let files = fs::read_dir(folder.join(set)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "sm"));
    paths.sort();
    let project = |path: &std::path::PathBuf| {
        let best_known = *best_known.get(path.file_stem()?.to_str()?)?;
        parse(&fs::read_to_string(path).ok()?, best_known)
    };
    let projects: Vec<Project> = paths.iter().filter_map(project).collect();
    let left_out = paths.len() - projects.len();
    (projects, left_out)
}

/// Reads a `.sm` file.
fn parse(text: &str, best_known: f64) -> Option<Project> {
    let part = |title: &str, heads: usize| {
        let at = text.lines().position(|line| line.starts_with(title))?;
        let lines = text.lines().skip(at + 1 + heads);
        Some(lines.map_while(numbers).collect::<Vec<_>>())
    };
    let mut jobs: Vec<InstanceJob> = part("REQUESTS/DURATIONS", 2)?
        .into_iter()
        .enumerate()
        .map(|(key, line)| {
            let demands = line.get(3..)?.iter().copied().enumerate();
            let demands = demands.filter(|(_, units)| *units > 0).collect();
            Some(InstanceJob { duration: line[2], demands, key, ..InstanceJob::default() })
        })
        .collect::<Option<_>>()?;
    for line in part("PRECEDENCE RELATIONS", 1)? {
        let [job, _, _, successors @ ..] = &line[..] else { return None };
        for next in successors {
            let first = usize::try_from(*job).ok()?.checked_sub(1)?;
            let then = usize::try_from(*next).ok()?.checked_sub(1)?;
            jobs.get_mut(then)?.predecessors.push(first);
        }
    }
    let capacities = part("RESOURCEAVAILABILITIES", 1)?.into_iter().next()?;
    Some(Project { jobs, capacities, best_known })
}

/// A line of numbers and nothing else.
fn numbers(line: &str) -> Option<Vec<u64>> {
    let numbers: Vec<u64> =
        line.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}
