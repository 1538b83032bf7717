//! What one integration is asked for beyond the settings.

use serde::{Deserialize, Serialize};

use super::event::IntegrationSpec;
use crate::domain::id::TaskId;

/// What a command line asks of an integration. It is kept with a conflict that is left to the user,
/// so that whoever goes on lands where, and as, it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Branch to land on, instead of the run's target.
    pub onto: Option<String>,
    /// New branch to land on; the target stays where it is.
    pub branch: Option<String>,
    /// The arm of a race that is to land, instead of its winner.
    pub arm: Option<TaskId>,
    /// Tasks to spare when one of a set has to go.
    pub keep: Vec<TaskId>,
    /// A validation that is red on the target, and does not say by which test, is left out of the
    /// verdict.
    pub allow_red_base: bool,
    /// Every validation runs, also on a tree that passed it before.
    pub no_cache: bool,
    /// Remote to push what landed to; empty where git is to say which.
    pub push: Option<String>,
    /// A pull request is to be made of what landed.
    pub pull_request: bool,
}

/// An option that says something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The option.
    pub option: &'static str,
    /// What it said.
    pub before: String,
}

impl Terms {
    /// Those of an integration of a run whose own target is `own`, without what was to come after it.
    pub fn of(spec: &IntegrationSpec, own: Option<&str>) -> Self {
        Self {
            onto: Some(spec.target.clone()).filter(|target| Some(target.as_str()) != own),
            branch: spec.branch.clone(),
            arm: spec.arm.clone(),
            keep: spec.keep.clone(),
            allow_red_base: spec.allow_red_base,
            ..Self::default()
        }
    }

    /// These, and what is asked for on top of them.
    ///
    /// # Errors
    /// The option that would take back what was asked for before.
    pub fn with(self, more: Self) -> Result<Self, Contradiction> {
        let mut keep = self.keep;
        keep.extend(more.keep.into_iter().filter(|task| !keep.contains(task)).collect::<Vec<_>>());
        Ok(Self {
            onto: one_of("--onto", self.onto, more.onto)?,
            branch: one_of("--branch", self.branch, more.branch)?,
            arm: one_of_ids("--arm", self.arm, more.arm)?,
            keep,
            allow_red_base: self.allow_red_base || more.allow_red_base,
            no_cache: self.no_cache || more.no_cache,
            push: one_of("--push", self.push, more.push)?,
            pull_request: self.pull_request || more.pull_request,
        })
    }
}

/// What either of them says; one that leaves it open agrees with any.
fn one_of(
    option: &'static str,
    before: Option<String>,
    more: Option<String>,
) -> Result<Option<String>, Contradiction> {
    match (before, more) {
        (Some(before), Some(more)) if before.is_empty() || before == more => Ok(Some(more)),
        (Some(before), Some(more)) if more.is_empty() => Ok(Some(before)),
        (Some(before), Some(_)) => Err(Contradiction { option, before }),
        (before, more) => Ok(before.or(more)),
    }
}

fn one_of_ids(
    option: &'static str,
    before: Option<TaskId>,
    more: Option<TaskId>,
) -> Result<Option<TaskId>, Contradiction> {
    match (before, more) {
        (Some(before), Some(more)) if before != more => {
            Err(Contradiction { option, before: before.to_string() })
        }
        (before, more) => Ok(more.or(before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(remote: &str) -> Terms {
        Terms { push: Some(remote.to_owned()), ..Terms::default() }
    }

    #[test]
    fn options_add_up_and_none_takes_back_what_another_said() {
        let before = Terms { allow_red_base: true, ..pushed("") };
        let both = before.with(pushed("origin")).unwrap();
        assert_eq!(both, Terms { allow_red_base: true, ..pushed("origin") });
        assert_eq!(both.clone().with(pushed("")), Ok(both.clone()));
        assert_eq!(both.clone().with(Terms::default()), Ok(both.clone()));
        let refused = Contradiction { option: "--push", before: "origin".to_owned() };
        assert_eq!(both.with(pushed("fork")), Err(refused));
    }
}
