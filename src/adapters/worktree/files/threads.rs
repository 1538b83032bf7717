//! The threads that write files.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Resource, getrlimit};

use crate::adapters::git::{GitError, io};

/// More threads than this only wait for the file system.
const MOST: usize = 8;

/// Files that other parts of the process have open, at most: the database, logs, packs of objects.
const OPEN_ELSEWHERE: usize = 40;

/// A pool of its own: the size of the global one belongs to whoever uses it first.
pub(super) struct Threads(rayon::ThreadPool);

impl Threads {
    /// As many as there are cores, but no more than `most`.
    pub(super) fn at_most(most: usize) -> Result<Self, GitError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = cores.min(MOST).min(most).max(1);
        let name = |at| format!("files-{at}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(name).build();
        let failed = |error: rayon::ThreadPoolBuildError| std::io::Error::other(error);
        pool.map(Self).map_err(|error| io("start", "threads".as_ref())(failed(error)))
    }

    pub(super) fn count(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `work` once on every thread; what all of them return.
    pub(super) fn on_each<T: Send>(&self, work: impl Fn() -> T + Sync) -> Vec<T> {
        self.0.broadcast(|_| work())
    }

    /// Runs `work` for every number below `count`.
    pub(super) fn for_each(&self, count: usize, work: impl Fn(usize) + Sync) {
        let next = AtomicUsize::new(0);
        self.on_each(|| {
            while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&n| n < count) {
                work(at);
            }
        });
    }
}

/// Worktrees that can be filled at once by `threads` threads, each of which has one folder of every
/// worktree open, within the limit of open files.
pub(in crate::adapters::worktree) fn file_limit() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MOST);
    (limit.saturating_sub(OPEN_ELSEWHERE) / (cores + 2)).clamp(1, 256)
}
