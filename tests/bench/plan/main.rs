//! What `scripts/bench/plan.sh` shows: how good schedules and predictions are on public data, and
//! how long planning takes.
//!
//! `DATA_DIR [--only NAME]`. Every module measures one thing on its part of the folder and gives
//! rows; data that is not there is named and does not count. Exit code 1 when a limit is missed.

#![expect(clippy::print_stdout, reason = "a program of its own that measures and tells")]

mod clock;
mod latency;
mod psplib;
mod regret;
mod repeats;
mod replay;
mod replay_data;
mod replay_noise;
mod replay_world;
mod table;
mod wfformat;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use table::{Row, table};

/// What a part measures in a data folder.
type Rows = fn(&Path) -> Vec<Row>;

/// The parts, by the name that `--only` takes.
const PARTS: [(&str, Rows); 6] = [
    ("psplib", psplib::rows),
    ("wfformat", wfformat::rows),
    ("latency", latency::rows),
    ("repeats", repeats::rows),
    ("replay", replay::rows),
    ("regret", regret::rows),
];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Cargo hands its benches an option that is of no use here.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (folder, only) = match words[..] {
        // Run by `cargo test --benches` or without anything to measure.
        [] => return Ok(ExitCode::SUCCESS),
        [folder] => (folder, None),
        [folder, "--only", name] | ["--only", name, folder] => (folder, Some(name)),
        _ => return Err("give DATA_DIR and perhaps `--only NAME`".into()),
    };
    let folder = Path::new(folder);
    if !folder.is_dir() {
        return Err(format!("`{}` is not a folder", folder.display()).into());
    }
    let chosen: Vec<_> =
        PARTS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        let names = PARTS.map(|(name, _)| name).join(", ");
        return Err(format!("`--only` takes one of {names}").into());
    }
    let rows: Vec<Row> = chosen.iter().flat_map(|(_, rows)| rows(folder)).collect();
    print!("{}", table(&rows));
    let missed = rows.iter().filter(|row| row.is_kept() == Some(false)).count();
    if missed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{missed} limits missed");
    Ok(ExitCode::FAILURE)
}
