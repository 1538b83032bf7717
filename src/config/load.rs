//! The edge of the settings: the only place that reads their files and the environment.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::entry::entries;
use super::{Entry, Environment, Layer, Origin, Origins, Settings, read, variables};
use crate::domain::diagnostic::{Diagnostic, Severity};

/// Largest settings file, in bytes.
const LARGEST: u64 = 1 << 20;

/// Name of the repository's file, in its root.
const REPOSITORY_FILE: &str = "orchestrator.toml";

/// Where to look for settings.
#[derive(Debug)]
pub struct LoadRequest<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Root of the worktree that the command was called in.
    pub repo_root: Option<&'a Path>,
    /// `--config`.
    pub given: Option<&'a Path>,
    /// What flags set.
    pub flags: Layer,
}

/// Valid settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where each value comes from.
    pub origins: Origins,
    /// Warnings.
    pub problems: Vec<FileProblem>,
}

impl Loaded {
    fn built_in() -> Self {
        Self { settings: Settings::default(), origins: Origins::default(), problems: Vec::new() }
    }

    /// Every setting in TOML with its origin.
    pub fn entries(&self) -> Vec<Entry> {
        entries(&self.settings, &self.origins)
    }
}

/// Problems of one file, or of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Name to show: a path, or `environment`.
    pub name: String,
    /// The text that places refer to.
    pub text: String,
    /// The problems in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The system refuses to read a file.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that can hardly be meant.
    #[error("{} is larger than 1MiB", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not UTF-8.
    #[error("{} is no UTF-8 text", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// At least one error in what was read; warnings are listed too.
    #[error("the configuration is invalid")]
    Invalid {
        /// All problems of all files, to be drawn as snippets.
        problems: Vec<FileProblem>,
    },
}

impl Environment {
    /// The environment of this process.
    pub fn capture() -> Self {
        std::env::vars_os().collect()
    }
}

/// Reads all layers. Problems of all of them are reported at once.
pub fn load(request: LoadRequest<'_>) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::built_in();
    let user = request.environment.config_home().map(|home| home.join("wt-orch/config.toml"));
    if let Some(path) = user {
        cover_optional(&mut loaded, &path, Origin::User)?;
    }
    if let Some(root) = request.repo_root {
        cover_optional(&mut loaded, &root.join(REPOSITORY_FILE), Origin::Repository)?;
    }
    let found = variables::variables(request.environment);
    let name = "environment".to_owned();
    cover(&mut loaded, found.layer, &Origin::Environment);
    note(&mut loaded, FileProblem { name, text: found.text, diagnostics: found.problems });
    if let Some(path) = request.given {
        let text = load_text(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), source: error })?;
        cover_text(&mut loaded, path, text, Origin::Given)?;
    }
    cover(&mut loaded, request.flags, &Origin::Flag);
    valid(loaded)
}

/// Reads the text of one settings file over the built-in values alone.
///
/// # Errors
/// [`ConfigError::Invalid`] with every problem of the text, [`ConfigError::TooLarge`].
pub fn parse(text: &str) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::built_in();
    cover_text(&mut loaded, Path::new(REPOSITORY_FILE), text.into(), Origin::Given)?;
    valid(loaded)
}

fn valid(loaded: Loaded) -> Result<Loaded, ConfigError> {
    let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
    if loaded.problems.iter().flat_map(|file| &file.diagnostics).any(is_error) {
        return Err(ConfigError::Invalid { problems: loaded.problems });
    }
    Ok(loaded)
}

/// A file that need not be there.
fn cover_optional(
    loaded: &mut Loaded,
    path: &Path,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<(), ConfigError> {
    match load_text(path) {
        Ok(text) => cover_text(loaded, path, text, origin),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(())
        }
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

fn cover_text(
    loaded: &mut Loaded,
    path: &Path,
    bytes: Vec<u8>,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<(), ConfigError> {
    let path = path.to_owned();
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigError::TooLarge { path });
    }
    let Ok(text) = String::from_utf8(bytes) else { return Err(ConfigError::NotText { path }) };
    let (layer, diagnostics) = read::file(&text);
    note(loaded, FileProblem { name: path.display().to_string(), text, diagnostics });
    cover(loaded, layer, &origin(path));
    Ok(())
}

fn cover(loaded: &mut Loaded, layer: Layer, origin: &Origin) {
    layer.cover(&mut loaded.settings, &mut loaded.origins, origin);
}

fn note(loaded: &mut Loaded, problem: FileProblem) {
    if !problem.diagnostics.is_empty() {
        loaded.problems.push(problem);
    }
}

/// A file's bytes, at most one more than are accepted.
fn load_text(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
