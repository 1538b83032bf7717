//! Which attempts count as attempts of the same thing.

use crate::domain::id::stable_hash;
use crate::domain::task::{Command, Task, Work};

/// Digest of what a task runs: command or prompt and agent, and its check. Tasks of one name with
/// different digests have nothing but the name in common.
pub fn work_digest(task: &Task) -> u64 {
    let mut words: Vec<&str> = Vec::new();
    match &task.work {
        Work::Command { command, prompt } => {
            push_command(&mut words, "command", command);
            words.extend(prompt.as_deref());
        }
        Work::Agent { preset, prompt, persona } => {
            words.extend(["agent", preset, prompt, persona.as_deref().unwrap_or_default()]);
        }
        Work::Given => words.push("given"),
        Work::Gate { command } => push_command(&mut words, "gate", command),
    }
    if let Some(check) = &task.check {
        words.extend(["check", check]);
    }
    // A NUL cannot occur in any of them, so words cannot run into one another.
    let parts: Vec<&[u8]> =
        words.iter().flat_map(|word| [word.as_bytes(), b"\0".as_slice()]).collect();
    stable_hash(&parts)
}

fn push_command<'a>(words: &mut Vec<&'a str>, kind: &'a str, command: &'a Command) {
    words.push(kind);
    match command {
        Command::Shell(text) => words.extend(["sh", text]),
        Command::Argv(argv) => words.extend(argv.iter().map(String::as_str)),
    }
}

/// What a task is compared with while it has no attempts of its own: its persona, else its phase,
/// else whether it is an agent, a gate or a command.
pub fn category(task: &Task) -> String {
    let kind = match &task.work {
        Work::Agent { persona: Some(persona), .. } => return format!("persona {persona}"),
        Work::Gate { .. } => return "gate".to_owned(),
        Work::Agent { persona: None, .. } => "agent",
        Work::Command { .. } => "command",
        Work::Given => "given",
    };
    task.phase.as_ref().map_or_else(|| kind.to_owned(), |phase| format!("phase {phase}"))
}

#[cfg(test)]
mod tests;
