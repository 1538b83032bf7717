//! Where libgit2 may say something else than git. What is looked for here counts only when its
//! answer may land: a forecast lives with less.

use std::collections::BTreeMap;
use std::path::Path;

use super::MergeRequest;
use super::renames::{Renames, Target};
use crate::adapters::git::conversion::attributes_outside;
use crate::adapters::git::diff::{FileMode, RawChange, TreeFile};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::merge_libgit2::{Driver, Sides, driver};
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::path::{as_path, quote_path};
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// The first thing about the history that libgit2 does not know.
pub(super) fn history(repo: &Repo, git: &git2::Repository) -> Result<Option<String>, GitError> {
    if repo.settings().has_promisor() {
        return Ok(Some("the clone is partial: git fetches what is missing".to_owned()));
    }
    let replaced = git.references_glob("refs/replace/*").map(|mut refs| refs.next().is_some());
    if replaced.map_err(library("list refs"))? {
        return Ok(Some("commits are replaced (`git replace --list`)".to_owned()));
    }
    Ok(None)
}

/// The first thing in repository and history that libgit2 does not know.
pub(in crate::adapters::git) fn obstacle(
    repo: &Repo,
    git: &git2::Repository,
    request: MergeRequest,
) -> Result<Option<String>, GitError> {
    if let Some(reason) = history(repo, git)? {
        return Ok(Some(reason));
    }
    if let Some(file) = attributes_outside(repo).iter().find(|file| speaks_of_merges(file)) {
        return Ok(Some(format!("`{}` says how files are merged", file.display())));
    }
    let renames = ["merge.renames", "diff.renames"].map(|name| repo.settings().last(name));
    if let Some(value) = renames.into_iter().flatten().find(|value| !finds_renames(value)) {
        return Ok(Some(format!("renames are found by the setting `{}`", value.escape_debug())));
    }
    if request.base.is_none() {
        let (ours, theirs) = (to_git2(request.ours)?, to_git2(request.theirs)?);
        let bases = git.merge_bases(ours, theirs).map_err(library("find merge bases"))?;
        if bases.len() > 1 {
            let bases = bases.len();
            return Ok(Some(format!("the histories cross: they have {bases} merge bases")));
        }
    }
    Ok(None)
}

fn finds_renames(value: &str) -> bool {
    ["true", "yes", "on", "1", "copies", "copy"].contains(&value.to_ascii_lowercase().as_str())
}

fn speaks_of_merges(file: &Path) -> bool {
    let Ok(text) = std::fs::read(file) else { return false };
    let text = String::from_utf8_lossy(&text);
    ["merge", "binary", "[attr]"].iter().any(|word| text.contains(word))
}

/// A conflict that git may not see: it merges what both sides renamed alike.
pub(in crate::adapters::git) fn doubtful_conflict(sides: &Sides<'_>) -> Option<String> {
    let (ours, theirs) = (by_path(sides.ours.1), by_path(sides.theirs.1));
    let both = |fits: fn(&RawChange, &RawChange) -> bool| {
        ours.values().find(|our| theirs.get(&*our.path).is_some_and(|their| fits(our, their)))
    };
    let removed = both(|our, their| our.new.is_none() && their.new.is_none())?;
    let added = both(|our, their| our.old.is_none() && our.new != their.new)?;
    let (removed, added) = (quote_path(&removed.path), quote_path(&added.path));
    Some(format!("both sides may have renamed {removed} to {added}"))
}

/// Goes through a merge without conflict path by path. The first place where git may have made
/// something else of it.
pub(in crate::adapters::git) fn doubt(
    repo: &Repo,
    git: &git2::Repository,
    index: &git2::Index,
    sides: &Sides<'_>,
) -> Result<Option<String>, GitError> {
    let (ours, theirs) = (by_path(sides.ours.1), by_path(sides.theirs.1));
    let mut review = Review {
        repo,
        git,
        index,
        expected: BTreeMap::new(),
        renames: [Renames::of(git, sides.ours.1), Renames::of(git, sides.theirs.1)],
    };
    for (path, our) in &ours {
        let found = match theirs.get(path) {
            None => review.one_sided(our),
            Some(their) => review.two_sided(our, their, [&ours, &theirs])?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    for (path, their) in &theirs {
        if !ours.contains_key(path) {
            review.one_sided(their);
        }
    }
    Ok(review.unexpected())
}

type Changes<'a> = BTreeMap<&'a [u8], &'a RawChange>;

fn by_path(changes: &[RawChange]) -> Changes<'_> {
    changes.iter().map(|change| (change.path.as_slice(), change)).collect()
}

struct Review<'a> {
    repo: &'a Repo,
    git: &'a git2::Repository,
    index: &'a git2::Index,
    /// What every changed path must be in the end.
    expected: BTreeMap<Vec<u8>, Option<TreeFile>>,
    /// Of our side and of theirs.
    renames: [Renames<'a>; 2],
}

impl Review<'_> {
    /// What one side alone changed is taken over.
    fn one_sided(&mut self, change: &RawChange) -> Option<String> {
        // A merge of contents that was renamed here is known already.
        self.expected.entry(change.path.clone()).or_insert(change.new);
        None
    }

    fn two_sided(
        &mut self,
        our: &RawChange,
        their: &RawChange,
        changes: [&Changes<'_>; 2],
    ) -> Result<Option<String>, GitError> {
        let shown = || quote_path(&our.path);
        match (our.old, our.new, their.new) {
            (Some(base), None, None) => return self.twice_deleted(&our.path, base, changes),
            (_, one, other) if one == other => {
                self.expected.insert(our.path.clone(), one);
            }
            (None, ..) => return Ok(Some(format!("both sides added {}", shown()))),
            (Some(base), None, Some(edited)) => {
                return self.moved(0, &our.path, [base, edited], changes[1]);
            }
            (Some(base), Some(edited), None) => {
                return self.moved(1, &our.path, [base, edited], changes[0]);
            }
            (Some(base), Some(one), Some(other)) => {
                let Some(merged) = self.merged(&our.path, [base, one, other])? else {
                    return Ok(Some(format!("{} can be merged in several ways", shown())));
                };
                self.expected.insert(our.path.clone(), Some(merged));
            }
        }
        Ok(None)
    }

    /// A file that neither side has any more: git asks what to do where one of them renamed it.
    fn twice_deleted(
        &mut self,
        path: &[u8],
        base: TreeFile,
        [ours, theirs]: [&Changes<'_>; 2],
    ) -> Result<Option<String>, GitError> {
        for (renames, there) in self.renames.iter_mut().zip([theirs, ours]) {
            let targets = renames.likely_targets(base)?;
            let twice = |target: &[u8], file| there.get(target).and_then(|c| c.new) == Some(file);
            if let Some((target, _)) = targets.iter().find(|(path, file)| !twice(path, *file)) {
                let (path, target) = (quote_path(path), quote_path(target));
                return Ok(Some(format!(
                    "both sides removed {path}, and one may have renamed it to {target}"
                )));
            }
        }
        self.expected.insert(path.to_vec(), None);
        Ok(None)
    }

    /// A file that the side `mover` removed and the other one changed: it must have been renamed.
    fn moved(
        &mut self,
        mover: usize,
        path: &[u8],
        [base, edited]: [TreeFile; 2],
        editor: &Changes<'_>,
    ) -> Result<Option<String>, GitError> {
        let unsure = || Ok(Some(format!("where {} was renamed to is a guess", quote_path(path))));
        let Target::Sure(target, file) = self.renames[mover].target(path, base)? else {
            return unsure();
        };
        let special = |path: &[u8]| driver(self.repo, self.git, path).map(|d| d != Driver::Text);
        if editor.contains_key(&*target) || special(path)? || special(&target)? {
            return unsure();
        }
        let Some(merged) = self.merged(&target, [base, file, edited])? else {
            return unsure();
        };
        self.expected.insert(path.to_vec(), None);
        self.expected.insert(target, Some(merged));
        Ok(None)
    }

    /// The merge of three versions, `None` where it depends on how lines are compared.
    fn merged(
        &self,
        path: &[u8],
        [base, one, other]: [TreeFile; 3],
    ) -> Result<Option<TreeFile>, GitError> {
        let is_file = |file: TreeFile| match file.mode {
            FileMode::File | FileMode::Executable => true,
            FileMode::Link | FileMode::Submodule => false,
        };
        let mode = if one.mode == base.mode { other.mode } else { one.mode };
        let of = |id: Oid| Some(TreeFile { mode, id });
        if one.id == other.id || other.id == base.id {
            return Ok(of(one.id));
        }
        if one.id == base.id {
            return Ok(of(other.id));
        }
        if ![base, one, other].into_iter().all(is_file) {
            return Ok(None);
        }
        let union = match driver(self.repo, self.git, path)? {
            Driver::Text => false,
            Driver::Union => true,
            Driver::Binary | Driver::Custom(_) => return Ok(None),
        };
        self.merged_contents([base, one, other].map(|file| file.id), union).map(|id| of(id?))
    }

    /// Git compares lines by another algorithm than libgit2. Where all that libgit2 knows come to
    /// one result, so will git's.
    fn merged_contents(&self, ids: [Oid; 3], union: bool) -> Result<Option<Oid>, GitError> {
        let mut blobs = Vec::new();
        for id in ids {
            let blob =
                self.git.find_blob(to_git2(id)?).map_err(library("read a file's content"))?;
            if blob.content().iter().take(8000).any(|&byte| byte == 0) {
                return Ok(None);
            }
            blobs.push(blob);
        }
        let mut inputs = [(); 3].map(|()| git2::MergeFileInput::new());
        for (input, blob) in inputs.iter_mut().zip(&blobs) {
            input.content(blob.content());
        }
        let mut found = None;
        for set in [|_: &mut _| {}, minimal, patience] {
            let mut options = git2::MergeFileOptions::new();
            set(&mut options);
            if union {
                options.favor(git2::FileFavor::Union);
            }
            let [base, one, other] = &inputs;
            let merged = git2::merge_file(base, one, other, Some(&mut options));
            let merged = merged.map_err(library("merge a file"))?;
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, merged.content());
            let id = from_git2(id.map_err(library("hash a file"))?);
            if !merged.is_automergeable() || found.is_some_and(|found| found != id) {
                return Ok(None);
            }
            found = Some(id);
        }
        Ok(found)
    }

    /// A path of the merge that is not what the review found.
    fn unexpected(&self) -> Option<String> {
        self.expected.iter().find_map(|(path, expected)| {
            let entry = self.index.get_path(as_path(path), 0);
            let found = entry.map(|entry| (entry.mode, from_git2(entry.id)));
            let expected = expected.map(|file| (bits(file.mode), file.id));
            (found != expected)
                .then(|| format!("libgit2 made something else of {}", quote_path(path)))
        })
    }
}

fn minimal(options: &mut git2::MergeFileOptions) {
    options.minimal(true);
}

fn patience(options: &mut git2::MergeFileOptions) {
    options.patience(true);
}

fn bits(mode: FileMode) -> u32 {
    match mode {
        FileMode::File => 0o100_644,
        FileMode::Executable => 0o100_755,
        FileMode::Link => 0o120_000,
        FileMode::Submodule => 0o160_000,
    }
}
