//! Plans, states and operations as text.

use super::*;
use crate::domain::plan::{CarryLoad, CarryPlan};
use crate::domain::report::PlanAnswer;

const SCREEN: Style = Style { color: false, width: 80 };

#[test]
fn a_plan_fits_one_screen() {
    insta::assert_snapshot!(plan_text(&plan(tasks(), Preference::Rule).into(), Detail::Screen, SCREEN), @"
    PARALLEL on 3 slots, landed after about 36s (provisional)
      sequential  1m 07s (95 %: 35s to 2m 07s)
      parallel    36s (95 %: 19s to 1m 11s), faster in 100 % of the draws
      overhead    0.0s; not known: validation, expected conflicts
      bound by    the critical path schema → api; never below 30s at the medians
      why         splitting saves 34s on average and is faster in 100 % of the draws
                  provisional: from your estimates; not held against past runs
                  conflicts of 5 of 5 tasks are unknown: no `owns` (2 more with -v)
      turns       the verdict turns to sequential when tasks take at most 0.8s on
                  average instead of 13s
                  no slot beyond 3 saves 2 %
      advice      splitting `api` into two tasks of half its length saves 4.8s (1
                  more with -v)

      schema |████████████████                              | 0.0s to 11s, critical
      api    |               ███████████████████████████████| 11s to 31s, critical
      docs   |▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                              | 0.0s to 11s
      flaky  |▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                      | 0.0s to 16s
      late   |                       ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒       | 16s to 26s
             0                                           31s
    ");
}

#[test]
fn a_sequential_plan_says_so_first() {
    let text = plan_text(
        &plan(vec![task("one", &[], 5)], Preference::Rule).into(),
        Detail::Screen,
        SCREEN,
    );
    insta::assert_snapshot!(text, @"
    SEQUENTIAL: one worktree, one task after another, landed after about 5.3s
    (provisional)
      sequential  5.3s (95 %: 1.8s to 16s)
      why         there is one task: nothing to split
      advice      one task gains nothing here: run it in your checkout

      one |████████████████████████████████████████████████| 0.0s to 5.0s, critical
          0                                            5.0s
    ");
}

#[test]
fn what_matters_least_gives_way_where_a_plan_has_much_to_say() {
    let mut tasks = tasks();
    for task in &mut tasks {
        task.locks = vec!["postgres".to_owned(), "redis".to_owned()];
    }
    let mut answer = PlanAnswer::from(plan(tasks, Preference::ParallelWith(2)));
    answer.plan.carry = Some(CarryPlan {
        paths: vec![".env".to_owned()],
        caches: Vec::new(),
        load: CarryLoad::default(),
        time_s: 0.0,
        measured: false,
        notes: Vec::new(),
    });
    let screen = plan_text(&answer, Detail::Screen, SCREEN);
    assert!(screen.lines().count() <= 22, "{screen}");
    assert!(screen.contains("\n  also        with -v: carried"), "{screen}");
    for kept in ["sequential  ", "parallel    ", "overhead  ", "bound by  ", "why  ", "late   |"] {
        assert!(screen.contains(kept), "{kept}: {screen}");
    }
    let full = plan_text(&answer, Detail::Full, SCREEN);
    assert!(full.contains("\n  carried ") && full.contains("\n  held apart "), "{full}");
}

#[test]
fn a_long_plan_shows_its_critical_tasks_on_one_screen_and_all_of_them_in_full() {
    let mut tasks: Vec<Task> = (0..200).map(|n| task(&format!("t{n}"), &[], 5)).collect();
    tasks.push(task("slow", &["t9"], 900));
    let answer = PlanAnswer::from(plan(tasks, Preference::Rule));
    let screen = plan_text(&answer, Detail::Screen, SCREEN);
    assert!(screen.lines().count() <= 24, "{screen}");
    assert!(screen.contains("8 of 201 tasks (2 on the critical path)"), "{screen}");
    assert!(screen.lines().any(|line| line.trim_start().starts_with("slow |")), "{screen}");
    let full = plan_text(&answer, Detail::Full, SCREEN);
    assert_eq!(full.lines().filter(|line| line.contains("| ")).count(), 201, "{full}");
}

#[test]
fn a_status_in_the_middle_says_what_runs_and_what_waits() {
    let run = ScriptedRun::new(plan(tasks(), Preference::ParallelWith(2)), &script()).until(4.0);
    insta::assert_snapshot!(status_text(&run.state, run.now, PLAIN), @r"
    run `auth` running for 4.0s: 0 of 5 tasks succeeded, 1 failed, 1 skipped

    Verdict
      PARALLEL on 2 slots

    Tasks
      Task    State    Tries  Time  Detail
      schema  running      1  4.0s  in `/home/u/repo-schema`
      api     pending      0        waits for `schema`
      docs    running      1  0.8s  in `/home/u/repo-docs`
      flaky   failed       1  3.1s  exit code 1
      late    skipped      0        `flaky` did not succeed

    Notes
      - `flaky`: work of failed attempts is kept as `0202020202`

    Next
      wt-orch logs auth schema  # see what it prints
      wt-orch abort auth        # stop the run
    ");
}

#[test]
fn a_status_says_who_waits_for_a_rate_limit_and_until_when() {
    let tasks = vec![agent("a"), agent("b"), agent("c")];
    let script = ["a", "b", "c"].map(|id| (id, vec![Try::well(9.0, &["x"])]));
    let plan = plan(tasks, Preference::ParallelWith(2));
    let run = ScriptedRun::new(plan, &script).until(4.0).refused("a");
    insta::assert_snapshot!(status_text(&run.state, run.now, PLAIN), @"
    run `auth` running for 4.0s: 0 of 3 tasks succeeded

    Verdict
      PARALLEL on 2 slots

      at the moment at most 1 at once of `claude`, whose provider limits the rate

    Tasks
      Task  State             Tries  Time  Detail
      a     waiting to retry      1  4.0s  waits for the rate limit of `claude`, next try in 16s
      b     running               1  4.0s  in `/home/u/repo-b`
      c     pending               0        waits for the rate limit of `claude`

    Notes
      - `a`: work of failed attempts is kept as `0202020202`

    Next
      wt-orch logs auth b  # see what it prints
      wt-orch abort auth   # stop the run
    ");
}

#[test]
fn operations_end_with_the_command_that_takes_the_last_one_back() {
    let entry = |id, undone| OperationEntry {
        id,
        at: OperationEntry::time_text(Timestamp(1_800_000_000_000)),
        kind: "land".to_owned(),
        reference: "refs/heads/main".to_owned(),
        old: Some(oid(1)),
        new: Some(oid(2)),
        run: Some("auth".parse().unwrap()),
        undone,
    };
    insta::assert_snapshot!(operations_text(&[entry(3, false), entry(4, true)], PLAIN), @r"
    Id  At                    Kind  Ref              Old         New         Run   State
     3  2027-01-15T08:00:00Z  land  refs/heads/main  0101010101  0202020202  auth
     4  2027-01-15T08:00:00Z  land  refs/heads/main  0101010101  0202020202  auth  undone

    wt-orch undo 3  # take the last one back
    ");
    assert_eq!(operations_text(&[], PLAIN), "no operations yet\n");
}
