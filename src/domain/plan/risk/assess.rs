//! From what is known to a probability for each pair of tasks that may run side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::{BranchOverlap, CoChange, PairRisk, Risk, UnmergedBranch, folder};
use crate::domain::plan::history::History;
use crate::domain::plan::reach::Reach;
use crate::domain::task::{Claims, Task};

/// Two tasks that change other files of one folder (`research/scheduling.md` §4; judgement).
const SAME_FOLDER: f64 = 0.05;

/// Tasks of one folder for which [`SAME_FOLDER`] was judged. Where there are more, each pair counts
/// less, so that what one task may expect of all the others together stays the same.
const USUAL_TASKS: f64 = 5.0;

/// Two tasks whose files always changed together. Judgement: more than the same folder, and half of
/// the .4 that `research/scheduling.md` §4 gives to the same file, since a merge of other files can
/// fail only at the validation.
const COUPLED: f64 = 0.2;

/// Commits in common below which there is no talk of a habit.
const LEAST_TOGETHER: u32 = 2;

/// What unknown tasks may do at most: the same file.
const SAME_FILE: f64 = 0.4;

/// Pairs of branches without a conflict that are assumed beside those observed.
const PRIOR_PAIRS: f64 = 10.0;

/// Most pairs that one reason may give; beyond them nobody reads and no simulation gains.
const MOST_PAIRS: usize = 20_000;

/// What is known beforehand.
#[derive(Debug, Clone, Copy)]
pub struct RiskFacts<'a> {
    /// The tasks; indices are those of the plan.
    pub tasks: &'a [Task],
    /// Habits of the past.
    pub co_change: &'a CoChange,
    /// Branches that are not merged into the base.
    pub branches: &'a [UnmergedBranch],
    /// Past runs.
    pub history: &'a History,
}

impl Risk {
    /// Assesses every pair of tasks that may be worked on at the same time. Pairs whose claims
    /// overlap or that wait for one another are left out: they are kept apart. Other owners are 0,
    /// unless they share a folder or the habit of changing together; tasks without `owns` are 0 until
    /// past runs of this repository had conflicts.
    pub fn assess(facts: RiskFacts<'_>) -> Self {
        let tasks = facts.tasks;
        let writes = |task: &Task| !task.read_only && !task.work.is_gate();
        let unknown: Vec<usize> = (0..tasks.len())
            .filter(|&index| writes(&tasks[index]) && tasks[index].owns.is_none())
            .collect();
        let owners: Vec<(usize, &Claims)> = (0..tasks.len())
            .filter(|&index| writes(&tasks[index]))
            .filter_map(|index| Some((index, tasks[index].owns.as_ref()?)))
            .collect();
        let reach = Reach::of(tasks);
        let mut pairs: BTreeMap<(usize, usize), (f64, String)> = BTreeMap::new();
        let mut add = |a: usize, b: usize, probability: f64, why: String| {
            let known = pairs.entry((a, b)).or_insert_with(|| (0.0, String::new()));
            if probability > known.0 {
                *known = (probability, why);
            }
        };
        for (a, b, probability, why) in
            same_folder(&owners).into_iter().chain(coupled(&owners, facts.co_change))
        {
            let disjoint = |one: &Claims, other: &Claims| one.overlap(other).is_empty();
            let free = tasks[a].owns.as_ref().zip(tasks[b].owns.as_ref());
            if !reach.orders(a, b) && free.is_some_and(|(one, other)| disjoint(one, other)) {
                add(a, b, probability, why);
            }
        }
        for (a, b, probability, why) in beside_unknown(tasks, &unknown, facts.history, &reach) {
            add(a, b, probability, why);
        }
        let pair = |((a, b), (probability, why))| PairRisk { a, b, probability, why };
        Self {
            pairs: pairs.into_iter().map(pair).collect(),
            branches: overlaps(&owners, facts.branches),
            unknown,
        }
    }
}

type Found = (usize, usize, f64, String);

fn same_folder(owners: &[(usize, &Claims)]) -> Vec<Found> {
    let mut folders: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (index, owns) in owners {
        for folder in owns.globs().filter_map(folder::covered) {
            folders.entry(folder).or_default().insert(*index);
        }
    }
    let mut found = Vec::new();
    for (folder, tasks) in folders {
        let others = (tasks.len() as f64 - 1.0).max(1.0);
        let probability = SAME_FOLDER * f64::min(1.0, (USUAL_TASKS - 1.0) / others);
        let tasks: Vec<usize> = tasks.into_iter().collect();
        let pairs = tasks
            .iter()
            .enumerate()
            .flat_map(|(at, &a)| tasks[at + 1..].iter().map(move |&b| (a, b)));
        let room = MOST_PAIRS.saturating_sub(found.len());
        found.extend(
            pairs
                .take(room)
                .map(|(a, b)| (a, b, probability, format!("both change files in `{folder}`"))),
        );
    }
    found
}

fn coupled(owners: &[(usize, &Claims)], co_change: &CoChange) -> Vec<Found> {
    let writes: BTreeSet<usize> = owners.iter().map(|(index, _)| *index).collect();
    let habits = co_change.together.iter().filter(|((a, b), times)| {
        **times >= LEAST_TOGETHER && writes.contains(a) && writes.contains(b)
    });
    let found = habits.map(|(&(a, b), times)| {
        let why =
            format!("{times} of the last {} commits changed files of both", co_change.commits);
        (a, b, COUPLED * co_change.coupling(a, b), why)
    });
    found.take(MOST_PAIRS).collect()
}

/// Pairs of which at least one task may write anything, once past runs had conflicts.
fn beside_unknown(
    tasks: &[Task],
    unknown: &[usize],
    history: &History,
    reach: &Reach,
) -> Vec<Found> {
    let Some((probability, why)) = observed(history) else { return Vec::new() };
    let mut found = Vec::new();
    for &a in unknown {
        for (b, other) in tasks.iter().enumerate() {
            let once = a < b || other.owns.is_some();
            let writes = !other.read_only && !other.work.is_gate();
            if a != b && once && writes && !reach.orders(a, b) {
                found.push((a.min(b), a.max(b), probability, why.clone()));
                if found.len() == MOST_PAIRS {
                    return found;
                }
            }
        }
    }
    found
}

/// How likely two branches of a run conflicted so far, drawn to none by [`PRIOR_PAIRS`]; `None`
/// when none ever did.
fn observed(history: &History) -> Option<(f64, String)> {
    let (mut conflicts, mut branches, mut pairs) = (0_u64, 0_u64, 0.0);
    for run in history.runs.iter().filter(|run| run.width > 1) {
        let Some(failed) = run.conflicts else { continue };
        conflicts += u64::from(failed);
        branches += u64::from(run.branches);
        pairs += f64::from(run.branches) * (f64::from(run.branches) - 1.0).max(0.0) / 2.0;
    }
    let probability = (conflicts as f64 / (pairs + PRIOR_PAIRS)).min(SAME_FILE);
    let why = format!(
        "{conflicts} of {branches} branches of past runs conflicted, and not both say what they own"
    );
    (conflicts > 0).then_some((probability, why))
}

fn overlaps(owners: &[(usize, &Claims)], branches: &[UnmergedBranch]) -> Vec<BranchOverlap> {
    let of_branch = |branch: &UnmergedBranch| {
        let of_task = |(task, owns): &(usize, &Claims)| {
            let shared = branch.paths.iter().filter(|path| owns.matches(path));
            let paths: Vec<String> = shared.cloned().collect();
            (!paths.is_empty()).then(|| BranchOverlap {
                branch: branch.name.clone(),
                commits: branch.commits,
                task: *task,
                paths,
                collides: None,
            })
        };
        owners.iter().filter_map(of_task).collect::<Vec<_>>()
    };
    branches.iter().flat_map(of_branch).collect()
}
