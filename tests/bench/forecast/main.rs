//! What `scripts/bench/forecast.sh` measures: forecasting every pair of many branches, beside
//! `git merge-tree` for each of them.
//!
//! `pairs BRANCHES ROUNDS` makes a repository of 5,200 files in a temporary folder, with branches that
//! change 3 to 8 files each, and compares every two of them: here, by one `git merge-tree` for each
//! pair on as many threads, and by one `git merge-tree --stdin` for all. Prints the times, their
//! ratio, and how often both agree; ends with exit code 1 where it is slower than it may be or
//! foretells something that git does not find.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own that measures and tells"
)]

mod history;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use wt_orch::adapters::git::{Forecast, ForecastRequest, ForecastTip, Repo, all_pairs};
use wt_orch::domain::id::Oid;

type Failure = Box<dyn std::error::Error>;

/// Most that a forecast may take, in times of git's for the same pairs, and in seconds for 64
/// branches.
const RATIO_LIMIT: f64 = 0.2;
const SECONDS_LIMIT: f64 = 2.0;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words[..] {
        ["pairs", branches, rounds] => pairs(branches, rounds),
        // `cargo test` and `cargo bench` start it without words of its own.
        _ => {
            println!("forecast pairs BRANCHES ROUNDS");
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

fn pairs(branches: &str, rounds: &str) -> Result<bool, Failure> {
    let (branches, rounds): (usize, usize) = (branches.parse()?, rounds.parse()?);
    let folder = tempfile::tempdir()?;
    let tips = history::make(folder.path(), branches)?;
    let pairs = all_pairs(tips.len());
    let repo = Repo::discover(folder.path(), std::env::vars_os().collect())?;
    let ends: Vec<ForecastTip> = tips.iter().map(|&tip| ForecastTip { start: None, tip }).collect();
    let request = ForecastRequest { tips: &ends, pairs: &pairs, enough: &|| false };
    let threads = std::thread::available_parallelism()?.get();
    println!(
        "{} files, {branches} branches, {} pairs, {threads} threads",
        history::FILES,
        pairs.len()
    );
    println!(
        "{:>8} {:>10} {:>12} {:>7} {:>10} {:>7}",
        "", "forecast", "merge-tree", "ratio", "--stdin", "ratio"
    );
    let mut fine = true;
    let mut told = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (ours, mine) = timed(|| Ok(repo.forecasts(&request)?))?;
        let (gits, each) = timed(|| by_processes(folder.path(), &tips, &pairs, threads))?;
        let ((), one) = timed(|| by_one_process(folder.path(), &tips, &pairs))?;
        let walls = [mine.wall, each.wall, one.wall];
        for (what, [mine, each, one]) in
            [("wall s", walls), ("cpu s", [mine.cpu, each.cpu, one.cpu])]
        {
            let (of_each, of_one) = (mine / each, mine / one);
            println!(
                "{what:>8} {mine:>10.3} {each:>12.3} {of_each:>7.3} {one:>10.3} {of_one:>7.3}"
            );
        }
        fine &= mine.wall / each.wall <= RATIO_LIMIT && mine.wall <= SECONDS_LIMIT;
        told = (ours, gits);
    }
    Ok(agreement(&told.0, &told.1) && fine)
}

/// Prints what was foretold and whether git finds the same.
fn agreement(ours: &[Forecast], gits: &[bool]) -> bool {
    let (mut clean, mut same, mut order, mut conflict, mut unknown) = (0, 0, 0, 0, 0);
    let (mut agreed, mut differing) = (0, 0);
    for (ours, &collides) in ours.iter().zip(gits) {
        let foretold = match ours {
            Forecast::Clean => add(&mut clean, false),
            Forecast::SamePath { .. } => add(&mut same, false),
            Forecast::OrderSensitive { .. } => add(&mut order, false),
            Forecast::Conflict { .. } => add(&mut conflict, true),
            Forecast::Unknown { .. } => {
                unknown += 1;
                continue;
            }
        };
        if foretold == collides { agreed += 1 } else { differing += 1 }
    }
    println!(
        "clean {clean}, same path {same}, order {order}, conflict {conflict}, unknown {unknown}; \
         agree with git {agreed}, differ {differing}"
    );
    differing == 0
}

fn add(count: &mut usize, collides: bool) -> bool {
    *count += 1;
    collides
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// Whether git finds a conflict, pair by pair, one process each.
fn by_processes(
    folder: &Path,
    tips: &[Oid],
    pairs: &[(usize, usize)],
    threads: usize,
) -> Result<Vec<bool>, Failure> {
    let next = AtomicUsize::new(0);
    let work = || -> std::io::Result<Vec<(usize, bool)>> {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((i, j)) = pairs.get(at) else { return Ok(found) };
            let (ours, theirs) = (tips[*i].to_string(), tips[*j].to_string());
            let words = ["merge-tree", "--write-tree", "--no-messages", &ours, &theirs];
            found.push((at, !git(folder).args(words).status()?.success()));
        }
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    let mut found = vec![false; pairs.len()];
    for part in parts {
        for (at, collides) in part.map_err(|_| "a thread panicked")?? {
            found[at] = collides;
        }
    }
    Ok(found)
}

/// All pairs by one process.
fn by_one_process(folder: &Path, tips: &[Oid], pairs: &[(usize, usize)]) -> Result<(), Failure> {
    let input: String = pairs.iter().map(|(i, j)| format!("{} {}\n", tips[*i], tips[*j])).collect();
    let file = folder.join("pairs");
    std::fs::write(&file, input)?;
    let mut command = git(folder);
    command.args(["merge-tree", "--stdin", "--write-tree"]).stdin(std::fs::File::open(&file)?);
    let status = command.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("`git merge-tree --stdin` ended with {status}").into()),
    }
}

/// What something took, seconds.
struct Times {
    wall: f64,
    /// Of this process and of those that it waited for; nought where the system does not tell.
    cpu: f64,
}

fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, Times), Failure> {
    let (begin, cpu) = (Instant::now(), processor_seconds());
    let done = work()?;
    let wall = begin.elapsed().as_secs_f64();
    Ok((done, Times { wall, cpu: processor_seconds() - cpu }))
}

/// From `/proc/self/stat`, in hundredths.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(4);
    ticks.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
