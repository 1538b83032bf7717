//! Values that are more than their TOML type: texts, durations, sizes, words from a list.

use std::time::Duration;

use super::Known;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, closest, quoted};
use crate::domain::task::{ClaimError, Claims, Priority, parse_size};
use crate::domain::time::parse_duration;

/// Known names that a message lists.
const MOST_LISTED: usize = 20;

/// A text that must hold something, and no NUL byte.
pub(super) fn text(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Placed<String>> {
    let text = table.string(key)?;
    sound(&format!("`{key}`"), &text, problems).then_some(text)
}

/// A text that git is to look up.
pub(super) fn revision(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Placed<String>> {
    let revision = text(table, key, problems)?;
    if revision.value.starts_with('-') {
        let message = format!("`{key}` starts with `-`, which git would take for an option");
        problems.push(Diagnostic::error("bad_base", revision.span, message));
        return None;
    }
    Some(revision)
}

/// A text that must be there.
pub(super) fn required(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Placed<String>> {
    let text = text(table, key, problems);
    if table.key(key).is_none() {
        let message = format!("`{key}` is missing here");
        problems.push(Diagnostic::error("missing_key", table.span(), message));
    }
    text
}

/// Whether a text holds something, and no NUL byte.
pub(super) fn sound(subject: &str, text: &Placed<String>, problems: &Problems) -> bool {
    if text.value.trim().is_empty() {
        problems.push(Diagnostic::error("empty", text.span.clone(), format!("{subject} is empty")));
    }
    without_nul(subject, text, problems) && !text.value.trim().is_empty()
}

/// Whether a text can be handed to another program.
pub(super) fn without_nul(subject: &str, text: &Placed<String>, problems: &Problems) -> bool {
    let nul = text.value.contains('\0');
    if nul {
        let message = format!("{subject} has a NUL byte, which no command can be given");
        problems.push(Diagnostic::error("nul", text.span.clone(), message));
    }
    !nul
}

/// A list of texts that hold something.
pub(super) fn texts(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Vec<String>> {
    let list = table.strings(key)?;
    let subject = format!("an item of `{key}`");
    let sound = list.value.into_iter().filter(|item| sound(&subject, item, problems));
    Some(sound.map(|item| item.value).collect())
}

/// Reads a text and turns it into something else; the error's message is a fragment that fits
/// after the quoted text.
pub(super) fn converted<T, E: std::fmt::Display>(
    table: &mut Table<'_>,
    key: &'static str,
    (code, problems): (&'static str, &Problems),
    convert: impl Fn(&str) -> Result<T, E>,
) -> Option<Placed<T>> {
    let text = table.string(key)?;
    match convert(&text.value) {
        Ok(value) => Some(text.with(value)),
        Err(error) => {
            let message = format!("{} {error}", quoted(&text.value));
            problems.push(Diagnostic::error(code, text.span, message));
            None
        }
    }
}

pub(super) fn duration(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Duration> {
    converted(table, key, ("bad_duration", problems), parse_duration).map(|time| time.value)
}

pub(super) fn size(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Placed<u64>> {
    converted(table, key, ("bad_size", problems), parse_size)
}

pub(super) fn priority(table: &mut Table<'_>, problems: &Problems) -> Option<Priority> {
    let written = table.string("priority")?;
    match written.value.as_str() {
        "high" => Some(Priority::High),
        "medium" => Some(Priority::Medium),
        "low" => Some(Priority::Low),
        _ => {
            let choice = ["high", "medium", "low"];
            problems.push(unknown("unknown_priority", "priority", &written, choice));
            None
        }
    }
}

pub(super) fn persona(
    table: &mut Table<'_>,
    known: &Known,
    problems: &Problems,
) -> Option<Placed<String>> {
    let persona = text(table, "persona", problems)?;
    if known.personas().any(|name| name == persona.value) {
        return Some(persona);
    }
    let problem = unknown("unknown_persona", "persona", &persona, known.personas());
    let how = "or declare it in orchestrator.toml: `[persona.NAME]` with `prompt`";
    let help = problem.help.as_deref().map_or_else(String::new, |help| format!("{help}; {how}"));
    problems.push(problem.help(help));
    None
}

/// A list of globs.
pub(super) fn claims(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &Problems,
) -> Option<Placed<Claims>> {
    parsed_claims(table.strings(key)?, problems)
}

/// Globs that were read as texts.
pub(super) fn parsed_claims(
    list: Placed<Vec<Placed<String>>>,
    problems: &Problems,
) -> Option<Placed<Claims>> {
    let globs: Vec<&str> = list.value.iter().map(|glob| glob.value.as_str()).collect();
    match Claims::parse(&globs) {
        Ok(claims) => Some(list.with(claims)),
        Err(errors) => {
            for (index, error) in errors {
                let glob = &list.value[index];
                let message = format!("the glob {} {error}", quoted(&glob.value));
                let problem = Diagnostic::error("bad_glob", glob.span.clone(), message);
                problems.push(match glob_help(&error, &glob.value) {
                    Some(help) => problem.help(help),
                    None => problem,
                });
            }
            None
        }
    }
}

fn glob_help(error: &ClaimError, glob: &str) -> Option<String> {
    match error {
        ClaimError::Empty => Some("write `**` for every path".to_owned()),
        ClaimError::Absolute => {
            let relative = glob.trim_start_matches('/');
            (!relative.is_empty()).then(|| format!("write {}", quoted(relative)))
        }
        ClaimError::Parent => Some("a task can't own what lies outside of its worktree".to_owned()),
        ClaimError::Syntax { .. } => Some(r"a `\` makes the next character mean itself".to_owned()),
        ClaimError::Nul | ClaimError::TooLong | ClaimError::TooManyAlternatives => None,
    }
}

/// A word that is not among the known ones.
pub(super) fn unknown<'a>(
    code: &'static str,
    what: &str,
    written: &Placed<String>,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let message = format!("unknown {what} {}", quoted(&written.value));
    let problem = Diagnostic::error(code, written.span.clone(), message);
    let problem = match closest(&written.value, known.iter().copied()) {
        Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
        None => problem,
    };
    match known.len() {
        0 => problem,
        1..=MOST_LISTED => problem.help(format!("known: {}", known.join(", "))),
        _ => problem.help(format!("known: {}, …", known[..MOST_LISTED].join(", "))),
    }
}
