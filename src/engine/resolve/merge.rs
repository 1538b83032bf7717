//! The stages, in their order: what git had recorded, then the resolver, then what is made anew of the
//! result.

use std::sync::Arc;

use super::desk::Desk;
use super::evidence::{Evidence, Names, Sides};
use super::{Collision, Mediator, Reach, Resolution, Resolved, Unresolved, driven, labelled};
use crate::adapters::git::{CollidedPath, FileVersion, GitError, MarkerStyle, Repo};
use crate::adapters::worktree::SideNames;
use crate::domain::id::Oid;
use crate::domain::integrate::{Member, PathResolution, ResolutionLabel};
use crate::engine::attempt::chain;
use crate::engine::setup::changed_between;

/// The paths in conflict, by who has the say.
pub(super) struct Shares {
    /// Resolved as they were before.
    pub(super) replayed: Vec<String>,
    /// A command makes them anew.
    pub(super) generated: Vec<String>,
    /// Nobody has resolved them so far.
    pub(super) open: Vec<String>,
}

/// What a stage came to.
pub(super) enum Stage {
    /// A tree, and what is to be said of it.
    Done(Oid, Vec<String>),
    /// Nothing that could be taken over, and why.
    Refused(Vec<String>),
    /// A signal came.
    Interrupted,
}

impl Mediator<'_> {
    pub(super) async fn at_desk(&self, collision: &Arc<Collision>) -> Result<Resolution, String> {
        let of = collision.clone();
        let loaded = self.site.aside(move |site| load(&site.repo, &of));
        let Some((sides, others)) = loaded.await.map_err(|error| chain(&error))? else {
            let version = self.site.repo.program().version();
            return Err(format!("git {version} cannot resolve it; 2.40 can"));
        };
        let desk = Desk::make(self, collision.request.ours).await?;
        let done = self.stages(&desk, collision, &sides, &others).await;
        desk.end().await;
        done
    }

    async fn stages(
        &self,
        desk: &Desk,
        collision: &Collision,
        sides: &Sides,
        others: &[Member],
    ) -> Result<Resolution, String> {
        let (shares, mut tree) = self.begin(desk, collision, sides).await?;
        let mut notes = Vec::new();
        if !shares.open.is_empty() {
            if self.reach == Reach::Hand {
                return self.leave(desk, collision, sides).await;
            }
            match self.ask(desk, collision, (sides, &shares, tree), others).await? {
                Stage::Done(answer, said) => {
                    tree = answer;
                    notes.extend(said);
                }
                Stage::Refused(why) if why.is_empty() => {
                    return Ok(Resolution::Unresolved(Unresolved::default()));
                }
                Stage::Refused(why) => {
                    let open = sides.told(&shares.open);
                    return Ok(Resolution::Unresolved(Unresolved::refused(&open, why)));
                }
                Stage::Interrupted => return Ok(Resolution::Interrupted),
            }
        }
        match self.regenerate(desk, (sides, tree), &shares.generated).await? {
            Stage::Done(made, said) => {
                tree = made;
                notes.extend(said);
            }
            Stage::Refused(why) => {
                return Ok(Resolution::Unresolved(Unresolved::refused(&shares.generated, why)));
            }
            Stage::Interrupted => return Ok(Resolution::Interrupted),
        }
        let of = sides.clone();
        let examined = self.site.aside(move |site| examined(&site.repo, &of, tree)).await;
        let (evidence, merged) = examined.map_err(|error| chain(&error))?;
        if let Some(why) = evidence.unfinished() {
            return Ok(Resolution::Unresolved(Unresolved::refused(&sides.real_paths(), vec![why])));
        }
        notes.extend(evidence.notes(&names(collision, others)));
        let by = [
            (&shares.replayed, ResolutionLabel::Rerere),
            (&shares.generated, ResolutionLabel::Regenerated),
            (&shares.open, ResolutionLabel::Agent),
        ];
        let by = by.map(|(paths, label)| (sides.told(paths), label));
        let mut labels: Vec<_> = by.iter().flat_map(|(paths, l)| labelled(paths, *l)).collect();
        labels.extend(merged.into_iter().filter(|one| !sides.paths().contains(&one.path)));
        labels.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Resolution::Resolved(Resolved { tree, labels, notes }))
    }

    /// Stands the desk in the collision, replays what was recorded, and takes one version of what will
    /// be made anew. The tree still has markers in what is open.
    async fn begin(
        &self,
        desk: &Desk,
        collision: &Collision,
        sides: &Sides,
    ) -> Result<(Shares, Oid), String> {
        let titles = Titles::of(collision);
        let (generated, other): (Vec<CollidedPath>, Vec<CollidedPath>) =
            sides.collided.paths.iter().cloned().partition(|path| {
                self.reach != Reach::Hand && self.rules.regenerates(&path.path).is_some()
                    || self.only_generated(sides)
            });
        let sides = sides.clone();
        desk.aside(move |site, checkout| {
            let collided = &sides.collided;
            let missing = checkout.stand_in_collision(collided, titles.names(&sides))?;
            let mut open: Vec<String> = other.into_iter().map(|path| path.path).collect();
            let can: Vec<String> =
                open.iter().filter(|path| !missing.contains(path)).cloned().collect();
            let replayed = checkout.replay_recorded(&can)?;
            let staged = checkout.whole_tree()?;
            let evidence = sides.examine(&site.repo, staged, &replayed)?;
            let whole = |path: &String| {
                !evidence.markers.iter().any(|m| m.rsplit_once(':').is_some_and(|(p, _)| p == path))
            };
            let replayed: Vec<String> = replayed.into_iter().filter(whole).collect();
            open.retain(|path| !replayed.contains(path));
            let mut versions = site.repo.versions_in(staged, &replayed)?;
            let taken = replayed.iter().map(|path| (path.clone(), versions.remove(path)));
            let mut taken: Vec<(String, Option<FileVersion>)> = taken.collect();
            taken.extend(
                generated.iter().map(|path| (path.path.clone(), path.ours.or(path.theirs))),
            );
            let generated = generated.into_iter().map(|path| path.path).collect();
            // The index of the desk stays in conflict in what is open, for whoever goes on there.
            let tree = checkout.chosen(collided.tree, &taken)?;
            Ok((Shares { replayed, generated, open }, tree))
        })
        .await
    }

    /// Whether a command makes all of it anew.
    fn only_generated(&self, sides: &Sides) -> bool {
        sides.collided.paths.iter().all(|path| self.rules.regenerates(&path.path).is_some())
    }
}

/// Both sides, and who is concerned beside the member; `None` where git is too old to tell.
fn load(repo: &Repo, collision: &Collision) -> Result<Option<(Sides, Vec<Member>)>, GitError> {
    let request = collision.request;
    let Some(collided) = repo.collide(request, MarkerStyle::Configured)? else { return Ok(None) };
    let sides = Sides::load(repo, request, collided)?;
    let others = concerned(repo, collision, &sides)?;
    Ok(Some((sides, others)))
}

/// What is to be said of a result, and what merge drivers merged of it.
fn examined(
    repo: &Repo,
    sides: &Sides,
    tree: Oid,
) -> Result<(Evidence, Vec<PathResolution>), GitError> {
    let mut paths = changed_between(repo, sides.collided.tree, tree)?;
    paths.extend(sides.paths());
    paths.sort();
    paths.dedup();
    Ok((sides.examine(repo, tree, &paths)?, driven(repo, sides.request)?))
}

/// Those of the others that changed what is in conflict.
pub(super) fn concerned(
    repo: &Repo,
    collision: &Collision,
    sides: &Sides,
) -> Result<Vec<Member>, GitError> {
    let paths = sides.real_paths();
    let mut concerned = Vec::new();
    for other in &collision.others {
        let changed = changed_between(repo, other.start, other.tip)?;
        if changed.iter().any(|path| paths.contains(path)) {
            concerned.push(other.clone());
        }
    }
    Ok(concerned)
}

/// What people read behind markers.
pub(super) struct Titles {
    ours: String,
    theirs: String,
}

impl Titles {
    pub(super) fn of(collision: &Collision) -> Self {
        Self { ours: collision.so_far.clone(), theirs: format!("task `{}`", collision.member.task) }
    }

    pub(super) fn names(&self, sides: &Sides) -> SideNames<'_> {
        SideNames {
            ours: (sides.request.ours, &self.ours),
            theirs: (sides.request.theirs, &self.theirs),
        }
    }
}

/// Whose work each side is: where nobody else of the run is concerned, it is the target's.
pub(super) fn names(collision: &Collision, others: &[Member]) -> Names {
    let tasks: Vec<String> = others.iter().map(|other| format!("`{}`", other.task)).collect();
    let ours =
        if tasks.is_empty() { format!("`{}`", collision.target) } else { tasks.join(" and ") };
    Names { ours, theirs: format!("`{}`", collision.member.task) }
}
