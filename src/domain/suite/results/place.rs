//! Where in the sources a test failed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// A place in a source file, as a failure's output names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// As it was printed: absolute, or from the folder in which the tests ran.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1; `None` where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// How places are written, the most telling first.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let forms = [
        // Rust.
        r"(?m) panicked at (?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?P<column>\d+)",
        r"(?m)^note: test did not panic as expected at (?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+)",
        // pytest, then Python's own traceback.
        r"(?m)^(?P<file>[^\s:]+\.py):(?P<line>\d+): ",
        r#"(?m)^ *File "(?P<file>[^"\n]+\.py)", line (?P<line>\d+)"#,
        // Go.
        r"(?m)^\s*(?P<file>[^\s:]+_test\.go):(?P<line>\d+): ",
        // vitest, then stacks of JavaScript.
        r"(?m)^\s*❯ (?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+)",
        r"(?m)[( ](?:file://)?(?P<file>[^\s():]+\.[cm]?[jt]sx?):(?P<line>\d+):(?P<column>\d+)\)?$",
        r"(?m)^location: '(?P<file>[^'\n]+):(?P<line>\d+):(?P<column>\d+)'",
    ];
    forms.iter().filter_map(|form| Regex::new(form).ok()).collect()
});

/// Sources of others.
const FOREIGN: [&str; 5] =
    ["node_modules/", "/rustc/", "/.cargo/registry/", "site-packages/", "rustdoctest/"];

impl Place {
    /// The first place in a failure's output that is not in other people's sources. Of several, one
    /// in the file that the test's id names goes first.
    pub fn find(test: &str, output: &str) -> Option<Self> {
        let places = |form: &Regex| -> Vec<Self> {
            let found = form.captures_iter(output).filter_map(|found| {
                let number = |name| found.name(name)?.as_str().parse().ok();
                let file = found.name("file")?.as_str().to_owned();
                Some(Self { file, line: number("line")?, column: number("column") })
            });
            found.filter(|place| !FOREIGN.iter().any(|part| place.file.contains(part))).collect()
        };
        let places = FORMS.iter().map(places).find(|places| !places.is_empty())?;
        let own = places.iter().find(|place| test.contains(&place.file));
        own.or(places.first()).cloned()
    }

    /// The file as a path from the root of the repository, one of its `files`: in a worktree at `root`,
    /// for a module in `folder`, relative to that. `None` where it is none of them.
    pub fn locate(&self, (root, folder): (&str, &str), files: &BTreeSet<String>) -> Option<String> {
        let mut candidates = self.candidates(root, folder).into_iter();
        if let Some(found) = candidates.find(|path| files.contains(path)) {
            return Some(found);
        }
        if self.file.starts_with('/') {
            return None;
        }
        // Some name a file from its own folder.
        let (below, end) = (format!("{folder}/"), format!("/{}", self.file));
        let is_it = |path: &&String| {
            path.ends_with(&end) && (folder.is_empty() || path.starts_with(&below))
        };
        let mut found = files.iter().filter(is_it);
        let only = found.next()?;
        found.next().is_none().then(|| only.clone())
    }

    /// The file as a path from the root of the worktree, as it may be meant: the first that exists is
    /// the one. `folder` is the module's, relative to the root: tests run there, or in a folder around
    /// it.
    fn candidates(&self, root: &str, folder: &str) -> Vec<String> {
        let root = root.trim_end_matches('/');
        if let Some(inner) = self.file.strip_prefix(root)
            && let Some(inner) = inner.strip_prefix('/')
        {
            return vec![inner.to_owned()];
        }
        if self.file.starts_with('/') {
            return Vec::new();
        }
        let file = self.file.strip_prefix("./").unwrap_or(&self.file);
        let mut candidates = Vec::new();
        let mut around = folder.trim_end_matches('/');
        while !around.is_empty() {
            candidates.push(format!("{around}/{file}"));
            around = around.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
        candidates.push(file.to_owned());
        candidates
    }
}

#[cfg(test)]
mod tests;
