//! Whether a branch holds a change in other commits: squashed into one, rebased, cherry-picked.
//!
//! Two changes are the same when they touch the same paths in the same way, line by line with the
//! lines around them, wherever in the file that is. Unlike git's own patch ids this counts blanks,
//! and files that are no text by their content: it decides about deleting somebody's work.

use std::collections::HashMap;

use super::capability::Backend;
use super::diff::RawChange;
use super::error::{GitError, library};
use super::read::{diff_of_trees, raw_changes};
use super::repo::Repo;
use crate::domain::id::Oid;

/// Remembers what it compared, so that asking about several branches is cheap.
pub struct PatchSearch<'a> {
    repo: &'a Repo,
    /// `None` where git must be asked.
    objects: Option<git2::Repository>,
    /// By commit: its change against its first parent.
    outlines: HashMap<Oid, Oid>,
    patches: HashMap<Oid, Oid>,
}

/// One change: from the first commit to the second.
#[derive(Clone, Copy)]
struct Change(Oid, Oid);

impl Repo {
    /// Begins a search.
    ///
    /// # Errors
    /// The repository cannot be opened.
    pub fn patch_search(&self) -> Result<PatchSearch<'_>, GitError> {
        let objects = match self.backend() {
            Backend::Libgit2 => {
                let objects = self.objects()?;
                // Attributes would be looked up in the user's index, which may be in two parts.
                let index = git2::Index::new();
                let mut index = index.map_err(library("make an index"))?;
                objects.set_index(&mut index).map_err(library("make an index"))?;
                Some(objects)
            }
            Backend::Git => None,
        };
        Ok(PatchSearch { repo: self, objects, outlines: HashMap::new(), patches: HashMap::new() })
    }

    /// The first line of the message of each commit.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn subjects(&self, commits: &[Oid]) -> Result<Vec<String>, GitError> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let ids = commits.iter().map(|id| format!("{id}\n")).collect::<String>();
        let command = self.git("log").args(["--no-walk=unsorted", "--stdin", "-z", "--format=%s"]);
        let listed = command.input(ids.into_bytes()).output()?;
        let text = |subject: &[u8]| String::from_utf8_lossy(subject).into_owned();
        Ok(listed.split(|&byte| byte == 0).take(commits.len()).map(text).collect())
    }
}

impl PatchSearch<'_> {
    /// Of the commits between `start` and `tip` those whose change `target` holds in no commit of
    /// its own; none when it holds them all, each by itself or all of them as one.
    ///
    /// # Errors
    /// One of them is no commit, or a tree is missing.
    pub fn missing(&mut self, start: Oid, tip: Oid, target: Oid) -> Result<Vec<Oid>, GitError> {
        let own = self.commits(tip, &[start, target])?;
        if own.is_empty() {
            return Ok(own);
        }
        let theirs = self.commits(target, &[tip, start])?;
        let mut wholes = vec![Change(start, tip)];
        let fork = self.repo.merge_base(target, tip)?.filter(|fork| *fork != start);
        wholes.extend(fork.map(|fork| Change(fork, tip)));
        for whole in wholes {
            // Commits that take one another back are not elsewhere because their sum is nothing.
            if !self.changes(whole)?.is_empty() && self.is_among(whole, &theirs)? {
                return Ok(Vec::new());
            }
        }
        let mut missing = Vec::new();
        for commit in own {
            let found = match self.repo.parents(commit)?.as_slice() {
                [parent] => self.is_among(Change(*parent, commit), &theirs)?,
                // What a merge decided, or a first commit, is nowhere else.
                [] | [_, ..] => false,
            };
            if !found {
                missing.push(commit);
            }
        }
        Ok(missing)
    }

    fn commits(&self, from: Oid, hidden: &[Oid]) -> Result<Vec<Oid>, GitError> {
        let hidden = hidden.iter().map(|id| format!("^{id}"));
        let command = self.repo.git("rev-list").args(["--topo-order", "--reverse"]);
        let command = command.arg(from.to_string()).args(hidden);
        let words = command.shown();
        let parsed = |line: &str| {
            let what = line.to_owned();
            line.parse().map_err(|_| GitError::Answer { words: words.clone(), what })
        };
        command.text()?.lines().map(parsed).collect()
    }

    /// Whether one of these commits makes the same change; one that changes nothing is everywhere.
    fn is_among(&mut self, change: Change, commits: &[Oid]) -> Result<bool, GitError> {
        let changes = self.changes(change)?;
        if changes.is_empty() {
            return Ok(true);
        }
        let outline = outline(&changes)?;
        let mut wanted = None;
        for commit in commits {
            let Some(parent) = self.repo.parents(*commit)?.first().copied() else { continue };
            let theirs = Change(parent, *commit);
            if self.outline_of(theirs)? != outline {
                continue;
            }
            let patch = match wanted {
                Some(patch) => patch,
                None => *wanted.insert(self.patch(change)?),
            };
            if self.patch_of(theirs)? == patch {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn outline_of(&mut self, change: Change) -> Result<Oid, GitError> {
        if let Some(known) = self.outlines.get(&change.1) {
            return Ok(*known);
        }
        let found = outline(&self.changes(change)?)?;
        self.outlines.insert(change.1, found);
        Ok(found)
    }

    fn patch_of(&mut self, change: Change) -> Result<Oid, GitError> {
        if let Some(known) = self.patches.get(&change.1) {
            return Ok(*known);
        }
        let found = self.patch(change)?;
        self.patches.insert(change.1, found);
        Ok(found)
    }

    fn changes(&self, Change(old, new): Change) -> Result<Vec<RawChange>, GitError> {
        match &self.objects {
            Some(objects) => raw_changes(objects, old, new),
            None => self.repo.raw_changes(old, new),
        }
    }

    fn patch(&self, Change(old, new): Change) -> Result<Oid, GitError> {
        match &self.objects {
            Some(objects) => patch(&diff_of_trees(objects, old, new)?),
            None => patch_by_git(self.repo, old, new),
        }
    }
}

/// The paths of a change and what becomes of each: cheap, and equal for equal changes.
fn outline(changes: &[RawChange]) -> Result<Oid, GitError> {
    let mut text = Vec::new();
    for RawChange { path, old, new } in changes {
        let modes = [old, new].map(|file| file.map(|file| file.mode));
        text.extend_from_slice(path);
        text.extend_from_slice(format!("\0{modes:?}\0").as_bytes());
    }
    digest(&text)
}

/// Everything about a change but the line numbers.
fn patch(diff: &git2::Diff<'_>) -> Result<Oid, GitError> {
    use git2::DiffLineType::{Binary, FileHeader, HunkHeader};
    let mut text = Vec::new();
    diff.print(git2::DiffFormat::Patch, |delta, _, line| {
        match line.origin_value() {
            FileHeader => describe(&delta, &mut text),
            HunkHeader => text.push(b'@'),
            Binary => {
                text.extend_from_slice(delta.old_file().id().as_bytes());
                text.extend_from_slice(delta.new_file().id().as_bytes());
            }
            git2::DiffLineType::Context
            | git2::DiffLineType::Addition
            | git2::DiffLineType::Deletion
            | git2::DiffLineType::ContextEOFNL
            | git2::DiffLineType::AddEOFNL
            | git2::DiffLineType::DeleteEOFNL => {
                text.push(u8::try_from(line.origin()).unwrap_or(b'?'));
                text.extend_from_slice(line.content());
            }
        }
        true
    })
    .map_err(library("compare files"))?;
    digest(&text)
}

/// The same of what git prints: hunks without their line numbers, files without the ids of contents,
/// which say more than the change.
fn patch_by_git(repo: &Repo, old: Oid, new: Oid) -> Result<Oid, GitError> {
    let command = repo.git("diff-tree").args(["-r", "-p", "--binary", "--no-renames"]);
    let command = command.args(["--no-ext-diff", "--no-textconv", "--no-color"]);
    let printed = command.arg(old.to_string()).arg(new.to_string()).output()?;
    let mut text = Vec::new();
    for line in printed.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"@@ ") {
            text.push(b'@');
        } else if !line.starts_with(b"index ") {
            text.extend_from_slice(line);
        }
    }
    digest(&text)
}

fn describe(delta: &git2::DiffDelta<'_>, text: &mut Vec<u8>) {
    for file in [delta.old_file(), delta.new_file()] {
        text.extend_from_slice(file.path_bytes().unwrap_or_default());
        text.extend_from_slice(format!("\0{}\0", u32::from(file.mode())).as_bytes());
    }
}

fn digest(text: &[u8]) -> Result<Oid, GitError> {
    super::oid::blob_id(text)
}

#[cfg(test)]
mod tests;
