//! What a guard found while nothing but the journal could hear of it.

use std::sync::{Arc, mpsc};

use super::Guard;
use crate::domain::run::{Event, RunState, SharedFinding};
use crate::engine::error::EngineError;
use crate::engine::journal::Journal;
use crate::engine::site::Site;

/// Findings that wait to be stored.
pub(in crate::engine) struct Findings(mpsc::Receiver<SharedFinding>);

impl Findings {
    /// With the guard that tells them.
    pub(in crate::engine) fn guarded(site: &Site, state: &RunState) -> (Arc<Guard>, Self) {
        let (tell, told) = mpsc::channel();
        // Nobody listens once what was guarded is over.
        let tell = move |finding| drop(tell.send(finding));
        (Arc::new(Guard::new(site.clone(), state, Box::new(tell))), Self(told))
    }

    /// Of a guard that tells somebody else.
    pub(in crate::engine) fn none() -> Self {
        Self(mpsc::channel().1)
    }

    /// Stores what was found so far.
    pub(in crate::engine) fn record(&self, journal: &mut Journal) -> Result<(), EngineError> {
        let findings = self.0.try_iter().map(|finding| Event::SharedChanged { finding });
        let now = journal.now();
        journal.record(findings.collect(), now)
    }
}
