//! What a project's settings say of where its tests are.

use globset::{GlobBuilder, GlobMatcher};
use toml::{Table, Value};

use super::SETTINGS;
use crate::domain::diagnostic::{LineIndex, quoted};
use crate::domain::suite::find::Search;
use crate::domain::suite::find::tree::{file_name, joined, parent, resolved, within};

/// Folders that pytest does not look into.
const NOT_ENTERED: [&str; 9] =
    [".*", "*.egg", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"];

/// What a project's settings say.
pub(super) struct Settings {
    /// The name that `pyproject.toml` gives the project.
    pub(super) project: Option<String>,
    files: Vec<GlobMatcher>,
    folders: Vec<GlobMatcher>,
    /// Where tests are looked for; empty is everywhere.
    paths: Vec<GlobMatcher>,
}

/// Words of `python_files`, `testpaths` and `norecursedirs`.
#[derive(Default)]
struct Said {
    python_files: Option<Vec<String>>,
    testpaths: Option<Vec<String>>,
    norecursedirs: Option<Vec<String>>,
}

impl Settings {
    /// Reads the first file that has settings of pytest. What cannot be read is noted.
    pub(super) fn read(search: &Search<'_>, root: &str, notes: &mut Vec<String>) -> Self {
        let mut said = None;
        let mut project = None;
        for name in SETTINGS {
            let path = joined(root, name);
            let Some(text) = search.texts.get(&path) else { continue };
            let own = match name {
                "pyproject.toml" => match text.parse::<Table>() {
                    Ok(table) => {
                        let named = table.get("project").and_then(|p| p.get("name"));
                        project = named.and_then(Value::as_str).map(str::to_owned);
                        of_pyproject(&table)
                    }
                    Err(error) => {
                        let start = error.span().map_or(0, |span| span.start);
                        let line = LineIndex::new(text).line(start) + 1;
                        let what = error.message().lines().next().unwrap_or_default();
                        notes.push(format!("{path}:{line}: {what}"));
                        None
                    }
                },
                "setup.cfg" => of_ini(text, "tool:pytest"),
                // Even an empty one counts.
                "pytest.ini" | ".pytest.ini" => of_ini(text, "pytest").or(Some(Said::default())),
                _ => of_ini(text, "pytest"),
            };
            said = said.or(own);
        }
        let said = said.unwrap_or_default();
        let mut globs = |words: Vec<String>, separator: bool| {
            let mut globs = Vec::new();
            for word in words {
                match GlobBuilder::new(&word).literal_separator(separator).build() {
                    Ok(glob) => globs.push(glob.compile_matcher()),
                    Err(_) => notes.push(format!("{root}: {} is no glob", quoted(&word))),
                }
            }
            globs
        };
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let files = said.python_files.unwrap_or_else(|| owned(&["test_*.py", "*_test.py"]));
        let folders = said.norecursedirs.unwrap_or_else(|| owned(&NOT_ENTERED));
        let paths = said.testpaths.unwrap_or_default();
        let paths = paths.iter().filter_map(|path| resolved("", path));
        Self {
            project,
            files: globs(files, false),
            folders: globs(folders.into_iter().map(literal_braces).collect(), false),
            paths: globs(paths.filter(|path| !path.is_empty()).collect(), true),
        }
    }

    /// Whether pytest collects a file, seen from the project's folder.
    pub(super) fn collects(&self, path: &str) -> bool {
        let name = file_name(path);
        let is_test = self.files.iter().any(|glob| glob.is_match(name) || glob.is_match(path));
        let entered = |part: &str| !self.folders.iter().any(|glob| glob.is_match(part));
        name.ends_with(".py")
            && is_test
            && parent(path).split('/').filter(|part| !part.is_empty()).all(entered)
            && (self.paths.is_empty() || self.is_below(path))
    }

    /// Whether `testpaths` names this folder.
    pub(super) fn names(&self, folder: &str) -> bool {
        self.paths.iter().any(|glob| glob.is_match(folder))
    }

    fn is_below(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| &path[..end]).any(|outer| within(path, outer).is_some() && self.names(outer))
    }
}

/// `{arch}` is meant as it stands there.
fn literal_braces(glob: String) -> String {
    glob.replace('{', "[{]").replace('}', "[}]")
}

fn of_pyproject(table: &Table) -> Option<Said> {
    let pytest = table.get("tool")?.get("pytest")?;
    let options = pytest.get("ini_options").or(Some(pytest))?.as_table()?;
    let words = |key: &str| {
        let value = options.get(key)?;
        let texts =
            |list: &Vec<Value>| list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        value.as_array().map(texts).or_else(|| value.as_str().map(split))
    };
    Some(Said {
        python_files: words("python_files"),
        testpaths: words("testpaths"),
        norecursedirs: words("norecursedirs"),
    })
}

/// One section of an ini file; `None` when there is none. Lines that are indented go on with the value
/// before them.
fn of_ini(text: &str, section: &str) -> Option<Said> {
    let mut said: Option<Said> = None;
    let mut is_in = false;
    let mut key = String::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_in = name.trim() == section;
            key.clear();
            if is_in {
                said.get_or_insert_default();
            }
            continue;
        }
        let Some(said) = said.as_mut().filter(|_| is_in) else { continue };
        let value = match bare.split_once(['=', ':']) {
            Some((name, value)) if !line.starts_with(char::is_whitespace) => {
                name.trim().clone_into(&mut key);
                value
            }
            _ => bare,
        };
        let list = match key.as_str() {
            "python_files" => &mut said.python_files,
            "testpaths" => &mut said.testpaths,
            "norecursedirs" => &mut said.norecursedirs,
            _ => continue,
        };
        list.get_or_insert_default().extend(split(value));
    }
    said
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
}
