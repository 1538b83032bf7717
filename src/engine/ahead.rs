//! What has succeeded so far, merged and validated while other tasks still run. It goes the way of an
//! integration, on a sketch of the run's journal, up to where that would land: nothing moves, and what
//! passes is known when the integration comes to the same tree (landing.md rule 13).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::attempt::chain;
use super::error::EngineError;
use super::guard::Guard;
use super::integrate::{IntegrateRefusal, IntegrateRequest, prepare, record};
use super::jobs::Jobs;
use super::journal::Journal;
use super::making::{Made, Maker};
use super::merging::merged;
use super::site::Site;
use super::validate::{Crew, Turn};
use crate::adapters::host::signals::Signals;
use crate::adapters::store::Store;
use crate::domain::integrate::{Integration, IntegrationEvent, IntegrationSpec, Next};
use crate::domain::run::{RunState, Train, TrainEnd};

/// How long a run that is over waits for a validation to end by itself.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Validates one train at a time. Its worktree stays until [`Self::close`].
pub(super) struct Ahead {
    site: Site,
    request: IntegrateRequest,
    guard: Arc<Guard>,
    /// Away while a train is under way.
    crew: Option<Crew>,
    work: Option<Work>,
}

struct Work {
    train: Train,
    wish: watch::Sender<Wish>,
    end: Pin<Box<dyn Future<Output = (Option<Crew>, TrainEnd)>>>,
}

/// Whether what comes of a train is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    Wanted,
    Unwanted,
    /// Nor is anybody to wait until it has ended by itself.
    GoneAtOnce,
}

impl Ahead {
    pub(super) fn new(site: &Site, request: IntegrateRequest, guard: Arc<Guard>) -> Self {
        // Alone in the one slot that is idle; whoever looks without landing needs no clean checkout.
        let request = IntegrateRequest { dry_run: true, slots: 1, ..request };
        // A token of the run's jobserver would be lacking to a task.
        let site = Site { jobs: Jobs::default(), ..site.clone() };
        Self { site, request, guard, crew: None, work: None }
    }

    /// Begins with a train, which the tasks of `state` make up.
    pub(super) fn begin(&mut self, train: Train, state: &RunState) {
        let (site, request) = (self.site.clone(), self.request.clone());
        let crew = self.crew.take().unwrap_or_else(|| {
            Crew::under(self.guard.clone(), &site, state, request.validating.clone())
        });
        let (wish, wishes) = watch::channel(Wish::Wanted);
        let end = Box::pin(validate(crew, (site, request), state.clone(), wishes));
        self.work = Some(Work { train, wish, end });
    }

    /// Ends what is under way, with `force` by killing it; [`Self::ended`] tells when that is done.
    pub(super) fn give_up(&mut self, force: bool) {
        let wish = if force { Wish::GoneAtOnce } else { Wish::Unwanted };
        if let Some(work) = &self.work {
            work.wish
                .send_if_modified(|before| wish > std::mem::replace(before, wish.max(*before)));
        }
    }

    /// Whether a train is under way.
    pub(super) fn is_at_work(&self) -> bool {
        self.work.is_some()
    }

    /// The next end of a train. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> (Train, TrainEnd) {
        let Some(work) = &mut self.work else { return std::future::pending().await };
        let (crew, end) = work.end.as_mut().await;
        self.crew = crew;
        let train = self.work.take().map(|work| work.train).unwrap_or_default();
        (train, end)
    }

    /// Ends what is under way, after a moment by killing it: nobody waits for a run that is over. Takes
    /// the worktree away; what stands in the way, as sentences.
    pub(super) async fn close(mut self) -> Vec<String> {
        self.give_up(false);
        if self.is_at_work() && timeout(LAST_MOMENT, self.ended()).await.is_err() {
            self.give_up(true);
            let _of_nobodys_interest = self.ended().await;
        }
        match self.crew.take() {
            Some(crew) => crew.close().await,
            None => Vec::new(),
        }
    }
}

/// Validates one train, until that is done or not wanted any more.
async fn validate(
    mut crew: Crew,
    (site, request): (Site, IntegrateRequest),
    state: RunState,
    mut wishes: watch::Receiver<Wish>,
) -> (Option<Crew>, TrainEnd) {
    let begun = tokio::select! {
        begun = begin(&site, &request, &state) => begun,
        () = reached(&mut wishes, Wish::Unwanted) => return (Some(crew), TrainEnd::Dropped),
    };
    let (spec, store) = match begun {
        Ok(begun) => begun,
        Err(Unknown { reason }) => return (Some(crew), TrainEnd::Unknown { reason }),
    };
    let mut sketch = Journal::sketch(store, site.clock, state);
    let maker = Maker::new(&site, sketch.run(), request.verify_merge);
    let end = tokio::select! {
        end = follow(&mut sketch, &mut crew, (maker, &site), spec) => end,
        () = reached(&mut wishes, Wish::Unwanted) => Ok(TrainEnd::Dropped),
    };
    let mut none = Signals::none();
    let dismissed = tokio::select! {
        dismissed = crew.dismiss(&mut sketch, &mut none) => dismissed,
        () = reached(&mut wishes, Wish::GoneAtOnce) => {
            let _left_to_the_next_look = crew.close().await;
            return (None, TrainEnd::Dropped);
        }
    };
    let end = end.and_then(|end| Ok(dismissed.map(|_| end)?));
    (Some(crew), end.unwrap_or_else(|Unknown { reason }| TrainEnd::Unknown { reason }))
}

/// Returns once it is wished for, or more; never when nobody can wish any more.
async fn reached(wishes: &mut watch::Receiver<Wish>, wish: Wish) {
    if wishes.wait_for(|now| *now >= wish).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Why nothing can be told of a train.
struct Unknown {
    reason: String,
}

impl Unknown {
    fn because(reason: &str) -> Self {
        Self { reason: reason.to_owned() }
    }
}

impl From<EngineError> for Unknown {
    fn from(error: EngineError) -> Self {
        Self { reason: chain(&error) }
    }
}

async fn begin(
    site: &Site,
    request: &IntegrateRequest,
    state: &RunState,
) -> Result<(IntegrationSpec, Store), Unknown> {
    let (request, state) = (request.clone(), state.clone());
    let prepared = site.aside(move |site| {
        let store = Store::open(&site.state_dir())?;
        Ok::<_, EngineError>((prepare(site, &store, &state, &request)?, store))
    });
    let (prepared, store) = prepared.await?;
    let (spec, _told_when_it_lands) = prepared.map_err(|refusal| match refusal {
        IntegrateRefusal::UnknownTarget { branch } => {
            Unknown { reason: format!("there is no branch `{branch}`") }
        }
        IntegrateRefusal::NothingReady { .. } => Unknown::because("the target holds it already"),
        IntegrateRefusal::NoTarget
        | IntegrateRefusal::NoArmProved { .. }
        | IntegrateRefusal::LeftByHand { .. }
        | IntegrateRefusal::OpenByHand { .. }
        | IntegrateRefusal::Obstacle { .. }
        | IntegrateRefusal::Interrupted => Unknown::because("it cannot land as things stand"),
    })?;
    Ok((IntegrationSpec { dry_run: false, ..spec }, store))
}

/// Goes the way of an integration up to where it would land.
async fn follow(
    sketch: &mut Journal,
    crew: &mut Crew,
    (mut maker, site): (Maker, &Site),
    spec: IntegrationSpec,
) -> Result<TrainEnd, Unknown> {
    record(sketch, IntegrationEvent::Started { spec: Box::new(spec) })?;
    loop {
        let Some(integration) = sketch.state().integrations.last() else {
            return Err(Unknown::because("it was not begun"));
        };
        match integration.next() {
            Next::Record(events) => {
                for event in events {
                    if let IntegrationEvent::Isolated { set } = event {
                        return Ok(TrainEnd::Breaks { set });
                    }
                    if let IntegrationEvent::Refused { refusal } = &event {
                        return Err(Unknown::because(&refusal.to_string()));
                    }
                    record(sketch, event)?;
                }
            }
            Next::Merge(_) => {
                let integration = integration.clone();
                let merge = move |_: &Site| {
                    merge_cleanly(integration, &mut maker).map(|made| (made, maker))
                };
                let (made, back) = site.aside(merge).await?;
                maker = back;
                for fact in made? {
                    record(sketch, fact)?;
                }
            }
            Next::Validate(requests) => {
                if crew.turn(sketch, &mut Signals::none(), &requests).await? != Turn::Went {
                    return Err(Unknown::because("no validation could be started"));
                }
            }
            Next::Land { .. } => {
                let merged = integration.train().into_iter();
                let tasks = merged.map(|(task, _)| task.clone()).collect();
                return Ok(TrainEnd::Passed { tasks });
            }
            Next::Done => return Err(Unknown::because("the target holds it already")),
        }
    }
}

/// Makes the merges that are asked for, as long as nothing else is. What collides may be resolved when
/// it is to land, and which tree comes of that is open.
fn merge_cleanly(
    mut integration: Integration,
    maker: &mut Maker,
) -> Result<Result<Vec<IntegrationEvent>, Unknown>, EngineError> {
    let mut facts = Vec::new();
    while let Next::Merge(wanted) = integration.next() {
        let fact = match maker.make(&integration, &wanted)? {
            Made::Commit { commit, remarks, engine } => merged(&wanted, commit, (remarks, engine)),
            Made::Collides(ejection) | Made::Out(ejection) => {
                let task = &ejection.task;
                return Ok(Err(Unknown { reason: format!("`{task}` does not merge cleanly") }));
            }
        };
        integration.apply(&fact, integration.started);
        facts.push(fact);
    }
    Ok(Ok(facts))
}
