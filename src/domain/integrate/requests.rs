//! Runs of validations: those that were made, and requests for more.

use super::next::ValidationRequest;
use super::state::Integration;
use super::validation::{Failure, ValidationRun};
use crate::domain::id::Oid;

impl Integration {
    /// Runs of all that it has on a commit.
    pub(super) fn whole_runs<'a>(
        &'a self,
        commit: Oid,
        name: &'a str,
    ) -> impl Iterator<Item = &'a ValidationRun> {
        self.runs_on(commit).filter(move |run| run.name == *name && run.is_whole())
    }

    /// A run of all that it has, which may be answered by one of before.
    pub(super) fn whole(&self, commit: Oid, name: &str) -> ValidationRequest {
        ValidationRequest { commit, name: name.to_owned(), only: Vec::new(), fresh: false }
    }

    /// A run that is one more of the same.
    pub(super) fn fresh(&self, commit: Oid, name: &str) -> ValidationRequest {
        ValidationRequest { fresh: true, ..self.whole(commit, name) }
    }

    /// A run that shows how these failures do: of the tests alone where the validation can do that.
    pub(super) fn again<'a>(
        &self,
        commit: Oid,
        name: &str,
        failures: impl Iterator<Item = &'a Failure>,
    ) -> ValidationRequest {
        let declared = self.spec.validations.iter().find(|declared| declared.name == *name);
        let missed = self.runs.iter().any(|(_, run)| run.name == *name && run.missed_its_tests());
        let can_choose = declared.is_some_and(|declared| declared.rerun.is_some()) && !missed;
        let tests: Option<Vec<String>> = failures.map(|failure| failure.test().cloned()).collect();
        let only = tests.filter(|_| can_choose).unwrap_or_default();
        ValidationRequest { only, ..self.fresh(commit, name) }
    }
}
