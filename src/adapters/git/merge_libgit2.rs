//! The fall-back: libgit2's merge, which fails closed. Where libgit2 is known to answer otherwise
//! than git (custom drivers, renormalisation, submodules, renamed directories, very many renames),
//! it says [`MergeOutcome::NeedsGit`] in place of a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use super::diff::{FileMode, RawChange};
use super::error::{GitError, io, library};
use super::hunks::{Stages, excerpts};
use super::merge::{CrossCheck, MergeEngine, MergeOutcome, MergeRequest, guards};
use super::oid::{from_git2, to_git2};
use super::path::{as_path, quote_path};
use super::read::{merge_base, raw_changes};
use super::repo::Repo;
use crate::domain::id::Oid;

/// Rename candidates that libgit2 compares; more and it needs git.
pub(super) const TARGET_LIMIT: u32 = 7000;

/// A merge whose objects are stored, given up after `limit`.
pub(super) fn merge_within(
    repo: &Repo,
    request: MergeRequest,
    limit: Duration,
) -> Result<MergeOutcome, GitError> {
    let engine = MergeEngine::Libgit2;
    let Some(judged) = within(limit, repo, move |repo| judged(repo, &repo.objects()?, request))?
    else {
        return Ok(MergeOutcome::TimedOut { limit, engine });
    };
    let check = CrossCheck::NotMade;
    Ok(match judged? {
        Judged::Unrelated => MergeOutcome::Unrelated,
        Judged::NeedsGit { reason } => MergeOutcome::NeedsGit { reason },
        Judged::Clean { tree } => MergeOutcome::Clean { tree, engine, check },
        Judged::Conflict { stages } => {
            let mut paths: Vec<String> = stages.iter().map(|(path, _)| quote_path(path)).collect();
            paths.sort();
            let hunks = excerpts(&*repo.reader(), &stages);
            MergeOutcome::Conflict { paths, hunks, engine, check }
        }
    })
}

/// The same in memory: nothing is stored.
pub(super) fn judged_in_memory(
    repo: &Repo,
    request: MergeRequest,
    limit: Duration,
) -> Result<Option<Judged>, GitError> {
    within(limit, repo, move |repo| judged(repo, &repo.objects_in_memory()?, request))?.transpose()
}

/// libgit2 cannot be interrupted. It works in a thread of its own, which is left to itself when it
/// takes too long, and ends with this process at the latest.
fn within<T: Send + 'static>(
    limit: Duration,
    repo: &Repo,
    work: impl FnOnce(&Repo) -> T + Send + 'static,
) -> Result<Option<T>, GitError> {
    let (tell, told) = channel();
    let own = repo.clone();
    // Nobody may be listening any more.
    let work = move || drop(tell.send(work(&own)));
    Builder::new().spawn(work).map_err(io("start a thread for", repo.common_dir()))?;
    match told.recv_timeout(limit) {
        Ok(result) => Ok(Some(result)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => {
            Err(GitError::Library { action: "merge", message: "the thread panicked".to_owned() })
        }
    }
}

/// What libgit2 made of a merge.
pub(super) enum Judged {
    Unrelated,
    NeedsGit { reason: String },
    Clean { tree: Oid },
    Conflict { stages: Vec<(Vec<u8>, Stages)> },
}

fn judged(repo: &Repo, git: &git2::Repository, request: MergeRequest) -> Result<Judged, GitError> {
    let Some(base) = base_of(git, request)? else { return Ok(Judged::Unrelated) };
    if let Some(reason) = guards::obstacle(repo, git, request)? {
        return Ok(Judged::NeedsGit { reason });
    }
    pin_attributes(git, request.ours)?;
    let (ours, theirs) =
        (raw_changes(git, base, request.ours)?, raw_changes(git, base, request.theirs)?);
    let sides = Sides { ours: (request.ours, &*ours), theirs: (request.theirs, &*theirs) };
    if let Some(reason) = sides.needs_git(repo, git)? {
        return Ok(Judged::NeedsGit { reason });
    }
    let mut index = merged_index(git, request)?;
    if index.has_conflicts() {
        if let Some(reason) = guards::doubtful_conflict(&sides) {
            return Ok(Judged::NeedsGit { reason });
        }
        return Ok(Judged::Conflict { stages: conflict_stages(&index)? });
    }
    if let Some(path) = sides.buried(&index) {
        return Ok(Judged::Conflict { stages: vec![(path, Stages::default())] });
    }
    if let Some(reason) = guards::doubt(repo, git, &index, &sides)? {
        return Ok(Judged::NeedsGit { reason });
    }
    let tree = index.write_tree_to(git).map_err(library("write the merged tree"))?;
    Ok(Judged::Clean { tree: from_git2(tree) })
}

/// The base to compare with: the one asked for, else the best common ancestor.
pub(super) fn base_of(
    git: &git2::Repository,
    request: MergeRequest,
) -> Result<Option<Oid>, GitError> {
    if request.base.is_some() {
        return Ok(request.base);
    }
    merge_base(git, request.ours, request.theirs)
}

/// Reads attributes from the tree of `commit` alone, as the git engine does.
pub(super) fn pin_attributes(git: &git2::Repository, commit: Oid) -> Result<(), GitError> {
    let failed = || library("read a tree");
    let tree = git.find_commit(to_git2(commit)?).and_then(|found| found.tree()).map_err(failed())?;
    let mut index = git2::Index::new().map_err(failed())?;
    index.read_tree(&tree).map_err(failed())?;
    git.set_index(&mut index).map_err(failed())
}

/// The merge as an index; auto-merged blobs go to the object store of `git`.
pub(super) fn merged_index(
    git: &git2::Repository,
    request: MergeRequest,
) -> Result<git2::Index, GitError> {
    let failed = || library("merge");
    let commit = |oid: Oid| git.find_commit(to_git2(oid)?).map_err(library("read a commit"));
    let (ours, theirs) = (commit(request.ours)?, commit(request.theirs)?);
    let mut options = git2::MergeOptions::new();
    options.find_renames(true).target_limit(TARGET_LIMIT);
    match request.base {
        None => git.merge_commits(&ours, &theirs, Some(&options)).map_err(failed()),
        Some(base) => {
            let (base, ours, theirs) = (commit(base)?.tree(), ours.tree(), theirs.tree());
            let (base, ours, theirs) = (base.map_err(failed())?, ours.map_err(failed())?, theirs);
            let theirs = theirs.map_err(failed())?;
            git.merge_trees(&base, &ours, &theirs, Some(&options)).map_err(failed())
        }
    }
}

/// The colliding paths with their versions.
pub(super) fn conflict_stages(index: &git2::Index) -> Result<Vec<(Vec<u8>, Stages)>, GitError> {
    let mut found: BTreeMap<Vec<u8>, Stages> = BTreeMap::new();
    let failed = || library("list conflicts");
    for conflict in index.conflicts().map_err(failed())? {
        let conflict = conflict.map_err(failed())?;
        let mut put = |entry: Option<git2::IndexEntry>,
                       place: fn(&mut Stages) -> &mut Option<Oid>| {
            let Some(entry) = entry else { return };
            let blob = (entry.mode & 0o170_000 == 0o100_000).then(|| from_git2(entry.id));
            *place(found.entry(entry.path).or_default()) = blob;
        };
        put(conflict.ancestor, |stages| &mut stages.base);
        put(conflict.our, |stages| &mut stages.ours);
        put(conflict.their, |stages| &mut stages.theirs);
    }
    Ok(found.into_iter().collect())
}

/// Two commits with what each changed against the base.
pub(super) struct Sides<'a> {
    pub(super) ours: (Oid, &'a [RawChange]),
    pub(super) theirs: (Oid, &'a [RawChange]),
}

impl Sides<'_> {
    /// The first thing in this merge that libgit2 is known to do otherwise than git.
    pub(super) fn needs_git(
        &self,
        repo: &Repo,
        git: &git2::Repository,
    ) -> Result<Option<String>, GitError> {
        if repo.settings().is_true("merge.renormalize") {
            return Ok(Some("merge.renormalize is set".to_owned()));
        }
        if self.attribute_macro(git)? {
            return Ok(Some(".gitattributes defines a macro of its own".to_owned()));
        }
        let candidates = self.ours.1.len().max(self.theirs.1.len());
        if candidates > TARGET_LIMIT as usize {
            return Ok(Some(format!("{candidates} changed paths are too many to pair renames")));
        }
        let ours: BTreeMap<&[u8], &RawChange> =
            self.ours.1.iter().map(|change| (change.path.as_slice(), change)).collect();
        for theirs in self.theirs.1 {
            let Some(ours) = ours.get(theirs.path.as_slice()) else { continue };
            let shown = quote_path(&theirs.path);
            if is_submodule(ours) || is_submodule(theirs) {
                return Ok(Some(format!("both sides changed the submodule {shown}")));
            }
            if let Driver::Custom(name) = driver(repo, git, &theirs.path)? {
                return Ok(Some(format!("{shown} is merged by the driver `{name}`")));
            }
        }
        let moved = match renamed_directory(git, self.ours, self.theirs.1)? {
            Some(moved) => Some(moved),
            None => renamed_directory(git, self.theirs, self.ours.1)?,
        };
        Ok(moved.map(|dir| {
            format!("one side renamed the directory {}, the other added to it", quote_path(&dir))
        }))
    }

    /// A file of a merge that has others below it: libgit2 sees no conflict where one side renamed a
    /// file to what is a folder of the other.
    pub(super) fn buried(&self, index: &git2::Index) -> Option<Vec<u8>> {
        let there = self.ours.1.iter().chain(self.theirs.1).filter(|change| change.new.is_some());
        let mut folders = there.flat_map(|change| ancestors(&change.path));
        let is_file = |path: &&[u8]| !path.is_empty() && index.get_path(as_path(path), 0).is_some();
        folders.find(is_file).map(<[u8]>::to_vec)
    }

    /// libgit2 ignores macros outside a worktree.
    fn attribute_macro(&self, git: &git2::Repository) -> Result<bool, GitError> {
        let failed = || library("read .gitattributes");
        let commit = git.find_commit(to_git2(self.ours.0)?).map_err(failed())?;
        let tree = commit.tree().map_err(failed())?;
        let Some(entry) = tree.get_name(".gitattributes") else { return Ok(false) };
        let Ok(blob) = git.find_blob(entry.id()) else { return Ok(false) };
        Ok(String::from_utf8_lossy(blob.content())
            .lines()
            .any(|line| line.trim_start().starts_with("[attr]")))
    }
}

fn is_submodule(change: &RawChange) -> bool {
    [change.old, change.new].into_iter().flatten().any(|file| file.mode == FileMode::Submodule)
}

/// What merges the contents of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Driver {
    Text,
    Union,
    /// Nothing: two versions of it collide.
    Binary,
    /// A program that only git runs.
    Custom(String),
}

/// The driver by the pinned attributes.
pub(super) fn driver(repo: &Repo, git: &git2::Repository, path: &[u8]) -> Result<Driver, GitError> {
    let value = git.get_attr_bytes(as_path(path), "merge", git2::AttrCheckFlags::INDEX_ONLY);
    let value = value.map_err(library("read attributes"))?;
    let name = match git2::AttrValue::from_bytes(value) {
        git2::AttrValue::String(name) => name.to_owned(),
        git2::AttrValue::Bytes(name) => quote_path(name),
        git2::AttrValue::Unspecified => {
            repo.settings().last("merge.default").unwrap_or("text").to_owned()
        }
        git2::AttrValue::True => "text".to_owned(),
        git2::AttrValue::False => "binary".to_owned(),
    };
    // Settings go before what is built in.
    let own = repo.settings().last(&format!("merge.{name}.driver")).is_some();
    Ok(match name.as_str() {
        "text" if !own => Driver::Text,
        "union" if !own => Driver::Union,
        "binary" if !own => Driver::Binary,
        _ => Driver::Custom(name),
    })
}

/// A directory that the commit `mover` emptied by renaming while the other side put new files into
/// it: git moves those along. Errs on the side of asking for git.
fn renamed_directory(
    git: &git2::Repository,
    mover: (Oid, &[RawChange]),
    adder: &[RawChange],
) -> Result<Option<Vec<u8>>, GitError> {
    let (commit, changes) = mover;
    let targets: Vec<&RawChange> = changes.iter().filter(|change| change.old.is_none()).collect();
    let added: Vec<&RawChange> = adder.iter().filter(|change| change.old.is_none()).collect();
    if targets.is_empty() || added.is_empty() {
        return Ok(None);
    }
    let deleted: Vec<&RawChange> = changes.iter().filter(|change| change.new.is_none()).collect();
    let left: BTreeSet<&[u8]> = deleted.iter().flat_map(|change| ancestors(&change.path)).collect();
    let dirs: BTreeSet<&[u8]> = added.iter().flat_map(|change| ancestors(&change.path)).collect();
    let commit = git.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
    let tree = commit.tree().map_err(library("read a tree"))?;
    for dir in left.intersection(&dirs) {
        // Folders at the top may go; what counts are the files beside them.
        if dir.is_empty() && !deleted.iter().any(|change| !change.path.contains(&b'/')) {
            continue;
        }
        let sources = deleted.iter().filter(|change| ancestors(&change.path).any(|d| d == *dir));
        if is_emptied(&tree, dir) && similar(git, sources, &targets) {
            return Ok(Some(dir.to_vec()));
        }
    }
    Ok(None)
}

pub(super) fn is_emptied(tree: &git2::Tree<'_>, dir: &[u8]) -> bool {
    if dir.is_empty() {
        return tree.iter().all(|entry| entry.kind() == Some(git2::ObjectType::Tree));
    }
    // A file of that name is no directory.
    tree.get_path(as_path(dir)).map_or(true, |entry| entry.kind() != Some(git2::ObjectType::Tree))
}

/// The directories a path lies in, innermost first, the root (empty) last.
pub(super) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| &path[..at]).chain(std::iter::once(&path[..0]))
}

fn similar<'a>(
    git: &git2::Repository,
    sources: impl Iterator<Item = &'a &'a RawChange>,
    targets: &[&RawChange],
) -> bool {
    let size = |change: &RawChange| {
        let id = change.old.or(change.new)?.id;
        Some(git.find_blob(to_git2(id).ok()?).ok()?.size())
    };
    let sizes: Vec<usize> = targets.iter().filter_map(|target| size(target)).collect();
    // Files of which one is more than twice the other are never a rename at git's threshold.
    sources.filter_map(|source| size(source)).any(|source| {
        sizes.iter().any(|&target| source <= target.saturating_mul(2) && target <= source * 2)
    })
}
