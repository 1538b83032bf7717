//! Packages of go modules, in groups.
//!
//! A go module can have hundreds of packages; each as a module of its own would cost more than its
//! tests. One group is what lies below one folder at the top of the go module, or below one folder of
//! a folder that only sorts others (`internal/x`, `pkg/x`, `cmd/x`, …). The package at the top is a
//! group of its own, and so is one that lies in such a sorting folder itself.

use std::collections::{BTreeMap, BTreeSet};

use super::Search;
use super::draft::{Draft, Package, connected, in_folder, place, whole};
use super::tree::{file_name, joined, parent, within};
use crate::domain::suite::{ModuleKind, Unit};

/// What a manifest is called.
pub(super) const MANIFEST: &str = "go.mod";

/// More files of go than these are not read for what they import.
pub(super) const MOST_FILES: usize = 4000;

/// What all packages of a go module are built with, in its root.
const SHARED: [&str; 2] = [MANIFEST, "go.sum"];

/// Folders at the top of a go module that only sort others.
const SORTING: [&str; 12] = [
    "apps",
    "cmd",
    "components",
    "internal",
    "lib",
    "libs",
    "modules",
    "packages",
    "pkg",
    "services",
    "src",
    "tools",
];

/// Finds groups with tests.
pub(super) fn find(search: &Search<'_>, notes: &mut Vec<String>) -> Vec<Draft> {
    let folders = search.tree.folders_with(MANIFEST);
    let roots: Vec<GoModule<'_>> = folders
        .iter()
        .filter(|folder| !search.tree.is_foreign(folder, &[MANIFEST]))
        .filter_map(|folder| GoModule::read(search, folder, &folders, notes))
        .collect();
    let mut packages = Vec::new();
    let mut places: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (number, module) in roots.iter().enumerate() {
        for (key, group) in &module.groups {
            places.insert((number, key), packages.len());
            packages.push(module.package(key, group));
        }
    }
    let all: BTreeSet<usize> = (0..packages.len()).collect();
    let mut unread = false;
    for (number, module) in roots.iter().enumerate() {
        for (key, group) in &module.groups {
            let at = places[&(number, key.as_str())];
            let uses = uses(search, group, &roots, &places);
            unread |= uses.is_none();
            packages[at].uses = uses.unwrap_or_else(|| all.clone());
            packages[at].uses.remove(&at);
        }
    }
    if unread {
        notes.push(
            "not every file of go could be read for its imports: groups of packages count as using \
             all others"
                .to_owned(),
        );
    }
    connected(packages)
}

/// Groups that one imports; `None` when that cannot be told.
fn uses(
    search: &Search<'_>,
    group: &Group<'_>,
    roots: &[GoModule<'_>],
    places: &BTreeMap<(usize, &str), usize>,
) -> Option<BTreeSet<usize>> {
    let mut uses = BTreeSet::new();
    for file in &group.files {
        let text = search.texts.get(*file)?;
        for (number, module) in roots.iter().enumerate() {
            for rest in mentions(text, &module.path) {
                uses.extend(places.get(&(number, &*group_of(rest))));
            }
        }
    }
    Some(uses)
}

/// What follows a go module's path in each string of a text that begins with it. Strings that are no
/// imports make groups use what they don't; none is missed.
fn mentions<'t>(text: &'t str, path: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(path) {
        let quote = text[..at].chars().next_back().filter(|quote| "\"`".contains(*quote));
        let Some(quote) = quote else { continue };
        let rest = &text[at + path.len()..];
        let rest = rest.split([quote, '\n']).next().unwrap_or_default();
        if rest.is_empty() || rest.starts_with('/') {
            found.push(rest.trim_start_matches('/'));
        }
    }
    found
}

/// The group of a package, by its folder seen from the root of the go module.
fn group_of(folder: &str) -> String {
    let mut parts = folder.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (first, Some(second)) if SORTING.contains(&first) => format!("{first}/{second}"),
        (first, _) => first.to_owned(),
    }
}

struct GoModule<'a> {
    folder: &'a str,
    /// What imports of its packages begin with.
    path: String,
    groups: BTreeMap<String, Group<'a>>,
}

#[derive(Default)]
struct Group<'a> {
    files: Vec<&'a str>,
    /// Folders of packages with tests, seen from the root of the go module.
    tested: BTreeSet<&'a str>,
}

impl<'a> GoModule<'a> {
    fn read(
        search: &Search<'a>,
        folder: &'a str,
        folders: &[&str],
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let file = joined(folder, MANIFEST);
        let text = search.texts.get(&file)?;
        let Some(path) = module_path(text) else {
            notes.push(format!("{file}:1: no line names the module"));
            return None;
        };
        let nested: Vec<&str> = folders
            .iter()
            .copied()
            .filter(|other| within(other, folder).is_some_and(|rest| !rest.is_empty()))
            .collect();
        let mut groups: BTreeMap<String, Group<'a>> = BTreeMap::new();
        for &file in search.tree.below(folder) {
            let at = parent(file);
            if !file.ends_with(".go") || nested.iter().any(|inner| within(at, inner).is_some()) {
                continue;
            }
            let rest = within(at, folder).unwrap_or_default();
            let name = file_name(file);
            // As go has it.
            let ignored = |part: &str| part.starts_with(['_', '.']) || part == "testdata";
            let vendored = rest == "vendor" || rest.starts_with("vendor/");
            if vendored || rest.split('/').any(ignored) || name.starts_with(['_', '.']) {
                continue;
            }
            let group = groups.entry(group_of(rest)).or_default();
            group.files.push(file);
            if name.ends_with("_test.go") {
                group.tested.insert(rest);
            }
        }
        Some(Self { folder, path, groups })
    }

    fn package(&self, key: &str, group: &Group<'_>) -> Package {
        let folder = joined(self.folder, key);
        let draft = (!group.tested.is_empty()).then(|| self.draft(key, &folder, group));
        Package { folder, draft, uses: BTreeSet::new() }
    }

    fn draft(&self, key: &str, folder: &str, group: &Group<'_>) -> Draft {
        let pattern = match key {
            "" => ".".to_owned(),
            key if SORTING.contains(&key) => format!("./{key}"),
            key => format!("./{key}/..."),
        };
        let name = match folder {
            "" => base_name(&self.path),
            folder => folder,
        };
        let stem = ["go", "test", "-v"];
        let words = in_folder(self.folder, &[&stem[..], &[&pattern]].concat());
        let mut module = whole(name, ModuleKind::Go, folder, words);
        module.stem = in_folder(self.folder, &stem);
        module.why = match (key, group.tested.len()) {
            ("", _) => format!("go package {}", place(self.folder)),
            (_, 1) => format!("go package with tests {}", place(folder)),
            (_, count) => format!("{count} go packages with tests {}", place(folder)),
        };
        let unit = |package: &&str| Unit {
            name: (*package).to_owned(),
            words: vec![if package.is_empty() { ".".to_owned() } else { format!("./{package}") }],
            alone: false,
        };
        module.units = group.tested.iter().map(unit).collect();
        let shared = SHARED.iter().map(|name| joined(self.folder, name));
        module.areas = shared.collect();
        if key.is_empty() {
            module.areas.extend(group.files.iter().map(|file| (*file).to_owned()));
            module.areas.push(joined(self.folder, "testdata"));
        } else {
            module.areas.push(folder.to_owned());
        }
        if !self.folder.is_empty() {
            module.areas.push(self.folder.to_owned());
        }
        Draft { key: format!("go {}\n{key}", self.folder), module, uses: BTreeSet::new() }
    }
}

/// The last part of a go module's path that is no version.
fn base_name(path: &str) -> &str {
    let is_version =
        |part: &&str| part.strip_prefix('v').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()));
    path.rsplit('/').find(|part| !part.is_empty() && !is_version(part)).unwrap_or("go")
}

/// The path that a `go.mod` gives its module.
fn module_path(text: &str) -> Option<String> {
    let named = |line: &str| {
        let line = line.split("//").next().unwrap_or_default();
        let rest = line.trim().strip_prefix("module")?;
        let rest = rest.starts_with(char::is_whitespace).then(|| rest.trim())?;
        let path = rest.trim_matches(['"', '`']);
        (!path.is_empty() && !path.contains(char::is_whitespace)).then(|| path.to_owned())
    };
    text.lines().find_map(named)
}

#[cfg(test)]
mod tests;
