//! What a `Cargo.toml` says.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::domain::diagnostic::{LineIndex, quoted};
use crate::domain::suite::find::tree::resolved;

/// Kinds of dependencies, as cargo spells them.
const KINDS: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "dev_dependencies",
    "build-dependencies",
    "build_dependencies",
];

/// A manifest whose syntax is sound.
pub(super) struct Manifest {
    pub(super) folder: String,
    pub(super) table: Table,
}

impl Manifest {
    /// The error is a line and what is wrong there.
    pub(super) fn parse(folder: &str, text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        match text.parse::<Table>() {
            Ok(table) => Ok(Self { folder: folder.to_owned(), table }),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = LineIndex::new(text).line(start) + 1;
                Err(format!("{line}: {}", error.message().lines().next().unwrap_or_default()))
            }
        }
    }

    /// The package's name; `None` for a virtual workspace.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.package()?.get("name")?.as_str()?;
        // Anything else is no name to cargo, and might be an option.
        let plain = |c: char| c.is_alphanumeric() || "_-".contains(c);
        (name.chars().all(plain) && !name.starts_with('-')).then_some(name)
    }

    /// `[package]`.
    pub(super) fn package(&self) -> Option<&Table> {
        self.table.get("package").or_else(|| self.table.get("project"))?.as_table()
    }

    /// `[workspace]`.
    pub(super) fn workspace(&self) -> Option<&Table> {
        self.table.get("workspace")?.as_table()
    }

    /// A list of texts of `[workspace]`; what is no text is noted.
    pub(super) fn list(&self, key: &str, notes: &mut Vec<String>) -> Vec<&str> {
        let Some(value) = self.workspace().and_then(|workspace| workspace.get(key)) else {
            return Vec::new();
        };
        let texts: Option<Vec<&str>> =
            value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        texts.unwrap_or_else(|| {
            let path = super::joined(&self.folder, super::MANIFEST);
            notes.push(format!("{path}: `{key}` of [workspace] is no list of texts"));
            Vec::new()
        })
    }

    /// Folders of what it uses by path; `root` is the manifest of its workspace.
    pub(super) fn used_folders(&self, root: Option<&Self>) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let own = std::iter::once(&self.table);
        let by_target = self.table.get("target").and_then(Value::as_table);
        let by_target = by_target.into_iter().flat_map(|targets| targets.values());
        for table in own.chain(by_target.filter_map(Value::as_table)) {
            for kind in KINDS {
                let Some(entries) = table.get(kind).and_then(Value::as_table) else { continue };
                used.extend(entries.iter().filter_map(|(key, entry)| self.used(key, entry, root)));
            }
        }
        used.remove(&self.folder);
        used
    }

    fn used(&self, key: &str, entry: &Value, root: Option<&Self>) -> Option<String> {
        let is_inherited = entry.get("workspace").and_then(Value::as_bool) == Some(true);
        let inherited = || root?.workspace()?.get("dependencies")?.get(key);
        let (entry, at) = match is_inherited {
            true => (inherited()?, &root?.folder),
            false => (entry, &self.folder),
        };
        if let Some(path) = entry.get("path").and_then(Value::as_str) {
            return resolved(at, path);
        }
        let name = entry.get("package").and_then(Value::as_str).unwrap_or(key);
        root?.patched(name)
    }

    /// Where `[patch]` says that a package is.
    fn patched(&self, name: &str) -> Option<String> {
        let sources = self.table.get("patch")?.as_table()?.values().filter_map(Value::as_table);
        let mut entries = sources.flat_map(|source| source.iter()).filter(|(key, entry)| {
            entry.get("package").and_then(Value::as_str).unwrap_or(key) == name
        });
        let path = entries.find_map(|(_, entry)| entry.get("path")?.as_str())?;
        resolved(&self.folder, path)
    }

    /// A glob or a plain path of `[workspace]`, for a message.
    pub(super) fn cited(&self, text: &str) -> String {
        format!("{}: {}", super::joined(&self.folder, super::MANIFEST), quoted(text))
    }
}
