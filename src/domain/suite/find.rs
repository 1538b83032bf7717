//! Which modules of a commit have test suites: from the paths of its files and the texts of a few of
//! them, in two steps. [`wanted_manifests`] says which texts, [`find`] takes them.
//!
//! One file each for cargo, node, go, pytest and what the settings name; `tree.rs` knows which folders
//! hold no projects of the repository's own.

mod cargo;
mod configured;
mod draft;
#[cfg(test)]
pub(in crate::domain::suite) mod fixture;
mod go;
mod names;
mod node;
mod pytest;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use tree::{Tree, file_name, is_never_read, joined};

use super::{Module, SuiteRules};
pub use names::{part_task_id, task_id};

/// Modules with a test suite, and what else there is to say of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// By kind and place.
    pub modules: Vec<Module>,
    /// What was left out and why, what could not be read, each as a sentence without a full stop.
    pub notes: Vec<String>,
}

/// What modules are found in.
struct Search<'a> {
    tree: Tree<'a>,
    texts: &'a BTreeMap<String, String>,
}

impl<'a> Search<'a> {
    /// Folders with a manifest of this name, outer ones first, and what those say that can be read. What
    /// is wrong with the others is noted.
    fn manifests<T>(
        &self,
        name: &str,
        parse: impl Fn(&str, &str) -> Result<T, String>,
        notes: &mut Vec<String>,
    ) -> (Vec<&'a str>, BTreeMap<&'a str, T>) {
        let folders = self.tree.folders_with(name);
        let mut sound = BTreeMap::new();
        for &folder in &folders {
            let path = joined(folder, name);
            let Some(text) = self.texts.get(&path) else { continue };
            match parse(folder, text) {
                Ok(manifest) => {
                    sound.insert(folder, manifest);
                }
                // Broken manifests are what programs like cargo feed their tests with.
                Err(_) if self.tree.is_foreign(folder, &[name]) => {}
                Err(fault) => notes.push(format!("{path}:{fault}")),
            }
        }
        (folders, sound)
    }
}

/// Paths of those files whose texts [`find`] is to be given.
pub fn wanted_manifests(paths: &[String]) -> Vec<String> {
    let manifests = [cargo::MANIFEST, node::MANIFEST, node::PNPM_LIST, go::MANIFEST];
    let read = paths.iter().filter(|path| !is_never_read(path));
    let named = |path: &str| {
        let name = file_name(path);
        manifests.contains(&name) || pytest::SETTINGS.contains(&name)
    };
    let mut wanted: Vec<String> = read.clone().filter(|path| named(path)).cloned().collect();
    let sources: Vec<&String> = read.filter(|path| path.ends_with(".go")).collect();
    if sources.len() <= go::MOST_FILES && wanted.iter().any(|p| file_name(p) == go::MANIFEST) {
        wanted.extend(sources.into_iter().cloned());
    }
    wanted
}

/// Finds modules. `paths` are those of all files of a commit; a text that is missing counts as a file
/// that cannot be read.
pub fn find(paths: &[String], texts: &BTreeMap<String, String>, rules: &SuiteRules) -> Found {
    let search = Search { tree: Tree::new(paths), texts };
    let mut notes = Vec::new();
    let mut drafts = Vec::new();
    if rules.discover {
        drafts.extend(cargo::find(&search, &mut notes));
        drafts.extend(node::find(&search, &mut notes));
        drafts.extend(go::find(&search, &mut notes));
        drafts.extend(pytest::find(&search, &mut notes));
    }
    let configured = configured::find(&search, rules);
    let modules = names::named(drafts, configured, rules, &mut notes);
    let mut told = BTreeSet::new();
    notes.retain(|note| told.insert(note.clone()));
    Found { modules, notes }
}

#[cfg(test)]
mod tests;
