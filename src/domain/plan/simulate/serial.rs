//! What passes one by one: worktrees in batches, commits and merges.

use std::collections::VecDeque;

/// Makes worktrees. Those asked for at the same instant are one batch and ready together.
#[derive(Debug, Clone, Default)]
pub(super) struct Provisioning {
    waiting: VecDeque<usize>,
    /// Tasks and seconds of the batches that wait, and of the one that is being made.
    batches: VecDeque<Batch>,
    until: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Batch {
    tasks: usize,
    seconds: f64,
}

impl Provisioning {
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.batches.clear();
    }

    /// Adds a task to the batch that is being put together.
    pub(super) fn ask(&mut self, task: usize) {
        self.waiting.push_back(task);
    }

    /// Closes the batch of the last `tasks` tasks.
    pub(super) fn close(&mut self, now: f64, tasks: usize, seconds: f64) {
        if self.batches.is_empty() {
            self.until = now + seconds;
        }
        self.batches.push_back(Batch { tasks, seconds });
    }

    /// When the next batch is ready.
    pub(super) fn until(&self) -> f64 {
        if self.batches.is_empty() { f64::INFINITY } else { self.until }
    }

    /// Takes the batch that is ready; `take` gets its tasks.
    pub(super) fn deliver(&mut self, mut take: impl FnMut(usize)) {
        let Some(batch) = self.batches.pop_front() else { return };
        for task in self.waiting.drain(..batch.tasks) {
            take(task);
        }
        if let Some(next) = self.batches.front() {
            self.until += next.seconds;
        }
    }
}

/// What git does for one task at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Commit,
    Merge,
}

/// The serial lane of commits and merges. While a task is done again because of a conflict, no
/// other is merged: it is redone on top of what is there.
#[derive(Debug, Clone, Default)]
pub(super) struct GitLane {
    commits: VecDeque<usize>,
    merges: VecDeque<usize>,
    at_work: Option<(usize, Step)>,
    until: f64,
    redoing: Option<usize>,
}

impl GitLane {
    pub(super) fn clear(&mut self) {
        self.commits.clear();
        self.merges.clear();
        self.at_work = None;
        self.redoing = None;
    }

    pub(super) fn commit(&mut self, task: usize) {
        self.commits.push_back(task);
    }

    pub(super) fn merge(&mut self, task: usize) {
        self.merges.push_back(task);
    }

    pub(super) fn redo(&mut self, task: usize) {
        self.redoing = Some(task);
    }

    /// Whether it is this task that was done again; ends that. Its work stands on what is merged.
    pub(super) fn redone(&mut self, task: usize) -> bool {
        let it_is = self.redoing == Some(task);
        if it_is {
            self.redoing = None;
        }
        it_is
    }

    /// Takes up the next step where nothing is under way.
    pub(super) fn take_up(&mut self, now: f64, commit_s: f64, merge_s: f64) {
        if self.at_work.is_some() {
            return;
        }
        let merge = if self.redoing.is_none() { self.merges.pop_front() } else { None };
        if let Some(task) = merge {
            self.at_work = Some((task, Step::Merge));
            self.until = now + merge_s;
        } else if let Some(task) = self.commits.pop_front() {
            self.at_work = Some((task, Step::Commit));
            self.until = now + commit_s;
        }
    }

    /// When the step under way is over.
    pub(super) fn until(&self) -> f64 {
        if self.at_work.is_some() { self.until } else { f64::INFINITY }
    }

    /// The step that is over.
    pub(super) fn end(&mut self) -> Option<(usize, Step)> {
        self.at_work.take()
    }
}
