//! Modules as they are found, before they have names of their own.

use std::collections::BTreeSet;

use crate::domain::suite::{Module, ModuleKind};
use crate::domain::task::{Claims, Command};

/// A module whose name may not be the only one of its kind.
#[derive(Debug)]
pub(super) struct Draft {
    /// What no other one has.
    pub(super) key: String,
    /// Without [`Module::depends_on`].
    pub(super) module: Module,
    /// Keys of the modules whose code it uses.
    pub(super) uses: BTreeSet<String>,
}

/// Something that others of its kind use, whether it has tests or not.
pub(super) struct Package {
    pub(super) folder: String,
    /// Its module, with an empty list of uses; `None` where it has no tests.
    pub(super) draft: Option<Draft>,
    /// Places of others that it uses directly.
    pub(super) uses: BTreeSet<usize>,
}

/// Hands what packages without tests are made of, and what those use in turn, to the modules that use
/// them.
pub(super) fn connected(mut packages: Vec<Package>) -> Vec<Draft> {
    for at in 0..packages.len() {
        let Some(mut draft) = packages[at].draft.take() else { continue };
        let mut seen = BTreeSet::from([at]);
        let mut open: Vec<usize> = packages[at].uses.iter().copied().collect();
        while let Some(used) = open.pop() {
            if !seen.insert(used) {
                continue;
            }
            match &packages[used].draft {
                Some(other) => {
                    draft.uses.insert(other.key.clone());
                }
                None => {
                    draft.module.areas.push(packages[used].folder.clone());
                    open.extend(&packages[used].uses);
                }
            }
        }
        draft.module.areas.sort();
        draft.module.areas.dedup();
        packages[at].draft = Some(draft);
    }
    packages.into_iter().filter_map(|package| package.draft).collect()
}

/// A program and its arguments, run in a folder below the root of a worktree. Not by an option of the
/// program: cargo, rustup, npm and pytest look for settings from the working directory upward.
pub(super) fn in_folder(folder: &str, words: &[&str]) -> Vec<String> {
    let words = words.iter().map(|word| (*word).to_owned());
    if folder.is_empty() {
        return words.collect();
    }
    // A folder such as `-x` would be an option.
    let there = format!("./{folder}");
    let first = ["sh", "-c", r#"cd "$0" && exec "$@""#, &there].map(str::to_owned);
    first.into_iter().chain(words).collect()
}

/// A module that runs as a whole, with nothing that touches it.
pub(super) fn whole(name: &str, kind: ModuleKind, folder: &str, words: Vec<String>) -> Module {
    Module {
        name: name.to_owned(),
        kind,
        folder: folder.to_owned(),
        command: Command::Argv(words.clone()),
        report: None,
        why: String::new(),
        depends_on: Vec::new(),
        build: None,
        units: Vec::new(),
        stem: words,
        areas: Vec::new(),
        paths: None,
    }
}

/// What touches a module at the root whose source may be anywhere.
pub(super) fn everything() -> Option<Claims> {
    Claims::parse(&["**"]).ok()
}

/// A folder for people.
pub(super) fn place(folder: &str) -> String {
    if folder.is_empty() { "at the root".to_owned() } else { format!("in `{folder}`") }
}
