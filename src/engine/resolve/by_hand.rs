//! Conflicts that the user resolves: the worktree that is left for it, and what is kept of the
//! resolution, under a ref, for as long as the same two commits are merged.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::desk::{Desk, DeskPlace, taken_away};
use super::evidence::{Evidence, Sides};
use super::merge::{concerned, names};
use super::{Collision, Mediator, Resolution, Resolved, labelled};
use crate::adapters::git::{
    Expected, GitError, MarkerStyle, MergeRequest, NewCommit, RefUpdate, Repo,
};
use crate::adapters::worktree::{Checkout, StagedResolution};
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::integrate::{ResolutionLabel, Terms};
use crate::domain::run::RunSpec;
use crate::engine::error::EngineError;
use crate::engine::site::Site;

/// A conflict that is left to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Whose work collides.
    pub task: TaskId,
    /// Where it is to be resolved.
    pub worktree: PathBuf,
}

/// What became of a resolution by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is kept; the worktree is gone.
    Kept {
        /// Whose conflict it was.
        task: TaskId,
    },
    /// No conflict is left to the user.
    Nothing,
    /// Files are still in conflict, or were not added.
    Unfinished {
        /// Where.
        left: ByHand,
        /// Paths that were never added.
        unmerged: Vec<String>,
        /// Paths that were changed since they were added.
        unstaged: Vec<String>,
        /// Markers: `path:line`.
        markers: Vec<String>,
    },
    /// The merge was aborted there, or all that it brings was taken out: nothing is resolved.
    GivenUp {
        /// Where.
        left: ByHand,
    },
}

/// What is noted of a worktree that is left.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    task: TaskId,
    base: Option<Oid>,
    ours: Oid,
    theirs: Oid,
    #[serde(flatten)]
    terms: Terms,
}

impl Note {
    fn request(&self) -> MergeRequest {
        MergeRequest { base: self.base, ours: self.ours, theirs: self.theirs }
    }
}

impl Mediator<'_> {
    /// Leaves the desk, which stands in the collision.
    pub(super) async fn leave(
        &self,
        desk: &Desk,
        collision: &Collision,
        sides: &Sides,
    ) -> Result<Resolution, String> {
        let MergeRequest { base, ours, theirs } = collision.request;
        let task = collision.member.task.clone();
        let note = Note { task, base, ours, theirs, terms: self.terms.clone() };
        let text = serde_json::to_string(&note).map_err(|error| error.to_string())?;
        // With a base of its own it is no merge in git's sense.
        let merged = base.is_none().then_some(theirs);
        desk.aside(move |_, checkout| checkout.leave_by_hand(&text, merged)).await?;
        Ok(Resolution::LeftByHand { worktree: desk.leave(), paths: sides.paths() })
    }
}

/// What the user resolved before of the same merge.
pub(super) fn stored(
    repo: &Repo,
    run: &RunId,
    collision: &Collision,
) -> Result<Option<Resolved>, GitError> {
    let name = reference(run, &collision.member.task);
    let Some(kept) = repo.ref_target(&name)? else { return Ok(None) };
    if !is_of(repo, kept, collision.request)? {
        return Ok(None);
    }
    let tree = repo.tree_of(kept)?;
    let Some(collided) = repo.collide(collision.request, MarkerStyle::Configured)? else {
        return Ok(None);
    };
    let sides = Sides::load(repo, collision.request, collided)?;
    let paths = sides.paths();
    let evidence = sides.examine(repo, tree, &paths)?;
    let notes = evidence.notes(&names(collision, &concerned(repo, collision, &sides)?));
    let labels = labelled(&sides.real_paths(), ResolutionLabel::ByHand).collect();
    Ok(Some(Resolved { tree, labels, notes }))
}

/// Whether a resolution that is kept is one of this merge: of the same content merged into, whatever
/// commit holds it, of the same commit, with the same base.
fn is_of(repo: &Repo, kept: Oid, request: MergeRequest) -> Result<bool, GitError> {
    let parents = repo.parents(kept)?;
    let [ours, theirs, base @ ..] = parents.as_slice() else { return Ok(false) };
    let same_content = repo.tree_of(*ours)? == repo.tree_of(request.ours)?;
    Ok(same_content && *theirs == request.theirs && base.first().copied() == request.base)
}

/// No task's refs can be below it: ids start with a letter or a digit.
fn reference(run: &RunId, task: &TaskId) -> String {
    format!("refs/wt-orch/{run}/_resolved/{task}")
}

/// The conflict of a run that is left to the user.
///
/// # Errors
/// The worktrees cannot be listed.
pub fn left_by_hand(site: &Site, spec: &RunSpec) -> Result<Option<ByHand>, EngineError> {
    Ok(load(site, spec)?.map(|(_, _, left)| left))
}

/// What the integration was asked for whose conflict is left to the user; `None` where none is.
///
/// # Errors
/// The worktrees cannot be listed.
pub fn terms_by_hand(site: &Site, spec: &RunSpec) -> Result<Option<Terms>, EngineError> {
    Ok(load(site, spec)?.map(|(_, note, _)| note.terms))
}

fn load(site: &Site, spec: &RunSpec) -> Result<Option<(Checkout, Note, ByHand)>, EngineError> {
    let path = DeskPlace::of_integration(site, spec).path;
    let checkout = Checkout::at(&site.repo, &path)?;
    let note = checkout.left_by_hand().and_then(|text| serde_json::from_str::<Note>(&text).ok());
    Ok(note.map(|note| {
        let left = ByHand { task: note.task.clone(), worktree: path };
        (checkout, note, left)
    }))
}

/// Keeps what the user resolved and staged, and takes the worktree away.
///
/// # Errors
/// Git.
pub fn take_by_hand(site: &Site, spec: &RunSpec) -> Result<Taken, EngineError> {
    let repo = &site.repo;
    let Some((checkout, note, left)) = load(site, spec)? else { return Ok(Taken::Nothing) };
    let unfinished = |unmerged, unstaged, markers| {
        let left = left.clone();
        Taken::Unfinished { left, unmerged, unstaged, markers }
    };
    let tree = match checkout.staged_resolution()? {
        StagedResolution::Tree(tree) => tree,
        StagedResolution::Unmerged(paths) => return Ok(unfinished(paths, Vec::new(), Vec::new())),
        StagedResolution::Unstaged(paths) => return Ok(unfinished(Vec::new(), paths, Vec::new())),
    };
    if tree == repo.tree_of(note.ours)? {
        return Ok(Taken::GivenUp { left });
    }
    if let Some(collided) = repo.collide(note.request(), MarkerStyle::Configured)? {
        let sides = Sides::load(repo, note.request(), collided)?;
        let Evidence { markers, made_up, .. } = sides.examine(repo, tree, &sides.paths())?;
        if !markers.is_empty() || !made_up.is_empty() {
            let unmerged = made_up.into_iter().map(|(path, _)| path).collect();
            return Ok(unfinished(unmerged, Vec::new(), markers));
        }
    }
    let commit = repo.commit_tree(&NewCommit {
        tree,
        parents: [note.ours, note.theirs].into_iter().chain(note.base).collect(),
        message: format!("Resolution of the conflict of task `{}`\n", note.task),
        author_of: None,
    })?;
    let _any_value_is_replaced = repo.update_ref(&RefUpdate {
        name: reference(&spec.run, &note.task),
        new: Some(commit),
        expected: Expected::Any,
        message: "wt-orch: resolved by hand".to_owned(),
    })?;
    taken_away(site, &left.worktree)?;
    Ok(Taken::Kept { task: note.task })
}

/// Takes away the worktree that is left to the user, with what is in it; `None` where there is none.
///
/// # Errors
/// The worktree cannot be removed.
pub fn abort_by_hand(site: &Site, spec: &RunSpec) -> Result<Option<ByHand>, EngineError> {
    let Some(left) = left_by_hand(site, spec)? else { return Ok(None) };
    taken_away(site, &left.worktree)?;
    Ok(Some(left))
}
