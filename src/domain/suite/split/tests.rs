use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{SplitTerms, split};
use crate::domain::suite::{Module, ModuleKind, Unit};
use crate::domain::task::Command;

fn module(units: usize) -> Module {
    let unit = |n: usize| Unit { name: format!("u{n}"), words: Vec::new(), alone: false };
    Module {
        name: "m".to_owned(),
        kind: ModuleKind::Pytest,
        folder: String::new(),
        command: Command::Argv(Vec::new()),
        report: None,
        why: String::new(),
        depends_on: Vec::new(),
        build: None,
        units: (0..units).map(unit).collect(),
        stem: Vec::new(),
        areas: Vec::new(),
        paths: None,
    }
}

fn times(seconds: &[f64]) -> BTreeMap<String, f64> {
    seconds.iter().enumerate().map(|(n, s)| (format!("u{n}"), *s)).collect()
}

fn parts(seconds: &[f64], worktree: f64, width: usize) -> Vec<String> {
    let parts = split(&module(seconds.len()), &times(seconds), SplitTerms { worktree, width });
    parts.into_iter().map(|part| part.join(" ")).collect()
}

#[test]
fn a_module_is_split_only_as_far_as_the_builds_are_worth_it() {
    let ten = [10.0; 4];
    assert_eq!(parts(&ten, 0.0, 8), ["u0", "u1", "u2", "u3"]);
    assert_eq!(parts(&ten, 0.0, 2), ["u0 u2", "u1 u3"]);
    assert_eq!(parts(&ten, 12.0, 8), ["u0 u2", "u1 u3"], "32 s with two, 34 s with four");
    assert_eq!(parts(&ten, 20.0, 8), [""], "40 s either way");
    assert_eq!(parts(&ten, 0.0, 1), [""]);
    assert_eq!(parts(&[60.0, 1.0, 1.0], 2.5, 8), [""], "no part is shorter than its longest unit");
    assert_eq!(parts(&[9.0], 0.0, 8), [""]);
}

#[test]
fn what_is_not_known_counts_as_the_mean_and_too_little_splits_nothing() {
    let terms = SplitTerms { worktree: 1.0, width: 2 };
    let known = times(&[10.0, 20.0]);
    assert_eq!(split(&module(3), &known, terms), [vec!["u0", "u2"], vec!["u1"]]);
    assert_eq!(split(&module(5), &known, terms), [Vec::<String>::new()]);
}

proptest! {
    #[test]
    fn parts_hold_every_unit_once_and_pay(
        seconds in prop::collection::vec(0.0..100.0f64, 1..20),
        worktree in 0.0..60.0f64,
        width in 0usize..9,
    ) {
        let terms = SplitTerms { worktree, width };
        let known = times(&seconds);
        let parts = split(&module(seconds.len()), &known, terms);
        if parts != [Vec::<String>::new()] {
            let mut all: Vec<&String> = parts.iter().flatten().collect();
            all.sort();
            prop_assert_eq!(all, known.keys().collect::<Vec<_>>());
            prop_assert!(parts.len() <= width && parts.iter().all(|part| !part.is_empty()));
            let load = |part: &Vec<String>| part.iter().map(|unit| known[unit]).sum::<f64>();
            let longest = parts.iter().map(load).fold(0.0, f64::max);
            let path = longest + (parts.len() - 1) as f64 * worktree;
            prop_assert!(path < seconds.iter().sum::<f64>() + 0.05);
        }
    }
}
