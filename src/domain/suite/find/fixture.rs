//! Repositories that consist of paths and texts.

use std::collections::BTreeMap;

use super::{Found, find, wanted_manifests};
use crate::domain::suite::{Module, SuiteRules};
use crate::domain::task::Command;

/// What is found in these files.
pub(crate) fn found(files: &[(&str, &str)]) -> Found {
    found_by(files, &SuiteRules::default())
}

/// The same by other rules.
pub(crate) fn found_by(files: &[(&str, &str)], rules: &SuiteRules) -> Found {
    let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let all: BTreeMap<&str, &str> = files.iter().copied().collect();
    let wanted = wanted_manifests(&paths).into_iter();
    let texts = wanted.map(|path| (path.clone(), all[path.as_str()].to_owned())).collect();
    find(&paths, &texts, rules)
}

/// One of them.
#[track_caller]
pub(crate) fn module<'f>(found: &'f Found, name: &str) -> &'f Module {
    let named = found.modules.iter().find(|module| module.name == name);
    named.unwrap_or_else(|| panic!("no `{name}` among {:?}; {:?}", names(found), found.notes))
}

pub(crate) fn names(found: &Found) -> Vec<&str> {
    found.modules.iter().map(|module| module.name.as_str()).collect()
}

pub(crate) fn units(module: &Module) -> Vec<&str> {
    module.units.iter().map(|unit| unit.name.as_str()).collect()
}

/// The words of a command, with a space between.
pub(crate) fn shown(command: &Command) -> String {
    command.display()
}
