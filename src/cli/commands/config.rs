//! `wt-orch config`: every setting with its origin; `wt-orch config approve`: the user's approval of
//! what the repository's own file asks for.

use serde_json::json;

use crate::cli::approval::{lines, remember};
use crate::cli::args::{ConfigAction, ConfigArgs};
use crate::cli::context::{Context, Known};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;
use crate::render::visible;

/// Runs it.
pub(crate) fn run(context: &Context, args: &ConfigArgs) -> Result<Exit, Failure> {
    match args.action {
        None => list(context),
        Some(ConfigAction::Approve) => approve(context),
    }
}

/// Outside a repository without the repository's layer.
fn list(context: &Context) -> Result<Exit, Failure> {
    let repo = context.repository().ok();
    let Known { entries, trust, .. } = context.settings(repo.as_ref())?;
    for entry in &entries {
        let value = visible(&entry.value);
        context.streams.result(&format!("{} = {value}  # {}", entry.key, entry.origin));
    }
    if trust.unapproved.is_some() {
        context.streams.warn(
            "commands (`setup`) of the repository's orchestrator.toml, and what it says about \
             credentials (`env_pass`, `env_deny`), are not used until you approve of them: \
             `wt-orch config approve`",
        );
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!({ "key": entry.key, "value": entry.value, "origin": entry.origin.to_string() })
        })
        .collect();
    context.streams.document(&json!({ "schema": SCHEMA, "settings": rows }));
    Ok(Exit::Done)
}

fn approve(context: &Context) -> Result<Exit, Failure> {
    let repo = context.repository()?;
    let asked = context.settings(Some(&repo))?.trust.asked;
    if asked.is_empty() {
        let message = "this repository's orchestrator.toml asks for nothing that needs approval";
        return Err(Failure::refused("nothing_to_do", message));
    }
    let file = remember(context, &repo, &asked)?;
    let lines = lines(&asked);
    context.streams.result(&format!("approved in this repository:\n{}", lines.join("\n")));
    context.streams.note(&format!("remembered in {file}; a change of it asks again"));
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    context.streams.document(&json!({ "schema": SCHEMA, "approved": lines, "file": file }));
    Ok(Exit::Done)
}
