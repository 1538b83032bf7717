//! The `wt-orch` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    wt_orch::cli::main()
}
