//! `wt-orch history export [FILE]` and `wt-orch history import FILE`: history for a team, or for the
//! machine that builds.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::forget::counted;
use super::load;
use crate::cli::args::{HistoryExportArgs, HistoryImportArgs};
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::text_file::load_text;
use crate::domain::report::{
    HistoryExport, HistoryImportDocument, HistoryWrittenDocument, ImportProblem, ObservationsEntry,
    SCHEMA, parse_history_export, shell_word,
};
use crate::render::json_text;

/// Largest file that is read.
const LARGEST: u64 = 64 << 20;
/// Problems that are shown; the rest is counted.
const MOST_PROBLEMS: usize = 20;

/// Writes everything, also when it is nothing.
pub(super) fn export(
    context: &Context,
    place: &Place,
    args: &HistoryExportArgs,
) -> Result<Exit, Failure> {
    let observations = load(place)?;
    let text = json_text(&HistoryExport::new(&observations))
        .map_err(|error| Failure::refused("failed", error.to_string()))?;
    let Some(file) = &args.file else {
        context.streams.raw(&text);
        return Ok(Exit::Done);
    };
    let name = file.display().to_string();
    write(&context.path(file), &text, args.force).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            let word = shell_word(&name);
            Failure::refused("file_exists", format!("`{name}` is there already"))
                .hint(format!("`wt-orch history export --force {word}` replaces it"))
        } else {
            Failure::refused("unwritable", format!("cannot write `{name}`: {error}"))
                .hint("name a file in a folder that is there and that you may write to")
        }
    })?;
    let written = ObservationsEntry::of(&observations);
    context.streams.result(&format!("wrote {} to {name}", counted(written)));
    context.streams.document(&HistoryWrittenDocument { schema: SCHEMA, file: name, written });
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str, force: bool) -> std::io::Result<()> {
    let mut file = match force {
        true => File::create(path)?,
        false => OpenOptions::new().write(true).create_new(true).open(path)?,
    };
    file.write_all(text.as_bytes())
}

/// Adds what a file knows and the database does not; of a file with problems, nothing.
pub(super) fn import(
    context: &Context,
    place: &Place,
    args: &HistoryImportArgs,
) -> Result<Exit, Failure> {
    let name = args.file.display().to_string();
    let text = load_text(&context.path(&args.file), LARGEST)
        .map_err(|why| Failure::usage("unreadable_history", format!("cannot read `{name}`: {why}")))
        .map_err(|failure| failure.hint("`wt-orch history export FILE` writes one"))?;
    let observations = parse_history_export(&text, context.clock.now())
        .map_err(|problems| invalid(&name, &problems))?;
    let read = ObservationsEntry::of(&observations);
    let count = place.store()?.observe(&observations)?;
    let added = ObservationsEntry { attempts: count.attempts, runs: count.runs };
    context.streams.result(&format!("added {} of {} in {name}", counted(added), counted(read)));
    if added != read {
        context.streams.note("the others were known, or are older than what is kept");
    }
    context.streams.document(&HistoryImportDocument { schema: SCHEMA, read, added });
    Ok(Exit::Done)
}

fn invalid(name: &str, problems: &[ImportProblem]) -> Failure {
    let (count, noun) = (problems.len(), if problems.len() == 1 { "problem" } else { "problems" });
    let mut causes: Vec<String> =
        problems.iter().take(MOST_PROBLEMS).map(ToString::to_string).collect();
    if let Some(more @ 1..) = count.checked_sub(MOST_PROBLEMS) {
        causes.push(format!("{more} more"));
    }
    let message = format!("`{name}` has {count} {noun}; nothing was imported");
    Failure { causes, ..Failure::usage("invalid_history", message) }
        .hint("`wt-orch history export FILE` writes a valid one")
}
