//! Files that validations take from the target and not from the branches (landing.md rule 11).

use crate::adapters::git::{GitError, Repo};
use crate::domain::id::Oid;
use crate::domain::integrate::Member;
use crate::domain::run::Event;
use crate::domain::task::{Claims, PassRule, Validation};
use crate::engine::setup::changed_between;

/// Globs of files that say what is tested, and how.
#[derive(Debug, Clone, Default)]
pub struct Pins(Option<Claims>);

impl Pins {
    /// Those of these globs; none where nothing is to be taken from the target.
    pub fn new(globs: Option<Claims>) -> Self {
        Self(globs)
    }

    /// Paths of a candidate that a validation takes from the target, sorted. None where the branch alone
    /// answers for it: what a race's check proved, it proved with the arm's own files.
    pub(super) fn taken_by(
        &self,
        validation: &Validation,
        repo: &Repo,
        (base, commit): (Oid, Oid),
    ) -> Result<Vec<String>, GitError> {
        match validation.pass {
            PassRule::Outright { .. } => Ok(Vec::new()),
            PassRule::NoWorseThanTarget => self.between(repo, base, commit),
        }
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

/// A warning for each member that changes what validations take from the target, or would.
///
/// # Errors
/// Git.
pub(in crate::engine) fn flagged(
    repo: &Repo,
    pins: &Pins,
    (members, validations): (&[Member], &[Validation]),
) -> Result<Vec<Event>, GitError> {
    let mut warnings = Vec::new();
    let (own, taken): (Vec<&Validation>, Vec<&Validation>) = validations
        .iter()
        .partition(|validation| matches!(validation.pass, PassRule::Outright { .. }));
    let which = match (own.first(), taken.is_empty()) {
        (None, _) => "which validations took from the target".to_owned(),
        (Some(check), true) => format!("with which `{}` judged it", check.name),
        (Some(check), false) => {
            format!("which validations but `{}` took from the target", check.name)
        }
    };
    for member in members {
        let paths = pins.between(repo, member.start, member.tip)?;
        if !paths.is_empty() {
            let named: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
            let (task, paths) = (&member.task, named.join(", "));
            let message = format!("`{task}` changes {paths}, {which}");
            warnings.push(Event::Warned { message });
        }
    }
    Ok(warnings)
}
