//! `wt-orch config`: every setting with its origin.

use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;
use crate::render::visible;

/// Runs it; outside a repository without the repository's layer.
pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let repo = context.repository().ok();
    let (_, entries) = context.settings(repo.as_ref())?;
    for entry in &entries {
        let value = visible(&entry.value);
        context.streams.result(&format!("{} = {value}  # {}", entry.key, entry.origin));
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
