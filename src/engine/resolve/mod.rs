//! What a merge that collides becomes: a resolution that the user made before, or one that git had
//! recorded, that a command made anew, or that a resolver wrote. All of it happens in a worktree of its
//! own, which is there only meanwhile.

mod answers;
mod ask;
mod by_hand;
mod conduct;
mod desk;
mod driven;
mod evidence;
mod merge;
mod regenerate;

use std::path::PathBuf;
use std::sync::Arc;

use super::error::EngineError;
use super::reins::Reins;
use super::site::Site;
use crate::adapters::git::{GitError, MergeRequest};
use crate::domain::id::Oid;
use crate::domain::integrate::{Member, PathResolution, ResolutionLabel, ResolutionRules, Terms};
use crate::domain::run::RunSpec;

pub(super) use answers::Answers;
pub use by_hand::{ByHand, Taken, abort_by_hand, left_by_hand, take_by_hand, terms_by_hand};
pub(super) use conduct::Conductor;
pub(super) use desk::{DeskPlace, clear_desk, is_desk};
pub(super) use driven::driven;

/// What is to be merged, and collides.
#[derive(Debug)]
pub(super) struct Collision {
    /// Branch to land on.
    pub(super) target: String,
    /// What is merged into, for people.
    pub(super) so_far: String,
    /// Whose work is being merged.
    pub(super) member: Member,
    /// What is merged already, in its order.
    pub(super) others: Vec<Member>,
    /// The merge itself.
    pub(super) request: MergeRequest,
}

/// How far resolving may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// No worktree, no command: only what the user resolved before.
    Memory,
    /// Whatever the rules say.
    Rules,
    /// What the rules say short of the resolver; then the user is asked to.
    Hand,
}

/// Resolves collisions of one run.
pub(super) struct Mediator<'a> {
    pub(super) site: &'a Site,
    pub(super) spec: &'a RunSpec,
    pub(super) rules: &'a ResolutionRules,
    pub(super) reach: Reach,
    /// What the integration was asked for, for whoever goes on after a resolution by hand.
    pub(super) terms: &'a Terms,
    /// What the resolver answered so far.
    pub(super) answers: &'a Arc<Answers>,
    /// What reaches the commands.
    pub(super) reins: Reins,
    /// Where it is done.
    pub(super) place: DeskPlace,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Resolution {
    /// All paths are resolved.
    Resolved(Resolved),
    /// At least one is not.
    Unresolved(Unresolved),
    /// The user is to resolve it.
    LeftByHand {
        /// Where.
        worktree: PathBuf,
        /// What is in conflict there.
        paths: Vec<String>,
    },
    /// A signal came.
    Interrupted,
}

/// A merge without conflicts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The tree.
    pub(super) tree: Oid,
    /// How each path in conflict was resolved.
    pub(super) labels: Vec<PathResolution>,
    /// Sentences for the report: lines of a side that are not in it, what was put back.
    pub(super) notes: Vec<String>,
}

/// A merge that stays a conflict.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unresolved {
    /// Paths whose resolution was refused; none where nobody tried.
    pub(super) refused: Vec<String>,
    /// Why, in sentences; empty where nobody tried.
    pub(super) notes: Vec<String>,
}

impl Unresolved {
    /// A resolution that was refused for these paths.
    fn refused(paths: &[String], notes: Vec<String>) -> Self {
        Self { refused: paths.to_owned(), notes }
    }
}

impl Mediator<'_> {
    /// Resolves a collision as far as the rules go. Leaves no worktree behind but one that the user is
    /// to work in.
    ///
    /// # Errors
    /// The repository cannot be read. What fails in the worktree leaves the collision unresolved.
    pub(super) async fn resolve(&self, collision: Collision) -> Result<Resolution, EngineError> {
        let collision = Arc::new(collision);
        let (run, of) = (self.spec.run.clone(), collision.clone());
        let known = self.site.aside(move |site| {
            let stored = by_hand::stored(&site.repo, &run, &of)?;
            Ok::<_, GitError>((stored, site.repo.has_recorded_resolutions()))
        });
        let (stored, has_recorded) = known.await?;
        if let Some(resolved) = stored {
            return Ok(Resolution::Resolved(resolved));
        }
        let nobody =
            self.rules.resolver.is_none() && self.rules.regenerate.is_empty() && !has_recorded;
        match self.reach {
            Reach::Memory => return Ok(Resolution::Unresolved(Unresolved::default())),
            Reach::Rules if nobody => return Ok(Resolution::Unresolved(Unresolved::default())),
            Reach::Rules | Reach::Hand => {}
        }
        Ok(self.at_desk(&collision).await.unwrap_or_else(|message| {
            let notes = vec![format!("it could not be resolved: {message}")];
            Resolution::Unresolved(Unresolved { refused: Vec::new(), notes })
        }))
    }
}

fn labelled(paths: &[String], label: ResolutionLabel) -> impl Iterator<Item = PathResolution> + '_ {
    paths.iter().map(move |path| PathResolution { path: path.clone(), label })
}
