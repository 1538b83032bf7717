//! The parts of a package's tests that `cargo test` can run one by one.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::joined;
use super::manifest::Manifest;
use crate::domain::suite::Unit;
use crate::domain::suite::find::tree::{Tree, resolved, within};

/// What of a package is run by `cargo test`.
pub(super) struct Targets {
    /// Empty where it cannot be told what the whole would run.
    pub(super) units: Vec<Unit>,
    /// Files of targets outside of the package's folder.
    pub(super) outside: Vec<String>,
    /// Tests that need features which are not on.
    pub(super) without_features: Vec<String>,
    has_tests: bool,
}

impl Targets {
    /// Whether `cargo test` has nothing to run.
    pub(super) fn is_untestable(&self) -> bool {
        !self.has_tests
    }
}

/// One target of a kind that there can be several of.
struct Target {
    name: String,
    tested: bool,
    /// Whether its `required-features` are on; `None` when that depends on more than the manifest.
    enabled: Option<bool>,
}

/// A kind of targets of which there can be several.
struct Kind {
    key: &'static str,
    folder: &'static str,
    /// The key of `[package]` that stops cargo from looking for files.
    auto: &'static str,
    /// Whether `test` is on where nobody says so.
    tested: bool,
    option: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind { key: "bin", folder: "src/bin", auto: "autobins", tested: true, option: "--bin" },
    Kind { key: "test", folder: "tests", auto: "autotests", tested: true, option: "--test" },
    Kind {
        key: "example",
        folder: "examples",
        auto: "autoexamples",
        tested: false,
        option: "--example",
    },
    Kind { key: "bench", folder: "benches", auto: "autobenches", tested: false, option: "--bench" },
];

/// What decides about targets beside the manifest itself.
pub(super) struct Around<'a> {
    pub(super) tree: &'a Tree<'a>,
    /// The manifest of its workspace.
    pub(super) root: Option<&'a Manifest>,
    /// Whether something that it uses uses it in turn, and may turn on features of it.
    pub(super) may_return: bool,
}

impl Manifest {
    /// What of it has tests.
    pub(super) fn targets(&self, around: &Around<'_>) -> Targets {
        let mut outside = Vec::new();
        let mut units = Vec::new();
        let unit =
            |name: &str, words: Vec<String>| Unit { name: name.to_owned(), words, alone: false };
        let lib = self.library(around.tree);
        if lib.as_ref().is_some_and(|lib| lib.tested) {
            units.push(unit("lib", vec!["--lib".to_owned()]));
        }
        let mut certain = true;
        let mut without_features = Vec::new();
        for kind in &KINDS {
            let mut words = Vec::new();
            for target in self.several(kind, around, &mut outside) {
                certain &= !target.tested || target.enabled.is_some();
                if !target.tested {
                    continue;
                }
                if target.enabled == Some(false) {
                    without_features.push(target.name);
                    continue;
                }
                let own = vec![kind.option.to_owned(), target.name.clone()];
                match kind.key {
                    // Programs have few tests as a rule, and are linked together with the rest.
                    "bin" => words.extend(own),
                    key => units.push(unit(&format!("{key} {}", target.name), own)),
                }
            }
            if !words.is_empty() {
                units.push(unit("bins", words));
            }
        }
        if lib.as_ref().is_some_and(|lib| lib.documented) {
            units.push(Unit { alone: true, ..unit("doc", vec!["--doc".to_owned()]) });
        }
        outside.extend(lib.and_then(|lib| lib.outside));
        let has_tests = !units.is_empty() || !certain;
        let units = if certain { units } else { Vec::new() };
        Targets { units, outside, without_features, has_tests }
    }

    fn library(&self, tree: &Tree<'_>) -> Option<Library> {
        let table = self.table.get("lib").and_then(Value::as_table);
        let auto = self.package().and_then(|package| package.get("autolib"));
        let found = tree.has(&joined(&self.folder, "src/lib.rs"))
            && auto.and_then(Value::as_bool) != Some(false);
        if table.is_none() && !found {
            return None;
        }
        let on = |key: &str| table.and_then(|lib| lib.get(key)).and_then(Value::as_bool);
        let kinds = table.and_then(|lib| lib.get("crate-type").or_else(|| lib.get("crate_type")));
        let is_rust = |kind: &Value| {
            kind.as_str().is_some_and(|kind| ["lib", "rlib", "proc-macro"].contains(&kind))
        };
        let linked = match kinds.and_then(Value::as_array) {
            Some(kinds) => kinds.iter().any(is_rust),
            None => true,
        };
        let macros = on("proc-macro").or_else(|| on("proc_macro")) == Some(true);
        Some(Library {
            tested: on("test") != Some(false),
            documented: on("doctest") != Some(false) && (linked || macros),
            outside: table.and_then(|lib| self.outside(lib)),
        })
    }

    /// Where a target's file lies, if outside of the package's folder.
    fn outside(&self, target: &Table) -> Option<String> {
        let path = resolved(&self.folder, target.get("path")?.as_str()?)?;
        within(&path, &self.folder).is_none().then_some(path)
    }

    fn several(&self, kind: &Kind, around: &Around<'_>, outside: &mut Vec<String>) -> Vec<Target> {
        let said = self.table.get(kind.key).and_then(Value::as_array);
        let said: Vec<&Table> = said.into_iter().flatten().filter_map(Value::as_table).collect();
        let mut targets: BTreeMap<String, Target> = BTreeMap::new();
        let mut paths = BTreeSet::new();
        for target in &said {
            let Some(name) = target.get("name").and_then(Value::as_str) else { continue };
            let tested = target.get("test").and_then(Value::as_bool).unwrap_or(kind.tested);
            let enabled = self.enabled(target, around.may_return);
            let name = name.to_owned();
            targets.insert(name.clone(), Target { name, tested, enabled });
            outside.extend(self.outside(target));
            let path = target.get("path").and_then(Value::as_str);
            paths.extend(path.and_then(|path| resolved(&self.folder, path)));
        }
        let auto = self.package().and_then(|package| package.get(kind.auto));
        // Edition 2015 looks for files only where the manifest names no target of the kind.
        let default = said.is_empty() || self.edition(around.root) != Some("2015");
        if auto.and_then(Value::as_bool).unwrap_or(default) {
            for (name, path) in self.inferred(kind, around.tree) {
                if !paths.contains(&path) && !targets.contains_key(&name) {
                    let target = Target { name, tested: kind.tested, enabled: Some(true) };
                    targets.insert(target.name.clone(), target);
                }
            }
        }
        targets.into_values().collect()
    }

    /// Targets that cargo finds by their files: name and path.
    fn inferred(&self, kind: &Kind, tree: &Tree<'_>) -> Vec<(String, String)> {
        let folder = joined(&self.folder, kind.folder);
        let mut found = Vec::new();
        let main = joined(&self.folder, "src/main.rs");
        if kind.key == "bin" && tree.has(&main) {
            found.extend(self.name().map(|name| (name.to_owned(), main)));
        }
        for path in tree.below(&folder) {
            let Some(rest) = within(path, &folder) else { continue };
            let name = match rest.split_once('/') {
                None => rest.strip_suffix(".rs"),
                Some((name, "main.rs")) => Some(name),
                Some(_) => None,
            };
            if let Some(name) = name.filter(|name| !name.starts_with('.')) {
                found.push((name.to_owned(), (*path).to_owned()));
            }
        }
        found
    }

    fn edition<'m>(&'m self, root: Option<&'m Self>) -> Option<&'m str> {
        let Some(own) = self.package()?.get("edition") else { return Some("2015") };
        let inherited = || root?.workspace()?.get("package")?.get("edition")?.as_str();
        own.as_str().or_else(inherited)
    }

    /// Whether the features that a target requires are on by default.
    fn enabled(&self, target: &Table, may_return: bool) -> Option<bool> {
        let Some(required) = target.get("required-features").and_then(Value::as_array) else {
            return Some(true);
        };
        let on = self.default_features();
        let missing: Vec<&str> =
            required.iter().filter_map(Value::as_str).filter(|name| !on.contains(name)).collect();
        if missing.is_empty() {
            return Some(true);
        }
        // A feature of another package: only cargo knows.
        (!may_return && !missing.iter().any(|name| name.contains('/'))).then_some(false)
    }

    /// Features that a package turns on for its tests by using itself.
    fn asked_of_itself(&self) -> impl Iterator<Item = &str> {
        let kinds = ["dev-dependencies", "dev_dependencies"].into_iter();
        let entries = kinds.filter_map(|kind| self.table.get(kind)?.as_table()).flatten();
        let own = entries.filter(|(key, entry)| {
            entry.get("package").and_then(Value::as_str).or(Some(key)) == self.name()
        });
        let lists = own.filter_map(|(_, entry)| entry.get("features")?.as_array());
        lists.flatten().filter_map(Value::as_str)
    }

    fn default_features(&self) -> BTreeSet<&str> {
        let Some(features) = self.table.get("features").and_then(Value::as_table) else {
            return BTreeSet::new();
        };
        let mut on = BTreeSet::new();
        let mut open = vec!["default"];
        open.extend(self.asked_of_itself());
        while let Some(name) = open.pop() {
            // `a/b` turns on the optional dependency `a`, `dep:a` no feature.
            let plain = name.split('/').next().unwrap_or(name);
            for name in [name, plain] {
                if on.insert(name) {
                    let more = features.get(name).and_then(Value::as_array);
                    open.extend(more.into_iter().flatten().filter_map(Value::as_str));
                }
            }
        }
        on
    }
}

struct Library {
    tested: bool,
    documented: bool,
    outside: Option<String>,
}
