use super::*;
use crate::domain::suite::find::fixture::found;

/// Folders of tests with so many files each.
fn modules(files: &[usize]) -> Vec<Module> {
    let mut paths: Vec<String> = vec!["pyproject.toml".to_owned()];
    for (module, count) in files.iter().enumerate() {
        let own = (0..*count).map(|file| format!("m{module}/tests/test_{file}.py"));
        paths.extend(own);
    }
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
    found(&files).modules
}

/// Every file takes `unit` seconds, and each module `beside` seconds more.
fn memory(modules: &[Module], unit: f64, beside: f64) -> SuiteMemory {
    let mut memory = SuiteMemory::default();
    for module in modules {
        for of in &module.units {
            memory.unit_seconds.insert((module.name.clone(), of.name.clone()), unit);
        }
        let seconds = unit * module.units.len() as f64 + beside;
        memory.module_seconds.insert(module.name.clone(), seconds);
    }
    memory
}

fn counts(modules: &[Module], memory: &SuiteMemory, width: usize, worktree: f64) -> Vec<usize> {
    let found = parts(modules, memory, width, |_| worktree);
    (0..modules.len()).map(|of| found.iter().filter(|(at, _)| *at == of).count()).collect()
}

#[test]
fn a_long_module_is_taken_apart_and_every_unit_runs_once() {
    let modules = modules(&[8, 2]);
    let memory = memory(&modules, 10.0, 0.5);
    let found = parts(&modules, &memory, 4, |_| 1.0);
    assert_eq!(counts(&modules, &memory, 4, 1.0)[1], 1, "the short one stays whole");
    let own: Vec<&Vec<String>> =
        found.iter().filter(|(at, _)| *at == 0).map(|(_, units)| units).collect();
    assert!(own.len() > 1, "{own:?}");
    let mut units: Vec<&String> = own.into_iter().flatten().collect();
    units.sort();
    let mut all: Vec<&String> = modules[0].units.iter().map(|unit| &unit.name).collect();
    all.sort();
    assert_eq!(units, all);
}

#[test]
fn nothing_is_taken_apart_where_that_gains_nothing() {
    let modules = modules(&[4, 4]);
    let known = memory(&modules, 10.0, 0.0);
    assert_eq!(counts(&modules, &known, 2, 1.0), [1, 1], "both worktrees are busy as it is");
    assert_eq!(counts(&modules, &known, 1, 0.0), [1, 1], "there is one worktree");
    assert_eq!(counts(&modules, &known, 8, 100.0), [1, 1], "a worktree costs more than it saves");
    let built = memory(&modules, 1.0, 60.0);
    assert_eq!(counts(&modules, &built, 8, 0.0), [1, 1], "each part would be built once more");
    assert_eq!(counts(&modules, &SuiteMemory::default(), 8, 0.0), [1, 1], "nothing is known");
    assert!(counts(&modules, &known, 8, 1.0).iter().all(|count| *count > 1));
}

#[test]
fn one_module_without_a_time_keeps_all_whole() {
    let modules = modules(&[8, 2]);
    let mut known = memory(&modules, 10.0, 0.5);
    let name = &modules[1].name;
    known.module_seconds.remove(name);
    known.unit_seconds.retain(|(module, _), _| module != name);
    assert_eq!(counts(&modules, &known, 4, 1.0), [1, 1]);
}
