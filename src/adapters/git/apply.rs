//! A patch as a commit, made without a worktree: in an index of our own, beside no files.

mod form;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::{GitError, io};
use super::program::{Answer, Invocation};
use super::repo::Repo;
use super::write::NewCommit;
use crate::domain::id::Oid;

/// Most bytes of a patch.
const LARGEST_PATCH: u64 = 64 << 20;

/// What became of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PatchOutcome {
    /// This commit has it.
    Applied(Oid),
    /// Git does not take it; nothing was made.
    Rejected {
        /// What git says, line by line, without `error:`.
        said: Vec<String>,
        /// The files it is about, in the order of their names, where git names them.
        paths: Vec<String>,
    },
    /// It changes nothing.
    Empty,
    /// What it changes is so already: it could be taken back.
    Present,
}

/// Why a patch is not read.
#[derive(Debug, thiserror::Error)]
pub enum PatchFault {
    /// No such file, or one that must not be read.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// A folder, a pipe, a device.
    #[error("it is no file")]
    NoFile,
    /// More than 64 MiB.
    #[error("it is larger than 64 MiB")]
    TooLarge,
}

/// Reads the file of a patch.
///
/// # Errors
/// It is not there, no file, or too large.
pub fn load_patch(path: &Path) -> Result<Vec<u8>, PatchFault> {
    let about = path.metadata().map_err(PatchFault::Unreadable)?;
    if !about.is_file() {
        return Err(PatchFault::NoFile);
    }
    let mut patch = Vec::new();
    let file = File::open(path).map_err(PatchFault::Unreadable)?;
    file.take(LARGEST_PATCH + 1).read_to_end(&mut patch).map_err(PatchFault::Unreadable)?;
    if patch.len() as u64 > LARGEST_PATCH {
        return Err(PatchFault::TooLarge);
    }
    Ok(patch)
}

impl Repo {
    /// Makes a commit on top of `start` that has a patch: of `git diff`, `git format-patch` or
    /// `diff -u`, with or without `a/` and `b/` before its paths. Where it does not fit line by line,
    /// it is merged, provided that the repository has the files it was made from and nothing
    /// collides. No ref, index or worktree of the user's is read or changed.
    ///
    /// # Errors
    /// Git fails for another reason than the patch: there is no such commit, the disk is full.
    pub fn apply_patch(
        &self,
        start: Oid,
        patch: &[u8],
        message: &str,
    ) -> Result<PatchOutcome, GitError> {
        if patch.trim_ascii().is_empty() {
            return Ok(PatchOutcome::Empty);
        }
        let bench = Bench::new(self, start)?;
        let mut rejected = None;
        let forms = form::forms(patch, self.program().version().at_least(2, 32));
        for form in &forms {
            match bench.applied(form)? {
                Attempt::Tree(tree) if tree == self.tree_of(start)? => {
                    let present = form.merged && bench.has(form)?;
                    return Ok(if present { PatchOutcome::Present } else { PatchOutcome::Empty });
                }
                Attempt::Tree(tree) => {
                    let message = message.to_owned();
                    let commit = NewCommit { tree, parents: vec![start], message, author_of: None };
                    return self.commit_tree(&commit).map(PatchOutcome::Applied);
                }
                // What is said of the likeliest form is what helps.
                Attempt::Rejected(said) => rejected = rejected.or(Some(said)),
            }
        }
        for form in forms.iter().filter(|form| !form.merged) {
            if bench.has(form)? {
                return Ok(PatchOutcome::Present);
            }
        }
        let said = rejected.unwrap_or_default();
        let lines = said.lines().map(|line| line.trim_start_matches("error: ").trim());
        let said: Vec<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let mut paths: Vec<String> =
            said.iter().filter_map(|line| path_in(line)).map(str::to_owned).collect();
        paths.sort();
        paths.dedup();
        Ok(PatchOutcome::Rejected { said, paths })
    }
}

enum Attempt {
    Tree(Oid),
    /// What git said.
    Rejected(String),
}

/// An index of our own, and an empty folder in the place of the worktree: what is checked out, its
/// attributes included, does not matter.
struct Bench<'a> {
    repo: &'a Repo,
    start: Oid,
    folder: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    fn new(repo: &'a Repo, start: Oid) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new().prefix("wt-orch-patch-").tempdir();
        let folder = folder.map_err(io("create a folder in", &std::env::temp_dir()))?;
        let files = folder.path().join(FILES);
        std::fs::create_dir(&files).map_err(io("create", &files))?;
        Ok(Self { repo, start, folder })
    }

    fn git(&self, subcommand: &str) -> Invocation<'a> {
        let files = self.folder.path().join(FILES);
        let command = self.repo.git_in(subcommand, self.repo.common_dir(), &files);
        // An index in two parts would leave one of them in the repository.
        let command = command.config("core.splitIndex=false").config("core.sparseCheckout=false");
        command.env("GIT_INDEX_FILE", self.folder.path().join("index"))
    }

    fn applied(&self, form: &form::Form<'_>) -> Result<Attempt, GitError> {
        let merged = form.merged.then_some("--3way");
        let command = self.apply(form)?.args(merged).durable().arg("-");
        let command = command.input(form.text.to_vec());
        let words = command.shown();
        let Answer { code, stderr, .. } = command.answer()?;
        match code {
            Some(0) => self.git("write-tree").durable().oid().map(Attempt::Tree),
            Some(1 | 128) if is_about_the_patch(&stderr) => Ok(Attempt::Rejected(stderr)),
            code => Err(GitError::Command { words, code, stderr }),
        }
    }

    /// Whether the patch could be taken back, line by line.
    fn has(&self, form: &form::Form<'_>) -> Result<bool, GitError> {
        let command = self.apply(form)?.args(["--reverse", "--check", "-"]);
        let command = command.input(form.text.to_vec());
        let words = command.shown();
        let Answer { code, stderr, .. } = command.answer()?;
        match code {
            Some(0) => Ok(true),
            Some(1 | 128) if is_about_the_patch(&stderr) => Ok(false),
            code => Err(GitError::Command { words, code, stderr }),
        }
    }

    /// `git apply` to the start as it is.
    fn apply(&self, form: &form::Form<'_>) -> Result<Invocation<'a>, GitError> {
        self.git("read-tree").arg(self.start.to_string()).output()?;
        // Anything but the lines themselves would be guesswork.
        let command = self.git("apply").config("apply.ignoreWhitespace=no");
        let command = command.args(["--cached", "--whitespace=nowarn"]);
        Ok(command.arg(format!("-p{}", form.strip)))
    }
}

/// The folder without files.
const FILES: &str = "files";

/// Whether git refuses the patch, and is not itself in trouble.
fn is_about_the_patch(stderr: &str) -> bool {
    !stderr.is_empty()
        && !stderr.lines().any(|line| line.starts_with("fatal: ") || line.contains("unable to "))
}

/// The path that a line of `git apply` is about.
fn path_in(line: &str) -> Option<&str> {
    if let Some(place) = line.strip_prefix("patch failed: ") {
        return place.rsplit_once(':').map(|(path, _)| path);
    }
    if let Some(quoted) = line.strip_prefix("invalid path '") {
        return quoted.strip_suffix('\'');
    }
    const ENDS: [&str; 6] = [
        ": patch does not apply",
        ": does not exist in index",
        ": already exists in index",
        ": does not match index",
        ": wrong type",
        ": beyond a symbolic link",
    ];
    ENDS.iter().find_map(|end| line.strip_suffix(end))
}

#[cfg(test)]
mod tests;
