//! Which folder may import which, and what each may touch outside of the program.

use super::source::{Fact, Kind, Source};
use super::{Fault, starts_with};

/// The layers from the lowest; those on one line do not import one another.
const LAYERS: [&[&str]; 6] =
    [&["domain"], &["adapters"], &["config"], &["render", "engine"], &["cli"], &["main"]];

/// The parts of `domain`; each imports only what stands before it.
const DOMAIN: [&str; 10] =
    ["id", "time", "diagnostic", "task", "plan", "integrate", "race", "suite", "run", "report"];

/// What a layer must not use, and the one file of it that may.
const OUTSIDE: [(&str, &[&str], &str); 4] = [
    (
        "domain",
        &[
            "std::fs",
            "std::env",
            "std::process",
            "std::net",
            "std::io",
            "std::os",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
            "std::hash::RandomState",
            "std::collections::hash_map::RandomState",
        ],
        "",
    ),
    ("config", &["std::fs", "std::env", "std::process", "std::net"], "src/config/load.rs"),
    ("render", &["std::fs", "std::env", "std::process", "std::net"], ""),
    ("engine", &["std::fs", "std::env", "std::process", "std::net"], ""),
];

/// Crates that `domain` may use beside `std`.
const DOMAIN_CRATES: [&str; 11] = [
    "globset",
    "jiff",
    "petgraph",
    "quick_xml",
    "regex",
    "schemars",
    "serde",
    "serde_json",
    "similar",
    "thiserror",
    "toml",
];

const PRINTS: [&str; 5] = ["dbg", "eprint", "eprintln", "print", "println"];

/// Imports that point upward, sideways, or to the whole of a layer.
pub(crate) fn imports(source: &Source) -> Vec<Fault> {
    let Some(layer) = source.module.first() else { return Vec::new() };
    let Some(rank) = layer_rank(layer) else {
        return vec![Fault::new(source, 1, "layer", format!("`{layer}` is no layer"))];
    };
    let mut faults = Vec::new();
    for (fact, target) in own_paths(source) {
        let message = match target.first().map(String::as_str) {
            None | Some("*") => "imports the whole crate".to_owned(),
            Some(name) if name == layer && name == "domain" => match part_fault(source, target) {
                Some(message) => message,
                None => continue,
            },
            Some(name) if name == layer => continue,
            Some(name) => match layer_rank(name) {
                // A macro of the crate root is no layer.
                None => continue,
                Some(below) if below < rank => continue,
                Some(_) => format!("`{layer}` must not import `{name}`"),
            },
        };
        faults.push(Fault::new(source, fact.line, "layer", message));
    }
    faults
}

/// An import within `domain` of something that does not stand before the importing part.
fn part_fault(source: &Source, target: &[String]) -> Option<String> {
    let part = source.module.get(1)?;
    let position = |name: &str| DOMAIN.iter().position(|known| *known == name);
    let Some(own) = position(part) else {
        return Some(format!("`domain::{part}` has no place in the order of domain"));
    };
    match target.get(1).map(String::as_str) {
        None | Some("*") => Some("imports the whole of `domain`".to_owned()),
        Some(name) if position(name).is_some_and(|other| other <= own) => None,
        Some(name) => Some(format!("`domain::{part}` must not import `domain::{name}`")),
    }
}

/// Uses of the outside by a layer that has none.
pub(crate) fn outside(source: &Source, crates: &[String]) -> Vec<Fault> {
    let Some(layer) = source.module.first() else { return Vec::new() };
    let mut faults = Vec::new();
    for (name, banned, exempt) in OUTSIDE {
        if name != layer || exempt == source.path {
            continue;
        }
        for (fact, path) in foreign_paths(source) {
            let path = with_std(path);
            let hit = banned.iter().find(|prefix| starts_with(&path, prefix));
            let whole = path == ["std"] || path == ["std", "*"] || path == ["std", "time", "*"];
            if hit.is_some() || whole {
                let message = format!("`{layer}` must not use `{}`", path.join("::"));
                faults.push(Fault::new(source, fact.line, "outside", message));
            }
        }
    }
    if layer == "domain" {
        faults.extend(impure(source, crates));
    }
    faults
}

/// What only `domain` must do without: most crates, the clock by any name, printing.
fn impure(source: &Source, crates: &[String]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for fact in source.facts.iter().filter(|fact| !fact.test) {
        let message = match &fact.kind {
            Kind::Path(path) => {
                let (first, last) = (&path[0], &path[path.len() - 1]);
                if crates.contains(first) && !DOMAIN_CRATES.contains(&first.as_str()) {
                    format!("`domain` must not use the crate `{first}`")
                } else if last == "now" || matches!(first.as_str(), "Instant" | "SystemTime") {
                    format!("`domain` must not ask a clock: `{}`", path.join("::"))
                } else {
                    continue;
                }
            }
            Kind::Macro(name) if PRINTS.contains(&name.as_str()) => {
                format!("`domain` must not print: `{name}!`")
            }
            Kind::Own(_) | Kind::Macro(_) | Kind::Function(_) | Kind::Module { .. } => continue,
        };
        faults.push(Fault::new(source, fact.line, "outside", message));
    }
    faults
}

fn layer_rank(name: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&name))
}

/// `core` and `alloc` are `std` by another name.
fn with_std(path: &[String]) -> Vec<String> {
    let mut path = path.to_vec();
    if matches!(path[0].as_str(), "core" | "alloc") {
        "std".clone_into(&mut path[0]);
    }
    path
}

/// Paths of the own crate outside of tests.
pub(crate) fn own_paths(source: &Source) -> impl Iterator<Item = (&Fact, &Vec<String>)> {
    source.facts.iter().filter(|fact| !fact.test).filter_map(|fact| match &fact.kind {
        Kind::Own(path) => Some((fact, path)),
        Kind::Path(_) | Kind::Macro(_) | Kind::Function(_) | Kind::Module { .. } => None,
    })
}

/// Other paths outside of tests.
pub(crate) fn foreign_paths(source: &Source) -> impl Iterator<Item = (&Fact, &Vec<String>)> {
    source.facts.iter().filter(|fact| !fact.test).filter_map(|fact| match &fact.kind {
        Kind::Path(path) => Some((fact, path)),
        Kind::Own(_) | Kind::Macro(_) | Kind::Function(_) | Kind::Module { .. } => None,
    })
}

#[test]
fn an_import_of_a_higher_layer_is_a_fault() {
    super::planted("src/adapters/git/mod.rs", "\nuse crate::engine::Driver;", &["2 layer engine"]);
    super::planted("src/domain/id.rs", "fn f() { crate::config::load() }", &["1 layer config"]);
    super::planted("src/config/mod.rs", "use crate::{domain::id, cli::Args};", &["1 layer cli"]);
    super::planted("src/cli/run.rs", "use crate::{engine, render, config, domain::id};", &[]);
    super::planted("src/main.rs", "use wt_orch::cli;", &[]);
}

#[test]
fn render_and_engine_do_not_import_one_another() {
    super::planted("src/render/text.rs", "use crate::engine::Event;", &["1 layer engine"]);
    super::planted("src/engine/mod.rs", "use super::render::Progress;", &["1 layer render"]);
}

#[test]
fn the_parts_of_domain_import_only_what_stands_before_them() {
    let file = "src/domain/plan/build.rs";
    super::planted(file, "use super::super::task::Task;\nuse super::graph::Graph;", &[]);
    super::planted(file, "use super::super::run::Run;", &["1 layer domain::run"]);
    super::planted(file, "use crate::domain::{id, report::Report};", &["1 layer domain::report"]);
    super::planted(file, "use crate::domain;", &["1 layer whole"]);
    super::planted(
        "src/domain/id.rs",
        "mod m { use super::super::time; }",
        &["1 layer domain::time"],
    );
    super::planted("src/domain/extra.rs", "use crate::domain::id;", &["1 layer no place"]);
}

#[test]
fn a_folder_without_a_layer_is_a_fault() {
    super::planted("src/web/mod.rs", "", &["1 layer no layer"]);
}

#[test]
fn domain_touches_nothing_outside() {
    let file = "src/domain/run/step.rs";
    for text in [
        "use std::fs;",
        "use std::{fmt, io::Read};",
        "fn f() { std::env::var(\"X\"); }",
        "use ::std::process;",
        "use std::*;",
        "use std::time::{Duration, SystemTime};",
        "use std::time; fn f() { Instant::now() }",
        "fn f() { jiff::Timestamp::now() }",
        "use rayon::prelude::*;",
        "fn f() { git2::Repository::open(p) }",
        "fn f() { println!(\"{}\", 1) }",
        "fn f() { std::eprintln!() }",
        "fn f() { assert!(std::fs::exists(p)) }",
    ] {
        let faults = super::faults_of(file, text);
        assert!(faults.iter().any(|f| f.rule == "outside" && f.line == 1), "{text}: {faults:?}");
    }
    super::planted(file, "use std::{fmt, time::Duration}; use toml::Value;", &[]);
}

#[test]
fn only_the_adapters_touch_the_outside_for_engine_render_and_config() {
    super::planted("src/engine/mod.rs", "use std::fs::File;", &["1 outside std::fs"]);
    super::planted("src/render/html.rs", "fn f() { std::env::args() }", &["1 outside std::env"]);
    super::planted("src/config/read.rs", "use std::fs;", &["1 outside std::fs"]);
    super::planted("src/config/load.rs", "use std::fs;", &[]);
    super::planted("src/render/text.rs", "use std::io::Write;", &[]);
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    super::planted(
        "src/domain/id.rs",
        "// use crate::engine;\n/* std::fs */ const A: &str = \"use crate::cli;\";\n\
         /// std::env::var\nfn f() {}\n#[cfg(test)] use std::fs;\n\
         #[cfg(test)]\nmod tests { use crate::engine; fn f() { std::fs::read(p); println!(); } }",
        &[],
    );
}

#[test]
fn what_follows_a_test_item_counts_again() {
    super::planted(
        "src/domain/id.rs",
        "#[cfg(test)]\nuse std::{fs};\n#[cfg(test)]\nfn f(a: [u8; 2]) {}\nuse std::env;",
        &["5 outside std::env"],
    );
    super::planted("src/domain/id.rs", "#[cfg(not(test))]\nuse std::fs;", &["2 outside std::fs"]);
}
