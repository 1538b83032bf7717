//! The JSON document of `test --list`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{SCHEMA, seconds};
use super::prose::Line;
use super::section::{Block, Report, Section, Step, Table};
use crate::domain::id::Oid;
use crate::domain::suite::{Module, ModuleKind, SuiteMemory};
use crate::domain::time::{from_secs, human_duration};

/// What `test --list` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestListDocument {
    /// Always 1.
    pub schema: u32,
    /// The commit in which they were found.
    pub commit: Oid,
    /// In the order in which they were found.
    pub modules: Vec<ListedModule>,
    /// What was left out and why, what could not be read.
    pub notes: Vec<String>,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListedModule {
    /// Its name.
    pub name: String,
    /// Who knows how to test it.
    pub kind: ModuleKind,
    /// Its folder, relative to the root; empty is the root itself.
    pub folder: String,
    /// What would be run, as one types it.
    pub command: String,
    /// Why it was found.
    pub why: String,
    /// Names of the modules whose code it uses directly.
    pub depends_on: Vec<String>,
    /// Names of the parts that can run on their own.
    pub units: Vec<String>,
    /// How long it takes, seconds, as far as it has run before.
    pub last_s: Option<f64>,
}

/// The document of these modules.
pub fn from_modules(
    commit: Oid,
    (modules, notes): (&[Module], &[String]),
    memory: &SuiteMemory,
) -> TestListDocument {
    let listed = |module: &Module| ListedModule {
        name: module.name.clone(),
        kind: module.kind,
        folder: module.folder.clone(),
        command: module.command.display(),
        why: module.why.clone(),
        depends_on: module.depends_on.clone(),
        units: module.units.iter().map(|unit| unit.name.clone()).collect(),
        last_s: memory.module_seconds.get(&module.name).map(|time| seconds(*time)),
    };
    TestListDocument {
        schema: SCHEMA,
        commit,
        modules: modules.iter().map(listed).collect(),
        notes: notes.to_vec(),
    }
}

/// The same for people; `found` is how many there are, those that were not asked for included.
pub fn listed_modules((modules, found): (&[Module], usize), memory: &SuiteMemory) -> Report {
    let count = modules.len();
    let noun = if found == 1 { "module" } else { "modules" };
    let of = if count == found { String::new() } else { format!(" of {found}") };
    let title = Line::new().text(format!("{count}{of} {noun} with a test suite"));
    if modules.is_empty() && found > 0 {
        return Report { title, sections: Vec::new() };
    }
    if modules.is_empty() {
        let way = Step::new("wt-orch config", "shows `[test]`; `[test.modules.NAME]` names one");
        let sections = vec![Section { heading: "Next", blocks: vec![Block::Commands(vec![way])] }];
        return Report { title, sections };
    }
    let mut table = Table::new(&["Module", "Kind", "Command", "Why", ">Units", ">Last"]);
    for module in modules {
        let last = memory.module_seconds.get(&module.name);
        table.rows.push(vec![
            Line::new().code(module.name.as_str()),
            Line::new().text(module.kind.word()),
            Line::new().code(module.command.display()),
            Line::prose(&module.why),
            Line::new().text(module.units.len().to_string()),
            Line::new().text(last.map_or("-".to_owned(), |time| human_duration(from_secs(*time)))),
        ]);
    }
    Report {
        title,
        sections: vec![Section { heading: "Modules", blocks: vec![Block::Table(table)] }],
    }
}
