//! What validations of earlier trees say of later ones, and what is measured.

use super::crew::{Crew, Running};
use super::green_key::{Question, green_key};
use super::outcome::passed_before;
use crate::adapters::store::CostSample;
use crate::domain::id::Oid;
use crate::domain::integrate::{IntegrationEvent, ValidationRequest, ValidationRun};
use crate::domain::task::Validation;
use crate::engine::error::EngineError;
use crate::engine::integrate::record;
use crate::engine::journal::Journal;

impl Crew {
    /// Whether the same tree passed before, which answers the request.
    pub(super) async fn answer(
        &mut self,
        journal: &mut Journal,
        request: &ValidationRequest,
        (validation, base): (&Validation, Oid),
    ) -> Result<bool, EngineError> {
        let commit = request.commit;
        let at = (commit, request.name.clone());
        if request.fresh || !request.only.is_empty() || self.missed.contains_key(&at) {
            return Ok(false);
        }
        let question = self.question(commit, base, validation)?;
        // Files are looked at, of which there may be many.
        let asked = tokio::task::spawn_blocking(move || question.map(green_key));
        let key = asked.await.map_err(|_| EngineError::WorkerLost)?.transpose()?.flatten();
        let is_known = match &key {
            Some(key) => journal.store.has_passed(key)?,
            None => false,
        };
        if is_known {
            let name = Some(request.name.clone());
            record(journal, IntegrationEvent::ValidationRequested { commit, name })?;
            let runs = vec![passed_before(request)];
            record(journal, IntegrationEvent::ValidationFinished { commit, runs })?;
        } else {
            self.missed.insert(at, key);
        }
        Ok(is_known)
    }

    fn question(
        &self,
        commit: Oid,
        base: Oid,
        validation: &Validation,
    ) -> Result<Option<Question>, EngineError> {
        if !self.rules.cache || !validation.cache {
            return Ok(None);
        }
        let (site, spec, carrier) = (self.site.clone(), self.spec.clone(), self.carrier.clone());
        let pinned = self.rules.pins.between(&site.repo, base, commit)?;
        let command = validation.run.clone();
        Ok(Some(Question { site, spec, carrier, command, commit, pinned, base }))
    }

    /// What later integrations profit from.
    pub(super) fn remember(
        &mut self,
        journal: &mut Journal,
        running: &Running,
        run: &ValidationRun,
    ) -> Result<(), EngineError> {
        let now = journal.now();
        let elapsed = self.elapsed();
        let seconds = elapsed.saturating_sub(self.measured.max(running.begun)).as_secs_f64();
        self.measured = elapsed;
        if !run.only.is_empty() {
            return Ok(());
        }
        // All validations of a candidate together are one.
        let quantity = 1.0 / self.spec.plan.validations.len().max(1) as f64;
        journal.store.observe_cost("validate", CostSample { quantity, seconds, at: now })?;
        let validation = &running.validation;
        if !run.is_green() {
            journal.store.note_failed(&validation.run, now)?;
        }
        let commit = running.request.commit;
        let known = self.missed.get(&(commit, run.name.clone()));
        let Some(key) = known.cloned().flatten() else { return Ok(()) };
        if !run.is_green() {
            return Ok(journal.store.forget_passed(&key)?);
        }
        let base = journal.state().integrations.last().map(|integration| integration.base);
        let again = match self.question(commit, base.unwrap_or(commit), validation)? {
            Some(question) => green_key(question)?,
            None => None,
        };
        // Something else may have been there from the one look to the other.
        if again.as_ref() == Some(&key) {
            journal.store.note_passed(&key, now)?;
        }
        Ok(())
    }
}
