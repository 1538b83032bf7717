//! The arguments, as clap reads them.

mod forecast;
mod history;
mod integrate;
mod test;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::ColorChoice;
use crate::domain::plan::Preference;
use crate::domain::time::parse_duration;

pub(super) use forecast::ForecastArgs;
pub(super) use history::{
    HistoryAction, HistoryArgs, HistoryExportArgs, HistoryForgetArgs, HistoryImportArgs,
};
pub(super) use integrate::IntegrateArgs;
pub(super) use test::TestArgs;

/// Split work across git worktrees only when it pays, and land only what merges and passes.
#[derive(Debug, Parser)]
#[command(name = "wt-orch", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Start with `wt-orch demo`, then `wt-orch init` in a repository of yours.")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Work as if started in DIR.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(super) directory: Option<PathBuf>,
    /// Read settings from FILE, over all other files.
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Print exactly one JSON document on stdout, at every exit.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colours: auto, always or never.
    #[arg(long, value_name = "WHEN", global = true, value_parser = color)]
    pub(super) color: Option<ColorChoice>,
    /// Print failures and results only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print every event, and all of a plan.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Answer every question with yes, and accept the commands and credentials that the
    /// repository's own settings ask for.
    #[arg(long, global = true)]
    pub(super) yes: bool,
}

fn color(text: &str) -> Result<ColorChoice, String> {
    match text {
        "auto" => Ok(ColorChoice::Auto),
        "always" => Ok(ColorChoice::Always),
        "never" => Ok(ColorChoice::Never),
        _ => Err("one of auto, always, never".to_owned()),
    }
}

fn operation(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "`wt-orch operations` lists the numbers".to_owned())
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a throw-away repository and take it through plan, split, integrate and undo.
    Demo(DemoArgs),
    /// Write a starter tasks.toml and orchestrator.toml.
    Init(InitArgs),
    /// Parse and validate a tasks file, nothing else.
    Check(FileArgs),
    /// Show verdict, schedule and prediction; create nothing.
    Plan(PlanArgs),
    /// Decide, create worktrees, run the tasks, report.
    Split(SplitArgs),
    /// Run competing hypotheses about a bug at once; one check decides.
    Race(PlannedArgs),
    /// Test modules at once: those that are found, or that are named.
    Test(TestArgs),
    /// Show where a run stands.
    Status(StatusArgs),
    /// Show what a run's tasks printed.
    Logs(LogsArgs),
    /// Stop a run and cancel what has not finished; a second time, kill what does not stop.
    Abort(AbortArgs),
    /// Continue a run that was interrupted or crashed; finish an abort that was cut off.
    Resume(RunArgs),
    /// Run tasks again, with everything that depends on them.
    Retry(RetryArgs),
    /// Merge, validate and land what a run has finished.
    Integrate(IntegrateArgs),
    /// Say which branches will collide, any two of them; change nothing.
    Forecast(ForecastArgs),
    /// Put a branch back to where it was before a landing.
    Undo(UndoArgs),
    /// List landings and undos so far.
    Operations,
    /// Show what happened in a run.
    Report(ReportArgs),
    /// Show what past runs teach of durations; forget, export or import it.
    History(HistoryArgs),
    /// Remove what a run left; nothing dirty or unmerged without --force.
    Clean(CleanArgs),
    /// Show what wt-orch finds here, and whether libgit2 or the git program serves what.
    Doctor,
    /// List every setting with its origin; approve of what the repository's own settings run.
    Config(ConfigArgs),
    /// Print completions for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, in roff.
    Man,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the repository afterwards and say where it is.
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Replace files that are there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The tasks file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(super) struct VerdictArgs {
    /// Overrule the verdict: side by side, with the best width, or with M slots whatever the number
    /// of processor cores.
    #[arg(long, value_name = "M", num_args = 0..=1, require_equals = true,
          default_missing_value = "best", conflicts_with = "sequential", value_parser = slots)]
    parallel: Option<Slots>,
    /// Overrule the verdict: one worktree, one task after another.
    #[arg(long)]
    sequential: bool,
}

/// The M of `--parallel=M`.
#[derive(Debug, Clone, Copy)]
enum Slots {
    Best,
    Exactly(usize),
}

fn slots(text: &str) -> Result<Slots, String> {
    match text.parse() {
        _ if text == "best" => Ok(Slots::Best),
        Ok(width) if (1..=1000).contains(&width) => Ok(Slots::Exactly(width)),
        _ => Err("a number of slots from 1 to 1000".to_owned()),
    }
}

impl VerdictArgs {
    /// What the user wants of the verdict.
    pub(super) fn preference(&self) -> Preference {
        match (self.parallel, self.sequential) {
            (_, true) => Preference::Sequential,
            (Some(Slots::Best), false) => Preference::Parallel,
            (Some(Slots::Exactly(width)), false) => Preference::ParallelWith(width),
            (None, false) => Preference::Rule,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(super) struct SearchArgs {
    /// How long the search for a better schedule may take, such as `200ms` (`plan.effort`).
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "seed")]
    pub(super) effort: Option<Duration>,
    /// Seed of the random draws (`plan.seed`). The search then ends after 1000 schedules, however
    /// long they take: same input and seed, same plan.
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

// A comment that clap reads would take the place of what the commands say of themselves.
#[derive(Debug, Args)]
pub(super) struct PlannedArgs {
    #[command(flatten)]
    pub(super) file: FileArgs,
    #[command(flatten)]
    pub(super) verdict: VerdictArgs,
    #[command(flatten)]
    pub(super) search: SearchArgs,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) planned: PlannedArgs,
    /// Compare with other circumstances, such as `width=8,cpus=4,task.api=20m,drop=docs`; each
    /// --what-if is one scenario. Further: add=N (N more agents at once), tasks=+N (N more tasks like
    /// the median one), clone.ID=N (N more like ID), after.ID=OTHER (ID also waits for OTHER),
    /// scale=X (all take X times as long), memory=SIZE, capacity.NAME=N.
    #[arg(long, value_name = "CHANGES")]
    pub(super) what_if: Vec<String>,
    /// Say how likely everything has landed within TIME, such as `2h`, and which tasks to drop if
    /// it is not.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) deadline: Option<Duration>,
    /// Form of the plan: `md` is the whole report, `mermaid` graph and Gantt chart, `sh` a shell
    /// script of the same steps.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub(super) format: PlanFormat,
}

/// Form of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    Text,
    Md,
    Mermaid,
    Sh,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct SplitArgs {
    #[command(flatten)]
    pub(super) planned: PlannedArgs,
    /// At the end merge, validate and land what succeeded.
    #[arg(long)]
    pub(super) integrate: bool,
    /// Stop everything when the first task fails, as `fail_fast = true` in the file does.
    #[arg(long)]
    pub(super) fail_fast: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Name of the run; the newest when left out.
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// List all runs, one a line.
    #[arg(long)]
    pub(super) all: bool,
    /// Follow the run until it is over: live on a terminal, else one line an event, as the process
    /// that drives it prints them.
    #[arg(long, conflicts_with = "all")]
    pub(super) watch: bool,
}

#[derive(Debug, Args)]
pub(super) struct AbortArgs {
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Return when the run is over, not at once.
    #[arg(long)]
    pub(super) wait: bool,
}

#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    /// Name of the run (or of a task of the newest run).
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Task whose output to print; without one, the logs are listed.
    #[arg(value_name = "TASK")]
    pub(super) task: Option<String>,
    /// This attempt instead of the last one.
    #[arg(long, value_name = "N")]
    pub(super) attempt: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    /// Name of the run (or of a task of the newest run).
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Tasks to run again; without any, those that did not succeed.
    #[arg(value_name = "TASK")]
    pub(super) tasks: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// Number of the operation; the newest landing when left out.
    #[arg(value_name = "OPERATION", value_parser = operation)]
    pub(super) operation: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(super) format: ReportFormat,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    Text,
    Md,
    Json,
    /// JUnit XML: each test of a test run, each task of any other.
    Junit,
}

#[derive(Debug, Args)]
pub(super) struct CleanArgs {
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// All runs that are over.
    #[arg(long, conflicts_with = "run")]
    pub(super) all: bool,
    /// Say what would be removed; remove nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Remove dirty worktrees and unmerged branches as well. Destroys that work, and names it first.
    #[arg(long)]
    pub(super) force: bool,
    /// Remove the worktrees that wait for later tasks (`worktree.pool`), and let none wait. Alone,
    /// it removes nothing else.
    #[arg(long)]
    pub(super) pool: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) action: Option<ConfigAction>,
}

/// What to do beside listing.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum ConfigAction {
    /// Approve of the commands and credentials that the repository's orchestrator.toml asks for.
    Approve,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}
