//! The arguments of `forecast`.

use clap::Args;

/// How it ends, for hooks.
const EXITS: &str = "Exit codes: 0 nothing conflicts (pairs that cannot be compared are named, and \
do not count) · 2 wrong arguments · 3 some pair conflicts · 4 there is no such branch, or no pair at \
all could be compared.

As a hook: `wt-orch forecast HEAD origin/main` in .git/hooks/pre-push stops a push that would \
collide.";

#[derive(Debug, Args)]
#[command(after_help = EXITS)]
pub(in crate::cli) struct ForecastArgs {
    /// Branches, remote-tracking branches, tags or commits, whoever made them. One alone is compared
    /// with the branch that is checked out here.
    #[arg(value_name = "BRANCH", required_unless_present = "all")]
    pub(in crate::cli) branches: Vec<String>,
    /// Also every branch that is checked out in a worktree of this repository.
    #[arg(long)]
    pub(in crate::cli) all: bool,
}
