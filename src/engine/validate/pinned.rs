//! Files that validations take from the target and not from the branches (landing.md rule 11).

use crate::adapters::git::{GitError, Repo};
use crate::domain::id::Oid;
use crate::domain::integrate::Member;
use crate::domain::run::Event;
use crate::domain::task::Claims;
use crate::engine::setup::changed_between;

/// Globs of files that say what is tested, and how.
#[derive(Debug, Clone, Default)]
pub struct Pins(Option<Claims>);

impl Pins {
    /// Those of these globs; none where nothing is to be taken from the target.
    pub fn new(globs: Option<Claims>) -> Self {
        Self(globs)
    }

    /// Paths among them that differ between two commits, sorted.
    pub(super) fn between(
        &self,
        repo: &Repo,
        base: Oid,
        commit: Oid,
    ) -> Result<Vec<String>, GitError> {
        let Some(globs) = self.0.as_ref().filter(|_| base != commit) else {
            return Ok(Vec::new());
        };
        let mut paths = changed_between(repo, base, commit)?;
        paths.retain(|path| globs.matches(path));
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}

/// A warning for each member that changes what validations take from the target.
///
/// # Errors
/// Git.
pub(in crate::engine) fn flagged(
    repo: &Repo,
    pins: &Pins,
    members: &[Member],
) -> Result<Vec<Event>, GitError> {
    let mut warnings = Vec::new();
    for member in members {
        let paths = pins.between(repo, member.start, member.tip)?;
        if !paths.is_empty() {
            let named: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
            let (task, paths) = (&member.task, named.join(", "));
            let message =
                format!("`{task}` changes {paths}, which validations took from the target");
            warnings.push(Event::Warned { message });
        }
    }
    Ok(warnings)
}
