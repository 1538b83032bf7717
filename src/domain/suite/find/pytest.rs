//! Folders of tests for pytest.
//!
//! A Python project is a folder with a manifest or settings of pytest; where there is neither around
//! one, a folder with a `conftest.py`, or the one around a folder of tests. Its test files are those that pytest collects there. They are
//! one module for each outermost folder named `tests` or `test` (or named by `testpaths`); where there
//! is none, for each folder at the top of the project. A folder whose test files all lie in at least
//! two folders of its own, such as `unit` and `integration`, is a module for each of those.

mod settings;
mod unsettled;

use std::collections::{BTreeMap, BTreeSet};

use settings::Settings;

use super::Search;
use super::draft::{Draft, everything, in_folder, place, whole};
use super::tree::{file_name, joined, parent, upward, within};
use crate::domain::suite::{ModuleKind, Unit};

/// Files that settings of pytest can stand in, the one that counts first.
pub(super) const SETTINGS: [&str; 5] =
    ["pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"];

/// Beside those, what makes a folder a Python project.
const MARKER: &str = "setup.py";

/// Beyond these, folders of one project are put together by its top folders.
const MOST_FOLDERS: usize = 24;

/// Beyond these, a folder of tests is not taken apart.
const MOST_SUBFOLDERS: usize = 16;

/// Finds folders of tests.
pub(super) fn find(search: &Search<'_>, notes: &mut Vec<String>) -> Vec<Draft> {
    let markers: Vec<&str> = SETTINGS.iter().copied().chain([MARKER]).collect();
    let roots = roots(search, &markers);
    let known: BTreeSet<&str> = roots.iter().copied().collect();
    let mut drafts = Vec::new();
    for &root in &roots {
        if search.tree.is_foreign(root, &markers) {
            continue;
        }
        let settings = Settings::read(search, root, notes);
        let collected: Vec<&str> = search
            .tree
            .below(root)
            .iter()
            .copied()
            .filter(|path| innermost(path, &known) == Some(root))
            .filter(|path| settings.collects(within(path, root).unwrap_or_default()))
            .collect();
        let groups = grouped(root, &collected, &settings);
        let is_whole = groups.len() == 1;
        for (folder, files) in groups {
            drafts.push(draft(root, &folder, &files, is_whole, &settings));
        }
    }
    for (root, files) in unsettled::projects(search, &known, notes) {
        let settings = Settings::read(search, root, notes);
        for (folder, files) in grouped(root, &files, &settings) {
            // Never as a whole: without settings, pytest would enter what is left out here.
            drafts.push(draft(root, &folder, &files, false, &settings));
        }
    }
    drafts
}

/// Folders of Python projects, outer ones first.
fn roots<'a>(search: &Search<'a>, markers: &[&str]) -> Vec<&'a str> {
    let mut roots: BTreeSet<&str> =
        markers.iter().flat_map(|name| search.tree.folders_with(name)).collect();
    for folder in search.tree.folders_with("conftest.py") {
        if !upward(folder).any(|outer| roots.contains(outer)) {
            roots.insert(folder);
        }
    }
    let mut roots: Vec<&str> = roots.into_iter().collect();
    roots.sort_by_key(|folder| (folder.len(), *folder));
    roots
}

/// The project that a file belongs to.
fn innermost<'r>(path: &str, roots: &BTreeSet<&'r str>) -> Option<&'r str> {
    upward(parent(path)).find_map(|folder| roots.get(folder).copied())
}

/// Test files by the folder of their module, seen from the root of the repository.
fn grouped<'a>(
    root: &str,
    files: &[&'a str],
    settings: &Settings,
) -> BTreeMap<String, Vec<&'a str>> {
    let by = |folder: &dyn Fn(&str) -> String| {
        let mut groups: BTreeMap<String, Vec<&'a str>> = BTreeMap::new();
        for &file in files {
            let inner = parent(within(file, root).unwrap_or_default());
            groups.entry(folder(inner)).or_default().push(file);
        }
        groups
    };
    let first = |inner: &str| inner.split('/').next().unwrap_or_default().to_owned();
    let outermost = |inner: &str| {
        let named = |folder: &&str| {
            ["tests", "test"].contains(&file_name(folder)) || settings.names(folder)
        };
        ancestors(inner).into_iter().find(named).map_or_else(|| first(inner), str::to_owned)
    };
    let mut groups = by(&outermost);
    if groups.len() > MOST_FOLDERS {
        groups = by(&first);
    }
    let mut all = BTreeMap::new();
    for (inner, files) in groups {
        let folder = joined(root, &inner);
        let parts = subfolders(&folder, &files);
        if inner.is_empty() || parts.contains("") || !(2..=MOST_SUBFOLDERS).contains(&parts.len()) {
            all.insert(folder, files);
            continue;
        }
        for part in parts {
            let part = joined(&folder, part);
            let own = files.iter().copied().filter(|file| within(file, &part).is_some());
            all.insert(part.clone(), own.collect());
        }
    }
    all
}

/// Folders at the top of one that hold these files; empty for files in the folder itself.
fn subfolders<'a>(folder: &str, files: &[&'a str]) -> BTreeSet<&'a str> {
    let inner = files.iter().filter_map(|file| within(file, folder));
    inner.map(|inner| inner.split_once('/').map_or("", |(first, _)| first)).collect()
}

/// A folder and those around it, outermost first; without the root.
fn ancestors(folder: &str) -> Vec<&str> {
    let ends = folder.match_indices('/').map(|(at, _)| at);
    let all = ends.chain([folder.len()]).map(|end| &folder[..end]);
    all.filter(|folder| !folder.is_empty()).collect()
}

fn draft(root: &str, folder: &str, files: &[&str], is_whole: bool, settings: &Settings) -> Draft {
    let inner = |path: &str| within(path, root).unwrap_or_default().to_owned();
    // From the project's own folder: what tests import may lie there.
    let stem = in_folder(root, &["python3", "-m", "pytest", "--junitxml={report}"]);
    let arguments: Vec<String> = match inner(folder) {
        own if own.is_empty() && is_whole => Vec::new(),
        own if own.is_empty() => files.iter().map(|file| inner(file)).collect(),
        own => vec![own],
    };
    let words = stem.iter().cloned().chain(arguments).collect();
    let name = match folder {
        "" => settings.project.as_deref().unwrap_or("pytest"),
        folder => folder,
    };
    let mut module = whole(name, ModuleKind::Pytest, folder, words);
    module.stem = stem;
    let count = match files.len() {
        1 => "1 test file".to_owned(),
        count => format!("{count} test files"),
    };
    module.why = format!("{count} for pytest {}", place(folder));
    let unit = |file: &&str| Unit { name: inner(file), words: vec![inner(file)], alone: false };
    module.units = files.iter().map(unit).collect();
    // Nothing says which source is tested by which file: all of the project.
    match root {
        "" => module.paths = everything(),
        root => module.areas.push(root.to_owned()),
    }
    if folder.is_empty() {
        module.areas.extend(files.iter().map(|file| (*file).to_owned()));
    } else if folder != root {
        module.areas.push(folder.to_owned());
    }
    Draft { key: format!("pytest {folder}"), module, uses: BTreeSet::new() }
}

#[cfg(test)]
mod tests;
