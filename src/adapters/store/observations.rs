//! What runs showed of durations, and how their predictions did.

use rusqlite::{Connection, Row, Transaction, params};

use super::error::Wrong;
use super::schema::{OBSERVATIONS_SINCE, RESOURCES_SINCE, SUITES_SINCE};
use super::{Store, StoreError, number, suites};
use crate::domain::plan::{
    Observations, ObservedAttempt, ObservedRun, RecordedAttempt, RecordedRun, ResourceUse,
};
use crate::domain::time::Timestamp;

/// Attempts kept of each task of a workflow; older ones are forgotten.
pub const ATTEMPTS_KEPT: usize = 60;
/// Attempts kept in all, so that generated tasks of ever other names do not pile up.
pub const ATTEMPTS_KEPT_IN_ALL: usize = 20_000;
/// Runs kept.
pub const RUNS_KEPT: usize = 400;

/// How many attempts and runs were stored or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObservationCount {
    /// Attempts.
    pub attempts: usize,
    /// Runs.
    pub runs: usize,
}

/// What is to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget<'a> {
    /// Everything.
    All,
    /// A workflow: its attempts and its runs.
    Workflow(&'a str),
    /// The attempts of one task.
    Task {
        /// Its workflow.
        workflow: &'a str,
        /// Its id.
        task: &'a str,
    },
}

impl Store {
    /// Adds observations that are not there yet, and forgets the oldest where there are too many.
    /// Numbers that no measurement gives are passed over. Answers how many are there that were not
    /// before.
    pub fn observe(&mut self, observations: &Observations) -> Result<ObservationCount, StoreError> {
        self.write(|db| {
            let attempts = add_attempts(db, &observations.attempts)?;
            let runs = add_runs(db, &observations.runs)?;
            forget_old(db, observations)?;
            Ok(ObservationCount {
                attempts: still_there(
                    db,
                    "SELECT count(*) FROM attempts WHERE id = ?1",
                    &attempts,
                )?,
                runs: still_there(db, "SELECT count(*) FROM results WHERE run = ?1", &runs)?,
            })
        })
    }

    /// Everything that was observed, oldest first.
    pub fn observations(&self) -> Result<Observations, StoreError> {
        if self.schema < OBSERVATIONS_SINCE {
            // A database that may only be read keeps its schema.
            return Ok(Observations::default());
        }
        self.read(|db| {
            let used = match self.schema {
                RESOURCES_SINCE.. => "peak_rss, read_bytes, written_bytes, processes",
                _ => "NULL, NULL, NULL, NULL",
            };
            let mut found = db.prepare(&format!(
                "SELECT run, workflow, task, attempt, work, category, wall_s, cpu_s, active,
                        lane_position, censored, at, imported, {used}
                 FROM attempts ORDER BY at, id",
            ))?;
            let attempts = found.query_map([], attempt)?.collect::<Result<_, _>>()?;
            let mut found = db.prepare(
                "SELECT run, workflow, width, tasks, predicted_s, sd, low_s, high_s, calibrated,
                        overruled, actual_s, conflicts, branches, at, imported
                 FROM results ORDER BY at, run",
            )?;
            let runs = found.query_map([], result)?.collect::<Result<_, _>>()?;
            Ok(Observations { attempts, runs })
        })
    }

    /// Whether all that was measured can be read: costs and observations.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot.
    pub fn check_measurements(&self) -> Result<(), StoreError> {
        self.read(|db| {
            let tables: &[&str] = match self.schema {
                SUITES_SINCE.. => &["costs", "attempts", "results", "suite_times", "suite_ends"],
                OBSERVATIONS_SINCE.. => &["costs", "attempts", "results"],
                _ => &["costs"],
            };
            for table in tables {
                let told: String =
                    db.query_row(&format!("PRAGMA quick_check({table})"), [], |row| row.get(0))?;
                if told != "ok" {
                    return Err(Wrong::Value(told));
                }
            }
            Ok(())
        })
    }

    /// Notes how the first integration of a run went: of `branches` that were to be merged,
    /// `conflicts` could not be because of another one.
    pub fn observe_conflicts(
        &mut self,
        run: u64,
        conflicts: u32,
        branches: u32,
    ) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute(
                "UPDATE results SET conflicts = ?2, branches = ?3
                 WHERE run = ?1 AND conflicts IS NULL",
                params![run.cast_signed(), conflicts, branches],
            )?;
            Ok(())
        })
    }

    /// Forgets observations, with what is known of their test suites; answers how many attempts and
    /// runs there were.
    pub fn forget(&mut self, what: Forget<'_>) -> Result<ObservationCount, StoreError> {
        self.write(|db| {
            suites::forget(db, what)?;
            let (attempts, runs) = match what {
                Forget::All => (
                    db.execute("DELETE FROM attempts", [])?,
                    db.execute("DELETE FROM results", [])?,
                ),
                Forget::Workflow(workflow) => (
                    db.execute("DELETE FROM attempts WHERE workflow = ?1", [workflow])?,
                    db.execute("DELETE FROM results WHERE workflow = ?1", [workflow])?,
                ),
                Forget::Task { workflow, task } => {
                    let attempts = "DELETE FROM attempts WHERE workflow = ?1 AND task = ?2";
                    (db.execute(attempts, [workflow, task])?, 0)
                }
            };
            Ok(ObservationCount { attempts, runs })
        })
    }
}

/// Row ids of the attempts that were not there.
fn add_attempts(db: &Transaction<'_>, attempts: &[RecordedAttempt]) -> Result<Vec<i64>, Wrong> {
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO attempts (run, workflow, task, attempt, work, category, wall_s,
             cpu_s, active, lane_position, censored, at, imported, peak_rss, read_bytes,
             written_bytes, processes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    let bytes = |known: Option<u64>| known.and_then(|bytes| i64::try_from(bytes).ok());
    let mut added = Vec::new();
    for RecordedAttempt { attempt, imported, observed } in attempts {
        let numbers = [observed.wall_s, observed.cpu_s.unwrap_or(0.0), observed.active];
        if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
            continue;
        }
        let changed = add.execute(params![
            observed.run.cast_signed(),
            observed.workflow,
            observed.task,
            attempt,
            observed.work.cast_signed(),
            observed.category,
            observed.wall_s,
            observed.cpu_s,
            observed.active,
            observed.lane_position,
            observed.censored,
            observed.at.0,
            imported,
            bytes(observed.used.peak_rss),
            bytes(observed.used.read_bytes),
            bytes(observed.used.written_bytes),
            observed.used.processes,
        ])?;
        added.extend((changed > 0).then(|| db.last_insert_rowid()));
    }
    Ok(added)
}

/// Numbers of the runs that were not there.
fn add_runs(db: &Transaction<'_>, runs: &[RecordedRun]) -> Result<Vec<i64>, Wrong> {
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO results (run, workflow, width, tasks, predicted_s, sd, low_s, high_s,
             calibrated, overruled, actual_s, conflicts, branches, at, imported)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    let mut added = Vec::new();
    for RecordedRun { imported, observed } in runs {
        let ObservedRun { predicted_s, sd, low_s, high_s, actual_s, .. } = *observed;
        let numbers = [predicted_s, sd, low_s, high_s, actual_s];
        if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
            continue;
        }
        let run = observed.run.cast_signed();
        let changed = add.execute(params![
            run,
            observed.workflow,
            observed.width,
            observed.tasks,
            predicted_s,
            sd,
            low_s,
            high_s,
            observed.calibrated,
            observed.overruled,
            actual_s,
            observed.conflicts,
            observed.branches,
            observed.at.0,
            imported,
        ])?;
        added.extend((changed > 0).then_some(run));
    }
    Ok(added)
}

fn forget_old(db: &Transaction<'_>, touched: &Observations) -> Result<(), Wrong> {
    let mut tasks: Vec<(&str, &str)> = touched
        .attempts
        .iter()
        .map(|recorded| (recorded.observed.workflow.as_str(), recorded.observed.task.as_str()))
        .collect();
    tasks.sort_unstable();
    tasks.dedup();
    let mut of_a_task = db.prepare_cached(
        "DELETE FROM attempts WHERE id IN (
             SELECT id FROM attempts WHERE workflow = ?1 AND task = ?2
             ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?3)",
    )?;
    for (workflow, task) in tasks {
        of_a_task.execute(params![workflow, task, number(ATTEMPTS_KEPT)])?;
    }
    let stored: i64 = db.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0))?;
    if stored > number(ATTEMPTS_KEPT_IN_ALL) {
        db.execute(
            "DELETE FROM attempts WHERE id IN (
                 SELECT id FROM attempts ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?1)",
            [number(ATTEMPTS_KEPT_IN_ALL)],
        )?;
    }
    db.execute(
        "DELETE FROM results WHERE run IN (
             SELECT run FROM results ORDER BY at DESC, run DESC LIMIT -1 OFFSET ?1)",
        [number(RUNS_KEPT)],
    )?;
    Ok(())
}

fn still_there(db: &Connection, count: &str, rows: &[i64]) -> Result<usize, Wrong> {
    let mut count = db.prepare_cached(count)?;
    let mut found = 0;
    for row in rows {
        let here: i64 = count.query_row([row], |row| row.get(0))?;
        found += usize::from(here > 0);
    }
    Ok(found)
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<RecordedAttempt> {
    let bytes = |column| row.get::<_, Option<i64>>(column).map(|n| n.map(i64::cast_unsigned));
    let observed = ObservedAttempt {
        run: row.get::<_, i64>(0)?.cast_unsigned(),
        workflow: row.get(1)?,
        task: row.get(2)?,
        work: row.get::<_, i64>(4)?.cast_unsigned(),
        category: row.get(5)?,
        wall_s: row.get(6)?,
        cpu_s: row.get(7)?,
        active: row.get(8)?,
        lane_position: row.get(9)?,
        censored: row.get(10)?,
        used: ResourceUse {
            peak_rss: bytes(13)?,
            read_bytes: bytes(14)?,
            written_bytes: bytes(15)?,
            processes: row.get(16)?,
        },
        at: Timestamp(row.get(11)?),
    };
    Ok(RecordedAttempt { attempt: row.get(3)?, imported: row.get(12)?, observed })
}

fn result(row: &Row<'_>) -> rusqlite::Result<RecordedRun> {
    let observed = ObservedRun {
        run: row.get::<_, i64>(0)?.cast_unsigned(),
        workflow: row.get(1)?,
        width: row.get(2)?,
        tasks: row.get(3)?,
        predicted_s: row.get(4)?,
        sd: row.get(5)?,
        low_s: row.get(6)?,
        high_s: row.get(7)?,
        calibrated: row.get(8)?,
        overruled: row.get(9)?,
        actual_s: row.get(10)?,
        conflicts: row.get(11)?,
        branches: row.get(12)?,
        at: Timestamp(row.get(13)?),
    };
    Ok(RecordedRun { imported: row.get(14)?, observed })
}

#[cfg(test)]
pub(super) mod tests;
