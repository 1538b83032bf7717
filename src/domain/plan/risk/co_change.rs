//! How often commits of the past changed files of two tasks together.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::above_wildcards;
use crate::domain::task::{Claims, Task};

/// A commit that changes more files than this says nothing about which belong together: it
/// reformats, renames, or brings everything in. Zimmermann et al. (2005) draw the line at 30.
const MOST_FILES: usize = 30;

/// Where one commit changed files of more tasks than this, most of them own the same files, and are
/// kept apart anyway.
const MOST_TASKS: usize = 30;

/// Counts over the latest commits of the base, by index of the task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoChange {
    /// Commits that were counted.
    pub commits: u32,
    /// Commits that changed a file of each task.
    pub touched: Vec<u32>,
    /// Commits that changed files of both, by pair with the smaller index first.
    pub together: BTreeMap<(usize, usize), u32>,
}

impl CoChange {
    /// Counts commits, each as the paths that it changed. Tasks without `owns` are touched by none.
    pub fn count(tasks: &[Task], commits: &[Vec<String>]) -> Self {
        let mut owners = Owners::of(tasks);
        let mut counted = Self { touched: vec![0; tasks.len()], ..Self::default() };
        for paths in commits.iter().filter(|paths| (1..=MOST_FILES).contains(&paths.len())) {
            counted.commits += 1;
            let mut touched = BTreeSet::new();
            for path in paths {
                touched.extend(owners.of_path(path));
            }
            for &task in &touched {
                counted.touched[task] += 1;
            }
            if touched.len() > MOST_TASKS {
                continue;
            }
            let touched: Vec<usize> = touched.into_iter().collect();
            for (at, &a) in touched.iter().enumerate() {
                for &b in &touched[at + 1..] {
                    *counted.together.entry((a, b)).or_default() += 1;
                }
            }
        }
        counted
    }

    /// How much more often two tasks' files changed together than they would by chance, as a share
    /// of the changes of the rarer one: 0 when not, 1 when it never changed without the other in
    /// very many commits. Four further changes of the rarer one alone are assumed, so that a few
    /// commits say little.
    pub fn coupling(&self, a: usize, b: usize) -> f64 {
        let both = self.together.get(&(a.min(b), a.max(b))).copied().unwrap_or(0);
        let times = |task: usize| f64::from(self.touched.get(task).copied().unwrap_or(0));
        let by_chance = times(a) * times(b) / f64::from(self.commits.max(1));
        let excess = (f64::from(both) - by_chance).max(0.0);
        excess / (times(a).min(times(b)) + 4.0)
    }
}

/// Who owns a path; each path is looked up once.
struct Owners<'a> {
    claims: Vec<(usize, Vec<&'a str>, &'a Claims)>,
    known: BTreeMap<String, Vec<usize>>,
}

impl<'a> Owners<'a> {
    fn of(tasks: &'a [Task]) -> Self {
        let claims = tasks.iter().enumerate().filter_map(|(index, task)| {
            let owns = task.owns.as_ref()?;
            Some((index, owns.globs().map(above_wildcards).collect(), owns))
        });
        Self { claims: claims.collect(), known: BTreeMap::new() }
    }

    fn of_path(&mut self, path: &str) -> &[usize] {
        let Self { claims, known } = self;
        known.entry(path.to_owned()).or_insert_with(|| {
            let below = |folder: &&str| path.starts_with(*folder);
            let owners = claims
                .iter()
                .filter(|(_, folders, owns)| folders.iter().any(below) && owns.matches(path));
            owners.map(|(index, ..)| *index).collect()
        })
    }
}
