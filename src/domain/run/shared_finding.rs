//! What was found changed in what all worktrees share: settings, hooks, refs, the stash.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::RunState;
use crate::domain::id::TaskId;

/// Changes that were found after commands ran, and what was done about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFinding {
    /// Tasks whose commands ran meanwhile; the user may have done it all the same.
    pub suspects: Vec<TaskId>,
    /// Validations ran meanwhile, ahead of landing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validations: bool,
    /// Other runs of the repository were at work meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// Its attempt fails: what was put back runs programs, and no other task's command ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blamed: Option<TaskId>,
    /// What runs programs and was put back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_back: Vec<String>,
    /// All of it, one sentence each.
    pub notes: Vec<String>,
}

impl SharedFinding {
    /// The one task that it can be told of.
    pub fn sole_suspect(&self) -> Option<&TaskId> {
        if let ([only], false, false) = (self.suspects.as_slice(), self.others, self.validations) {
            Some(only)
        } else {
            None
        }
    }

    /// The sentences, with those whose commands ran where there are several.
    pub fn sentences(&self) -> Vec<String> {
        let tasks = self.suspects.iter().map(|task| format!("`{task}`"));
        let validations = self.validations.then(|| "a validation".into());
        let others = self.others.then(|| "another run".into());
        let names: Vec<String> = tasks.chain(validations).chain(others).collect();
        if names.len() < 2 {
            return self.notes.clone();
        }
        let names = names.join(", ");
        self.notes.iter().map(|note| format!("while {names} ran: {note}")).collect()
    }
}

impl RunState {
    /// Notes of one task, warnings of the run where several may have done it.
    pub(super) fn apply_finding(&mut self, finding: &SharedFinding) {
        match finding.sole_suspect().and_then(|task| self.index(task)) {
            Some(index) => {
                let record = Arc::make_mut(&mut self.tasks[index]);
                record.notes.extend(finding.notes.iter().cloned());
            }
            None => self.warnings.extend(finding.sentences()),
        }
        if let Some(index) = finding.blamed.as_ref().and_then(|task| self.index(task)) {
            let record = Arc::make_mut(&mut self.tasks[index]);
            record.tampered.extend(finding.put_back.iter().cloned());
        }
    }
}
