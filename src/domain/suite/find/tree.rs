//! The paths of a commit, asked as folders.

/// Folders that hold other people's code, products, or what tests are fed with.
const NEVER: [&str; 16] = [
    ".git",
    ".venv",
    "__fixtures__",
    "__snapshots__",
    "bower_components",
    "fixture",
    "fixtures",
    "node_modules",
    "snapshots",
    "target",
    "template",
    "templates",
    "test-data",
    "test_data",
    "testdata",
    "vendor",
];

/// Folders that hold no projects of their own where they lie within another one.
const NESTED: [&str; 11] = [
    "bench",
    "benches",
    "benchmarks",
    "e2e-fixtures",
    "example",
    "examples",
    "fuzz",
    "spec",
    "test",
    "tests",
    "testsuite",
];

/// Paths of all files of a commit, in their order.
pub(super) struct Tree<'a> {
    paths: Vec<&'a str>,
}

impl<'a> Tree<'a> {
    /// Paths that are no UTF-8 are left out: they come quoted, and no manifest can name them.
    pub(super) fn new(paths: &'a [String]) -> Self {
        let mut paths: Vec<&str> =
            paths.iter().map(String::as_str).filter(|path| !path.starts_with('"')).collect();
        paths.sort_unstable();
        paths.dedup();
        Self { paths }
    }

    /// Whether there is this file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.binary_search(&path).is_ok()
    }

    /// All files in a folder and below it; of the root all there are.
    pub(super) fn below(&self, folder: &str) -> &[&'a str] {
        if folder.is_empty() {
            return &self.paths;
        }
        let start = self.paths.partition_point(|path| *path < &*format!("{folder}/"));
        // `0` follows `/`.
        let end = self.paths.partition_point(|path| *path < &*format!("{folder}0"));
        &self.paths[start..end]
    }

    /// Folders with a file of this name, outer ones first.
    pub(super) fn folders_with(&self, name: &str) -> Vec<&'a str> {
        let named = self.paths.iter().filter(|path| file_name(path) == name);
        let mut folders: Vec<&str> = named.map(|path| parent(path)).collect();
        folders.sort_by_key(|folder| (depth(folder), *folder));
        folders
    }

    /// Whether a project in this folder is no project of the repository's own: it is vendored, built or
    /// fed to tests. `manifests`: what manifests of its kind are called.
    pub(super) fn is_foreign(&self, folder: &str, manifests: &[&str]) -> bool {
        let mut is_inside = false;
        let mut outer = "";
        for part in folder.split('/') {
            is_inside |= manifests.iter().any(|name| self.has(&joined(outer, name)));
            if NEVER.contains(&part) || (is_inside && NESTED.contains(&part)) {
                return true;
            }
            let end = if outer.is_empty() { part.len() } else { outer.len() + 1 + part.len() };
            outer = &folder[..end];
        }
        false
    }
}

/// A folder and all around it, itself first and the root last.
pub(super) fn upward(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| parent(folder)))
}

/// Whether files below this path are never asked for.
pub(super) fn is_never_read(path: &str) -> bool {
    path.split('/')
        .any(|part| ["node_modules", ".git", ".venv", "bower_components"].contains(&part))
}

/// The folder that a path lies in; empty is the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A path in a folder.
pub(super) fn joined(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// What remains of a path within a folder; empty is the folder itself.
pub(super) fn within<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Where a relative path leads that stands in a file of `folder`; `None` is outside of the repository.
pub(super) fn resolved(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn depth(folder: &str) -> usize {
    if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() }
}
