//! How long each part of a module's tests took, from what its program said by test.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{ModuleKind, SuiteReading};
use crate::domain::integrate::TestReading;

/// Seconds by unit; nothing of units that cannot be told apart, and none at all where not everything
/// was run to its end. `units` are the names of those that the module has.
///
/// Where a program tells times of whole targets or packages, these count: tests inside of them may
/// run at once.
pub fn unit_seconds(
    kind: ModuleKind,
    units: &[String],
    reading: &SuiteReading,
) -> BTreeMap<String, f64> {
    let known: BTreeSet<&str> = units.iter().map(String::as_str).collect();
    let Some(tests) = reading.tests.as_ref().filter(|_| reading.end.is_own()) else {
        return BTreeMap::new();
    };
    let times: Vec<(String, Duration)> = match kind {
        ModuleKind::Cargo => by_group(tests, cargo_unit),
        ModuleKind::Go => by_group(tests, |package| go_unit(package, &known)),
        ModuleKind::Pytest => {
            let files = Files::of(units);
            let of =
                |(id, time): (&String, &Duration)| Some((files.of_test(id)?.to_owned(), *time));
            tests.durations.iter().filter_map(of).collect()
        }
        ModuleKind::Npm | ModuleKind::Pnpm | ModuleKind::Yarn | ModuleKind::Configured => {
            Vec::new()
        }
    };
    let mut seconds = BTreeMap::new();
    for (unit, time) in times {
        if known.contains(unit.as_str()) {
            *seconds.entry(unit).or_default() += time.as_secs_f64();
        }
    }
    seconds
}

fn by_group(tests: &TestReading, unit: impl Fn(&str) -> Option<String>) -> Vec<(String, Duration)> {
    tests.groups.iter().filter_map(|(group, time)| Some((unit(group)?, *time))).collect()
}

/// From `name src/lib.rs`, `name tests/name.rs` or `doc name`. A target whose file lies elsewhere may
/// be of any kind.
fn cargo_unit(target: &str) -> Option<String> {
    let (name, path) = target.split_once(' ')?;
    if name == "doc" {
        return Some("doc".to_owned());
    }
    match path.split('/').next()? {
        "tests" => Some(format!("test {name}")),
        "examples" => Some(format!("example {name}")),
        "benches" => Some(format!("bench {name}")),
        "src" if path == "src/lib.rs" => Some("lib".to_owned()),
        "src" if path == "src/main.rs" || path.starts_with("src/bin/") => Some("bins".to_owned()),
        _ => None,
    }
}

/// The folder of a package, of which go tells the whole path: the longest that fits.
fn go_unit(package: &str, units: &BTreeSet<&str>) -> Option<String> {
    let mut rest = package;
    loop {
        if units.contains(rest) {
            return Some(rest.to_owned());
        }
        match rest.split_once('/') {
            Some((_, inner)) => rest = inner,
            // The folder of the module itself.
            None => return units.contains("").then(String::new),
        }
    }
}

/// Test files by the names that pytest gives them in a report.
struct Files<'a> {
    by_class: BTreeMap<String, &'a str>,
}

impl<'a> Files<'a> {
    fn of(units: &'a [String]) -> Self {
        let class = |file: &'a String| (class_of(file), file.as_str());
        Self { by_class: units.iter().map(class).collect() }
    }

    /// From `pytest tests.test_a.TestC test_m` of a report, where the first word names the suite, or
    /// `tests/test_a.py::test_m` of the output.
    fn of_test(&self, id: &str) -> Option<&'a str> {
        match id.split_once("::") {
            Some((file, _)) if file.ends_with(".py") => self.of_class(&class_of(file)),
            _ => id.split(' ').take(2).find_map(|class| self.of_class(class)),
        }
    }

    fn of_class(&self, class: &str) -> Option<&'a str> {
        let mut class = class;
        loop {
            if let Some(file) = self.by_class.get(class) {
                return Some(file);
            }
            class = class.rsplit_once('.')?.0;
        }
    }
}

/// The name of a test file as a module of Python's.
fn class_of(file: &str) -> String {
    file.strip_suffix(".py").unwrap_or(file).replace('/', ".")
}

#[cfg(test)]
mod tests;
