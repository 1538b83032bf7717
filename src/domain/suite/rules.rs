//! `[test]` of the settings: what is to be found, and what is said by hand.

use std::collections::BTreeMap;

use crate::domain::task::Claims;

/// `[test]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteRules {
    /// Whether modules are looked for.
    pub discover: bool,
    /// Names of modules that are left out.
    pub exclude: Vec<String>,
    /// `[test.modules.NAME]`, by name.
    pub modules: BTreeMap<String, ConfiguredModule>,
}

impl Default for SuiteRules {
    fn default() -> Self {
        Self { discover: true, exclude: Vec::new(), modules: BTreeMap::new() }
    }
}

/// `[test.modules.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfiguredModule {
    /// Shell command, in the root of a worktree.
    pub run: String,
    /// Where it leaves results by test (JUnit XML), relative to the root.
    pub report: Option<String>,
    /// What belongs to it; `None`: the folder of its name, and everything where there is none.
    pub paths: Option<Claims>,
    /// Names of the modules whose code it uses.
    pub depends_on: Vec<String>,
}
