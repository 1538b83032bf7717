//! Commands that prepare a worktree before a task works in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Claims;

/// A setup hook is stopped after this time when it does not say otherwise.
pub const DEFAULT_SETUP_TIMEOUT: Duration = Duration::from_secs(600);

/// `[[setup]]`: a shell command that runs in each worktree before the task's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupHook {
    /// What it is called in messages.
    pub name: Option<String>,
    /// Shell command.
    pub run: String,
    /// It runs where the commit that a task starts from has a path of these; `None` means always.
    pub when: Option<Claims>,
    /// Stopped after this time.
    #[serde(with = "crate::domain::time::millis")]
    pub timeout: Duration,
}

/// What becomes of a hook in a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It runs.
    Run,
    /// What it did there before still holds.
    Held,
    /// The commit has no path that it is meant for.
    NotMeant,
}

/// What becomes of a hook without `when` that did its work in the worktree before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutWhen {
    /// It is held: the worktree of one lane is the tasks' own, and they follow on each other.
    Holds,
    /// It runs: a candidate for landing is validated as if the worktree were fresh.
    RunsAgain,
}

impl SetupHook {
    /// What is to be done in a worktree at a commit with these paths. `since`: what differs from the
    /// commit for which the hooks did their work there; `None` when nothing of it can be relied on.
    pub fn turn(
        &self,
        paths: &[String],
        since: Option<&[String]>,
        without_when: WithoutWhen,
    ) -> Turn {
        let meant_for = |paths: &[String]| self.is_meant_for(paths.iter().map(String::as_str));
        let stale = match (since, &self.when) {
            (None, _) => true,
            (Some(changed), Some(_)) => meant_for(changed),
            (Some(_), None) => without_when == WithoutWhen::RunsAgain,
        };
        match (meant_for(paths), stale) {
            (false, _) => Turn::NotMeant,
            (true, true) => Turn::Run,
            (true, false) => Turn::Held,
        }
    }

    /// Short name for messages: its own, else the first line of its command.
    pub fn label(&self) -> &str {
        let command = self.run.trim().lines().next().unwrap_or_default();
        self.name.as_deref().unwrap_or(command)
    }

    /// Whether one of these paths makes it run.
    pub fn is_meant_for<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> bool {
        match &self.when {
            Some(when) => paths.into_iter().any(|path| when.matches(path)),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_runs_where_it_is_meant_and_again_when_what_it_is_for_changed() {
        use Turn::{Held, NotMeant, Run};
        use WithoutWhen::{Holds, RunsAgain};
        let hook = |when: Option<&str>| SetupHook {
            name: None,
            run: "true".to_owned(),
            when: when.map(|glob| Claims::parse(&[glob]).unwrap()),
            timeout: DEFAULT_SETUP_TIMEOUT,
        };
        let owned = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>();
        let there = owned(&["a.lock", "src/b"]);
        for (when, since, holds, runs_again) in [
            (None, None, Run, Run),
            (None, Some(&[][..]), Held, Run),
            (None, Some(&["src/b"]), Held, Run),
            (Some("*.lock"), None, Run, Run),
            (Some("*.lock"), Some(&[]), Held, Held),
            (Some("*.lock"), Some(&["src/b"]), Held, Held),
            (Some("*.lock"), Some(&["src/b", "gone.lock"]), Run, Run),
            (Some("*.toml"), None, NotMeant, NotMeant),
            (Some("*.toml"), Some(&["gone.toml"]), NotMeant, NotMeant),
        ] {
            let since: Option<Vec<String>> = since.map(owned);
            let turn = |rule| hook(when).turn(&there, since.as_deref(), rule);
            assert_eq!([turn(Holds), turn(RunsAgain)], [holds, runs_again], "{when:?} {since:?}");
        }
    }
}
