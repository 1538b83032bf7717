//! Packages of npm, pnpm and yarn, in workspaces or alone, that have a `test` script.

mod installer;
mod package;
mod patterns;
mod pnpm_list;

use std::collections::{BTreeMap, BTreeSet};

use installer::Installer;
use package::PackageJson;
use patterns::Chosen;

use super::Search;
use super::draft::{Draft, Package, connected, everything, in_folder, place, whole};
use super::tree::{joined, upward, within};
use crate::domain::diagnostic::some_quoted;

/// What a manifest is called.
pub(super) const MANIFEST: &str = "package.json";

/// Where pnpm lists the packages of a workspace.
pub(super) const PNPM_LIST: &str = "pnpm-workspace.yaml";

/// What all packages of a workspace are installed with, in its root.
const SHARED: [&str; 10] = [
    MANIFEST,
    "package-lock.json",
    "npm-shrinkwrap.json",
    PNPM_LIST,
    "pnpm-lock.yaml",
    "yarn.lock",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".yarn",
];

/// Finds packages with tests.
pub(super) fn find(search: &Search<'_>, notes: &mut Vec<String>) -> Vec<Draft> {
    let packages = Packages::read(search, notes);
    let mut all = Vec::new();
    let mut claimed = BTreeSet::new();
    let mut silent = Vec::new();
    for &root in &packages.folders {
        if claimed.contains(root) || search.tree.is_foreign(root, &[MANIFEST]) {
            continue;
        }
        let Some(manifest) = packages.sound.get(root) else { continue };
        let manager = Installer::of(search, root, manifest);
        let Chosen { members, excluded, faults: _ } = packages.members(manager, root, notes);
        claimed.extend(members.iter().chain(&excluded).copied());
        notes.extend(excluded_note(search, &packages, (manager, root), &excluded));
        let is_workspace = members.len() > 1;
        let tested = members.iter().any(|f| *f != root && packages.sound[f].test().is_some());
        for folder in members {
            let member = &packages.sound[folder];
            let leads = is_workspace && folder == root && tested;
            let script = match member.test() {
                Some(script) if leads && runs_members(script) => {
                    let path = joined(root, MANIFEST);
                    notes.push(format!(
                        "{path}: the `test` script runs those of the members and is left out"
                    ));
                    None
                }
                script => script,
            };
            if script.is_none() && is_workspace && folder != root {
                silent.push(folder);
            }
            let draft = script.map(|_| {
                let space = NodeSpace { root, manager, is_workspace };
                space.draft(folder, member)
            });
            let folder = folder.to_owned();
            all.push((Package { folder, draft, uses: BTreeSet::new() }, root));
        }
    }
    if !silent.is_empty() {
        let named = some_quoted(&silent, 5);
        notes.push(format!("members of a workspace without a `test` script: {named}"));
    }
    connected(packages.linked(all))
}

/// That packages with tests are left out as their workspace leaves them out.
fn excluded_note(
    search: &Search<'_>,
    packages: &Packages<'_>,
    (manager, root): (Installer, &str),
    excluded: &[&str],
) -> Option<String> {
    let tested = |folder: &&str| {
        packages.sound[folder].test().is_some() && !search.tree.is_foreign(folder, &[MANIFEST])
    };
    let tested: Vec<&str> = excluded.iter().copied().filter(tested).collect();
    let path = joined(root, list_of(manager));
    (!tested.is_empty()).then(|| {
        format!(
            "{path}: the workspace excludes {}, which is left out; `[test.modules.NAME]` with `run` \
             tests it nevertheless",
            some_quoted(&tested, 5)
        )
    })
}

/// Where a workspace's patterns stand.
fn list_of(manager: Installer) -> &'static str {
    if manager == Installer::Pnpm { PNPM_LIST } else { MANIFEST }
}

/// Whether a script of a workspace's root runs the tests of its members.
fn runs_members(script: &str) -> bool {
    const WORDS: [&str; 11] = [
        "--workspaces",
        "-ws",
        "workspaces",
        "-r",
        "--recursive",
        "--filter",
        "lerna",
        "nx",
        "turbo",
        "wsrun",
        "wireit",
    ];
    script.split(|c: char| c.is_whitespace() || "=;&|()".contains(c)).any(|w| WORDS.contains(&w))
}

struct NodeSpace<'a> {
    root: &'a str,
    manager: Installer,
    is_workspace: bool,
}

impl NodeSpace<'_> {
    fn draft(&self, folder: &str, package: &PackageJson) -> Draft {
        let root = self.root;
        let inner = within(folder, root).unwrap_or_default();
        let words = self.manager.words(inner, package.name.as_deref());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let fallback = if folder.is_empty() { self.manager.as_str() } else { folder };
        let name = package.name.as_deref().unwrap_or(fallback);
        let kind = self.manager.kind();
        let mut module = whole(name, kind, folder, in_folder(root, &words));
        let manager = self.manager.as_str();
        module.why = match self.is_workspace {
            true => format!("`test` script in the {manager} workspace {}", place(root)),
            false => format!("`test` script {} ({manager})", place(folder)),
        };
        // node looks for packages in every folder around, yarn for settings.
        let shared = upward(root).flat_map(|outer| SHARED.map(|name| joined(outer, name)));
        module.areas = shared.collect();
        if !folder.is_empty() {
            module.areas.push(folder.to_owned());
        }
        match root {
            "" if folder.is_empty() => module.paths = everything(),
            "" => {}
            root => module.areas.push(root.to_owned()),
        }
        Draft { key: format!("node {folder}"), module, uses: BTreeSet::new() }
    }
}

/// All manifests that can be read, by their folders.
struct Packages<'a> {
    search: &'a Search<'a>,
    sound: BTreeMap<&'a str, PackageJson>,
    /// Outer ones first.
    folders: Vec<&'a str>,
}

impl<'a> Packages<'a> {
    fn read(search: &'a Search<'a>, notes: &mut Vec<String>) -> Self {
        let (folders, sound) =
            search.manifests(MANIFEST, |_, text| PackageJson::parse(text), notes);
        Self { search, sound, folders }
    }

    /// Folders of the packages that a root manages, itself among them, in their order, and those that it
    /// excludes.
    fn members(&self, manager: Installer, root: &'a str, notes: &mut Vec<String>) -> Chosen<'a> {
        let manifest = &self.sound[root];
        let path = joined(root, PNPM_LIST);
        let patterns = match (manager, self.search.texts.get(&path)) {
            (Installer::Pnpm, Some(text)) => {
                let (patterns, faults) = pnpm_list::parse(text);
                notes.extend(faults.into_iter().map(|fault| format!("{path}:{fault}")));
                patterns
            }
            _ => {
                let faults = manifest.faults.iter();
                notes.extend(faults.map(|fault| format!("{}: {fault}", joined(root, MANIFEST))));
                manifest.workspaces.clone()
            }
        };
        let all = self.folders.iter().copied();
        let below = all.filter(|f| within(f, root).is_some_and(|rest| !rest.is_empty()));
        let below: Vec<&str> = below.filter(|f| self.sound.contains_key(f)).collect();
        let inner = |folder: &'a str| within(folder, root).unwrap_or_default();
        let mut chosen = patterns::chosen(&patterns, below, inner);
        let faults = chosen.faults.drain(..);
        notes.extend(faults.map(|fault| format!("{}: {fault}", joined(root, list_of(manager)))));
        chosen.members.push(root);
        chosen.members.sort_unstable();
        chosen
    }

    /// Packages with the places of the siblings that they name.
    fn linked(&self, all: Vec<(Package, &str)>) -> Vec<Package> {
        let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (at, (package, root)) in all.iter().enumerate() {
            let name = self.sound.get(package.folder.as_str()).and_then(|p| p.name.as_deref());
            if let Some(name) = name {
                places.entry((*root, name)).or_insert(at);
            }
        }
        let uses: Vec<BTreeSet<usize>> = all
            .iter()
            .enumerate()
            .map(|(at, (package, root))| {
                let own = self.sound.get(package.folder.as_str());
                let named = own.into_iter().flat_map(|package| &package.uses);
                let known = named.filter_map(|name| places.get(&(*root, name.as_str())).copied());
                known.filter(|other| *other != at).collect()
            })
            .collect();
        all.into_iter().zip(uses).map(|((p, _), uses)| Package { uses, ..p }).collect()
    }
}

#[cfg(test)]
mod tests;
