//! `--changed`: which modules a change touches.

use std::collections::{BTreeMap, BTreeSet};

use super::Module;
use crate::domain::diagnostic::quoted;

/// Modules that a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Their names, in the order of all modules.
    pub modules: Vec<String>,
    /// For each of them why, in a few words.
    pub why: BTreeMap<String, String>,
}

/// Modules that these paths touch, and all that use one of those, directly or not.
///
/// A path touches the modules with the innermost [area](Module::areas) around it (a lock file is an
/// area of all modules of its workspace), and those whose [globs](Module::paths) match. One that is in
/// no area touches every module, unless it is documentation, or some glob that names a folder matches
/// it: nobody knows who reads it.
pub fn changed(modules: &[Module], paths: &[String]) -> Selection {
    let mut why: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        let touch = touched(modules, path);
        let reason = match touch.is_unknown {
            true => format!("{} changed, which is in no module", quoted(path)),
            false => format!("{} changed", quoted(path)),
        };
        for module in touch.modules {
            why.entry(module.name.clone()).or_insert_with(|| reason.clone());
        }
    }
    let mut open: Vec<String> = why.keys().cloned().collect();
    open.reverse();
    while let Some(used) = open.pop() {
        for module in modules.iter().filter(|module| module.depends_on.contains(&used)) {
            if !why.contains_key(&module.name) {
                why.insert(module.name.clone(), format!("uses {}", quoted(&used)));
                open.push(module.name.clone());
            }
        }
    }
    let names = modules.iter().map(|module| &module.name);
    Selection { modules: names.filter(|name| why.contains_key(*name)).cloned().collect(), why }
}

struct Touch<'m> {
    modules: Vec<&'m Module>,
    is_unknown: bool,
}

fn touched<'m>(modules: &'m [Module], path: &str) -> Touch<'m> {
    let innermost = |module: &Module| {
        let around = module.areas.iter().filter(|area| covers(area, path));
        around.map(String::len).max()
    };
    let deepest = modules.iter().filter_map(innermost).max();
    let by_area = |module: &Module| deepest.is_some() && innermost(module) == deepest;
    let by_glob = |module: &Module, only_folders: bool| {
        module.paths.as_ref().is_some_and(|paths| {
            paths.matches(path) && (!only_folders || paths.globs().any(|g| names_folder(g, path)))
        })
    };
    let is_claimed = deepest.is_some() || modules.iter().any(|module| by_glob(module, true));
    let chosen: BTreeSet<usize> = match (is_claimed, is_documentation(path)) {
        (true, _) => (0..modules.len())
            .filter(|&at| by_area(&modules[at]) || by_glob(&modules[at], false))
            .collect(),
        (false, true) => BTreeSet::new(),
        (false, false) => (0..modules.len()).collect(),
    };
    let is_unknown = !is_claimed;
    Touch { modules: chosen.into_iter().map(|at| &modules[at]).collect(), is_unknown }
}

/// Whether a path is an area or lies in it.
fn covers(area: &str, path: &str) -> bool {
    path.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a glob begins with the name of the folder that a path lies in, or with the path: who writes
/// `**` does not mean to say whose a file is.
fn names_folder(glob: &str, path: &str) -> bool {
    let first = glob.trim_start_matches("./").split('/').next().unwrap_or_default();
    !first.contains(['*', '?', '[', '{', '\\']) && path.split('/').next() == Some(first)
}

/// Whether a file is for people only.
fn is_documentation(path: &str) -> bool {
    const ENDINGS: [&str; 5] = ["md", "markdown", "rst", "adoc", "asciidoc"];
    const NAMES: [&str; 12] = [
        ".editorconfig",
        ".gitignore",
        ".mailmap",
        "AUTHORS",
        "CHANGELOG",
        "CODEOWNERS",
        "CONTRIBUTING",
        "COPYING",
        "COPYRIGHT",
        "LICENSE",
        "NOTICE",
        "README",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_named = |name: &str| {
        NAMES.contains(&name) || name.starts_with("LICENSE-") || name.starts_with("COPYING.")
    };
    ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
        || is_named(name)
        || (ending == "txt" && is_named(stem))
}

#[cfg(test)]
mod tests;
