//! Test files in no Python project: pytest needs neither a manifest nor settings.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tree::{file_name, joined, parent, within};
use super::super::{Search, cargo, go, node};
use super::settings::Settings;
use super::{ancestors, innermost};
use crate::domain::diagnostic::some_quoted;

/// Files named in the note.
const NAMED: usize = 5;

/// What other people's packages are installed in.
const INSTALLED: &str = "site-packages";

/// What makes a folder one of Python beside the project of another language.
const PACKAGES: [&str; 4] =
    ["requirements.txt", "requirements-dev.txt", "requirements-test.txt", "Pipfile"];

/// Test files outside of all known projects, by the folder that they are a project of: the one around
/// their outermost `tests` or `test`, or the root of the repository for those at its top. What may be
/// something else is left out and noted.
pub(super) fn projects<'a>(
    search: &Search<'a>,
    known: &BTreeSet<&str>,
    notes: &mut Vec<String>,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let defaults = Settings::read(search, "", &mut Vec::new());
    let mut projects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut left_out = Vec::new();
    if known.contains("") {
        return projects;
    }
    for &path in search.tree.below("") {
        let folder = parent(path);
        let vendored = || {
            search.tree.is_foreign(folder, &[]) || folder.split('/').any(|part| part == INSTALLED)
        };
        if !defaults.collects(path) || innermost(path, known).is_some() || vendored() {
            continue;
        }
        match around(folder).filter(|root| is_of_python(search, root)) {
            Some(root) => projects.entry(root).or_default().push(path),
            None => left_out.push(path),
        }
    }
    if !left_out.is_empty() {
        notes.push(format!(
            "test files of Python in no Python project are left out: {}; an empty `pytest.ini` in \
             their folder makes it one",
            some_quoted(&left_out, NAMED)
        ));
    }
    projects
}

/// The folder around the outermost folder of tests.
fn around(folder: &str) -> Option<&str> {
    if folder.is_empty() {
        return Some(folder);
    }
    let outermost =
        ancestors(folder).into_iter().find(|outer| ["tests", "test"].contains(&file_name(outer)));
    outermost.map(parent)
}

/// Whether tests of Python are meant there: those of another language feed theirs with scripts, too.
fn is_of_python(search: &Search<'_>, root: &str) -> bool {
    let others = [cargo::MANIFEST, node::MANIFEST, go::MANIFEST];
    let has = |name: &&str| search.tree.has(&joined(root, name));
    let own = search.tree.below(root).iter().filter_map(|path| within(path, root));
    let has_source = || own.clone().any(|path| parent(path).is_empty() && path.ends_with(".py"));
    !search.tree.is_foreign(root, &others)
        && (!others.iter().any(has) || PACKAGES.iter().any(has) || has_source())
}
