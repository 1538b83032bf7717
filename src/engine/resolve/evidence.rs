//! What a resolution made of the work of both sides, path by path, and the paths that it may touch.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::git::{Collided, FileVersion, GitError, MergeRequest, Repo};
use crate::domain::id::Oid;
use crate::domain::integrate::{FileVersions, Side, SideLoss};
use crate::engine::setup::changed_between;

/// Larger files are not compared line by line.
pub(super) const MAX_FILE: usize = 16 << 20;

/// Where the versions of a path are, in the order in which they are read: base, ours, theirs, then these.
const RESULT: usize = 3;
const MERGED: usize = 4;

/// The two sides of a merge that collided.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) request: MergeRequest,
    /// What both began at; `None` where they have nothing in common.
    pub(super) base: Option<Oid>,
    /// What git leaves of the merge, with markers as the user configured them.
    pub(super) collided: Collided,
    /// Every path that a side changed.
    pub(super) changed: BTreeSet<String>,
}

/// What is to be said against a result.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Lines with conflict markers that are left: `path:line`.
    pub(super) markers: Vec<String>,
    /// Files that are left at names which git made up for one of the sides, each with the real one.
    pub(super) made_up: Vec<(String, String)>,
    /// What the result lacks of a side's work, and of what nobody was in conflict over.
    pub(super) losses: Vec<(String, Side, SideLoss)>,
}

impl Sides {
    /// Reads them.
    pub(super) fn load(
        repo: &Repo,
        request: MergeRequest,
        collided: Collided,
    ) -> Result<Self, GitError> {
        let base = match request.base {
            Some(base) => Some(base),
            None => repo.merge_base(request.ours, request.theirs)?,
        };
        let mut changed: BTreeSet<String> = collided.paths.iter().map(|p| p.path.clone()).collect();
        for side in [request.ours, request.theirs] {
            if let Some(base) = base {
                changed.extend(changed_between(repo, base, side)?);
            }
        }
        Ok(Self { request, base, collided, changed })
    }

    /// The paths in conflict.
    pub(super) fn paths(&self) -> Vec<String> {
        self.collided.paths.iter().map(|path| path.path.clone()).collect()
    }

    /// The same as the sides know them.
    pub(super) fn real_paths(&self) -> Vec<String> {
        self.told(&self.paths())
    }

    /// These paths as the sides know them, each once.
    pub(super) fn told(&self, paths: &[String]) -> Vec<String> {
        let real = |path: &String| {
            let known = self.collided.paths.iter().find(|known| known.path == *path);
            known.map_or(path, |known| &known.real).clone()
        };
        paths.iter().map(real).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Compares a result with both sides at these paths, and with what git merged where it could.
    pub(super) fn examine(
        &self,
        repo: &Repo,
        result: Oid,
        paths: &[String],
    ) -> Result<Evidence, GitError> {
        let MergeRequest { ours, theirs, .. } = self.request;
        let trees = [self.base, Some(ours), Some(theirs), Some(result), Some(self.collided.tree)];
        let mut found: Vec<BTreeMap<String, FileVersion>> = Vec::new();
        for tree in trees {
            found.push(match tree {
                Some(tree) => repo.versions_in(tree, paths)?,
                None => BTreeMap::new(),
            });
        }
        // Of what was renamed, git knows the versions under the name in conflict.
        for path in self.collided.paths.iter().filter(|path| paths.contains(&path.path)) {
            for (at, version) in [path.base, path.ours, path.theirs].into_iter().enumerate() {
                match version {
                    Some(version) => found[at].insert(path.path.clone(), version),
                    None => found[at].remove(&path.path),
                };
            }
            // With markers in it, or as one side has it.
            found[MERGED].remove(&path.path);
        }
        let mut evidence = Evidence::default();
        let is_left = |path: &str| found[RESULT].contains_key(path);
        let made_up = self.collided.paths.iter().filter(|path| path.is_made_up());
        let made_up = made_up.filter(|path| is_left(&path.path));
        evidence.made_up = made_up.map(|path| (path.path.clone(), path.real.clone())).collect();
        for path in paths.iter().collect::<BTreeSet<_>>() {
            let there: Vec<Option<FileVersion>> =
                found.iter().map(|versions| versions.get(path).copied()).collect();
            let mode = mode_loss(&there);
            if mode != SideLoss::default() {
                evidence.losses.push((path.clone(), Side::Both, mode));
            }
            let Some(texts) = contents(repo, &there)? else {
                evidence.losses.extend(opaque(path, &there));
                continue;
            };
            let text = |at: usize| texts.get(at).and_then(Option::as_deref);
            let file = FileVersions {
                base: text(0),
                ours: text(1),
                theirs: text(2),
                result: text(RESULT),
            };
            evidence.markers.extend(file.markers().iter().map(|line| format!("{path}:{line}")));
            let losses = file.losses(text(MERGED)).into_iter();
            evidence.losses.extend(losses.map(|(side, loss)| (path.clone(), side, loss)));
        }
        Ok(evidence)
    }
}

/// The contents of the versions; `None` where one of them cannot be compared: no plain file, or too
/// large.
fn contents(
    repo: &Repo,
    versions: &[Option<FileVersion>],
) -> Result<Option<Vec<Option<Vec<u8>>>>, GitError> {
    if versions.iter().flatten().any(|version| !version.is_file()) {
        return Ok(None);
    }
    let ids: Vec<Oid> = versions.iter().flatten().map(|version| version.id).collect();
    let mut read = repo.contents(&ids, MAX_FILE)?.into_iter();
    let mut texts = Vec::with_capacity(versions.len());
    for version in versions {
        texts.push(match version {
            None => None,
            Some(_) => match read.next().flatten() {
                Some(text) => Some(text),
                None => return Ok(None),
            },
        });
    }
    Ok(Some(texts))
}

/// Links, submodules and what is too large: whoever's is not there as it was is undone.
fn opaque(path: &str, there: &[Option<FileVersion>]) -> Vec<(String, Side, SideLoss)> {
    let &[base, ours, theirs, result, _] = there else { return Vec::new() };
    let undone = |(side, own)| (own != base && result != own).then_some(side);
    let sides = [(Side::Ours, ours), (Side::Theirs, theirs)];
    let sides = sides.into_iter().filter_map(undone);
    sides.map(|side| (path.to_owned(), side, SideLoss::of_whole(true))).collect()
}

/// A mode that nobody gave the result.
fn mode_loss(there: &[Option<FileVersion>]) -> SideLoss {
    let &[base, ours, theirs, Some(result), merged] = there else { return SideLoss::default() };
    // Two versions of the same content differ in the mode alone.
    let alike = |version: Option<FileVersion>| {
        version.map(|mut version| {
            version.id = result.id;
            version
        })
    };
    SideLoss::of_mode([alike(base), alike(ours), alike(theirs), Some(result)], alike(merged))
}

/// Who stands behind each side, for people.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) ours: String,
    pub(super) theirs: String,
}

impl Names {
    fn of(&self, side: Side) -> Cow<'_, str> {
        match side {
            Side::Ours => Cow::Borrowed(&self.ours),
            Side::Theirs => Cow::Borrowed(&self.theirs),
            Side::Both => Cow::Owned(format!("both sides ({}; {})", self.ours, self.theirs)),
        }
    }
}

impl Evidence {
    /// Everything that is lost, in sentences.
    pub(super) fn notes(&self, names: &Names) -> Vec<String> {
        let notes = self.losses.iter().map(|(path, side, loss)| loss.notes(&names.of(*side), path));
        notes.flatten().collect()
    }

    /// Why it is no result at all: what a conflict leaves is still there.
    pub(super) fn unfinished(&self) -> Option<String> {
        if !self.markers.is_empty() {
            return Some(format!("conflict markers are left in {}", self.markers.join(", ")));
        }
        let (path, real) = self.made_up.first()?;
        Some(format!("`{path}` is left, where git put one of the two that want to be `{real}`"))
    }

    /// Why nobody but the user may decide so: it is unfinished, or of a side's work in a file nothing
    /// is left.
    pub(super) fn objection(&self, names: &Names) -> Option<String> {
        if let Some(why) = self.unfinished() {
            return Some(why);
        }
        let undone: Vec<String> = self
            .losses
            .iter()
            .filter(|(_, _, loss)| loss.undone)
            .map(|(path, side, _)| {
                format!("nothing is left of what {} did to `{path}`", names.of(*side))
            })
            .collect();
        (!undone.is_empty()).then(|| undone.join("; "))
    }
}
