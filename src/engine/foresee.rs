//! Comparing the work that tasks have committed, while others still run. Only reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::site::Site;
use crate::adapters::git::{Forecast, ForecastRequest, ForecastTip, GitError};
use crate::domain::id::{Oid, TaskId};
use crate::domain::run::{Collision, Comparison, Event, RunState};

/// What has not been compared after this time is not told.
const PATIENCE: Duration = Duration::from_secs(5);

/// Work to be compared.
pub(super) struct Job {
    site: Site,
    /// Tasks that have committed, by place in `pairs`.
    ends: Vec<End>,
    /// Who is held against whom; the later one first.
    pairs: Vec<(usize, usize)>,
    /// Nobody waits for it any more.
    forsaken: Arc<AtomicBool>,
}

struct End {
    task: TaskId,
    start: Oid,
    tip: Oid,
}

impl Job {
    /// The work of `comparisons`, as it stands; `forsaken` ends it early.
    pub(super) fn new(
        site: Site,
        state: &RunState,
        comparisons: &[Comparison],
        forsaken: Arc<AtomicBool>,
    ) -> Self {
        let mut job = Self { site, ends: Vec::new(), pairs: Vec::new(), forsaken };
        let mut places = vec![None; state.tasks.len()];
        for comparison in comparisons {
            let Some(one) = job.place(state, &mut places, comparison.task) else { continue };
            for &other in &comparison.with {
                let other = job.place(state, &mut places, other);
                job.pairs.extend(other.map(|other| (one, other)));
            }
        }
        job
    }

    fn place(
        &mut self,
        state: &RunState,
        places: &mut [Option<usize>],
        task: usize,
    ) -> Option<usize> {
        if places[task].is_none() {
            let (start, tip) = (state.tasks[task].start?, state.standing_tip(task)?);
            self.ends.push(End { task: state.task(task).id.clone(), start, tip });
            places[task] = Some(self.ends.len() - 1);
        }
        places[task]
    }
}

/// The collisions that are found; none where something goes wrong: nothing depends on them, and an
/// integration looks for itself.
pub(super) fn foresee(job: &Job) -> Vec<Event> {
    let told = forecasts(job).unwrap_or_default();
    let mut events: Vec<Event> = Vec::new();
    for (&(one, other), forecast) in job.pairs.iter().zip(told) {
        let paths = match forecast {
            Forecast::Conflict { paths } => paths,
            Forecast::Clean
            | Forecast::SamePath { .. }
            | Forecast::OrderSensitive { .. }
            | Forecast::Unknown { .. } => continue,
        };
        let (End { task, tip, .. }, other) = (&job.ends[one], &job.ends[other]);
        let collision = Collision::new(other.task.clone(), other.tip, paths);
        if let Some(Event::ConflictForeseen { task: last, collisions, .. }) = events.last_mut()
            && last == task
        {
            collisions.push(collision);
        } else {
            let (task, tip, collisions) = (task.clone(), *tip, vec![collision]);
            events.push(Event::ConflictForeseen { task, tip, collisions });
        }
    }
    events
}

fn forecasts(job: &Job) -> Result<Vec<Forecast>, GitError> {
    let (repo, clock) = (&job.site.repo, job.site.clock);
    let begin = clock.elapsed();
    let enough = || job.forsaken.load(Ordering::Relaxed) || clock.elapsed() - begin > PATIENCE;
    let tip = |end: &End| {
        // A branch that was rewritten has no work of its own but what the others lack.
        let start = repo.is_ancestor(end.start, end.tip)?.then_some(end.start);
        Ok(ForecastTip { start, tip: end.tip })
    };
    let tips = job.ends.iter().map(tip).collect::<Result<Vec<_>, GitError>>()?;
    repo.forecasts(&ForecastRequest { tips: &tips, pairs: &job.pairs, enough: &enough })
}
