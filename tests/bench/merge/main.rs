//! What `scripts/bench/merge.sh` measures.
//!
//! `integrate [FOLDER]` makes a repository of 5,000 files with 64 branches that merge, and lands all
//! of them in memory, beside a loop of `git merge --no-ff` in a checkout. `against REPO [SAMPLE]`
//! makes the merges of a history once more, with git and without it, and compares every answer with
//! `git merge-tree`. Either ends with exit code 1 where it is not as it must be.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own that measures and tells"
)]

mod against;
mod git;
mod integrate;

use std::path::Path;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // Cargo hands its benches an option that is of no use here.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words[..] {
        ["integrate"] => integrate::integrate(None),
        ["integrate", folder] => integrate::integrate(Some(Path::new(folder))),
        ["against", repo] => against::against(Path::new(repo), 500),
        ["against", repo, sample] => {
            sample.parse().map_err(Failure::from).and_then(|n| against::against(Path::new(repo), n))
        }
        // `cargo test` and `cargo bench` start it without words of its own.
        _ => {
            println!("merge integrate [FOLDER] | merge against REPO [SAMPLE]");
            Ok(true)
        }
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
