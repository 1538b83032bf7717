//! Where the output of an attempt is kept: the one rule for file names.

use crate::domain::id::{RunId, TaskId};

/// Log of an attempt, stdout and stderr: `<dir>/<run>/<task>.<attempt>.log`.
pub fn log_path(dir: &str, run: &RunId, task: &TaskId, attempt: u32) -> String {
    attempt_file(dir, run, task, attempt, "log")
}

/// Stdout of an attempt of a read-only task, which is its result:
/// `<dir>/<run>/<task>.<attempt>.out`.
pub fn output_path(dir: &str, run: &RunId, task: &TaskId, attempt: u32) -> String {
    attempt_file(dir, run, task, attempt, "out")
}

fn attempt_file(dir: &str, run: &RunId, task: &TaskId, attempt: u32, ending: &str) -> String {
    format!("{}/{run}/{task}.{attempt}.{ending}", dir.trim_end_matches('/'))
}

/// The logs of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPaths {
    dir: String,
}

impl LogPaths {
    /// Logs below `dir`, an absolute path.
    pub fn new(dir: impl Into<String>) -> Self {
        Self { dir: dir.into() }
    }

    /// Log of an attempt.
    pub fn log(&self, run: &RunId, task: &TaskId, attempt: u32) -> String {
        log_path(&self.dir, run, task, attempt)
    }

    /// Stdout of an attempt of a read-only task.
    pub fn output(&self, run: &RunId, task: &TaskId, attempt: u32) -> String {
        output_path(&self.dir, run, task, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_for_run_task_and_attempt() {
        let (run, task) = ("auth".parse().unwrap(), "api.v2".parse().unwrap());
        assert_eq!(log_path("/r/.git/wt-orch/logs", &run, &task, 2), {
            "/r/.git/wt-orch/logs/auth/api.v2.2.log"
        });
        let logs = LogPaths::new("/logs/");
        assert_eq!(logs.output(&run, &task, 1), "/logs/auth/api.v2.1.out");
        assert_eq!(logs.log(&run, &task, 1), "/logs/auth/api.v2.1.log");
    }
}
