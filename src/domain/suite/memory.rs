//! What past runs taught of modules.

use std::collections::{BTreeMap, BTreeSet};

use super::demand::cpu_share;
use crate::domain::plan::median;

/// What past runs taught of modules, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuiteMemory {
    /// Seconds of a unit, by module and unit; median of the latest.
    pub unit_seconds: BTreeMap<(String, String), f64>,
    /// Seconds of a module as a whole; median of the latest.
    pub module_seconds: BTreeMap<String, f64>,
    /// Cores that a module keeps busy while it runs.
    pub cpu_share: BTreeMap<String, f64>,
    /// Modules that failed when they last ran.
    pub failed_last: BTreeSet<String>,
}

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuiteSample<'a> {
    /// The module.
    pub module: &'a str,
    /// Its unit; `None` is the module as a whole.
    pub unit: Option<&'a str>,
    /// Seconds.
    pub seconds: f64,
    /// Seconds of processor time that it had or, on a crowded machine, would have had; where they are
    /// known.
    pub cpu_s: Option<f64>,
}

impl SuiteMemory {
    /// From observations of the latest runs and the modules that failed last.
    pub fn learn<'a>(
        samples: impl IntoIterator<Item = SuiteSample<'a>>,
        failed_last: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut units: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
        let mut modules: BTreeMap<&str, Vec<SuiteSample<'a>>> = BTreeMap::new();
        for sample in samples {
            match sample.unit {
                Some(unit) => units.entry((sample.module, unit)).or_default().push(sample.seconds),
                None => modules.entry(sample.module).or_default().push(sample),
            }
        }
        let unit = |((module, unit), seconds): ((&str, &str), Vec<f64>)| {
            Some(((module.to_owned(), unit.to_owned()), median(seconds)?))
        };
        let whole = |(module, samples): (&&str, &Vec<SuiteSample<'a>>)| {
            Some(((*module).to_owned(), median(samples.iter().map(|sample| sample.seconds))?))
        };
        let share = |(module, samples): (&&str, &Vec<SuiteSample<'a>>)| {
            Some(((*module).to_owned(), cpu_share(samples)?))
        };
        Self {
            unit_seconds: units.into_iter().filter_map(unit).collect(),
            module_seconds: modules.iter().filter_map(whole).collect(),
            cpu_share: modules.iter().filter_map(share).collect(),
            failed_last: failed_last.into_iter().collect(),
        }
    }

    /// Cores that the tests of a module are planned with: what was learned, one before that.
    pub fn cpus(&self, module: &str) -> f64 {
        self.cpu_share.get(module).copied().unwrap_or(1.0)
    }

    /// How many of these modules get something done at once: not more than there are slots, or cores
    /// for what each of them keeps busy.
    pub fn useful_width(&self, modules: &[&str], slots: usize, cores: f64) -> usize {
        let all: f64 = modules.iter().map(|module| self.cpus(module)).sum();
        let each = all / modules.len().max(1) as f64;
        // Conversion saturates.
        ((cores / each.max(1e-3)) as usize).clamp(1, slots.max(1))
    }

    /// Seconds of the units of a module.
    pub fn units_of(&self, module: &str) -> BTreeMap<String, f64> {
        let own = self.unit_seconds.iter().filter(|((of, _), _)| of == module);
        own.map(|((_, unit), seconds)| (unit.clone(), *seconds)).collect()
    }
}

#[cfg(test)]
mod tests;
