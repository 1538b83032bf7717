//! `wt-orch init`: starter files.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::Context as _;

use crate::cli::args::InitArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::report::SCHEMA;

/// The files, with what is written into them.
const FILES: [(&str, &str); 2] = [
    ("tasks.toml", include_str!("init/tasks.toml")),
    ("orchestrator.toml", include_str!("../../../orchestrator.toml.example")),
];

/// Runs it. Writes all files or none.
pub(crate) fn run(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    let directory = context.directory();
    if !args.force {
        for (name, _) in FILES {
            if directory.join(name).symlink_metadata().is_ok() {
                return Err(Failure::refused("exists", format!("`{name}` exists"))
                    .hint("`wt-orch init --force` replaces it"));
            }
        }
    }
    for (name, text) in FILES {
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        options
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        context.streams.result(&format!("wrote {}", path.display()));
    }
    context.streams.hint("`wt-orch plan tasks.toml` tells whether splitting pays");
    let written: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    context.streams.document(&serde_json::json!({ "schema": SCHEMA, "written": written }));
    Ok(Exit::Done)
}
