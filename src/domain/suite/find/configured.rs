//! Modules that the settings name.

use std::collections::BTreeSet;

use super::Search;
use super::draft::{Draft, everything, whole};
use crate::domain::suite::rules::ConfiguredModule;
use crate::domain::suite::{ModuleKind, SuiteRules};
use crate::domain::task::Command;

/// Drafts of what the settings name. What they depend on is left for when all names are known.
pub(super) fn find(search: &Search<'_>, rules: &SuiteRules) -> Vec<Draft> {
    rules.modules.iter().map(|(name, module)| draft(search, name, module)).collect()
}

fn draft(search: &Search<'_>, name: &str, configured: &ConfiguredModule) -> Draft {
    let is_folder = !search.tree.below(name).is_empty() && !name.is_empty();
    let folder = if is_folder { name } else { "" };
    let mut module = whole(name, ModuleKind::Configured, folder, Vec::new());
    module.command = Command::Shell(configured.run.clone());
    module.report = configured.report.clone();
    module.why = format!("`[test.modules.{name}]`");
    match (&configured.paths, is_folder) {
        (Some(paths), _) => module.paths = Some(paths.clone()),
        (None, true) => module.areas = vec![name.to_owned()],
        (None, false) => module.paths = everything(),
    }
    Draft { key: key(name), module, uses: BTreeSet::new() }
}

/// The key of a module that the settings name.
pub(super) fn key(name: &str) -> String {
    format!("configured {name}")
}
