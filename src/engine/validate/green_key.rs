//! What has to be the same for a validation that passed to pass again without being run (landing.md
//! rule 13).

use std::sync::Arc;

use crate::adapters::host::digest::sha256;
use crate::adapters::host::toolchain::toolchain_trace;
use crate::domain::id::Oid;
use crate::domain::run::RunSpec;
use crate::engine::carry::Carrier;
use crate::engine::environment::{Coordinates, Own, task_environment};
use crate::engine::error::EngineError;
use crate::engine::site::Site;
use crate::engine::validation_places::place;

/// Of the form of the key: another one finds nothing of this one's.
const FORM: &str = "1";

/// Variables that differ from one terminal, folder or run to another, and say nothing of results.
const PASSING: [&str; 24] = [
    "_",
    "COLUMNS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "GIT_CEILING_DIRECTORIES",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LINES",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "TEMP",
    "TERM_SESSION_ID",
    "TMP",
    "TMPDIR",
    "TMUX",
    "TMUX_PANE",
    "WAYLAND_DISPLAY",
    "WINDOWID",
    "XDG_SESSION_ID",
];

/// Programs and folders by which a command reads the history, which a tree does not say.
const HISTORY: [&str; 4] = ["git", "hg", "jj", ".git"];

/// Whether this passed.
pub(super) struct Question {
    pub(super) site: Site,
    pub(super) spec: Arc<RunSpec>,
    pub(super) carrier: Arc<Carrier>,
    pub(super) command: String,
    pub(super) commit: Oid,
    pub(super) pinned: Vec<String>,
    pub(super) base: Oid,
}

/// A text that is the same when all of it is: the tree, the command, the setup hooks, the variables,
/// the programs that the command names, and what is brought from the checkout. `None` for a command
/// that depends on more.
pub(super) fn green_key(question: Question) -> Result<Option<String>, EngineError> {
    let Question { site, spec, carrier, command, commit, pinned, base } = question;
    if depends_on_more(&command) {
        return Ok(None);
    }
    let worktree = &place(&site, spec.run.as_str(), 1);
    let failed = |message| EngineError::ValidationWorktree { message };
    let brought = match carrier.admit(&site, worktree).map_err(failed)? {
        Some(carry) => carry.digest(),
        None => String::new(),
    };
    let task = super::command::task_name(0);
    let (run, task) = (&spec.run, &task);
    let own = Own::default();
    let at = Coordinates { run, task, attempt: 1, worktree, base: spec.base, own };
    let mut env = task_environment(&site.env, &spec.limits, [], at);
    env.retain(|(name, _)| {
        let name = name.to_string_lossy();
        !PASSING.contains(&name.as_ref()) && !name.starts_with("WT_ORCH_")
    });
    env.sort();
    let mut parts: Vec<Vec<u8>> = [FORM, &command].map(|text| text.as_bytes().to_vec()).to_vec();
    parts.push(site.repo.tree_of(commit)?.to_string().into_bytes());
    if !pinned.is_empty() {
        parts.push(site.repo.tree_of(base)?.to_string().into_bytes());
        parts.extend(pinned.into_iter().map(String::into_bytes));
    }
    parts.push(b"hooks".to_vec());
    for planned in &spec.plan.setup {
        parts.push(serde_json::to_vec(&planned.hook).unwrap_or_default());
    }
    parts.push(b"brought".to_vec());
    parts.push(brought.into_bytes());
    parts.extend(toolchain_trace(&command, &env).into_iter().map(String::into_bytes));
    parts.push(b"variables".to_vec());
    for (name, value) in &env {
        parts.push([name.as_encoded_bytes(), b"=", value.as_encoded_bytes()].concat());
    }
    // With its length before each, no two lists of parts are one text.
    let lengths: Vec<String> = parts.iter().map(|part| format!("{} ", part.len())).collect();
    let whole: Vec<&[u8]> = lengths
        .iter()
        .zip(&parts)
        .flat_map(|(length, part)| [length.as_bytes(), part.as_slice()])
        .collect();
    Ok(Some(sha256(&whole)))
}

/// Whether a command names what a tree and its surroundings do not tell: the history, or the
/// coordinates of the run.
fn depends_on_more(command: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let mut words = command.split(|c: char| !is_of_word(c));
    command.contains("WT_ORCH_") || words.any(|word| HISTORY.contains(&word))
}

#[cfg(test)]
mod tests;
