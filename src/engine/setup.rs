//! Running the setup hooks of a worktree, and putting in order what they left.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::attempt::{self, Ended, Launch, Told, chain};
use super::site::Site;
use crate::adapters::git::{ChangeKind, GitError, Repo};
use crate::adapters::host::shortage::shortage_told;
use crate::adapters::process::Request;
use crate::adapters::worktree::{Checkout, Prepared};
use crate::domain::id::Oid;
use crate::domain::plan::Verdict;
use crate::domain::run::{AttemptEnd, Ending, Event, RunSpec, SetupEnd, Shortage};
use crate::domain::task::{SetupHook, Turn, WithoutWhen};

/// One worktree to be set up.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) task: usize,
    pub(super) attempt: u32,
    /// Commit the worktree stands at.
    pub(super) start: Oid,
}

/// Hooks that the start wants, by whether they must run.
#[derive(Default)]
struct Wanted {
    to_run: Vec<SetupHook>,
    /// What they did for the task before still holds.
    held: Vec<String>,
}

/// Why hooks could not be run, or their traces not be put in order.
struct Broken {
    message: String,
    shortage: Option<Shortage>,
}

impl From<String> for Broken {
    fn from(message: String) -> Self {
        Self { shortage: shortage_told(&message), message }
    }
}

/// Does it. Tracked files that hooks changed are put back; untracked ones are noted down, so that
/// they do not become the task's work.
pub(super) async fn set_up(
    job: Job,
    requests: mpsc::Receiver<Request>,
    tell: impl FnMut(Told),
) -> Event {
    let before = job.site.clock.elapsed();
    let mut notes = Vec::new();
    let end = carried_out(&job, requests, tell, &mut notes).await;
    Event::SetupFinished {
        task: job.spec.plan.tasks[job.task].task.id.clone(),
        attempt: job.attempt,
        end: end
            .unwrap_or_else(|Broken { message, shortage }| SetupEnd::Broken { message, shortage }),
        notes,
        seconds: (job.site.clock.elapsed() - before).as_secs_f64(),
    }
}

async fn carried_out(
    job: &Job,
    requests: mpsc::Receiver<Request>,
    tell: impl FnMut(Told),
    notes: &mut Vec<String>,
) -> Result<SetupEnd, Broken> {
    let wanted = aside(job, wanted).await?;
    if wanted.to_run.is_empty() {
        aside(job, |job| job.note(true, &[])).await?;
        return Ok(SetupEnd::Ready { ran: Vec::new(), held: wanted.held });
    }
    let failed = run_all(job, &wanted.to_run, requests, tell, notes).await?;
    let whole = failed.is_none();
    notes.extend(aside(job, move |job| settled(job, whole)).await?);
    Ok(failed.unwrap_or_else(|| {
        let ran = wanted.to_run.iter().map(|hook| hook.label().to_owned()).collect();
        SetupEnd::Ready { ran, held: wanted.held }
    }))
}

/// Git is asked on a thread that may wait.
async fn aside<T: Send + 'static>(
    job: &Job,
    ask: impl FnOnce(&Job) -> Result<T, GitError> + Send + 'static,
) -> Result<T, String> {
    let job = job.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&job)).await;
    asked.map_err(|error| chain(&error))?.map_err(|error| chain(&error))
}

/// What is to be done. In one lane a hook whose work was done for the task before runs again only
/// where a path that it is meant for changed since; an attempt that is not the first trusts nothing.
fn wanted(job: &Job) -> Result<Wanted, GitError> {
    let repo = &job.site.repo;
    let checkout = job.checkout()?;
    let lane = job.spec.plan.decision.verdict == Verdict::Sequential;
    let before = checkout
        .prepared()
        .filter(|before| lane && job.attempt == 1 && before.run == job.spec.run.as_str());
    let changed = match &before {
        Some(before) => Some(changed_between(repo, before.start, job.start)?),
        None => None,
    };
    let paths = repo.paths_in(job.start)?;
    let mut wanted = Wanted::default();
    for planned in &job.spec.plan.setup {
        let hook = &planned.hook;
        match hook.turn(&paths, changed.as_deref(), WithoutWhen::Holds) {
            Turn::Run => wanted.to_run.push(hook.clone()),
            Turn::Held => wanted.held.push(hook.label().to_owned()),
            Turn::NotMeant => {}
        }
    }
    if !wanted.to_run.is_empty() {
        checkout.forget_prepared()?;
    }
    Ok(wanted)
}

/// Paths that differ, with both names of what was renamed.
pub(super) fn changed_between(
    repo: &Repo,
    before: Oid,
    after: Oid,
) -> Result<Vec<String>, GitError> {
    let mut paths = Vec::new();
    for change in repo.changed_paths(before, after)? {
        if let ChangeKind::Renamed { from } = change.kind {
            paths.push(from);
        }
        paths.push(change.path);
    }
    Ok(paths)
}

/// Runs hooks one after another up to the first that does not end well, which is the result. Notes
/// down what they left behind.
async fn run_all(
    job: &Job,
    hooks: &[SetupHook],
    mut requests: mpsc::Receiver<Request>,
    mut tell: impl FnMut(Told),
    notes: &mut Vec<String>,
) -> Result<Option<SetupEnd>, Broken> {
    let Job { site, spec, task, attempt, .. } = job;
    let launch = Launch { site, spec, task: *task, attempt: *attempt };
    for hook in hooks {
        let command = launch.hook(hook);
        let log = command.log.display().to_string();
        let failed = |ending| SetupEnd::Failed { hook: hook.label().to_owned(), ending, log };
        // The channel is the attempt's: what is asked of it reaches whichever hook runs.
        let (sender, receiver) = mpsc::channel(4);
        let mut stopped = false;
        let run = attempt::run(command, launch.place(), receiver, &mut tell);
        tokio::pin!(run);
        let end = loop {
            tokio::select! {
                biased;
                Some(request) = requests.recv() => {
                    stopped |= matches!(request, Request::Stop | Request::Kill);
                    let _already_told = sender.try_send(request);
                }
                end = &mut run => break end,
            }
        };
        let Ended { end, shortage } = end;
        let leak = end.as_ref().ok().and_then(AttemptEnd::leak);
        notes.extend(leak.map(|leak| format!("setup hook `{}`: {leak}", hook.label())));
        match end {
            Ok(end) if end.ending == Ending::Code { code: 0 } && !stopped => {}
            Ok(_) if stopped => return Ok(Some(failed(Ending::Stopped))),
            Ok(end) => return Ok(Some(failed(end.ending))),
            Err(message) => {
                let message = format!("`{}` did not start: {message}", hook.label());
                return Err(Broken { message, shortage });
            }
        }
    }
    Ok(None)
}

/// Puts tracked files back and notes down what else is there.
fn settled(job: &Job, whole: bool) -> Result<Vec<String>, GitError> {
    let place = &job.spec.places[job.task];
    let checkout = job.checkout()?;
    let state = checkout.state()?;
    if state.branch != place.branch {
        let shown = |branch: Option<&String>| {
            branch.map_or_else(|| "detached".to_owned(), |name| format!("on `{name}`"))
        };
        return Err(GitError::Mismatch {
            what: "HEAD after the setup hooks".to_owned(),
            expected: shown(place.branch.as_ref()),
            found: shown(state.branch.as_ref()),
        });
    }
    let mut notes = Vec::new();
    let changed = checkout.changed_since(job.start)?;
    if !changed.is_empty() {
        notes.push(format!(
            "setup hooks changed tracked files ({}); they were put back",
            changed.join(", ")
        ));
    }
    if state.head != Some(job.start) {
        notes.push("setup hooks made commits; the branch was put back to its start".to_owned());
    }
    if !notes.is_empty() {
        checkout.restore(job.start)?;
    }
    // Of what is left in a worktree of tests only the caches stay for the next ones.
    let stays = place.branch.is_some() || !checkout.has_leftovers(&job.spec.worktree.caches)?;
    job.note(whole && stays, &checkout.state()?.untracked)?;
    Ok(notes)
}

impl Job {
    fn checkout(&self) -> Result<Checkout, GitError> {
        Checkout::at(&self.site.repo, Path::new(&self.spec.places[self.task].worktree))
    }

    /// Notes down what the next task in this worktree may rely on.
    fn note(&self, whole: bool, left: &[String]) -> Result<(), GitError> {
        let prepared = Prepared { run: self.spec.run.to_string(), start: self.start };
        self.checkout()?.note_prepared(whole.then_some(&prepared), left)
    }
}
