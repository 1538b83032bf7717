//! Finding what a task starts from, and making its worktree there.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Driver, Message, Owed, Together, send};
use crate::adapters::process::Request;
use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::{IntegrationOutcome, Member};
use crate::domain::run::{Event, Input, ProvisionFailure};
use crate::engine::provision::{self, Startless};
use crate::engine::reins::Reins;
use crate::engine::resolve::Answers;
use crate::engine::start_commit::{Landed, StartJob};

impl Driver {
    /// Brings a task to its start; worktrees that can be made together are noted for that.
    pub(super) fn provision(
        &mut self,
        (task, attempt): (usize, u32),
        from: Vec<(TaskId, Oid)>,
        together: &mut Together,
    ) {
        // Forgotten by the fold when it starts from something else than before.
        let known = self.journal.state().tasks[task].start;
        let id = &self.spec.plan.tasks[task].task.id;
        let arm = self.spec.kind.race().and_then(|race| race.arm(id));
        let start = match from.as_slice() {
            [] if let Some(arm) = arm => Some(arm.begins_at),
            [] => Some(known.unwrap_or(self.spec.base)),
            [(_, tip)] => Some(known.unwrap_or(*tip)),
            [..] => known,
        };
        let job = Startless {
            site: self.site.clone(),
            spec: self.spec.clone(),
            task,
            attempt,
            from,
            predecessor: self.predecessor(task, attempt),
            carrier: self.carrier.clone(),
        };
        match start {
            None if self.starts.is_in_one(&job) => self.starts.waiting.push(job),
            None => self.merge_start(job),
            Some(start) if job.predecessor.is_none() => together.worktrees.push(job.at(start)),
            Some(start) => self.blocking(move || provision::provision(vec![job.at(start)])),
        }
    }

    /// Makes the worktree of a task once what it starts from is merged. What resolves a conflict for
    /// that is stopped and held as any command of the task.
    fn merge_start(&mut self, job: Startless) {
        self.starts.begin(&job);
        let (task, attempt, id) = (job.task, job.attempt, self.id(job.task));
        let start = self.start_job(&job);
        let requests = self.open_attempt(task);
        let (outbox, guard) = (self.outbox.clone(), self.guard.clone());
        let owed = Owed::new(&outbox);
        tokio::spawn(async move {
            let (sender, held) = mpsc::unbounded_channel();
            let reins = Reins::new(0, sender);
            let tell = |merge| {
                let fact = Event::StartResolved { task: id.clone(), attempt, merge };
                send(&outbox, Message::Input(Input::Fact(fact)));
            };
            let work = start.merged(guard, reins.clone(), tell);
            let is_held = || send(&outbox, Message::Held { task });
            let found = led(work, (requests, held), &reins, is_held).await;
            send(&outbox, Message::Idle { task });
            let start = match found {
                Ok(start) => start,
                Err(failure) => {
                    return owed.pay([Event::ProvisionFailed { task: id, attempt, failure }]);
                }
            };
            let make = move || provision::provision(vec![job.at(start)]);
            if let Ok(facts) = tokio::task::spawn_blocking(make).await {
                owed.pay(facts);
            }
        });
    }

    /// What was merged for the start of this task is known: others may need it.
    pub(super) fn start_is_over(&mut self, task: usize) {
        self.starts.under_way.retain(|(other, _)| *other != task);
        for job in std::mem::take(&mut self.starts.waiting) {
            if self.starts.is_in_one(&job) {
                self.starts.waiting.push(job);
            } else {
                self.merge_start(job);
            }
        }
    }

    /// A task that waits for the start of another is not to start.
    pub(super) fn stop_waiting(&mut self, task: usize) {
        if let Some(job) = self.starts.give_up(task) {
            let (task, failure) = (self.id(task), ProvisionFailure::Stopped);
            let fact = Event::ProvisionFailed { task, attempt: job.attempt, failure };
            send(&self.outbox, Message::Input(Input::Fact(fact)));
        }
    }

    fn start_job(&self, job: &Startless) -> StartJob {
        let state = self.journal.state();
        let member = |(id, tip): &(TaskId, Oid)| {
            let index = state.index(id)?;
            let (task, record) = (state.task(index), &state.tasks[index]);
            Some(Member {
                task: id.clone(),
                start: record.start.unwrap_or(self.spec.base),
                tip: *tip,
                branch: self.spec.places[index].branch.clone()?,
                title: task.title.clone(),
                needs: record.needs.clone(),
                replay: false,
                priority: task.priority,
            })
        };
        let mut landed = Vec::new();
        for integration in &state.integrations {
            if let Some(IntegrationOutcome::Landed { new, .. }) = &integration.outcome {
                let members = &integration.spec.members;
                for (task, _) in integration.train() {
                    let member = members.iter().find(|member| member.task == *task);
                    landed.extend(member.map(|member| Landed {
                        task: task.clone(),
                        tip: member.tip,
                        landing: *new,
                    }));
                }
            }
        }
        StartJob {
            site: job.site.clone(),
            spec: job.spec.clone(),
            task: job.task,
            attempt: job.attempt,
            tips: job.from.iter().filter_map(member).collect(),
            known: state.tasks.iter().flat_map(|record| record.start_merges.clone()).collect(),
            own: state.tasks[job.task].start_merges.iter().map(|merge| merge.commit).collect(),
            landed,
            answers: self.starts.answers.clone(),
        }
    }
}

/// Tasks whose start is being merged, or is to be.
#[derive(Default)]
pub(super) struct Starts {
    /// With the tasks that they start from.
    under_way: Vec<(usize, Vec<TaskId>)>,
    /// Those that may need what one of them resolves.
    waiting: Vec<Startless>,
    /// What the resolver answered for any of them.
    answers: Arc<Answers>,
}

impl Starts {
    /// Whether a merge is under way that this one may contain.
    fn is_in_one(&self, job: &Startless) -> bool {
        self.under_way.iter().any(|(_, from)| {
            job.from.iter().filter(|(task, _)| from.contains(task)).nth(1).is_some()
        })
    }

    fn begin(&mut self, job: &Startless) {
        let from = job.from.iter().map(|(task, _)| task.clone()).collect();
        self.under_way.push((job.task, from));
    }

    /// A task that waits no longer, if it did.
    fn give_up(&mut self, task: usize) -> Option<Startless> {
        let at = self.waiting.iter().position(|job| job.task == task)?;
        Some(self.waiting.remove(at))
    }
}

/// Carries work on to its end, whose commands are asked what this task is asked.
async fn led<T>(
    work: impl Future<Output = T>,
    (mut requests, mut held): (mpsc::Receiver<Request>, mpsc::UnboundedReceiver<u64>),
    reins: &Reins,
    is_held: impl Fn(),
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(request) = requests.recv() => {
                // Git alone is quick: it is not waited for.
                if !reins.ask(request) && request == Request::Suspend {
                    is_held();
                }
            }
            Some(_number) = held.recv() => is_held(),
        }
    }
}
