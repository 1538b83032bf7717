//! A worktree in the middle of a merge that collided: standing there, reading what was made of it,
//! and going back. For worktrees of ours that hold nobody else's work.

use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use super::snapshot::Scratch;
use super::whole_file::{delete_deserted, temporary_file, write_whole};
use crate::adapters::git::{
    Collided, FileVersion, GitError, Invocation, as_path, io, quote_path, unquote_path,
};
use crate::domain::id::Oid;

/// Names in the place of the two commits, for markers that people read.
#[derive(Debug, Clone, Copy)]
pub struct SideNames<'a> {
    /// The commit merged into, and its name.
    pub ours: (Oid, &'a str),
    /// The commit merged, and its name.
    pub theirs: (Oid, &'a str),
}

/// What there is to take over of a resolution that somebody made and staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StagedResolution {
    /// All of it.
    Tree(Oid),
    /// Paths that were not added.
    Unmerged(Vec<String>),
    /// Paths that were changed after they were added.
    Unstaged(Vec<String>),
}

impl Checkout {
    /// Makes the files and the index what git leaves of a merge that collides; HEAD stays. Also of
    /// files that a sparse checkout would not have. The paths whose file cannot be made are returned.
    ///
    /// # Errors
    /// Git or the file system refuses.
    pub fn stand_in_collision(
        &self,
        collided: &Collided,
        names: SideNames<'_>,
    ) -> Result<Vec<String>, GitError> {
        self.put_tree(collided.tree)?;
        let mut stages = Vec::new();
        for path in &collided.paths {
            add_record(&mut stages, &format!("0 {}", collided.tree.zero()), &path.path);
            let versions = (1..).zip([path.base, path.ours, path.theirs]);
            for (stage, version) in versions.filter_map(|(stage, v)| Some((stage, v?))) {
                let head = format!("{:o} {} {stage}", version.mode, version.id);
                add_record(&mut stages, &head, &path.path);
            }
        }
        self.whole("update-index")?.args(["-z", "--index-info"]).input(stages).output()?;
        let mut missing = Vec::new();
        for path in &collided.paths {
            let both = path.ours.is_some_and(FileVersion::is_file)
                && path.theirs.is_some_and(FileVersion::is_file);
            let file = self.path.join(as_path(&unquote_path(&path.path)));
            if both && !is_file(&file) {
                missing.push(path.path.clone());
            } else if both {
                rename_sides(&file, names)?;
            }
        }
        Ok(missing)
    }

    /// Everything in the folder that is not ignored, as a tree; the index stays as it is.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn whole_tree(&self) -> Result<Oid, GitError> {
        let git_dir = self.whole_git_dir()?;
        Ok(Scratch::of(self, git_dir)?.stage(self, git_dir)?.tree)
    }

    /// Gives files and index the content of a tree; what is untracked and not ignored goes, repositories
    /// inside as well.
    ///
    /// # Errors
    /// Git cannot write the worktree.
    pub fn put_tree(&self, tree: Oid) -> Result<(), GitError> {
        self.whole("read-tree")?.args(["--reset", "-u", &tree.to_string()]).output()?;
        self.whole("clean")?.args(["-f", "-f", "-d", "--quiet"]).output().map(|_| ())
    }

    /// A tree with one version in the place of each of these paths, or without them; neither the files
    /// nor the index change.
    ///
    /// # Errors
    /// Git refuses.
    pub fn chosen(
        &self,
        base: Oid,
        versions: &[(String, Option<FileVersion>)],
    ) -> Result<Oid, GitError> {
        let git_dir = self.whole_git_dir()?;
        delete_deserted(git_dir);
        let index = temporary_file(git_dir)?.into_temp_path();
        // An empty file is no index.
        std::fs::remove_file(&index).map_err(io("delete", &index))?;
        let git = |word: &'static str| -> Result<Invocation<'_>, GitError> {
            Ok(self.whole(word)?.env("GIT_INDEX_FILE", index.as_os_str()))
        };
        git("read-tree")?.arg(base.to_string()).output()?;
        let mut records = Vec::new();
        for (path, version) in versions {
            add_record(&mut records, &format!("0 {}", base.zero()), path);
            if let Some(FileVersion { mode, id }) = version {
                add_record(&mut records, &format!("{mode:o} {id}"), path);
            }
        }
        git("update-index")?.args(["-z", "--index-info"]).input(records).output()?;
        git("write-tree")?.durable().oid()
    }

    /// What `base` is with what `from` has at these paths.
    ///
    /// # Errors
    /// Git cannot read the trees.
    pub fn overlaid(&self, base: Oid, from: Oid, paths: &[String]) -> Result<Oid, GitError> {
        let mut there = self.repo.versions_in(from, paths)?;
        let versions: Vec<(String, Option<FileVersion>)> =
            paths.iter().map(|path| (path.clone(), there.remove(path))).collect();
        self.chosen(base, &versions)
    }

    /// The resolution in the index, where it is one.
    ///
    /// # Errors
    /// Git cannot read the worktree.
    pub fn staged_resolution(&self) -> Result<StagedResolution, GitError> {
        let list = |command: Invocation<'_>| -> Result<Vec<String>, GitError> {
            let listed = command.output()?;
            let mut paths: Vec<String> =
                listed.split(|&b| b == 0).filter(|p| !p.is_empty()).map(quote_path).collect();
            paths.sort();
            paths.dedup();
            Ok(paths)
        };
        let diff = || -> Result<Invocation<'_>, GitError> {
            Ok(self.whole("diff")?.args(["--name-only", "-z", "--no-ext-diff", "--no-renames"]))
        };
        let unmerged = list(diff()?.arg("--diff-filter=U"))?;
        if !unmerged.is_empty() {
            return Ok(StagedResolution::Unmerged(unmerged));
        }
        let unstaged = list(diff()?)?;
        if !unstaged.is_empty() {
            return Ok(StagedResolution::Unstaged(unstaged));
        }
        self.whole("write-tree")?.durable().oid().map(StagedResolution::Tree)
    }

    /// The text of a file here; `None` for what is no file or no text.
    pub fn text_at(&self, path: &str) -> Option<String> {
        let file = self.path.join(as_path(&unquote_path(path)));
        is_file(&file).then(|| std::fs::read_to_string(&file).ok()).flatten()
    }

    /// Writes down what a command is asked here, outside of the files; where.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_question(&self, text: &str) -> Result<PathBuf, GitError> {
        let path = self.whole_git_dir()?.join("wt-orch-question.json");
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }

    /// A git command here that sees all files, whatever a sparse checkout leaves out.
    pub(super) fn whole(&self, subcommand: &str) -> Result<Invocation<'_>, GitError> {
        let git_dir = self.whole_git_dir()?;
        let command = self.repo.git_in(subcommand, git_dir, &self.path);
        Ok(command.config("core.sparseCheckout=false"))
    }

    pub(super) fn whole_git_dir(&self) -> Result<&Path, GitError> {
        match (&self.git_dir, self.broken()) {
            (Some(git_dir), None) => Ok(git_dir),
            _ => Err(GitError::Mismatch {
                what: format!("the worktree at `{}`", self.path.display()),
                expected: "whole".to_owned(),
                found: "broken".to_owned(),
            }),
        }
    }
}

/// For `git update-index -z --index-info`.
fn add_record(records: &mut Vec<u8>, head: &str, path: &str) {
    records.extend_from_slice(head.as_bytes());
    records.push(b'\t');
    records.extend_from_slice(&unquote_path(path));
    records.push(0);
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

/// Puts names in the place of the ids that git wrote behind the markers.
fn rename_sides(file: &Path, names: SideNames<'_>) -> Result<(), GitError> {
    let mut content = std::fs::read(file).map_err(io("read", file))?;
    let before = content.clone();
    for (marker, (id, name)) in [("<<<<<<< ", names.ours), (">>>>>>> ", names.theirs)] {
        content = replaced(
            &content,
            format!("{marker}{id}").as_bytes(),
            format!("{marker}{name}").as_bytes(),
        );
    }
    if content == before {
        Ok(())
    } else {
        std::fs::write(file, content).map_err(io("write", file))
    }
}

fn replaced(content: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests;
