//! The arguments of `history`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct HistoryArgs {
    #[command(subcommand)]
    pub(in crate::cli) action: Option<HistoryAction>,
    /// Name of a tasks file (its `name`, or the file's); all when left out.
    #[arg(value_name = "WORKFLOW")]
    pub(in crate::cli) workflow: Option<String>,
}

/// What to do with history beside showing it.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HistoryAction {
    /// Forget what is known of a workflow or of one of its tasks.
    Forget(HistoryForgetArgs),
    /// Write history as JSON, to stdout or to a file; commands are in it as digests only.
    Export(HistoryExportArgs),
    /// Add what an exported file knows and this repository does not.
    Import(HistoryImportArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryForgetArgs {
    /// Name of the workflow, as `wt-orch history` lists it.
    #[arg(value_name = "WORKFLOW", required_unless_present = "all", conflicts_with = "all")]
    pub(in crate::cli) workflow: Option<String>,
    /// One of its tasks; all of them, and its runs, when left out.
    #[arg(value_name = "TASK")]
    pub(in crate::cli) task: Option<String>,
    /// Everything of every workflow.
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryExportArgs {
    /// The file to write; stdout when left out.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryImportArgs {
    /// A file that `wt-orch history export` wrote.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
}
