//! Another order for what waits, worked out while the run goes on.

use super::Driver;
use crate::domain::plan::{Effort, replan};
use crate::domain::run::Event;

/// Schedules looked at for the rest of a run: it goes on meanwhile, and the next task that ends may
/// ask again.
const SCHEDULES: usize = 200;

impl Driver {
    pub(super) fn replan(&self, because: usize) {
        let state = self.journal.state();
        let progress = state.progress(self.journal.now());
        let current = state.dispatcher.ranks().to_vec();
        let (spec, because) = (self.spec.clone(), self.id(because));
        self.blocking(move || {
            let effort = Effort { schedules: SCHEDULES, out_of_time: None };
            let ranks = replan(&spec.plan, &progress, &current, &effort)?;
            Some(Event::Replanned { because, ranks })
        });
    }
}
