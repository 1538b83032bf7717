//! How long `build` takes on made-up tasks: 200 that share four things, and 5,000. Needs no data.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use wt_orch::domain::plan::{Effort, Host, PlanRequest, build};
use wt_orch::domain::task::{Known, TaskSet, parse};

use crate::clock::{Stopwatch, percentile_99};
use crate::table::{Limit, Row};

/// Plans of 200 tasks.
const PLANS: u64 = 200;
/// The time from the beginning of a plan at which the search for its order is cut off; the rest is
/// for the draws.
const SEARCH_UNTIL: Duration = Duration::from_millis(20);
/// Schedules that the default effort may make.
const SCHEDULES: usize = 1000;
/// Draws, as `[plan] draws` has them where nobody says otherwise.
const DRAWS: usize = 400;

pub(crate) fn rows(_data: &Path) -> Vec<Row> {
    let mut times: Vec<f64> = (0..PLANS).map(|seed| milliseconds(200, seed)).collect();
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let slowest = percentile_99(&mut times);
    let large = (0..3).map(|seed| milliseconds(5000, seed)).fold(0.0, f64::max);
    let row = |quantity: &str, measured: f64, limit: Limit| Row {
        quantity: quantity.to_owned(),
        measured,
        unit: "ms",
        limit,
    };
    vec![
        row("plan of 200 tasks with 4 resources: mean", mean, Limit::Shown),
        row("plan of 200 tasks with 4 resources: p99", slowest, Limit::AtMost(50.0)),
        row("plan of 5,000 tasks: slowest of 3", large, Limit::AtMost(2000.0)),
    ]
}

fn milliseconds(tasks: usize, seed: u64) -> f64 {
    let capacity = BTreeMap::from([("database".to_owned(), 3), ("device".to_owned(), 2)]);
    let set = made_up(tasks, seed, &capacity);
    let stopwatch = Stopwatch::started();
    let is_up = || stopwatch.has_passed(SEARCH_UNTIL);
    let request = PlanRequest {
        host: Host { cores: 8, memory: 16 << 30 },
        capacity: &capacity,
        effort: Effort { schedules: SCHEDULES, out_of_time: Some(&is_up) },
        draws: DRAWS,
        seed,
        ..PlanRequest::of(&set)
    };
    let plan = build(&request);
    let time = stopwatch.milliseconds();
    assert!(plan.is_ok_and(|plan| plan.tasks.len() == tasks), "not a plan of all tasks");
    time
}

/// Tasks that wait for up to three of the forty before them.
fn made_up(tasks: usize, seed: u64, capacity: &BTreeMap<String, u32>) -> TaskSet {
    let mut chance = Chance(seed);
    let mut text = String::new();
    for task in 0..tasks {
        let seconds = 10 + chance.below(600);
        let cpus = 1 + chance.below(4);
        let memory = 256 * (1 + chance.below(12));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[[task]]\nid = \"t{task}\"\nrun = \"true\"");
        let _ =
            writeln!(text, "estimate = \"{seconds}s\"\ncpus = {cpus}.0\nmemory = \"{memory}MiB\"");
        match chance.below(8) {
            0 => text.push_str("uses = { database = 1 }\n"),
            1 => text.push_str("uses = { device = 1, database = 2 }\n"),
            _ => {}
        }
        let mut firsts: Vec<usize> =
            (0..chance.below(4)).filter_map(|_| task.checked_sub(1 + chance.below(40))).collect();
        firsts.sort_unstable();
        firsts.dedup();
        let firsts: Vec<String> = firsts.iter().map(|first| format!("\"t{first}\"")).collect();
        let _ = writeln!(text, "depends_on = [{}]", firsts.join(", "));
    }
    let known = Known { capacity: capacity.clone(), ..Known::default() };
    let parsed = parse(&text, &known).tasks;
    parsed.value.unwrap_or_else(|| panic!("a made-up file is wrong: {:?}", parsed.problems))
}

/// Xorshift64* (Vigna 2016): the same files everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        // A state of 0 would stay 0.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15).max(1);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}
