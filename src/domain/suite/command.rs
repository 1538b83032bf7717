//! The command of a module, or of some of its units.

use super::{Module, Unit};
use crate::domain::task::{Command, shell_word};

/// Runs these units of a module; all of its tests where none are named or one is not known.
pub fn command_of(module: &Module, units: &[String]) -> Command {
    let find = |name: &String| module.units.iter().find(|unit| unit.name == *name);
    let Some(chosen) = units.iter().map(find).collect::<Option<Vec<&Unit>>>() else {
        return module.command.clone();
    };
    let (alone, together): (Vec<&Unit>, Vec<&Unit>) = chosen.iter().partition(|unit| unit.alone);
    let mut commands = Vec::new();
    if !together.is_empty() {
        commands.push(words(module, &together));
    }
    commands.extend(alone.iter().map(|unit| words(module, &[unit])));
    match commands.len() {
        0 => module.command.clone(),
        1 => Command::Argv(commands.remove(0)),
        _ => Command::Shell(one_after_the_other(&commands)),
    }
}

/// The word that stands for a file to leave results by test in.
const REPORT: &str = "{report}";

/// Whether a command is told where to leave results by test.
pub fn takes_report(command: &Command) -> bool {
    match command {
        Command::Shell(text) => text.contains(REPORT),
        Command::Argv(words) => words.iter().any(|word| word.contains(REPORT)),
    }
}

/// The command of a suite, with a path in place of `{report}`; nothing else is filled in.
pub fn reporting_to(command: &Command, path: &str) -> Command {
    match command {
        Command::Shell(text) => Command::Shell(text.replace(REPORT, &shell_word(path))),
        Command::Argv(words) => {
            Command::Argv(words.iter().map(|word| word.replace(REPORT, path)).collect())
        }
    }
}

fn words(module: &Module, units: &[&Unit]) -> Vec<String> {
    let own = units.iter().flat_map(|unit| unit.words.iter());
    module.stem.iter().chain(own).cloned().collect()
}

/// All of them run; the first failure is that of the whole.
fn one_after_the_other(commands: &[Vec<String>]) -> String {
    let run = |words: &Vec<String>| words.iter().map(|word| shell_word(word)).collect::<Vec<_>>();
    let each = commands.iter().map(|words| format!("{} || s=${{s:-$?}}", run(words).join(" ")));
    std::iter::once("s=".to_owned())
        .chain(each)
        .chain(["exit ${s:-0}".to_owned()])
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests;
