//! Every point of a command, one world each, several at once.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::aftermath::Aftermath;
use super::scenario::Scenario;
use crate::harness::Repo;

/// Commands wait for the disk more than for a core.
const AT_ONCE: usize = 4;

/// Which points are tried.
#[derive(Clone, Copy)]
pub(super) enum Points {
    All,
    /// So many, evenly spread, beginning at another place each time.
    Some(u64),
}

/// Dies at one point after another and compares what there is after going on with what there would
/// be without a crash.
///
/// # Panics
/// When something differs, with every point at which it does.
pub(super) fn enumerate(scenario: &Scenario, points: Points) {
    let (expected, targets, count) = without_a_crash(scenario);
    let numbers: Vec<u64> = match points {
        // Threads and retries make some runs pass a few points more than others.
        Points::All => (1..=count + count / 4).collect(),
        Points::Some(wanted) => {
            let stride = count / wanted;
            let first = u64::from(std::process::id()) % stride + 1;
            (first..=count).step_by(usize::try_from(stride).unwrap()).collect()
        }
    };
    let next = AtomicUsize::new(0);
    let died = AtomicU64::new(0);
    let wrong = Mutex::new(Vec::new());
    let work = || {
        while let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
            match crash_at(scenario, number, (&expected, &targets)) {
                Ok(true) => drop(died.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => {}
                Err(why) => wrong.lock().unwrap().push(format!("point {number}: {why}")),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let (died, wrong) = (died.into_inner(), wrong.into_inner().unwrap());
    let name = scenario.name;
    tell(&format!("{name}: {count} points, {died} crashes tried, {} wrong", wrong.len()));
    assert!(wrong.is_empty(), "{name}: after a crash at\n{}", wrong.join("\n\n"));
    assert!(died > 0, "{name}: no crash came");
}

#[expect(clippy::print_stdout, reason = "the counts are what a full enumeration is run for")]
fn tell(counts: &str) {
    println!("{counts}");
}

/// What there is in the end, where the command left the user's branches, and how many points were
/// passed.
fn without_a_crash(scenario: &Scenario) -> (Aftermath, Vec<String>, u64) {
    let repo = scenario.repo();
    let log = repo.root().join("home/points");
    let done = repo.command(scenario.command).env("WT_ORCH_CRASH_LOG", &log).run();
    assert!(done.code().is_some(), "{done}");
    let count = fs::read_to_string(&log).unwrap().lines().count();
    let targets = targets(&repo);
    (scenario.go_on)(&repo);
    (Aftermath::of(&repo), targets, u64::try_from(count).unwrap())
}

/// Branches that are no task's, with their commits.
fn targets(repo: &Repo) -> Vec<String> {
    let heads = repo.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/"]);
    let own = |line: &&str| !line.starts_with("refs/heads/feature/");
    heads.lines().filter(own).map(str::to_owned).collect()
}

/// Whether the command came as far as that point; what is wrong otherwise.
fn crash_at(
    scenario: &Scenario,
    number: u64,
    (expected, moved): (&Aftermath, &[String]),
) -> Result<bool, String> {
    let mut last = String::new();
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let repo = scenario.repo();
        let log = repo.root().join("home/points");
        let unmoved = targets(&repo);
        let command = repo.command(scenario.command).env("WT_ORCH_CRASH_LOG", &log);
        let ended = command.env("WT_ORCH_CRASH_AT", number.to_string()).run();
        let points = fs::read_to_string(&log).unwrap_or_default();
        // Other threads may still have passed points between the signal and its arrival.
        let line = points.lines().find(|line| line.starts_with(&format!("{number} ")));
        last = line.unwrap_or_default().to_owned();
        let found = targets(&repo);
        assert!(found == unmoved || found == moved, "half moved: {found:?}");
        (scenario.go_on)(&repo);
        (ended.code().is_none(), expected.differences(&Aftermath::of(&repo)))
    }));
    match tried {
        Ok((crashed, differences)) if differences.is_empty() => Ok(crashed),
        Ok((_, differences)) => Err(format!("({last})\n{}", differences.join("\n"))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map_or("a panic", |text| text);
            Err(format!("({last}) {text}"))
        }
    }
}
