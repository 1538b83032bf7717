//! Crates whose types stay in the folders that exist to wrap them.

use super::layers::foreign_paths;
use super::source::Source;
use super::{Fault, starts_with};

/// A crate, or a module of one, and the modules that may use it.
const HOMES: [(&str, &[&str]); 12] = [
    ("anyhow", &["cli", "main"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("git2", &["adapters::git", "adapters::worktree"]),
    ("indicatif", &["render"]),
    ("libc", &["adapters"]),
    ("miette", &["render"]),
    ("rusqlite", &["adapters::store"]),
    // A terminal is asked for its size where it is drawn on.
    ("rustix", &["adapters", "cli", "render"]),
    ("sha2", &["adapters::host"]),
    ("tokio::process", &["adapters::process"]),
];

/// Uses of a wrapped crate outside of its home.
pub(crate) fn crates(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (fact, path) in foreign_paths(source) {
        let home = HOMES.iter().find(|(name, _)| starts_with(path, name));
        let Some((name, homes)) = home else { continue };
        if !homes.iter().any(|home| starts_with(&source.module, home)) {
            let message = format!("`{name}` stays in {}", homes.join(" and "));
            faults.push(Fault::new(source, fact.line, "foreign", message));
        }
    }
    faults
}

#[test]
fn a_wrapped_crate_outside_of_its_home_is_a_fault() {
    super::planted("src/engine/mod.rs", "use git2::Oid;", &["1 foreign git2"]);
    super::planted("src/adapters/mod.rs", "pub use git2::Oid;", &["1 foreign git2"]);
    super::planted("src/adapters/git/mod.rs", "use git2::Oid;", &[]);
    super::planted(
        "src/adapters/host/mod.rs",
        "fn f(c: &rusqlite::Connection) {}",
        &["1 foreign rusqlite"],
    );
    super::planted(
        "src/engine/mod.rs",
        "use tokio::{process::Command, sync};",
        &["1 foreign tokio::process"],
    );
    super::planted("src/render/text.rs", "use anyhow::Result;", &["1 foreign anyhow"]);
    super::planted("src/cli/mod.rs", "use anyhow::Result; use clap::Parser;", &[]);
    super::planted(
        "src/config/mod.rs",
        "#[derive(clap::ValueEnum)] enum E {}",
        &["1 foreign clap"],
    );
    super::planted("src/cli/mod.rs", "fn f() { miette::miette!(\"x\") }", &["1 foreign miette"]);
}
