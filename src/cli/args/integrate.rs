//! What `integrate` and `forecast` are told.

use clap::Args;

use super::RunArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct IntegrateArgs {
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    /// Merge in memory and report; nothing is validated or moved.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Land on BRANCH instead of the run's target.
    #[arg(long, value_name = "BRANCH")]
    pub(in crate::cli) onto: Option<String>,
    /// Of a race, land this arm instead of the winner.
    #[arg(long, value_name = "ARM")]
    pub(in crate::cli) arm: Option<String>,
    /// Spare TASK where one of several that break a validation together has to go.
    #[arg(long, value_name = "TASK")]
    pub(in crate::cli) keep: Vec<String>,
    /// Land without a validation that fails on the target itself and does not say by which test.
    #[arg(long)]
    pub(in crate::cli) allow_red_base: bool,
    /// Run every validation, also on a tree that passed it before.
    #[arg(long)]
    pub(in crate::cli) no_cache: bool,
    /// Leave the first conflict that is not resolved otherwise in a worktree for you to resolve.
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) manual: bool,
    /// Go on with what you resolved and added in that worktree.
    #[arg(long = "continue", conflicts_with_all = ["dry_run", "onto", "manual"])]
    pub(in crate::cli) go_on: bool,
    /// Give up that worktree.
    #[arg(long, conflicts_with_all = ["dry_run", "onto", "manual", "go_on"])]
    pub(in crate::cli) abort: bool,
    /// Also say whether it will collide with these branches, which are not merged.
    #[arg(long, value_name = "BRANCH", num_args = 1..)]
    pub(in crate::cli) with: Vec<String>,
    /// Land on a new branch; the target stays where it is.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) branch: Option<String>,
    /// Push what landed, as your own `git push` would, to REMOTE or where git pushes the target.
    #[arg(
        long,
        value_name = "REMOTE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with = "dry_run"
    )]
    pub(in crate::cli) push: Option<String>,
    /// Land on a new branch, push it and run `gh pr create`; without gh, print the commands.
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) pr: bool,
}
