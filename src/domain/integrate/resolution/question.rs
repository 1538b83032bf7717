//! What a resolver is asked: one JSON document, and the same as a prompt for an agent.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::id::{RunId, TaskId};

/// Bytes of conflicts in a prompt; the files in the worktree have them all. With the other parts, it
/// stays below 100 KiB: Linux takes no word of a command beyond 128 KiB.
const MAX_EXCERPTS: usize = 36 << 10;

/// What the task that is merged was to do, and the same of all others together.
const MAX_WORDS: usize = 12 << 10;

/// All that is said of the others.
const MAX_OTHERS: usize = 18 << 10;

/// Paths that may be changed.
const MAX_PATHS: usize = 12 << 10;

/// Paths in conflict.
const MAX_FILES: usize = 8 << 10;

/// Why the try before was refused.
const MAX_FEEDBACK: usize = 4 << 10;

/// A conflict that is to be resolved in the worktree where the command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Question {
    /// 1.
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// Branch to land on.
    pub target: String,
    /// Whose work is being merged: `theirs`.
    pub task: QuestionTask,
    /// Whose work is merged already and touched the same paths; with the target itself: `ours`.
    pub others: Vec<QuestionTask>,
    /// The files in conflict.
    pub files: Vec<QuestionFile>,
    /// The only paths that may be changed.
    pub allowed_paths: Vec<String>,
    /// 1 for the first.
    pub r#try: u32,
    /// Why the try before was refused.
    pub feedback: Option<String>,
}

/// A task with what it was to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QuestionTask {
    /// Its id.
    pub id: TaskId,
    /// Its title.
    pub title: Option<String>,
    /// What an agent was told, or what people wrote of it.
    pub prompt: Option<String>,
}

/// A file in conflict. A version is null where there is none, or where it is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QuestionFile {
    /// Its path.
    pub path: String,
    /// Before both sides.
    pub base: Option<String>,
    /// What is merged so far.
    pub ours: Option<String>,
    /// What is being merged.
    pub theirs: Option<String>,
    /// As it is in the worktree: both sides with conflict markers in the style `zdiff3`.
    pub zdiff3: Option<String>,
}

impl Question {
    /// The same in words, for an agent in that worktree.
    pub fn prompt(&self) -> String {
        let mut text = String::from(
            "You are a neutral third party. In this folder, a git worktree of its own, two lines of \
             work collided while they were merged. Resolve the conflict so that the work of both \
             sides is kept: combine them; do not prefer one side, and drop nothing.\n",
        );
        let mut say = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        let own = self.task.words(MAX_WORDS);
        say(&format!("\nBeing merged (`theirs`, below `=======`): {own}"));
        if self.others.is_empty() {
            say(&format!("Merged so far (`ours`, above): the branch `{}`.", self.target));
        }
        let share = MAX_WORDS / self.others.len().max(1);
        let others = self.others.iter().map(|other| other.words(share));
        let others = others.map(|other| format!("Merged so far (`ours`, above): {other}"));
        listed(others, MAX_OTHERS).iter().for_each(|other| say(other));
        say("\nRules:");
        say(
            "- Edit the files in place until no conflict marker (<<<<<<<, |||||||, =======, >>>>>>>) is left.",
        );
        say(
            "- Every line that either side added stays, in its words or woven into one with the other's.",
        );
        say("- Change no other files than these, which a side changed:");
        let allowed = self.allowed_paths.iter().map(|path| format!("  {path}"));
        listed(allowed, MAX_PATHS).iter().for_each(|path| say(path));
        say("- Make no commit; run no git command that changes anything.");
        if let Some(feedback) = &self.feedback {
            let feedback = cut(feedback, MAX_FEEDBACK);
            say(&format!("\nThe try before was refused: {feedback}"));
        }
        say("\nIn conflict:");
        let files = self.files.iter().map(|file| format!("  {}{}", file.path, file.kind()));
        listed(files, MAX_FILES).iter().for_each(|file| say(file));
        let mut room = MAX_EXCERPTS;
        for file in &self.files {
            let Some(conflict) = &file.zdiff3 else { continue };
            let excerpt = format!("\n--- {}\n{conflict}", file.path);
            let Some(left) = room.checked_sub(excerpt.len()) else {
                text.push_str("\n(the rest is in the files)\n");
                break;
            };
            room = left;
            text.push_str(&excerpt);
        }
        text
    }
}

/// The first of these lines, in so many bytes, and how many more there are.
fn listed(lines: impl ExactSizeIterator<Item = String>, bytes: usize) -> Vec<String> {
    let (total, mut room) = (lines.len(), bytes);
    let fits = |line: &String| {
        let left = room.checked_sub(line.len() + 1);
        room = left.unwrap_or(0);
        left.is_some()
    };
    let mut told: Vec<String> = lines.take_while(fits).collect();
    if told.len() < total {
        told.push(format!("  and {} more", total - told.len()));
    }
    told
}

/// At most so many bytes of a text.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{} …", &text[..end])
}

impl QuestionTask {
    /// `bytes`: of what it was to do, and its title.
    fn words(&self, bytes: usize) -> String {
        let title = self.title.as_ref().map(|title| format!(" ({})", cut(title, bytes / 4)));
        let title = title.unwrap_or_default();
        match &self.prompt {
            Some(prompt) => {
                let prompt = cut(prompt, bytes);
                format!("task `{}`{title}. It was to do:\n{prompt}\n", self.id)
            }
            None => format!("task `{}`{title}.", self.id),
        }
    }
}

impl QuestionFile {
    fn kind(&self) -> &'static str {
        match (&self.ours, &self.theirs, &self.zdiff3) {
            (_, _, Some(_)) => "",
            (None, Some(_), None) => " (`ours` removed it, `theirs` changed it)",
            (Some(_), None, None) => " (`theirs` removed it, `ours` changed it)",
            (None, None, None) | (Some(_), Some(_), None) => " (no text)",
        }
    }
}
