//! Plans, states and operations as text.

use super::*;

#[test]
fn a_plan_fits_one_screen() {
    insta::assert_snapshot!(plan_text(&plan(tasks(), Preference::Rule), PLAIN), @"
    PARALLEL on 3 slots

    Why
      - one after another 1m 13s, side by side on 3 slots 36s (medians up to landed, 50 draws)
      - splitting saves 34s on average and is faster in 100 % of the draws
      - the parallel schedule is bound by the critical path schema → api
      - beside the tasks, splitting costs nothing
      - tasks waiting for the slowest among them add 4.4s to their medians
      - provisional: from your estimates, not held against past runs
      - conflicts of 5 of 5 tasks are unknown: no `owns`
      - 95 % intervals: side by side 20s to 1m 07s, one after another 46s to 2m 06s; lower bound at the
        medians 30s

    Tasks
      Task    Estimate  95 %         Start  Finish  Slack  Critical  From
      schema       10s  3.6s to 28s   0.0s     11s   0.0s  critical  your estimate
      api          20s  7.2s to 56s    11s     31s   0.0s  critical  your estimate
      docs         10s  3.6s to 28s   0.0s     11s    20s            your estimate
      flaky        15s  5.4s to 42s   0.0s     16s   5.0s            your estimate
      late         10s  3.6s to 28s    16s     26s   5.0s            your estimate

    Schedule
      schema |█████████████████████                                       | 0.0s to 11s, critical
      api    |                    ████████████████████████████████████████| 11s to 31s, critical
      docs   |▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                                       | 0.0s to 11s
      flaky  |▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                             | 0.0s to 16s
      late   |                              ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒         | 16s to 26s
             0                                                         31s

    What would turn the verdict
      - the verdict turns to sequential when tasks take at most 0.8s on average instead of 13s
      - no slot beyond 3 saves 2 %

    Advice
      - splitting `api` into two tasks of half its length saves 4.8s
      - if `api` need not wait for `schema`, that saves 4.8s
    ");
}

#[test]
fn a_sequential_plan_says_so_first() {
    let text = plan_text(&plan(vec![task("one", &[], 5)], Preference::Rule), PLAIN);
    insta::assert_snapshot!(text, @"
    SEQUENTIAL: one worktree, one task after another

    Why
      - there is one task: nothing to split
      - predicted 4.8s (95 %: 1.6s to 11s), lower bound at the medians 5.0s

    Tasks
      Task  Estimate  95 %         Start  Finish  Slack  Critical  From
      one       5.0s  1.8s to 14s   0.0s    5.0s   0.0s  critical  your estimate

    Schedule
      one |████████████████████████████████████████████████████████████| 0.0s to 5.0s, critical
          0                                                        5.0s

    Advice
      - one task gains nothing here: run it in your checkout
    ");
}

#[test]
fn a_long_plan_is_cut_and_says_how_to_see_all() {
    let tasks: Vec<Task> = (0..40).map(|n| task(&format!("t{n}"), &[], 5)).collect();
    let text = plan_text(&plan(tasks, Preference::Rule), PLAIN);
    assert_eq!(text.matches("… and 28 more (`--json` lists all)").count(), 2);
    assert!(text.lines().count() < 50, "{text}");
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
