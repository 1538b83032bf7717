//! Starting what runs for a task: its setup hooks, its command, its check.

use tokio::sync::mpsc;

use super::{Driver, Message, Owed, send};
use crate::adapters::process::Request;
use crate::domain::id::TaskId;
use crate::domain::run::{Event, Input};
use crate::engine::attempt::{self, Ended, Launch, Told};
use crate::engine::guard::{self, Doing};
use crate::engine::{commit, setup};

impl Driver {
    pub(super) fn set_up(&mut self, task: usize, attempt: u32) {
        let start = self.journal.state().begins_at(task);
        let (site, spec) = (self.site.clone(), self.spec.clone());
        let job = setup::Job { site, spec, task, attempt, start };
        let guard = self.guard.clone();
        let requests = self.open_attempt(task);
        let (outbox, id) = (self.outbox.clone(), self.id(task));
        let owed = Owed::new(&outbox);
        tokio::spawn(async move {
            let tell = |told| {
                send_unless_started(&outbox, (task, &id), told);
            };
            let setup = setup::set_up(job, requests, tell);
            let fact = guard::watched(guard, Some(task), Doing::Setup, setup).await;
            send(&outbox, Message::Idle { task });
            owed.pay([fact]);
        });
    }

    pub(super) fn launch(&mut self, task: usize, attempt: u32) {
        let (site, spec) = (self.site.clone(), self.spec.clone());
        let command = Launch { site: &site, spec: &spec, task, attempt }.command();
        let limited = self.spec.plan.tasks[task].task.rules.memory_limit.is_some();
        let requests = self.open_attempt(task);
        let (outbox, id) = (self.outbox.clone(), self.id(task));
        let owed = Owed::new(&outbox);
        let guard = self.guard.clone();
        tokio::spawn(async move {
            let tell = |told| {
                if let Told::Started(process) = told {
                    let task = id.clone();
                    let fact = Event::AttemptStarted { task, attempt, process };
                    send(&outbox, Message::Input(Input::Fact(fact)));
                } else {
                    send_unless_started(&outbox, (task, &id), told);
                }
            };
            let place = Launch { site: &site, spec: &spec, task, attempt }.place();
            let run = attempt::run(command, place, requests, tell);
            let ended = guard::watched(guard, Some(task), Doing::Work, run).await;
            let Ended { end, shortage } = ended;
            let task_id = id.clone();
            let fact = match end {
                Ok(end) => {
                    // Killed at its own limit, it would be killed there alone as well.
                    let shortage = shortage.filter(|_| !limited);
                    Event::AttemptFinished { task: task_id, attempt, end, shortage }
                }
                Err(message) => {
                    Event::AttemptNotStarted { task: task_id, attempt, message, shortage }
                }
            };
            send(&outbox, Message::Idle { task });
            owed.pay([fact]);
        });
    }

    pub(super) fn check(&mut self, (task, attempt): (usize, u32), run: u32) {
        let Some(check) = self.spec.plan.tasks[task].task.check.clone() else { return };
        let launch = Launch { site: &self.site, spec: &self.spec, task, attempt };
        let command = launch.check(&check, run);
        let watched = self.evidence_wanted(task, &command.log);
        let requests = self.open_attempt(task);
        let (outbox, id) = (self.outbox.clone(), self.id(task));
        let (site, spec) = (self.site.clone(), self.spec.clone());
        let tip = self.journal.state().tasks[task].tip;
        let owed = Owed::new(&outbox);
        let guard = self.guard.clone();
        let resumed = self.resumed;
        tokio::spawn(async move {
            let tell = |told| {
                send_unless_started(&outbox, (task, &id), told);
            };
            let place = Launch { site: &site, spec: &spec, task, attempt }.place();
            let run = async {
                if resumed {
                    // A check that was cut off has not put back what it changed.
                    let (site, spec) = (site.clone(), spec.clone());
                    let put_back = move || commit::restore(&site, &spec, task, tip);
                    let put_back = tokio::task::spawn_blocking(put_back).await;
                    if let Ok(Err(message)) = put_back {
                        return Ended { end: Err(message), shortage: None };
                    }
                }
                attempt::run(command, place, requests, tell).await
            };
            let ended = guard::watched(guard, Some(task), Doing::Work, run).await;
            let Ended { mut end, shortage } = ended;
            let ran = end.as_ref().ok().map(|end| end.ending);
            let after = move || {
                let restored = commit::restore(&site, &spec, task, tip);
                (restored, watched.zip(ran).map(|(watched, ending)| watched.load(ending)))
            };
            let after = tokio::task::spawn_blocking(after).await;
            let (restored, evidence) = after.unwrap_or((Ok(Vec::new()), None));
            let tainted = restored.unwrap_or_else(|message| {
                end = Err(message);
                Vec::new()
            });
            send(&outbox, Message::Idle { task });
            let fact = Event::CheckFinished {
                task: id.clone(),
                attempt,
                end,
                tainted,
                shortage,
                evidence: evidence.map(Box::new),
            };
            owed.pay([fact]);
        });
    }

    pub(super) fn open_attempt(&mut self, task: usize) -> mpsc::Receiver<Request> {
        let (sender, receiver) = mpsc::channel(4);
        self.attempts.insert(task, sender);
        self.hold_beginner(task);
        receiver
    }
}

/// Passes on what is told of any command of a task; its start is noted of its own command only.
fn send_unless_started(
    outbox: &mpsc::UnboundedSender<Message>,
    (task, id): (usize, &TaskId),
    told: Told,
) {
    match told {
        Told::Started(_) => {}
        Told::Line(line) => send(outbox, Message::Output { task: id.clone(), line }),
        Told::Suspended => send(outbox, Message::Held { task }),
    }
}
