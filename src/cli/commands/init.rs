//! `wt-orch init`: starter files.

use std::path::Path;

use anyhow::Context as _;

use crate::cli::args::InitArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;

const TASKS: &str = include_str!("init/tasks.toml");
const SETTINGS: &str = include_str!("../../../orchestrator.toml.example");

/// Runs it. Writes all files or none. Settings are read at the root of the repository, so they are
/// written there.
pub(crate) fn run(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    let directory = context.directory();
    let root = context.repository().ok().and_then(|repo| repo.worktree().map(Path::to_owned));
    // At the root both are named the same way, relative to where the user stands.
    let root = root.filter(|root| root.canonicalize().ok() != directory.canonicalize().ok());
    let files = [
        (directory.join("tasks.toml"), TASKS.to_owned()),
        (root.unwrap_or(directory).join("orchestrator.toml"), as_comments(SETTINGS)),
    ];
    if !args.force {
        for (path, _) in &files {
            if path.symlink_metadata().is_ok() {
                let message = format!("`{}` exists", shown(path));
                return Err(
                    Failure::refused("exists", message).hint("`wt-orch init --force` replaces it")
                );
            }
        }
    }
    for (path, text) in &files {
        std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        context.streams.result(&format!("wrote {}", shown(path)));
    }
    context.streams.hint("`wt-orch plan tasks.toml` tells whether splitting pays");
    let written: Vec<String> = files.iter().map(|(path, _)| shown(path)).collect();
    context.streams.document(&serde_json::json!({ "schema": SCHEMA, "written": written }));
    Ok(Exit::Done)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Every value as a comment, so that a file nobody touched pins no default.
fn as_comments(example: &str) -> String {
    let commented = |line: &str| {
        let keep = line.is_empty() || line.starts_with('#') || line.starts_with('[');
        if keep { format!("{line}\n") } else { format!("# {line}\n") }
    };
    example.lines().map(commented).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_file_sets_nothing() {
        let table: toml::Table = as_comments(SETTINGS).parse().unwrap();
        assert!(table.values().all(|value| value.as_table().is_some_and(toml::Table::is_empty)));
    }
}
