//! Competing theories: `[[hypothesis]]` of a tasks file.

use serde::{Deserialize, Serialize};

use super::{Command, RaceRules, Task, Work};
use crate::domain::id::TaskId;

/// All hypotheses of a file, and what decides between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaceSet {
    /// What decides.
    pub rules: RaceRules,
    /// In the order of the file; at least one.
    pub hypotheses: Vec<Hypothesis>,
}

/// One competing theory, as an arm of the race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// What runs in its worktree before the check does, with everything else that is a task's.
    /// Its `check` is the race's.
    pub task: Task,
    /// Path of a patch, as written: relative to the tasks file.
    pub patch: Option<String>,
    /// Commit or branch it starts from; `None` means the base of the file.
    pub from: Option<String>,
    /// The id of the table that this arm is one of several of (`arms = 4`).
    pub family: Option<String>,
}

/// Word that stands for the number of the arm, in braces, in `argv`, `prompt` and `title`.
pub(super) const ARM_WORD: &str = "arm";

/// Variable that holds the number of the arm, from 1, while its command runs.
pub const ARM_VARIABLE: &str = "WT_ORCH_ARM";

impl Hypothesis {
    /// One of several arms of this hypothesis, under an id of its own.
    pub(super) fn of_family(&self, id: TaskId, number: u32) -> Self {
        let mut arm = self.clone().numbered(number);
        arm.family = Some(self.task.id.to_string());
        arm.task.id = id;
        arm
    }

    /// The same with the number of the arm filled in. The rest of `argv` is filled in when it starts.
    #[must_use]
    pub(super) fn numbered(mut self, number: u32) -> Self {
        let number = number.to_string();
        let title = &mut self.task.title;
        *title = title.as_ref().map(|text| filled(text, &number, Escapes::Resolved));
        match &mut self.task.work {
            Work::Command { command, prompt } => {
                if let Command::Argv(words) = command {
                    words.iter_mut().for_each(|word| *word = filled(word, &number, Escapes::Kept));
                }
                *prompt = prompt.as_ref().map(|text| filled(text, &number, Escapes::Resolved));
            }
            Work::Agent { prompt, .. } => *prompt = filled(prompt, &number, Escapes::Resolved),
            Work::Given | Work::Gate { .. } => {}
        }
        self.task.env.insert(ARM_VARIABLE.to_owned(), number);
        self
    }
}

/// What becomes of `{{arm}}`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// The text is filled in once more, which resolves it.
    Kept,
    /// It becomes `{arm}`.
    Resolved,
}

/// The text with `{arm}` replaced; `${arm}` and every other brace stay as they are.
fn filled(text: &str, number: &str, escapes: Escapes) -> String {
    let word = format!("{{{ARM_WORD}}}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&word) {
        out.push_str(before);
        if out.ends_with('$') {
            out.push_str(&word);
        } else if let Some(after) = after.strip_prefix('}').filter(|_| out.ends_with('{')) {
            if escapes == Escapes::Resolved {
                out.pop();
                out.push_str(&word);
            } else {
                out.push_str(&word);
                out.push('}');
            }
            rest = after;
            continue;
        } else {
            out.push_str(number);
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests;
