//! The arguments of `test`.

use std::path::PathBuf;

use clap::Args;

use super::VerdictArgs;

/// How it ends.
const EXITS: &str = "Exit codes: 0 every module passed (one that passed when it was tried again \
counts, and is marked flaky), or there was nothing to test · 1 a module failed · 2 wrong arguments, or \
no such module · 4 no module was found, or something stands in the way · 5 interrupted (`wt-orch \
resume` goes on).";

#[derive(Debug, Args)]
#[command(after_help = EXITS)]
pub(in crate::cli) struct TestArgs {
    /// Modules to test, by name or folder; without any, all that are found.
    #[arg(value_name = "MODULE")]
    pub(in crate::cli) modules: Vec<String>,
    /// Say which modules were found, and why; run nothing.
    #[arg(long)]
    pub(in crate::cli) list: bool,
    /// Test the files as they are, those that git does not track yet included, and not the last
    /// commit. Neither index nor branch is touched.
    #[arg(long)]
    pub(in crate::cli) working_tree: bool,
    /// Only modules that changed since BASE, and those that use them. Without BASE: since the merge
    /// base with the default branch of `origin`, or the upstream, `main` or `master`.
    #[arg(long, value_name = "BASE", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub(in crate::cli) changed: Option<String>,
    /// Only the I-th of N shares of the modules, such as `2/4`: for several machines, which together
    /// test each module once.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(in crate::cli) shard: Option<Shard>,
    /// Stop everything when the first module fails.
    #[arg(long)]
    pub(in crate::cli) fail_fast: bool,
    /// Try a module that failed N times more, at once; what passes then is marked flaky.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = retries)]
    pub(in crate::cli) retries: u32,
    /// Write the results of all modules as one JUnit XML document.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) verdict: VerdictArgs,
}

/// One of several shares.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Shard {
    /// From 1.
    pub(in crate::cli) index: usize,
    pub(in crate::cli) of: usize,
}

/// What fails as often is not flaky.
const RETRIES_MAX: u32 = 100;

fn retries(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= RETRIES_MAX);
    number.ok_or_else(|| format!("a whole number such as `2`, from 0 to {RETRIES_MAX}"))
}

/// Nobody has more machines.
const SHARES_MAX: usize = 10_000;

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match numbers {
        Some((_, of)) if of > SHARES_MAX => Err(format!("at most {SHARES_MAX} shares")),
        Some((index, of)) if 1 <= index && index <= of => Ok(Shard { index, of }),
        Some(_) | None => {
            Err("two numbers such as `2/4`, the first from 1 to the second".to_owned())
        }
    }
}
