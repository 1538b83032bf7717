//! What test runs showed of their modules: how long each and its parts took, and how it last ended.

use rusqlite::{Transaction, params};

use super::error::Wrong;
use super::observations::Forget;
use super::passed::keep_newest;
use super::schema::SUITES_SINCE;
use super::{Store, StoreError, number};
use crate::domain::id::TaskId;
use crate::domain::suite::{part_task_id, task_id};
use crate::domain::time::Timestamp;

/// Times kept of each module and each of its units; older ones are forgotten.
pub const SUITE_TIMES_KEPT: usize = 5;
/// Times kept in all.
const TIMES_KEPT_IN_ALL: usize = 100_000;
/// Modules of which the last end is kept.
pub const SUITE_MODULES_KEPT: usize = 10_000;

/// How long a module, or one of its units, took in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteTime {
    /// The module's name.
    pub module: String,
    /// The unit's name; `None` is the module as a whole.
    pub unit: Option<String>,
    /// Seconds.
    pub seconds: f64,
    /// Seconds of processor time, where they are known; on a crowded machine those that it would have
    /// had.
    pub cpu_s: Option<f64>,
}

/// What one run showed of its modules.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteObservation {
    /// Number of the run: what it showed before is replaced.
    pub run: u64,
    /// When.
    pub at: Timestamp,
    /// Durations, of suites that failed as well.
    pub times: Vec<SuiteTime>,
    /// Modules that ended, and whether they failed.
    pub ends: Vec<(String, bool)>,
}

impl Store {
    /// Stores what a run showed of the modules of a workflow.
    pub fn observe_suites(
        &mut self,
        workflow: &str,
        observed: &SuiteObservation,
    ) -> Result<(), StoreError> {
        self.write(|db| {
            let mut add = db.prepare_cached(
                "INSERT OR REPLACE INTO suite_times
                     (workflow, module, unit, run, seconds, cpu_s, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            let mut forget = db.prepare_cached(
                "DELETE FROM suite_times
                 WHERE workflow = ?1 AND module = ?2 AND unit = ?3 AND id <= (
                     SELECT id FROM suite_times
                     WHERE workflow = ?1 AND module = ?2 AND unit = ?3
                     ORDER BY id DESC LIMIT 1 OFFSET ?4)",
            )?;
            let is_time = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
            for time in observed.times.iter().filter(|time| is_time(time.seconds)) {
                let unit = time.unit.as_deref().unwrap_or_default();
                let cpu_s = time.cpu_s.filter(|seconds| is_time(*seconds));
                let (run, at) = (observed.run.cast_signed(), observed.at.0);
                add.execute(params![workflow, time.module, unit, run, time.seconds, cpu_s, at])?;
                let kept = number(SUITE_TIMES_KEPT);
                forget.execute(params![workflow, time.module, unit, kept])?;
            }
            let mut ended = db.prepare_cached(
                "INSERT OR REPLACE INTO suite_ends (workflow, module, failed, at)
                 VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (module, failed) in &observed.ends {
                ended.execute(params![workflow, module, failed, observed.at.0])?;
            }
            keep_newest(db, "suite_times", TIMES_KEPT_IN_ALL)?;
            keep_newest(db, "suite_ends", SUITE_MODULES_KEPT)
        })
    }

    /// Times of the modules of a workflow and of their units, oldest first.
    pub fn suite_times(&self, workflow: &str) -> Result<Vec<SuiteTime>, StoreError> {
        if self.schema < SUITES_SINCE {
            // A database that may only be read keeps its schema.
            return Ok(Vec::new());
        }
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT module, unit, seconds, cpu_s FROM suite_times WHERE workflow = ?1 ORDER BY id",
            )?;
            let rows = found.query_map([workflow], |row| {
                let unit: String = row.get(1)?;
                Ok(SuiteTime {
                    module: row.get(0)?,
                    unit: (!unit.is_empty()).then_some(unit),
                    seconds: row.get(2)?,
                    cpu_s: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Modules of a workflow that failed when they last ran.
    pub fn failed_suites(&self, workflow: &str) -> Result<Vec<String>, StoreError> {
        if self.schema < SUITES_SINCE {
            return Ok(Vec::new());
        }
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT module FROM suite_ends WHERE workflow = ?1 AND failed ORDER BY module",
            )?;
            let rows = found.query_map([workflow], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Forgets what goes along with observations. A task is a module, or a part of one.
pub(super) fn forget(db: &Transaction<'_>, what: Forget<'_>) -> Result<(), Wrong> {
    for table in ["suite_times", "suite_ends"] {
        match what {
            Forget::All => {
                db.execute(&format!("DELETE FROM {table}"), [])?;
            }
            Forget::Workflow(workflow) => {
                db.execute(&format!("DELETE FROM {table} WHERE workflow = ?1"), [workflow])?;
            }
            Forget::Task { workflow, task } => {
                let list = format!("SELECT DISTINCT module FROM {table} WHERE workflow = ?1");
                let modules: Vec<String> = db
                    .prepare(&list)?
                    .query_map([workflow], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let forget = format!("DELETE FROM {table} WHERE workflow = ?1 AND module = ?2");
                for module in modules.iter().filter(|module| runs(task, module)) {
                    db.execute(&forget, params![workflow, module])?;
                }
            }
        }
    }
    Ok(())
}

/// Whether the task of this id runs tests of a module.
fn runs(task: &str, module: &str) -> bool {
    let is = |id: Option<TaskId>| id.is_some_and(|id| id.as_str() == task);
    let digits = task.len() - task.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = task.get(task.len() - digits..).and_then(|number| number.parse().ok());
    is(task_id(module)) || number.is_some_and(|number| is(part_task_id(module, number)))
}

#[cfg(test)]
pub(super) mod tests;
