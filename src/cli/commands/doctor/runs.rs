//! Who uses this machine: the runs of this user that share it, of all repositories; and test runs of this
//! one that nobody drives any more.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::adapters::host::ledger::{Ledger, LedgerEntry};
use crate::adapters::store::Store;
use crate::cli::context::Place;
use crate::cli::failure::Failure;
use crate::domain::report::shell_word;
use crate::domain::task::human_size;
use crate::engine::{Deserted, deserted_test_runs, load_left_by_tests};

/// Runs that other processes drive at the moment.
pub(super) struct Runs(Vec<LedgerEntry>);

impl Runs {
    /// Reads what they say of themselves.
    pub(super) fn load(place: &Place) -> Self {
        Self(Ledger::at(place.site.runtime_dir.as_deref()).load_others())
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        if self.0.is_empty() {
            return "no run uses it at the moment".to_owned();
        }
        let text = |LedgerEntry { process, run, repository, takes }: &LedgerEntry| {
            let place = match repository.as_str() {
                "" => String::new(),
                repository => format!(" in {repository}"),
            };
            let memory = match takes.memory {
                0 => String::new(),
                memory => format!(" and {}", human_size(memory)),
            };
            let tasks = if takes.slots == 1 { "task" } else { "tasks" };
            format!(
                "`{run}`{place} (process {}): {} {tasks} on {:.2} of {:.2} wanted cores{memory}",
                process.pid, takes.slots, takes.cpus, takes.wanted
            )
        };
        self.0.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    /// For the document.
    pub(super) fn entries(&self) -> Vec<Value> {
        let entry = |LedgerEntry { process, run, repository, takes }: &LedgerEntry| {
            json!({
                "run": run,
                "repository": (!repository.is_empty()).then_some(repository),
                "pid": process.pid,
                "tasks": takes.slots,
                "cpus": takes.cpus,
                "wanted_cpus": takes.wanted,
                "memory": takes.memory,
            })
        };
        self.0.iter().map(entry).collect()
    }
}

/// Test runs that were cut off and still have their places, with what becomes of them.
pub(super) fn deserted_row(
    place: &Place,
    store: Option<&Store>,
) -> Result<Option<(&'static str, String)>, Failure> {
    let Some(store) = store else { return Ok(None) };
    let text = |Deserted { run, may_go_on }: Deserted| match may_go_on {
        true => format!(
            "`{run}` was cut off: `wt-orch resume {run}` goes on, `wt-orch abort {run}` frees what it \
             had taken"
        ),
        false => format!(
            "`{run}` was cut off: the next `wt-orch test` or `wt-orch clean` frees what it had taken"
        ),
    };
    let found: Vec<String> =
        deserted_test_runs(&place.site, store)?.into_iter().map(text).collect();
    Ok((!found.is_empty()).then(|| ("test runs", found.join("; "))))
}

/// What tests left beside their worktrees, which nobody takes away.
pub(super) fn left_by_tests_row(
    place: &Place,
    store: Option<&Store>,
) -> Result<Option<(&'static str, String)>, Failure> {
    let Some(store) = store else { return Ok(None) };
    let found = load_left_by_tests(&place.site, store)?;
    let text = |path: &PathBuf| shell_word(&path.display().to_string());
    let words: Vec<String> = found.iter().map(text).collect();
    Ok((!words.is_empty()).then(|| ("left by tests", format!("`rm -r {}`", words.join(" ")))))
}
