//! Refs that moved while commands ran: those of the run's other tasks are put right, others are named
//! and what they no longer hold is kept.

use super::sentences::{quoted, some_of};
use super::{Guard, Watch, locked};
use crate::adapters::git::{Expected, GitError, RefChange, RefOutcome, RefUpdate, Refs};
use crate::domain::id::Oid;
use crate::domain::report::shell_word;

const HEADS: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
const REMOTES: &str = "refs/remotes/";
const STASH: &str = "refs/stash";

impl Guard {
    /// Whether a ref was put back.
    pub(super) fn compare_refs(
        &self,
        (before, after): (&Refs, &Refs),
        watch: &mut Watch,
        notes: &mut Vec<String>,
    ) -> Result<bool, GitError> {
        let (mut made, mut remote) = (Vec::new(), Vec::new());
        let suspect = watch.running.first().and_then(|(task, _)| *task);
        let changes = before.changes(after);
        if changes.iter().any(|change| self.task_of(&change.name).is_none()) {
            watch.others.learn(&self.site, &self.spec.run);
        }
        let mut put_back = false;
        for change in changes {
            if let Some(task) = self.task_of(&change.name) {
                put_back |= self.put_right(task, &change, suspect, notes)?;
                continue;
            }
            if watch.others.moved(&self.site, &change)?
                || self.is_makers_own(&change, after, watch)?
            {
                continue;
            }
            if change.name.starts_with(REMOTES) {
                remote.push(format!("`{}`", &change.name[REMOTES.len()..]));
            } else if change.old.is_none() && change.name != STASH {
                let tasks = watch.tasks();
                watch.made.note(&change.name, &tasks);
                made.push(shown(&change.name));
            } else {
                notes.push(self.moved(&change, after, suspect)?);
            }
        }
        if !made.is_empty() {
            let were = if made.len() == 1 { "was" } else { "were" };
            notes.push(format!("{} {were} made; left there", some_of(&made)));
        }
        if !remote.is_empty() {
            let what = some_of(&remote);
            notes.push(format!("a fetch or a push changed the remote-tracking {what}"));
        }
        Ok(put_back)
    }

    /// Takes commits off the branches of other tasks that are over: those that a task made there and
    /// that its own branch holds.
    pub(in crate::engine) fn take_back(
        &self,
        task: usize,
        (start, work): (Oid, Oid),
    ) -> Result<Vec<String>, GitError> {
        let repo = &self.site.repo;
        let mut notes = Vec::new();
        let tips = locked(&self.tips).clone();
        for (other, tip) in tips {
            let Some(branch) = &self.spec.places[other].branch else { continue };
            let Some(now) = repo.branch_tip(branch)?.filter(|now| *now != tip) else { continue };
            let on_top = other != task && repo.is_ancestor(tip, now)?;
            if on_top && repo.is_ancestor(now, work)? && !repo.is_ancestor(now, start)? {
                let name = format!("{HEADS}{branch}");
                if self.set(&name, Some(now), tip)? {
                    notes.push(format!(
                        "its commits were on the branch `{branch}` of task `{}`, which was put back",
                        self.spec.plan.tasks[other].task.id
                    ));
                }
            }
        }
        Ok(notes)
    }

    /// Whether the only one at work changed what it had made itself, and nothing is lost by it.
    fn is_makers_own(
        &self,
        change: &RefChange,
        after: &Refs,
        watch: &mut Watch,
    ) -> Result<bool, GitError> {
        let RefChange { name, old, new } = change;
        let by_maker = watch.made.by(name, &watch.tasks());
        if new.is_none() {
            watch.made.forget(name);
        }
        let Some(old) = old.filter(|_| by_maker) else { return Ok(false) };
        let mut held = after.has(old) || new.is_some_and(|new| self.holds(new, old));
        for place in &self.spec.places {
            let Some(branch) = &place.branch else { continue };
            let tip = self.site.repo.branch_tip(branch)?;
            held = held || tip.is_some_and(|tip| self.holds(tip, old));
        }
        Ok(held)
    }

    /// Whether a commit is behind another one, or the same; what is no commit, is not.
    fn holds(&self, tip: Oid, old: Oid) -> bool {
        self.site.repo.is_ancestor(old, tip).unwrap_or(false)
    }

    /// The task whose branch this is.
    fn task_of(&self, name: &str) -> Option<usize> {
        let branch = name.strip_prefix(HEADS)?;
        self.spec.places.iter().position(|place| place.branch.as_deref() == Some(branch))
    }

    /// A sentence about a ref that is gone or elsewhere; what it held is kept where nothing else does.
    fn moved(
        &self,
        change: &RefChange,
        after: &Refs,
        suspect: Option<usize>,
    ) -> Result<String, GitError> {
        let RefChange { name, old, new } = change;
        let stash = name == STASH || name.starts_with("stash@");
        let (Some(old), what) = (old, shown(name)) else {
            return Ok(stashed(*new));
        };
        match new {
            Some(_) if stash && after.is_stashed(*old) => {
                return Ok(stashed(*new));
            }
            Some(new) if !stash && self.holds(*new, *old) => {
                let (old, new) = (old.short(), new.short());
                return Ok(format!("{what} moved from {old} to {new}; it was left there"));
            }
            Some(_) | None => {}
        }
        let kept = self.keep(suspect, *old)?;
        let how = match new {
            None => "is gone".to_owned(),
            Some(new) => format!("moved to {}, which does not hold {}", new.short(), old.short()),
        };
        let back = if stash {
            format!("git stash store {old}")
        } else if let Some(branch) = name.strip_prefix(HEADS).filter(|_| new.is_none()) {
            format!("git branch {} {old}", shell_word(branch))
        } else {
            format!("git update-ref {} {old}", shell_word(name))
        };
        let what = if stash { "an entry of the stash".to_owned() } else { what };
        Ok(format!("{what} {how}; what it held is kept as {kept}, `{back}` brings it back"))
    }

    /// The branch of a task that is over is where it ended, or ahead of that. Whether it was put back.
    fn put_right(
        &self,
        task: usize,
        change: &RefChange,
        suspect: Option<usize>,
        notes: &mut Vec<String>,
    ) -> Result<bool, GitError> {
        let Some(tip) = locked(&self.tips).get(&task).copied() else { return Ok(false) };
        let id = &self.spec.plan.tasks[task].task.id;
        let whose = format!("{} of task `{id}`", shown(&change.name));
        match change.new {
            Some(now) if now == tip => Ok(false),
            Some(now) if self.site.repo.is_ancestor(tip, now)? => {
                notes.push(format!("{whose} got more commits, up to {}", now.short()));
                Ok(false)
            }
            Some(now) => {
                let kept = self.keep(suspect, now)?;
                let moved = self.set(&change.name, Some(now), tip)?;
                let what = format!("{whose} was moved away and put back; what it was moved to is");
                notes.extend(moved.then(|| format!("{what} kept as {kept}")));
                Ok(moved)
            }
            None => {
                let made = self.set(&change.name, None, tip)?;
                notes.extend(made.then(|| format!("{whose} was deleted and put back")));
                Ok(made)
            }
        }
    }

    /// Moves a ref that is still where it was seen.
    fn set(&self, name: &str, seen: Option<Oid>, to: Oid) -> Result<bool, GitError> {
        let update = RefUpdate {
            name: name.to_owned(),
            new: Some(to),
            expected: seen.map_or(Expected::Absent, Expected::At),
            message: "wt-orch: put back".to_owned(),
        };
        Ok(self.site.repo.update_ref(&update)? == RefOutcome::Moved)
    }

    /// Gives an object a ref of ours, and says which.
    fn keep(&self, suspect: Option<usize>, object: Oid) -> Result<String, GitError> {
        // No task can have that name.
        let id =
            suspect.map_or("gate.validate", |task| self.spec.plan.tasks[task].task.id.as_str());
        let name = format!("refs/wt-orch/{}/{id}/found-{}", self.spec.run, object.short());
        // One that is there holds the same.
        let _there_already = !self.set(&name, None, object)?;
        Ok(format!("`{name}`"))
    }
}

/// That the stash got an entry, with what shows it.
fn stashed(entry: Option<Oid>) -> String {
    let shows = entry.map_or_else(
        || "git stash list".to_owned(),
        |entry| format!("git stash show -p {}", entry.short()),
    );
    format!(
        "something was stashed; the stash is common to all worktrees: `{shows}` shows it, \
         `git stash drop` takes an entry away that `git stash list` names"
    )
}

/// "the branch `x`", "the tag `v1`", "`refs/notes/commits`".
fn shown(name: &str) -> String {
    let quote = |rest: &str| quoted(&[rest.to_owned()]);
    if let Some(branch) = name.strip_prefix(HEADS) {
        format!("the branch {}", quote(branch))
    } else if let Some(tag) = name.strip_prefix(TAGS) {
        format!("the tag {}", quote(tag))
    } else {
        quote(name)
    }
}
