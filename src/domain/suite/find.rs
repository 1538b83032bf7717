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

use tree::{Tree, file_name, is_never_read};

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
