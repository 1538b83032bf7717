//! What is fixed of a race when its run is created.

use serde::{Deserialize, Serialize};

use crate::domain::id::{Oid, TaskId};
use crate::domain::task::{RaceRules, shell_word};

/// The arms of a race, which are tasks of its run, and what decides between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceSpec {
    /// What decides.
    pub rules: RaceRules,
    /// The task that runs the check on the base; every arm depends on it.
    pub control: Option<TaskId>,
    /// In the order of the file.
    pub arms: Vec<Arm>,
    /// Absolute path of its file; `None` of races of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl RaceSpec {
    /// The arm of a task; the control is none.
    pub fn arm(&self, task: &TaskId) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.task == *task)
    }

    /// The command that holds a race of the same file.
    pub fn again(&self) -> String {
        let file = self.file.as_deref().map_or_else(|| "FILE".to_owned(), shell_word);
        format!("wt-orch race {file}")
    }
}

/// One hypothesis, as a task of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The task.
    pub task: TaskId,
    /// Commit that its worktree begins at: where it is `from`, with its patch.
    pub begins_at: Oid,
    /// Commit that its diff counts from: the base, or where its branch left the base.
    pub counts_from: Oid,
    /// Name that several arms of one command share.
    pub family: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::race::fixture::rules;
    use crate::domain::task::RaceStop;

    #[test]
    fn a_race_names_its_file_and_one_of_an_earlier_version_says_that_it_takes_one() {
        let rules = rules(1, 1, RaceStop::First);
        let file = Some("/a b/race.toml".to_owned());
        let race = RaceSpec { rules, control: None, arms: Vec::new(), file };
        assert_eq!(race.again(), "wt-orch race '/a b/race.toml'");
        let mut stored = serde_json::to_value(&race).unwrap();
        stored.as_object_mut().unwrap().remove("file");
        let read: RaceSpec = serde_json::from_value(stored).unwrap();
        assert_eq!(read.again(), "wt-orch race FILE");
    }
}
