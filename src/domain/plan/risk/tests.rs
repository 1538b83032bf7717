use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::domain::plan::history::{History, NO_HISTORY, ObservedRun};
use crate::domain::task::{AttemptRules, Claims, Command, Demand, Pattern, Priority, Task, Work};
use crate::domain::time::Timestamp;

fn task(id: &str, owns: &[&str]) -> Task {
    Task {
        id: id.parse().unwrap(),
        title: None,
        work: Work::Command { command: Command::Shell("true".into()), prompt: None },
        depends_on: Vec::new(),
        owns: (!owns.is_empty()).then(|| Claims::parse(owns).unwrap()),
        reads: Vec::new(),
        read_only: false,
        estimate: None,
        priority: Priority::Medium,
        phase: None,
        locks: Vec::new(),
        demand: Demand { cpus: 1.0, memory: 0, uses: BTreeMap::new() },
        timeout: Duration::from_secs(60),
        retries: 0,
        rules: AttemptRules::default(),
        check: None,
        env: BTreeMap::new(),
        pattern: Pattern::default(),
    }
}

/// Commits by their paths, so many of each.
fn commits(kinds: &[(usize, &[&str])]) -> Vec<Vec<String>> {
    let one = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    kinds.iter().flat_map(|(count, paths)| vec![one(paths); *count]).collect()
}

fn assess(tasks: &[Task], commits: &[Vec<String>], history: &History) -> Risk {
    let co_change = CoChange::count(tasks, commits);
    Risk::assess(RiskFacts { tasks, co_change: &co_change, branches: &[], history })
}

/// Each pair as `a b probability`.
fn shown(risk: &Risk) -> Vec<String> {
    risk.pairs.iter().map(|p| format!("{} {} {:.3}", p.a, p.b, p.probability)).collect()
}

fn run(width: u32, branches: u32, conflicts: Option<u32>) -> ObservedRun {
    ObservedRun {
        run: 1,
        workflow: "w".to_owned(),
        width,
        tasks: branches,
        predicted_s: 1.0,
        sd: 0.1,
        low_s: 1.0,
        high_s: 1.0,
        calibrated: false,
        overruled: false,
        actual_s: 1.0,
        conflicts,
        branches,
        at: Timestamp(0),
    }
}

#[test]
fn files_of_one_folder_may_conflict_and_others_do_not() {
    let tasks = [
        task("a", &["src/api/a.rs"]),
        task("b", &["src/api/b.rs", "docs/**"]),
        task("c", &["src/web/**"]),
        task("d", &["README.md"]),
        task("e", &["LICENSE.md"]),
        task("f", &["src/api/*.rs"]),
    ];
    let risk = assess(&tasks, &[], &NO_HISTORY);
    assert_eq!(shown(&risk), ["0 1 0.050"], "f overlaps with both, so it is kept apart");
    assert_eq!(risk.pairs[0].why, "both change files in `src/api`");
    assert!(risk.unknown.is_empty());
}

#[test]
fn many_tasks_in_one_folder_expect_no_more_than_five_do() {
    let of = |count: usize| {
        let tasks: Vec<Task> = (0..count)
            .map(|n| task(&format!("t{n}"), &[format!("src/f{n}.rs").as_str()]))
            .collect();
        let risk = assess(&tasks, &[], &NO_HISTORY);
        risk.pairs.iter().filter(|p| p.a == 0).map(|p| p.probability).sum::<f64>()
    };
    assert!((of(2) - 0.05).abs() < 1e-9 && (of(5) - 0.2).abs() < 1e-9);
    assert!((of(50) - 0.2).abs() < 1e-9);
}

#[test]
fn files_that_change_together_more_than_by_chance_are_a_risk() {
    let tasks = [task("a", &["src/**"]), task("b", &["tests/**"]), task("c", &["docs/**"])];
    let coupled = commits(&[
        (30, &["src/x.rs", "tests/x.rs"]),
        (50, &["src/y.rs"]),
        (20, &["docs/z.md"]),
        (1, &["docs/z.md", "src/x.rs"]),
    ]);
    let risk = assess(&tasks, &coupled, &NO_HISTORY);
    // 30 in common, 30 · 81 / 101 by chance, of 30 and 4: (30 − 24.06) / 34 · 0.2.
    assert_eq!(shown(&risk), ["0 1 0.035"]);
    assert_eq!(risk.pairs[0].why, "30 of the last 101 commits changed files of both");
    let habit = commits(&[(30, &["src/x.rs", "tests/x.rs"]), (200, &["docs/z.md"])]);
    assert_eq!(shown(&assess(&tasks, &habit, &NO_HISTORY)), ["0 1 0.153"]);
}

#[test]
fn chance_and_sweeping_commits_are_no_habit() {
    let tasks = [task("a", &["src/**"]), task("b", &["tests/**"])];
    let sweeping: Vec<String> =
        (0..20).flat_map(|n| [format!("src/{n}.rs"), format!("tests/{n}.rs")]).collect();
    let counted = CoChange::count(&tasks, &vec![sweeping; 9]);
    assert_eq!((counted.commits, counted.coupling(0, 1)), (0, 0.0));
    let once = commits(&[(1, &["src/x.rs", "tests/x.rs"]), (99, &["docs/z.md"])]);
    assert_eq!(shown(&assess(&tasks, &once, &NO_HISTORY)), [""; 0]);
    let always = commits(&[(99, &["src/x.rs", "tests/x.rs"])]);
    let counted = CoChange::count(&tasks, &always);
    assert!(counted.coupling(0, 1) < 1e-9, "all commits change both: nothing tells them apart");
}

#[test]
fn tasks_that_wait_for_one_another_or_write_nothing_are_no_risk() {
    let mut tasks = [task("a", &["src/a.rs"]), task("b", &["src/b.rs"]), task("c", &["src/c.rs"])];
    tasks[1].depends_on = vec!["a".parse().unwrap()];
    tasks[2].depends_on = vec!["b".parse().unwrap()];
    assert_eq!(shown(&assess(&tasks, &[], &NO_HISTORY)), [""; 0]);
    tasks[2].depends_on = vec!["a".parse().unwrap()];
    assert_eq!(shown(&assess(&tasks, &[], &NO_HISTORY)), ["1 2 0.050"]);
    tasks[2].read_only = true;
    assert_eq!(shown(&assess(&tasks, &[], &NO_HISTORY)), [""; 0]);
}

#[test]
fn of_tasks_without_owns_nothing_is_known_until_runs_had_conflicts() {
    let mut tasks = [task("a", &[]), task("b", &["src/**"]), task("c", &[]), task("d", &[])];
    tasks[3].read_only = true;
    let quiet = History { attempts: Vec::new(), runs: vec![run(4, 4, Some(0)), run(4, 4, None)] };
    for history in [&NO_HISTORY, &quiet] {
        let risk = assess(&tasks, &[], history);
        assert_eq!((risk.pairs.len(), risk.unknown.as_slice()), (0, [0, 2].as_slice()));
    }
    // 3 of (6 + 6 + 10) pairs; one lane conflicts with nothing.
    let runs = vec![run(4, 4, Some(2)), run(4, 4, Some(1)), run(1, 9, Some(9))];
    let risk = assess(&tasks, &[], &History { attempts: Vec::new(), runs });
    assert_eq!(shown(&risk), ["0 1 0.136", "0 2 0.136", "1 2 0.136"]);
    assert!(risk.pairs[0].why.starts_with("3 of 8 branches of past runs conflicted"));
    let always = vec![run(2, 2, Some(2)); 90];
    let risk = assess(&tasks, &[], &History { attempts: Vec::new(), runs: always });
    assert_eq!(shown(&risk)[0], "0 1 0.400");
}

#[test]
fn a_branch_that_changes_what_a_task_owns_is_told() {
    let tasks = [task("a", &["src/**"]), task("b", &[]), task("c", &["docs/**"])];
    let branch = |name: &str, paths: &[&str]| UnmergedBranch {
        name: name.to_owned(),
        commits: 3,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    let branches = [branch("x", &["Cargo.toml", "src/a.rs", "src/b.rs"]), branch("y", &["lib/z"])];
    let co_change = CoChange::default();
    let facts = RiskFacts {
        tasks: &tasks,
        co_change: &co_change,
        branches: &branches,
        history: &NO_HISTORY,
    };
    let expected = BranchOverlap {
        branch: "x".to_owned(),
        commits: 3,
        task: 0,
        paths: vec!["src/a.rs".to_owned(), "src/b.rs".to_owned()],
        collides: None,
    };
    assert_eq!(Risk::assess(facts).branches, [expected]);
}
