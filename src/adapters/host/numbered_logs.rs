//! The logs of validations: one for each run, of which the latest are kept, and the latest of those
//! that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::id::slugify;

/// Logs kept of each validation, however it came out.
const LATEST: usize = 5;
/// Logs kept of each validation where it failed.
const LATEST_RED: usize = 20;

const END: &str = ".validate.log";

/// The logs of one run's validations.
#[derive(Debug)]
pub struct NumberedLogs {
    folder: PathBuf,
    /// The last number given to each validation.
    given: BTreeMap<String, u32>,
}

impl NumberedLogs {
    /// Those in a folder.
    pub fn of(folder: PathBuf) -> Self {
        Self { folder, given: BTreeMap::new() }
    }

    /// The place of the next log of a validation.
    pub fn next_for(&mut self, validation: &str) -> PathBuf {
        let slug = slugify(validation);
        let known = || numbers(&self.folder, &slug).last().copied().unwrap_or(0);
        let last = self.given.get(&slug).copied().unwrap_or_else(known);
        let path = self.place(&slug, last + 1);
        self.given.insert(slug, last + 1);
        path
    }

    /// Deletes older logs of a validation, but not those in use. What cannot be deleted stays.
    pub fn prune(&self, validation: &str, red: &BTreeSet<PathBuf>, used: &BTreeSet<PathBuf>) {
        let slug = slugify(validation);
        let (mut latest, mut latest_red) = (LATEST, LATEST_RED);
        for number in numbers(&self.folder, &slug).into_iter().rev() {
            let path = self.place(&slug, number);
            let is_kept = used.contains(&path)
                || counted(&mut latest)
                || (red.contains(&path) && counted(&mut latest_red));
            if !is_kept {
                let _in_nobodys_way = fs::remove_file(&path);
            }
        }
    }

    fn place(&self, slug: &str, number: u32) -> PathBuf {
        self.folder.join(format!("{slug}.{number}{END}"))
    }
}

/// Whether one more may be kept.
fn counted(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

/// Numbers of the logs of a validation, ascending.
fn numbers(folder: &Path, slug: &str) -> Vec<u32> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<u32> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix(slug)?.strip_prefix('.')?;
            rest.strip_suffix(END)?.parse().ok()
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
