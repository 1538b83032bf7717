//! The rules of the source tree: layers, a pure domain, wrapped crates, no circles, short files and
//! names that say something.
//!
//! Every rule is a function of the files' texts, and is seen to fail on a fault planted in a
//! made-up tree; one test applies all of them to the real one.

mod circles;
mod foreign;
mod layers;
mod names;
mod source;

use std::fmt;
use std::path::Path;

use source::Source;

/// A broken rule and its place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    path: String,
    line: usize,
    rule: &'static str,
    message: String,
}

impl Fault {
    fn new(source: &Source, line: usize, rule: &'static str, message: String) -> Self {
        Self { path: source.path.clone(), line, rule, message }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// Applies every rule to the files, given as path and text. `crates` are the names by which the
/// package's dependencies are imported.
fn check<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>, crates: &[String]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut sources = Vec::new();
    for (path, text) in files {
        match Source::parse(path, text) {
            Ok(source) => sources.push(source),
            Err((line, message)) => {
                faults.push(Fault { path: path.to_owned(), line, rule: "syntax", message });
            }
        }
    }
    source::mark_test_files(&mut sources);
    let (library, tests): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| source.path.starts_with("src/"));
    for source in library.iter().chain(&tests) {
        faults.extend(names::names(source));
        faults.extend(names::length(source));
    }
    for source in &library {
        faults.extend(layers::imports(source));
        faults.extend(layers::outside(source, crates));
        faults.extend(foreign::crates(source));
    }
    faults.extend(circles::circles(&library));
    faults.sort();
    faults
}

/// Whether the path is `prefix` (`a::b`) or something inside of it.
fn starts_with(path: &[String], prefix: &str) -> bool {
    let mut parts = path.iter();
    prefix.split("::").all(|wanted| parts.next().is_some_and(|part| part == wanted))
}

/// The package's own Rust files.
fn real_tree() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Dependencies of the manifest, as code names them.
fn real_crates() -> Vec<String> {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let manifest: toml::Table = manifest.unwrap().parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    dependencies.keys().map(|name| name.replace('-', "_")).collect()
}

fn faults_in(files: &[(&str, &str)]) -> Vec<Fault> {
    check(files.iter().copied(), &real_crates())
}

fn faults_of(path: &str, text: &str) -> Vec<Fault> {
    faults_in(&[(path, text)])
}

/// Expects exactly these faults in a tree of one file, each written as `line rule words`.
#[track_caller]
fn planted(path: &str, text: &str, expected: &[&str]) {
    let faults = faults_of(path, text);
    let listed: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert_eq!(faults.len(), expected.len(), "{text}\n{}", listed.join("\n"));
    for (fault, expected) in faults.iter().zip(expected) {
        let mut parts = expected.splitn(3, ' ');
        assert_eq!(parts.next(), Some(fault.line.to_string().as_str()), "{fault}");
        assert_eq!(parts.next(), Some(fault.rule), "{fault}");
        assert!(parts.next().is_some_and(|words| fault.message.contains(words)), "{fault}");
        assert_eq!(fault.path, path);
    }
}

#[test]
fn the_source_tree_keeps_every_rule() {
    let files = real_tree();
    assert!(files.iter().any(|(path, _)| path == "src/domain/mod.rs"), "the tree was not found");
    let faults = check(files.iter().map(|(path, text)| (&**path, &**text)), &real_crates());
    let listed: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "{} broken rules:\n{}", faults.len(), listed.join("\n"));
}

#[test]
fn one_bad_file_in_the_real_tree_is_found_by_file_line_and_rule() {
    let text = "//! Bad.\n\nuse crate::engine::Driver;\nfn get_it() { std::fs::read(p) }\n";
    let path = "src/domain/plan/planted.rs";
    let mut files = real_tree();
    files.push((path.to_owned(), text.to_owned()));
    let faults = check(files.iter().map(|(path, text)| (&**path, &**text)), &real_crates());
    let found: Vec<_> =
        faults.iter().filter(|f| f.path == path).map(|f| (f.line, f.rule)).collect();
    assert_eq!(found, [(3, "circle"), (3, "layer"), (4, "name"), (4, "outside")]);
}

#[test]
fn a_file_that_cannot_be_read_as_rust_is_a_fault() {
    planted("src/domain/id.rs", "\nfn f() { \"", &["2 syntax "]);
}
