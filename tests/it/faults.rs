//! Everything that can go wrong around a run, by the numbered list of faults: each test says which
//! faults (F1 …) it stands for, and each file holds one group of the list.

mod concurrency;
mod confined;
mod containment;
mod crash;
mod crash_landing;
mod crash_shared;
mod disks;
mod full_disk;
#[cfg(target_os = "linux")]
mod handles;
mod hostile;
mod journal;
mod limits;
mod list;
mod nested;
mod odd_files;
mod readers;
mod refs;
mod shared;
mod signals;
mod states;
mod unfinished;
mod unwatched;
mod warden;
mod worktrees;

use std::fs;
use std::path::{Path, PathBuf};

use self::list::FAULTS;

#[test]
fn every_fault_is_listed_once_and_its_tests_exist() {
    let expected: Vec<String> = (1..=45).map(|number| format!("F{number}")).collect();
    let listed: Vec<&str> = FAULTS.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(listed, expected);
    for (fault, tests) in FAULTS {
        assert!(!tests.is_empty(), "{fault}: no test");
        for test in tests {
            let (module, name) = test.rsplit_once("::").unwrap();
            let source = source(&format!("{}.rs", module.replace("::", "/")));
            let found = source.split_once(&format!("fn {name}() {{"));
            let is_test = found.is_some_and(|(before, _)| before.trim_end().ends_with("#[test]"));
            assert!(is_test, "{fault}: there is no test {test}");
        }
    }
}

#[test]
fn every_test_that_names_a_fault_is_listed_with_it() {
    for entry in fs::read_dir(folder().join("faults")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = file.strip_suffix(".rs") else { continue };
        let text = source(&format!("faults/{file}"));
        for name in text.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {")) {
            let named = name.split('_').map_while(|word| word.strip_prefix('f')?.parse().ok());
            for number in named.collect::<Vec<usize>>() {
                let (fault, tests) = FAULTS[number - 1];
                let path = format!("faults::{module}::{name}");
                assert!(tests.contains(&path.as_str()), "{fault} lacks {path}");
            }
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

fn source(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
