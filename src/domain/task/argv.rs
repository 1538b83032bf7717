//! What is filled into a command line.

use super::{Command, Item};
use crate::domain::diagnostic::filled;

/// Words that may stand in braces in `argv`.
pub(super) const ARGV_WORDS: [&str; 8] =
    ["id", "title", "prompt", "run", "worktree", "branch", "base", "port"];

/// What the `{words}` of `argv` stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholders<'a> {
    /// Id of the task.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its prompt.
    pub prompt: &'a str,
    /// Name of the run.
    pub run: &'a str,
    /// Absolute path of its worktree.
    pub worktree: &'a str,
    /// Its branch.
    pub branch: &'a str,
    /// The base commit, in full.
    pub base: &'a str,
    /// Its port.
    pub port: &'a str,
    /// What it was made for, when that is an item of a `foreach`.
    pub item: Option<&'a Item>,
}

impl Command {
    /// Program and arguments to start. A shell command is handed on unchanged; in `argv` what is
    /// filled in stays within its argument and is not read again.
    pub fn argv_with(&self, values: &Placeholders<'_>) -> Vec<String> {
        let value = |word: &str| match word {
            "id" => Some(values.id),
            "title" => Some(values.title),
            "prompt" => Some(values.prompt),
            "run" => Some(values.run),
            "worktree" => Some(values.worktree),
            "branch" => Some(values.branch),
            "base" => Some(values.base),
            "port" => Some(values.port),
            "item" => values.item.map(|item| item.text.as_str()),
            "item_name" => values.item.map(Item::name),
            _ => None,
        };
        match self {
            Self::Shell(text) => ["sh", "-c", text].map(str::to_owned).to_vec(),
            Self::Argv(words) => words.iter().map(|word| filled(word, value)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Placeholders<'_> = Placeholders {
        id: "api",
        title: "The {id}",
        prompt: "p",
        run: "r",
        worktree: "/w",
        branch: "b",
        base: "c",
        port: "20001",
        item: None,
    };

    #[test]
    fn every_word_is_filled_in_once() {
        let words = ARGV_WORDS.map(|word| format!("{{{word}}}")).to_vec();
        let filled = Command::Argv(words).argv_with(&VALUES);
        assert_eq!(filled, ["api", "The {id}", "p", "r", "/w", "b", "c", "20001"]);
    }

    #[test]
    fn an_item_is_filled_in_and_not_read_again() {
        let item = Item { of: "lint".into(), text: "crates/{id} x".into() };
        let words = ["-p={item_name}", "{item}"].map(str::to_owned).to_vec();
        let values = Placeholders { item: Some(&item), ..VALUES };
        let filled = Command::Argv(words).argv_with(&values);
        assert_eq!(filled, ["-p={id} x", "crates/{id} x"]);
    }

    #[test]
    fn a_shell_command_is_not_touched() {
        let command = Command::Shell("echo {id} ${id}".to_owned());
        assert_eq!(command.argv_with(&VALUES), ["sh", "-c", "echo {id} ${id}"]);
    }
}
