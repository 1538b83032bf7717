//! Setup hooks in the worktree of validations: which of them a candidate wants, and what they left.

use std::time::Duration;

use super::outcome::Ended;
use crate::adapters::git::{GitError, Repo};
use crate::adapters::worktree::Checkout;
use crate::domain::id::Oid;
use crate::domain::integrate::ValidationVerdict;
use crate::domain::run::{AttemptEnd, Ending};
use crate::domain::task::{SetupHook, Turn, WithoutWhen};
use crate::engine::scratch::footing::TOOK_AWAY;
use crate::engine::setup::changed_between;

/// The commit for which the hooks have done their work; `None` when all that apply must run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PreparedBench(Option<Oid>);

impl PreparedBench {
    /// Hooks to run for a commit: all that apply, later only those without `when`, and those that a
    /// changed path is meant for.
    pub(super) fn wanted(
        self,
        repo: &Repo,
        mut hooks: Vec<SetupHook>,
        commit: Oid,
    ) -> Result<Vec<SetupHook>, GitError> {
        if hooks.is_empty() {
            return Ok(hooks);
        }
        let paths = repo.paths_in(commit)?;
        let changed = match self.0 {
            Some(before) => Some(changed_between(repo, before, commit)?),
            None => None,
        };
        let changed = changed.as_deref();
        hooks.retain(|hook| hook.turn(&paths, changed, WithoutWhen::RunsAgain) == Turn::Run);
        Ok(hooks)
    }

    /// After hooks that did well: tracked files are put back, and what would not outlive the move to
    /// the next candidate is remembered as not done.
    pub(super) fn settled(
        checkout: &Checkout,
        commit: Oid,
        caches: &[String],
    ) -> Result<Self, GitError> {
        if !checkout.changed_since(commit)?.is_empty() {
            checkout.restore(commit)?;
        }
        let stays = !checkout.has_leftovers(caches)?;
        Ok(Self(stays.then_some(commit)))
    }
}

/// A hook that failed: the candidate cannot be validated.
pub(super) struct FailedSetup {
    ending: String,
    duration: Duration,
    last_lines: Vec<String>,
}

impl FailedSetup {
    /// `None` when it did well, and left the worktree whole.
    pub(super) fn of(
        hook: &SetupHook,
        end: Result<AttemptEnd, String>,
        is_whole: bool,
    ) -> Option<Self> {
        let label = hook.label();
        match end {
            Ok(end) if !is_whole => Some(Self {
                ending: format!("not run: setup hook `{label}`: {TOOK_AWAY}"),
                duration: end.usage.wall,
                last_lines: end.last_lines,
            }),
            Ok(AttemptEnd { ending: Ending::Code { code: 0 }, .. }) => None,
            Ok(end) => Some(Self {
                ending: format!("not run: setup hook `{label}` ended with {}", end.ending),
                duration: end.usage.wall,
                last_lines: end.last_lines,
            }),
            Err(message) => Some(Self {
                ending: format!("not run: setup hook `{label}` did not start: {message}"),
                duration: Duration::ZERO,
                last_lines: Vec::new(),
            }),
        }
    }

    /// What it means for a validation.
    pub(super) fn verdict(&self) -> Ended {
        Ended {
            verdict: ValidationVerdict::Failed,
            ending: self.ending.clone(),
            duration: self.duration,
            last_lines: self.last_lines.clone(),
        }
    }
}
