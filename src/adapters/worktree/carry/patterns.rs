//! Which ignored files are wanted: `.worktreeinclude` and the setting, in the syntax of a
//! `.gitignore`.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::OFlags;

use crate::adapters::git::{GitError, as_path, io};

/// File in the checkout's root that lists what is wanted.
const FILE: &str = ".worktreeinclude";

/// Bytes of the longest file that is read: more than anybody writes by hand.
const LARGEST: u64 = 1 << 20;

/// What the lines say about one path, its parents left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Bring it; `placed` by a line that names a place and not just a name.
    Include { placed: bool },
    /// Leave it: a line with `!`.
    Leave,
    /// Packages that are installed.
    Installed,
    /// A build product.
    Cache,
    /// Nothing.
    Silent,
}

/// The lines of the rules.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) include: &'a [String],
    pub(super) installed: &'a [String],
    pub(super) caches: &'a [String],
}

/// All lines, compiled.
pub(super) struct Patterns {
    include: Gitignore,
    installed: Gitignore,
    caches: Gitignore,
    /// The lines of `include` that name a place, split at slashes.
    places: Vec<Vec<String>>,
}

impl Patterns {
    /// Reads the file and compiles everything; lines that are no patterns are told in `notes`.
    pub(super) fn load<'a>(
        checkout: &Path,
        lines: Lines<'a>,
        ignore_case: bool,
        notes: &mut Vec<String>,
    ) -> Result<Self, GitError> {
        let text = load_file(&checkout.join(FILE))?;
        let in_file = text.lines().map(|line| (FILE, line));
        let named = |setting: &'static str, lines: &'a [String]| {
            lines.iter().map(move |line| (setting, line.as_str()))
        };
        let installed = named("installed packages", lines.installed);
        let caches = named("worktree.caches", lines.caches);
        let in_setting = named("worktree.include", lines.include);
        let lines: Vec<(&str, &str)> = in_file.chain(in_setting).collect();
        Ok(Self {
            include: compile(lines.iter().copied(), ignore_case, notes),
            installed: compile(installed, ignore_case, notes),
            caches: compile(caches, ignore_case, notes),
            places: lines.iter().filter_map(|(_, line)| place(line)).collect(),
        })
    }

    /// Whether no line asks for anything.
    pub(super) fn wants_nothing(&self) -> bool {
        self.includes_nothing() && self.installed.num_ignores() == 0
    }

    /// Whether no line of the user's asks for anything.
    pub(super) fn includes_nothing(&self) -> bool {
        self.include.num_ignores() == 0
    }

    /// What the lines say about this very path, relative to the root.
    pub(super) fn wish(&self, path: &[u8], is_folder: bool) -> Wish {
        match self.include.matched(as_path(path), is_folder) {
            Match::Ignore(line) => {
                return Wish::Include { placed: place(line.original()).is_some() };
            }
            Match::Whitelist(_) => return Wish::Leave,
            Match::None => {}
        }
        match self.installed.matched(as_path(path), is_folder) {
            Match::Ignore(_) => return Wish::Installed,
            Match::Whitelist(_) => return Wish::Leave,
            Match::None => {}
        }
        match self.caches.matched(as_path(path), is_folder) {
            Match::Ignore(_) => Wish::Cache,
            Match::Whitelist(_) => Wish::Leave,
            Match::None => Wish::Silent,
        }
    }

    /// Whether a line names something below this folder by its place: `target/models/*.bin` below
    /// `target`. Lines such as `.env`, which match at any depth, do not count.
    pub(super) fn reach_below(&self, folder: &[u8]) -> bool {
        let folder = String::from_utf8_lossy(folder);
        let parts: Vec<&str> = folder.split('/').collect();
        self.places.iter().any(|place| {
            place.len() > parts.len()
                && place.iter().zip(&parts).all(|(one, part)| one == part || is_wild(one))
        })
    }
}

fn load_file(path: &Path) -> Result<String, GitError> {
    // Opening a pipe would wait for somebody to write into it.
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = match File::options().read(true).custom_flags(without_waiting).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(io("read", path)(error)),
    };
    let refused = |feature: &str, way_out: &str| GitError::Unsupported {
        feature: format!("{feature} `{FILE}`"),
        why: format!("`{}` is one", path.display()),
        way_out: way_out.to_owned(),
    };
    if !file.metadata().map_err(io("read", path))?.is_file() {
        let way_out = "put a text file with one pattern a line in its place, or remove it";
        return Err(refused("a pipe, folder or device as", way_out));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io("read", path))?;
    if bytes.len() as u64 > LARGEST {
        // Half of it might lack the very line that leaves a secret out.
        let way_out = "name folders instead of the files in them";
        return Err(refused("more than 1MiB of", way_out));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn compile<'a>(
    lines: impl Iterator<Item = (&'a str, &'a str)>,
    ignore_case: bool,
    notes: &mut Vec<String>,
) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    // Cannot fail: no pattern was added yet.
    let _always = builder.case_insensitive(ignore_case).is_ok();
    for (source, line) in lines {
        if let Err(error) = builder.add_line(None, line) {
            notes.push(format!("`{line}` of `{source}` is no pattern and was left out: {error}"));
        }
    }
    builder.build().unwrap_or_else(|error| {
        notes.push(format!("the patterns cannot be used together: {error}"));
        Gitignore::empty()
    })
}

/// The parts of a line that names a place: one with a slash before its end.
fn place(line: &str) -> Option<Vec<String>> {
    let line = line.trim_end();
    let line = line.strip_suffix('/').unwrap_or(line);
    let taken = !line.starts_with(['#', '!']) && line.contains('/') && !line.starts_with("**");
    let parts = line.strip_prefix('/').unwrap_or(line).split('/');
    taken.then(|| parts.map(str::to_owned).collect())
}

fn is_wild(part: &str) -> bool {
    part.contains(['*', '?', '[', '\\'])
}
