//! Packages of cargo workspaces.
//!
//! A manifest with `[workspace]` is a workspace: its members by name and glob, its root package, and
//! what those use by path and lies below the root, without what it excludes. A package that is in no
//! workspace is one of its own. A package below a workspace that is neither a member nor a workspace
//! stays out, as `cargo test --workspace` leaves it out.

mod manifest;
mod members;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use manifest::Manifest;
use members::Space;
use targets::Around;

use super::Search;
use super::draft::{Draft, Package, connected, in_folder, place, whole};
use super::tree::{joined, upward};
use crate::domain::diagnostic::some_quoted;
use crate::domain::suite::ModuleKind;

/// What a manifest is called.
pub(super) const MANIFEST: &str = "Cargo.toml";

/// What all packages of a workspace are built with, in its root.
const SHARED: [&str; 2] = [MANIFEST, "Cargo.lock"];

/// What cargo and rustup look for there and in every folder around it.
const SETTINGS: [&str; 3] = ["rust-toolchain", "rust-toolchain.toml", ".cargo"];

/// Where cargo looks for targets, and what it runs to build.
const OF_A_PACKAGE: [&str; 5] = ["src", "tests", "examples", "benches", "build.rs"];

/// Finds packages with tests.
pub(super) fn find(search: &Search<'_>, notes: &mut Vec<String>) -> Vec<Draft> {
    let manifests = Manifests::read(search, notes);
    let mut packages: Vec<Package> = Vec::new();
    let mut spaces_of: Vec<&Space> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut told = Told::default();
    let spaces = manifests.spaces(notes);
    for space in &spaces {
        for folder in &space.members {
            if !places.contains_key(folder) {
                places.insert(folder.clone(), packages.len());
                packages.push(manifests.package(space, folder, &mut told));
                spaces_of.push(space);
            }
        }
    }
    told.add_to(notes);
    let mut at = 0;
    while at < packages.len() {
        for folder in manifests.used_folders(spaces_of[at], &packages[at].folder) {
            let next = packages.len();
            let place = *places.entry(folder.clone()).or_insert(next);
            if place == next {
                // Vendored, say: no tests of the repository's own, and used all the same.
                packages.push(Package { folder, draft: None, uses: BTreeSet::new() });
                spaces_of.push(spaces_of[at]);
            }
            packages[at].uses.insert(place);
        }
        at += 1;
    }
    connected(packages)
}

/// What is said of all packages at once.
#[derive(Default)]
struct Told {
    untested: Vec<String>,
    /// Targets that need features which are not on.
    without_features: Vec<String>,
}

impl Told {
    fn add_to(self, notes: &mut Vec<String>) {
        if !self.untested.is_empty() {
            notes.push(format!("cargo packages without tests: {}", some_quoted(&self.untested, 8)));
        }
        if !self.without_features.is_empty() {
            let targets = some_quoted(&self.without_features, 8);
            notes.push(format!(
                "not run, since they need features that `cargo test -p` does not turn on: {targets}"
            ));
        }
    }
}

/// All manifests that can be read, by their folders.
struct Manifests<'a> {
    search: &'a Search<'a>,
    sound: BTreeMap<&'a str, Manifest>,
    /// Outer ones first.
    folders: Vec<&'a str>,
}

impl<'a> Manifests<'a> {
    fn read(search: &'a Search<'a>, notes: &mut Vec<String>) -> Self {
        let (folders, sound) = search.manifests(MANIFEST, Manifest::parse, notes);
        Self { search, sound, folders }
    }

    /// Workspaces, and packages that are in none.
    fn spaces(&self, notes: &mut Vec<String>) -> Vec<Space> {
        let roots: BTreeSet<&str> = self
            .folders
            .iter()
            .copied()
            .filter(|folder| self.sound.get(folder).is_some_and(|m| m.workspace().is_some()))
            .collect();
        let own = |folder: &&str| !self.search.tree.is_foreign(folder, &[MANIFEST]);
        let mut spaces: Vec<Space> =
            roots.iter().copied().filter(own).map(|root| self.members(root, notes)).collect();
        let claimed: BTreeSet<&str> =
            spaces.iter().flat_map(|space| &space.members).map(String::as_str).collect();
        let mut single = Vec::new();
        let mut left_out = Vec::new();
        for folder in self.folders.iter().copied().filter(own) {
            let Some(manifest) = self.sound.get(folder) else { continue };
            if claimed.contains(folder) || manifest.workspace().is_some() {
                continue;
            }
            if upward(folder).any(|outer| roots.contains(outer)) {
                left_out.push(joined(folder, MANIFEST));
            } else if manifest.name().is_some() {
                single.push(Space::single(folder));
            }
        }
        if !left_out.is_empty() {
            notes.push(format!(
                "in no cargo workspace and left out: {}; `[test.modules.NAME]` can name them",
                some_quoted(&left_out, 5)
            ));
        }
        spaces.extend(single);
        spaces
    }

    /// One package, without what it uses.
    fn package(&self, space: &Space, folder: &str, told: &mut Told) -> Package {
        let none = || Package { folder: folder.to_owned(), draft: None, uses: BTreeSet::new() };
        let Some(manifest) = self.sound.get(folder) else { return none() };
        let Some(name) = manifest.name() else { return none() };
        let targets = manifest.targets(&Around {
            tree: &self.search.tree,
            root: self.sound.get(space.root.as_str()),
            may_return: self.uses_itself(space, folder),
        });
        if targets.is_untestable() {
            told.untested.push(name.to_owned());
            return none();
        }
        let named = targets.without_features.iter().map(|target| format!("{name} {target}"));
        told.without_features.extend(named);
        let words = ["cargo", "test", "-p", name, "--no-fail-fast"];
        let mut module = whole(name, ModuleKind::Cargo, folder, in_folder(&space.root, &words));
        module.why = match space.is_workspace {
            true => format!("package of the cargo workspace {}", place(&space.root)),
            false => format!("cargo package {}", place(folder)),
        };
        module.build = Some(format!("cargo:{}", joined(&space.root, MANIFEST)));
        module.units = targets.units;
        let shared = SHARED.iter().map(|name| joined(&space.root, name));
        let alone = folder.is_empty() || (folder == space.root && space.members.len() > 1);
        let own: Vec<String> = match alone {
            // What else lies there may be anybody's.
            true => OF_A_PACKAGE.iter().map(|name| joined(folder, name)).collect(),
            false => vec![folder.to_owned()],
        };
        let settings =
            upward(&space.root).flat_map(|outer| SETTINGS.map(|name| joined(outer, name)));
        module.areas =
            own.into_iter().chain(shared).chain(settings).chain(targets.outside).collect();
        if !space.root.is_empty() {
            module.areas.push(space.root.clone());
        }
        let draft = Draft { key: format!("cargo {folder}"), module, uses: BTreeSet::new() };
        Package { draft: Some(draft), ..none() }
    }

    /// Whether a package is among what it uses, as packages are whose tests need a crate for tests.
    fn uses_itself(&self, space: &Space, folder: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<String> = self.used_folders(space, folder).into_iter().collect();
        while let Some(used) = open.pop() {
            if used == folder {
                return true;
            }
            if seen.insert(used.clone()) {
                open.extend(self.used_folders(space, &used));
            }
        }
        false
    }

    /// Folders of what a package uses by path.
    fn used_folders(&self, space: &Space, folder: &str) -> BTreeSet<String> {
        let root = self.sound.get(space.root.as_str());
        let own = self.sound.get(folder);
        own.map(|manifest| manifest.used_folders(root)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
