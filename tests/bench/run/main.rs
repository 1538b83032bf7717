//! What `scripts/bench/run.sh` measures: how fast many commands go through executor and journal, and
//! how much memory that takes.
//!
//! `speed ROUNDS` runs 200 times `true` at width 8 as a run does: the same decisions, every fact in
//! a `state.db` before what it asks for is done, every command supervised; only what git would do is
//! answered at once. Beside it, in the same round, `xargs -P8`. `memory` runs 64 commands that write
//! 100 MB each and prints the most that this process held. Either ends with exit code 1 where it is
//! beyond its limit.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own that measures and tells"
)]

mod executor;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use executor::{Executed, Job, execute};

type Failure = Box<dyn std::error::Error>;

/// Most that the run may take, in times of `xargs`.
const RATIO_LIMIT: f64 = 1.5;
/// Most bytes that may be resident.
const MEMORY_LIMIT: u64 = 60_000_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words[..] {
        ["speed", rounds] => rounds.parse().map_err(Failure::from).and_then(speed),
        ["memory"] => memory(),
        // `cargo test` and `cargo bench` start it without words of its own.
        _ => {
            println!("run speed ROUNDS | run memory");
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

fn speed(rounds: usize) -> Result<bool, Failure> {
    const TASKS: usize = 200;
    const WIDTH: usize = 8;
    let job = Job { tasks: TASKS, width: WIDTH, argv: &["true"] };
    let mut ratios = Vec::new();
    println!("{TASKS} times `true` at width {WIDTH}; journal: WAL, synchronous=FULL");
    println!("{:>10} {:>10} {:>7} {:>9}", "wt-orch s", "xargs s", "ratio", "commits");
    for _ in 0..rounds {
        let Executed { wall, events, commits } = execute(&job)?;
        let beside = xargs(TASKS, WIDTH)?;
        let ratio = wall.as_secs_f64() / beside.as_secs_f64();
        let (wall, beside) = (wall.as_secs_f64(), beside.as_secs_f64());
        println!("{wall:>10.3} {beside:>10.3} {ratio:>7.2} {commits:>9} of {events} events");
        ratios.push(ratio);
    }
    let median = median(&mut ratios).ok_or("no round")?;
    println!("median ratio {median:.2} (limit {RATIO_LIMIT})");
    Ok(median <= RATIO_LIMIT)
}

fn memory() -> Result<bool, Failure> {
    let job = Job { tasks: 64, width: 8, argv: &["head", "-c", "100000000", "/dev/zero"] };
    let Executed { wall, .. } = execute(&job)?;
    let peak = own_peak()?;
    println!(
        "64 times 100 MB of output at width 8 in {:.1} s: at most {:.1} MB resident (limit {} MB)",
        wall.as_secs_f64(),
        peak as f64 / 1e6,
        MEMORY_LIMIT / 1_000_000,
    );
    Ok(peak <= MEMORY_LIMIT)
}

fn xargs(tasks: usize, width: usize) -> Result<Duration, Failure> {
    let began = Instant::now();
    let mut child = Command::new("xargs")
        .args(["-n1", &format!("-P{width}"), "true"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdin.take().ok_or("no pipe")?;
    std::io::Write::write_all(&mut pipe, "x\n".repeat(tasks).as_bytes())?;
    drop(pipe);
    if !child.wait()?.success() {
        return Err("xargs failed".into());
    }
    Ok(began.elapsed())
}

fn own_peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
