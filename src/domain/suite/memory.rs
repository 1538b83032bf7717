//! What earlier test runs teach of modules.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of modules and their units beforehand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SuiteMemory {
    /// Seconds that a unit takes, by module and unit.
    pub unit_seconds: BTreeMap<(String, String), f64>,
    /// Seconds that a module takes as a whole, by its name.
    pub module_seconds: BTreeMap<String, f64>,
    /// Cores that a module keeps busy, by its name.
    pub cpu_share: BTreeMap<String, f64>,
    /// Names of the modules that failed when they last ran.
    pub failed_last: BTreeSet<String>,
}

impl SuiteMemory {
    /// Seconds of the units of a module, by unit.
    pub fn units_of(&self, module: &str) -> BTreeMap<String, f64> {
        let of_it = self.unit_seconds.iter().filter(|((name, _), _)| name == module);
        of_it.map(|((_, unit), seconds)| (unit.clone(), *seconds)).collect()
    }
}
