//! The host that the run shares with others: what it takes of it is told, what it bears is read.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Driver;
use crate::adapters::host::ledger::{Ledger, OwnEntry};
use crate::adapters::host::machine::Machine;
use crate::adapters::host::pressure::Sampler;
use crate::domain::run::{
    Admission, Event, HostReading, Input, Room, RunPhase, RunState, RunUse, WidthCause,
};
use crate::engine::error::EngineError;
use crate::engine::site::Site;

/// Between two readings. Neither load nor free memory tells when it changes, so they are sampled;
/// only while more than one task runs or is to run.
const EVERY: Duration = Duration::from_secs(1);

/// Before the first tasks start there is no earlier look: on a machine that is at work two are made,
/// so far apart …
const FIRST_LOOK: Duration = Duration::from_millis(100);

/// … with so many glances between them.
const GLANCES: u32 = 4;

/// This run among those of its host.
pub(super) struct HostShare {
    site: Site,
    ledger: Ledger,
    /// `None` where the others cannot be told.
    entry: Option<OwnEntry>,
    told: RunUse,
    /// Event after which that was told.
    told_at: u64,
    cores: usize,
    sampler: Sampler,
    admission: Admission,
    timer: Interval,
    /// Another reading could change something.
    matters: bool,
}

impl HostShare {
    /// Enters the run, with what it wants, into the ledger of the host. `None` for a run that does not
    /// share; a sentence when the others cannot be told.
    pub(super) fn enter(site: &Site, state: &RunState) -> Option<(Self, Option<String>)> {
        if !state.spec.limits.share_host {
            return None;
        }
        let ledger = Ledger::at(site.runtime_dir.as_deref());
        let (entry, trouble) = match ledger.enter(state.spec.run.as_str(), site.repo.root()) {
            Ok(entry) => (Some(entry), None),
            Err(error) => {
                let text = format!("other runs on this machine cannot see this one: {error}");
                (None, Some(text))
            }
        };
        let mut timer = interval(EVERY);
        timer.reset();
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let share = Self {
            site: site.clone(),
            ledger,
            entry,
            told: RunUse::default(),
            told_at: 0,
            cores: Machine::load().cores,
            sampler: Sampler::default(),
            admission: Admission::new(state.widest()),
            timer,
            matters: false,
        };
        Some((share, trouble))
    }

    /// Tells the others what the run takes, if that has changed.
    pub(super) fn tell(&mut self, state: &RunState) {
        if self.told_at == state.next_seq {
            return;
        }
        self.told_at = state.next_seq;
        let left = state.tasks.iter().filter(|record| !record.state.is_finished()).count();
        self.matters = state.phase == RunPhase::Running && state.widest() > 1 && left > 1;
        let takes = state.host_use(self.cores);
        if takes != self.told
            && let Some(entry) = &mut self.entry
        {
            self.told = takes;
            // A run that cannot be told of is taken to do what it did before.
            let _told_again_later = entry.write(takes);
        }
    }

    /// When the host is to be read again; never while that could change nothing.
    pub(super) async fn due(share: &mut Option<Self>) {
        match share {
            Some(share) if share.matters => {
                share.timer.tick().await;
            }
            Some(_) | None => std::future::pending().await,
        }
    }

    /// The room there is before anything runs.
    async fn first_room(&mut self, state: &RunState) -> Room {
        self.tell(state);
        let mut reading = self.reading();
        if self.matters && state.minds_cores() {
            reading.load = self.sampler.moment();
            // Where even this moment leaves room for all, nobody has to wait for a mean.
            if state.room(&reading).width < state.widest() {
                for _ in 0..GLANCES {
                    tokio::time::sleep(FIRST_LOOK / GLANCES).await;
                    self.sampler.glance();
                }
                reading = self.reading();
            }
        }
        let widest = Room { width: state.widest(), because: WidthCause::Eased };
        self.admission.observe(state.room(&reading)).unwrap_or(widest)
    }

    /// What changes, if anything does.
    fn room(&mut self, state: &RunState) -> Option<Room> {
        let reading = self.reading();
        self.admission.observe(state.room(&reading))
    }

    fn reading(&mut self) -> HostReading {
        let others = self.ledger.load_others();
        let drivers: Vec<u32> = others.iter().map(|entry| entry.process.pid).collect();
        let pressure = self.sampler.load(&drivers, self.site.clock.elapsed());
        HostReading {
            cores: self.cores,
            load: pressure.load,
            memory: pressure.memory,
            others: others.into_iter().map(|entry| entry.takes).collect(),
        }
    }
}

impl Driver {
    /// Enters the run among those of the host and starts what that bears.
    pub(super) async fn share_host(&mut self) -> Result<Option<HostShare>, EngineError> {
        let Some((mut share, trouble)) = HostShare::enter(&self.site, self.journal.state()) else {
            return Ok(None);
        };
        if let Some(message) = trouble {
            let now = self.journal.now();
            self.journal.record(vec![Event::Warned { message }], now)?;
        }
        let room = share.first_room(self.journal.state()).await;
        self.take(Input::Room(room))?;
        share.tell(self.journal.state());
        Ok(Some(share))
    }

    /// Reads the host again and starts what it bears.
    pub(super) fn read_host(&mut self, share: &mut Option<HostShare>) -> Result<(), EngineError> {
        let room = share.as_mut().and_then(|share| share.room(self.journal.state()));
        room.map_or(Ok(()), |room| self.take(Input::Room(room)))
    }
}
