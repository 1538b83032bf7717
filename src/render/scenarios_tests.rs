//! What the printers make of whole runs.

use std::io;

use proptest::prelude::*;

use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, oid, plan, task};
use crate::domain::report::{
    LogPaths, OperationEntry, ReportPlaces, from_integration, from_plan, from_run, run_report,
    schemas,
};
use crate::domain::run::{Envelope, RunState};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

const PLAIN: Style = Style { color: false, width: 100 };
const PLACES: ReportPlaces<'static> = ReportPlaces { root: Some("/home/u/repo") };

/// `schema` is needed by `api`; `docs` fails once; `flaky` fails for good and `late` needs it.
fn tasks() -> Vec<Task> {
    let mut api = task("api", &["schema"], 20);
    api.title = Some("JWT endpoints | <b>fast</b>".to_owned());
    let mut docs = task("docs", &[], 10);
    docs.retries = 1;
    docs.check = Some("make check-docs".to_owned());
    vec![task("schema", &[], 10), api, docs, task("flaky", &[], 15), task("late", &["flaky"], 10)]
}

fn script() -> Vec<(&'static str, Vec<Try>)> {
    vec![
        ("schema", vec![Try::well(9.0, &["src/model.rs"])]),
        ("api", vec![Try::well(31.0, &["src/api.rs", "src/limit.rs"])]),
        (
            "docs",
            vec![Try::fails(2.0, "broken link"), Try::well(4.0, &["README.md", "src/limit.rs"])],
        ),
        ("flaky", vec![Try::fails(3.0, "assertion failed: left == `right` \u{1b}[2J| <x>")]),
    ]
}

fn mixed_run() -> ScriptedRun {
    ScriptedRun::new(plan(tasks(), Preference::ParallelWith(3)), &script()).finished()
}

fn conflicting_run() -> ScriptedRun {
    mixed_run().integrated(&[("api", "docs")], &[], false)
}

fn plain_lines(envelopes: &[Envelope], verbosity: Verbosity) -> String {
    let mut lines = PlainLines::new(Vec::new(), verbosity);
    replay(envelopes, &mut lines).unwrap();
    String::from_utf8(lines.into_writer()).unwrap()
}

fn report(state: &RunState) -> crate::domain::report::Report {
    run_report(state, &PLACES)
}

#[test]
fn a_plan_fits_one_screen() {
    insta::assert_snapshot!(plan_text(&plan(tasks(), Preference::Rule), PLAIN), @"
    PARALLEL on 3 slots

    Why
      - one after another 1m 13s, side by side on 3 slots 40s (medians up to landed, 50 draws)
      - splitting saves 33s on average and is faster in 100 % of the draws
      - the parallel schedule is bound by the critical path schema → api
      - provisional: from your estimates, not held against past runs
      - 5 of 5 tasks declare no `owns`: conflicts between them are not predicted
      - 95 % intervals: side by side 23s to 1m 14s, one after another 46s to 1m 52s; lower bound at the
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
    ");
}

#[test]
fn a_sequential_plan_says_so_first() {
    let text = plan_text(&plan(vec![task("one", &[], 5)], Preference::Rule), PLAIN);
    insta::assert_snapshot!(text, @r"
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
fn a_failure_a_retry_and_a_skip_are_told_line_by_line() {
    let run = mixed_run();
    insta::assert_snapshot!(plain_lines(&run.envelopes, Verbosity::Normal), @r"
     0.0s  -       run `auth`: 5 tasks, parallel on 3 slots, from `main` at 0101010101
     0.1s  schema  started in /home/u/repo-schema
     0.1s  flaky   started in /home/u/repo-flaky
     0.1s  docs    started in /home/u/repo-docs
     2.1s  docs    attempt 1 failed: exit code 1; again in 0.8s
     3.1s  docs    started (attempt 2) in /home/u/repo-docs
     3.1s  flaky   failed in 3.1s: exit code 1
     3.1s  late    skipped: `flaky` did not succeed
     8.1s  docs    succeeded in 8.1s: changed 2 paths
     9.2s  schema  succeeded in 9.2s: changed 1 path
     9.2s  api     started in /home/u/repo-api
    40.3s  api     succeeded in 31s: changed 2 paths
    40.3s  -       finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped
    ");
    insta::assert_snapshot!(plain_lines(&run.envelopes, Verbosity::Quiet), @r"
     2.1s  docs    attempt 1 failed: exit code 1; again in 0.8s
     3.1s  flaky   failed in 3.1s: exit code 1
     3.1s  late    skipped: `flaky` did not succeed
    40.3s  -       finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped
    ");
}

#[test]
fn verbose_lines_tell_every_event() {
    let run = conflicting_run();
    let lines = plain_lines(&run.envelopes, Verbosity::Verbose);
    assert_eq!(lines.lines().count(), run.envelopes.len());
}

#[test]
fn an_integration_is_told_line_by_line() {
    let run = conflicting_run();
    let lines = plain_lines(&run.envelopes, Verbosity::Normal);
    let at = lines.find("to merge into").unwrap();
    let integration: Vec<&str> = lines[lines[..at].rfind('\n').unwrap() + 1..].lines().collect();
    insta::assert_snapshot!(integration.join("\n"), @"
    0.0s  -       3 tasks to merge into `main`
    0.5s  flaky   left out: it did not succeed
    0.5s  late    left out: it did not succeed
    1.0s  schema  merged as 0707070707
    1.5s  api     merged as 0808080808
    2.0s  docs    left out: it conflicts with `api` in `src/limit.rs`
    2.5s  -       validating 0808080808
    2.5s  -       validation of 0808080808 passed in 2.5s
    3.0s  -       landed: `main` moved from 0101010101 to 0808080808
    ");
}

#[test]
fn the_report_before_an_integration() {
    insta::assert_snapshot!(report_text(&report(&mixed_run().state), PLAIN), @"
    run `auth` finished in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped

    Decomposition
      5 tasks, 2 dependencies; all from `main` at `0101010101`
      Task    What                         Depends on  Tries  Result     Why
      schema  `make schema`                                1  succeeded  changed 1 path
      api     JWT endpoints | <b>fast</b>  schema          1  succeeded  changed 2 paths
      docs    `make docs`                                  2  succeeded  changed 2 paths
      flaky   `make flaky`                                 1  failed     exit code 1
      late    `make late`                  flaky           0  skipped    `flaky` did not succeed

    Verdict
      PARALLEL on 3 slots
      - one after another 1m 13s, side by side on 3 slots 40s (medians up to landed, 50 draws)
      - splitting saves 33s on average and is faster in 100 % of the draws
      - the parallel schedule is bound by the critical path schema → api
      - provisional: from your estimates, not held against past runs
      - 5 of 5 tasks declare no `owns`: conflicts between them are not predicted
      - the verdict turns to sequential when tasks take at most 0.8s on average instead of 13s

    Worktrees
      /home/u/
      ├── repo/         your checkout
      ├── repo-api/     feature/api from schema
      ├── repo-docs/    feature/docs from base
      ├── repo-flaky/   feature/flaky from base
      └── repo-schema/  feature/schema from base

    Timeline
      schema |██████████████                                              | 0.0s to 9.2s, succeeded
      api    |             ███████████████████████████████████████████████| 9.2s to 40s, succeeded
      docs   |█████████████                                               | 0.0s to 8.1s, succeeded
      flaky  |░░░░░                                                       | 0.0s to 3.1s, failed
      late   |                                                            | skipped
             0                                                         40s

    Resources
      Task                Time   CPU  Cores busy  Peak memory
      schema              9.0s  4.5s         0.5    100.0 MiB
      api                  31s   16s         0.5    100.0 MiB
      docs                7.0s  3.0s         0.4    100.0 MiB
      flaky               3.0s  1.5s         0.5    100.0 MiB
      all (sum, largest)   50s   25s         0.5    100.0 MiB

    Predicted against actual
      - predicted 40s (23s to 1m 14s) up to landed; the run took 40s, not counting a landing
      - the tasks' own times add up to 50s, what one lane would have taken: side by side saved 9.7s

      Task    Estimate  95 %         Took  Error  Interval
      schema       10s  3.6s to 28s  9.0s  -10 %  inside
      api          20s  7.2s to 56s   31s  +55 %  inside
      docs         10s  3.6s to 28s  7.0s  -30 %  inside
      flaky        15s  5.4s to 42s  3.0s  -80 %  outside

    Failures
      `flaky` failed: exit code 1
        running
        assertion failed: left == `right` ␛[2J| <x>

      `late` skipped: `flaky` did not succeed

    Notes
      - `docs`: work of failed attempts is kept as `0202020202`
      - `flaky`: work of failed attempts is kept as `0303030303`

    Next
      wt-orch integrate auth    # merge, validate and land what succeeded
      wt-orch logs auth flaky   # see what it printed
      wt-orch retry auth flaky  # run it again, with what depends on it
      wt-orch clean auth        # remove its worktrees and merged branches
    ");
}

#[test]
fn the_report_after_an_integration_with_a_conflict() {
    let text = report_text(&report(&conflicting_run().state), PLAIN);
    let from = text.find("\nIntegration\n").unwrap();
    insta::assert_snapshot!(text[from..].trim_start(), @r"
    Integration
      landed 2 tasks: `main` moved from `0101010101` to `0808080808`
      - merge order: `schema`, `api`
      - why: what others start from first, then the fewest predicted conflicts, then priority, then name
      - trees made by git 2.47.3

      Validation  Command                   Result  Time  Ending
      workspace   `cargo test --workspace`  passed  2.5s  exit code 0

      - left out (conflict): `docs`
      - left out (did not succeed): `flaky`, `late`

    Conflicts and how to resolve them
      `docs` left out: it conflicts with `api` in `src/limit.rs`
        <<<<<<< main
        let limit = 1;
        =======
        let limit = 2;
        >>>>>>> feature

      git log --oneline main..feature/docs  # what it did
      git switch main                       # go to the target
      git merge feature/docs                # merge it, resolve and commit

    Next
      wt-orch logs auth flaky   # see what it printed
      wt-orch retry auth flaky  # run it again, with what depends on it
      wt-orch clean auth        # remove its worktrees and merged branches
      wt-orch undo 4            # put the target back where it stood
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one snapshot of a whole document")]
fn the_report_as_markdown() {
    insta::assert_snapshot!(report_markdown(&report(&conflicting_run().state)), @r"
    # run `auth` **finished** in 40s: 3 of 5 tasks succeeded, 1 failed, 1 skipped

    ## Decomposition

    5 tasks, 2 dependencies; all from `main` at `0101010101`

    | Task | What | Depends on | Tries | Result | Why |
    | --- | --- | --- | ---: | --- | --- |
    | schema | `make schema` |  | 1 | **succeeded** | changed 1 path |
    | api | JWT endpoints \| \<b\>fast\</b\> | schema | 1 | **succeeded** | changed 2 paths |
    | docs | `make docs` |  | 2 | **succeeded** | changed 2 paths |
    | flaky | `make flaky` |  | 1 | **failed** | exit code 1 |
    | late | `make late` | flaky | 0 | **skipped** | `flaky` did not succeed |

    ## Verdict

    **PARALLEL** on 3 slots

    - one after another 1m 13s, side by side on 3 slots 40s (medians up to landed, 50 draws)
    - splitting saves 33s on average and is faster in 100 % of the draws
    - the parallel schedule is bound by the critical path schema → api
    - provisional: from your estimates, not held against past runs
    - 5 of 5 tasks declare no `owns`: conflicts between them are not predicted
    - the verdict turns to sequential when tasks take at most 0.8s on average instead of 13s

    ## Worktrees

    ```text
    /home/u/
    ├── repo/         your checkout
    ├── repo-api/     feature/api from schema
    ├── repo-docs/    feature/docs from base
    ├── repo-flaky/   feature/flaky from base
    └── repo-schema/  feature/schema from base
    ```

    ## Timeline

    ```text
    schema |█████████████                                           | 0.0s to 9.2s, succeeded
    api    |            ████████████████████████████████████████████| 9.2s to 40s, succeeded
    docs   |████████████                                            | 0.0s to 8.1s, succeeded
    flaky  |░░░░░                                                   | 0.0s to 3.1s, failed
    late   |                                                        | skipped
           0                                                     40s
    ```

    ## Resources

    | Task | Time | CPU | Cores busy | Peak memory |
    | --- | ---: | ---: | ---: | ---: |
    | schema | 9.0s | 4.5s | 0.5 | 100.0 MiB |
    | api | 31s | 16s | 0.5 | 100.0 MiB |
    | docs | 7.0s | 3.0s | 0.4 | 100.0 MiB |
    | flaky | 3.0s | 1.5s | 0.5 | 100.0 MiB |
    | all (sum, largest) | 50s | 25s | 0.5 | 100.0 MiB |

    ## Predicted against actual

    - predicted 40s (23s to 1m 14s) up to landed; took 44s (run 40s, landing 3.5s): +8 %, inside the interval
    - the tasks' own times add up to 50s, what one lane would have taken: side by side saved 9.7s

    | Task | Estimate | 95 % | Took | Error | Interval |
    | --- | ---: | --- | ---: | ---: | --- |
    | schema | 10s | 3.6s to 28s | 9.0s | -10 % | inside |
    | api | 20s | 7.2s to 56s | 31s | +55 % | inside |
    | docs | 10s | 3.6s to 28s | 7.0s | -30 % | inside |
    | flaky | 15s | 5.4s to 42s | 3.0s | -80 % | outside |

    ## Failures

    `flaky` **failed**: exit code 1

    ```text
    running
    assertion failed: left == `right` ␛[2J| <x>
    ```

    `late` **skipped**: `flaky` did not succeed

    ## Notes

    - `docs`: work of failed attempts is kept as `0202020202`
    - `flaky`: work of failed attempts is kept as `0303030303`

    ## Integration

    **landed** 2 tasks: `main` moved from `0101010101` to `0808080808`

    - merge order: `schema`, `api`
    - why: what others start from first, then the fewest predicted conflicts, then priority, then name
    - trees made by git 2.47.3

    | Validation | Command | Result | Time | Ending |
    | --- | --- | --- | ---: | --- |
    | workspace | `cargo test --workspace` | **passed** | 2.5s | exit code 0 |

    - **left out** (conflict): `docs`
    - **left out** (did not succeed): `flaky`, `late`

    ## Conflicts and how to resolve them

    `docs` **left out**: it conflicts with `api` in `src/limit.rs`

    ```text
    <<<<<<< main
    let limit = 1;
    =======
    let limit = 2;
    >>>>>>> feature
    ```

    ```sh
    # what it did
    git log --oneline main..feature/docs
    # go to the target
    git switch main
    # merge it, resolve and commit
    git merge feature/docs
    ```

    ## Next

    ```sh
    # see what it printed
    wt-orch logs auth flaky
    # run it again, with what depends on it
    wt-orch retry auth flaky
    # remove its worktrees and merged branches
    wt-orch clean auth
    # put the target back where it stood
    wt-orch undo 4
    ```
    ");
}

#[test]
fn a_culprit_is_named_with_the_way_to_repair_it() {
    let run = mixed_run().integrated(&[], &["docs"], false);
    let text = integrate_text(&run.state.spec.run, run.integration(), PLAIN);
    insta::assert_snapshot!(text, @r"
    landed 2 tasks: `main` moved from `0101010101` to `0b0b0b0b0b`

    Integration
      - merge order: `schema`, `api`
      - why: no conflict is predicted: what others start from first, then priority, then name
      - trees made by git 2.47.3

      Validation  Command                   Result  Time  Ending
      workspace   `cargo test --workspace`  passed  2.5s  exit code 0

      - left out (a validation fails with it): `docs`
      - left out (did not succeed): `flaky`, `late`

    Conflicts and how to resolve them
      `docs` left out: it fails `workspace`; `workspace` passes without it and fails with it (exit code
      1)
      git log --oneline main..feature/docs        # what it did
      git switch main                             # go to the target
      git merge --no-ff --no-commit feature/docs  # merge it without a commit
      cargo test --workspace                      # repeat the validation, repair, then commit

    Next
      wt-orch undo 4  # put the target back where it stood
    ");
}

#[test]
fn a_dry_run_moves_nothing_and_says_so() {
    let run = mixed_run().integrated(&[("api", "docs")], &[], true);
    let text = integrate_text(&run.state.spec.run, run.integration(), PLAIN);
    insta::assert_snapshot!(text, @r"
    dry run: 2 tasks would be merged into `main`; validation did not run and nothing was moved

    Integration
      - merge order: `schema`, `api`
      - why: what others start from first, then the fewest predicted conflicts, then priority, then name
      - trees made by git 2.47.3

      - left out (conflict): `docs`
      - left out (did not succeed): `flaky`, `late`

    Conflicts and how to resolve them
      `docs` left out: it conflicts with `api` in `src/limit.rs`
        <<<<<<< main
        let limit = 1;
        =======
        let limit = 2;
        >>>>>>> feature

      wt-orch integrate auth                # land the others first
      git log --oneline main..feature/docs  # what it did
      git switch main                       # go to the target
      git merge feature/docs                # merge it, resolve and commit

    Next
      wt-orch integrate auth  # merge, validate and land
    ");
}

#[test]
fn nothing_ready_is_no_landing() {
    let script = [("a", vec![Try::fails(1.0, "no")])];
    let run = ScriptedRun::new(plan(vec![task("a", &[], 5)], Preference::Rule), &script).finished();
    let run = run.integrated(&[], &[], false);
    let text = integrate_text(&run.state.spec.run, run.integration(), PLAIN);
    insta::assert_snapshot!(text, @r"
    nothing landed on `main`: no task is ready

    Integration
      - trees made by git 2.47.3

      - left out (did not succeed): `a`
    ");
}

#[test]
fn one_lane_takes_the_commits_of_a_task_only() {
    let run = ScriptedRun::new(plan(tasks(), Preference::Sequential), &script()).finished();
    let run = run.integrated(&[("api", "docs")], &[], false);
    let text = report_text(&report(&run.state), PLAIN);
    let worktrees = text.find("\nWorktrees\n").unwrap();
    let timeline = text.find("\nTimeline\n").unwrap();
    insta::assert_snapshot!(text[worktrees..timeline].trim(), @r"
    Worktrees
      /home/u/
      ├── repo/       your checkout
      └── repo-auth/  feature/schema from base
                      feature/api from schema
                      feature/docs from api
                      feature/flaky from schema
    ");
    assert!(text.contains("git cherry-pick 0"), "{text}");
    assert!(!text.contains("git merge feature"), "{text}");
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

fn logs() -> LogPaths {
    LogPaths::new("/home/u/repo/.git/wt-orch/logs")
}

fn document(document: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(document).unwrap()
}

fn assert_valid(name: &str, document: &serde_json::Value) {
    let (_, schema) = schemas().into_iter().find(|(n, _)| *n == name).unwrap();
    if let Err(error) = jsonschema::validate(&schema, document) {
        panic!("{name}: {error}");
    }
}

#[test]
fn the_document_of_a_plan() {
    let plan = document(from_plan(&plan(tasks(), Preference::Rule), oid(1)));
    assert_valid("plan", &plan);
    insta::assert_snapshot!(json_text(&plan["tasks"][1]).unwrap(), @r#"
    {
      "critical": true,
      "depends_on": [
        "schema"
      ],
      "estimate_s": {
        "high": 55.639,
        "low": 7.189,
        "p50": 20.0,
        "source": "estimate"
      },
      "finish_s": 31.23,
      "gate": false,
      "id": "api",
      "slack_s": 0.0,
      "start_s": 10.72
    }
    "#);
    insta::assert_snapshot!(names(&plan), @"advice base binding claims flips lower_bound_s overruled predicted reasons schema tasks verdict width");
    insta::assert_snapshot!(names(&plan["predicted"]), @"benefit_s calibrated overhead_s parallel_s probability sequential_s");
}

#[test]
fn the_document_of_a_run() {
    let run = conflicting_run();
    let state = document(from_run(&run.state, run.now, &logs()));
    assert_valid("run", &state);
    insta::assert_snapshot!(json_text(&state["tasks"][3]).unwrap(), @r#"
    {
      "attempts": 1,
      "branch": "feature/flaky",
      "changed_paths": null,
      "cpu_s": 1.5,
      "duration_s": 3.15,
      "exit_code": 1,
      "gate": false,
      "id": "flaky",
      "log": "/home/u/repo/.git/wt-orch/logs/auth/flaky.1.log",
      "outcome": "failed",
      "output": null,
      "peak_rss_bytes": 104857600,
      "reason": "exit code 1",
      "start": "0101010101010101010101010101010101010101",
      "started_s": 0.0,
      "state": "finished",
      "tip": null,
      "worktree": "/home/u/repo-flaky"
    }
    "#);
    insta::assert_snapshot!(json_text(&state["tasks"][4]).unwrap(), @r#"
    {
      "attempts": 0,
      "branch": "feature/late",
      "changed_paths": null,
      "cpu_s": null,
      "duration_s": null,
      "exit_code": null,
      "gate": false,
      "id": "late",
      "log": null,
      "outcome": "skipped",
      "output": null,
      "peak_rss_bytes": null,
      "reason": "`flaky` did not succeed",
      "start": null,
      "started_s": null,
      "state": "finished",
      "tip": null,
      "worktree": "/home/u/repo-late"
    }
    "#);
    insta::assert_snapshot!(names(&state), @"base predicted_s run schema sequential_s_estimate state target tasks verdict wall_s warnings width");
}

#[test]
fn the_document_of_a_run_that_has_not_begun() {
    let run = ScriptedRun::new(plan(tasks(), Preference::Rule), &[]);
    let state = document(from_run(&run.state, run.now, &logs()));
    assert_valid("run", &state);
    assert_eq!(state["sequential_s_estimate"], serde_json::Value::Null);
    assert_eq!(state["state"], "created");
}

#[test]
fn the_document_of_an_integration() {
    let run = conflicting_run();
    let integration = document(from_integration(&run.state.spec.run, run.integration()));
    assert_valid("integrate", &integration);
    insta::assert_snapshot!(json_text(&integration).unwrap(), @r#"
    {
      "candidate": "0808080808080808080808080808080808080808",
      "ejected": [
        {
          "hunks": [],
          "id": "flaky",
          "note": null,
          "paths": [],
          "reason": "unfinished",
          "tests": [],
          "with": []
        },
        {
          "hunks": [],
          "id": "late",
          "note": null,
          "paths": [],
          "reason": "unfinished",
          "tests": [],
          "with": []
        },
        {
          "hunks": [
            "<<<<<<< main\nlet limit = 1;\n=======\nlet limit = 2;\n>>>>>>> feature"
          ],
          "id": "docs",
          "note": null,
          "paths": [
            "src/limit.rs"
          ],
          "reason": "conflict",
          "tests": [],
          "with": [
            "api"
          ]
        }
      ],
      "engine": "git 2.47.3",
      "matrix": [
        {
          "a": "api",
          "b": "docs",
          "forecast": "conflict",
          "note": null,
          "paths": [
            "src/limit.rs"
          ]
        }
      ],
      "merged": [
        "schema",
        "api"
      ],
      "new": "0808080808080808080808080808080808080808",
      "old": "0101010101010101010101010101010101010101",
      "operation": 4,
      "order": [
        "schema",
        "api",
        "docs"
      ],
      "order_reason": "what others start from first, then the fewest predicted conflicts, then priority, then name",
      "refusal": null,
      "resolve": null,
      "result": "landed",
      "run": "auth",
      "schema": 1,
      "target": "main",
      "validation": [
        {
          "command": "cargo test --workspace",
          "duration_s": 2.5,
          "ending": "exit code 0",
          "failing": [],
          "name": "workspace",
          "outcome": "passed",
          "tainted": []
        }
      ]
    }
    "#);
}

fn names(value: &serde_json::Value) -> String {
    let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.join(" ")
}

#[test]
fn words_of_states_are_those_of_status_in_snake_case() {
    let logs = LogPaths::new("/logs");
    for tenths in 0..400 {
        let plan = plan(tasks(), Preference::ParallelWith(2));
        let run = ScriptedRun::new(plan, &script()).until(f64::from(tenths) / 10.0);
        let document = serde_json::to_value(from_run(&run.state, run.now, &logs)).unwrap();
        assert_eq!(document["state"], run.state.phase.word());
        for (entry, record) in document["tasks"].as_array().unwrap().iter().zip(&run.state.tasks) {
            assert_eq!(entry["state"], record.state.word().replace(' ', "_"));
            let outcome = record.outcome().map(|o| o.word().replace(' ', "_"));
            assert_eq!(entry["outcome"].as_str(), outcome.as_deref());
        }
    }
}

#[test]
fn every_width_is_printed_without_a_control_character() {
    let run = conflicting_run();
    for width in [0, 1, 20, 80, 200] {
        let style = Style { color: false, width };
        let texts = [
            report_text(&report(&run.state), style),
            plan_text(&run.state.spec.plan, style),
            status_text(&run.state, run.now, style),
            integrate_text(&run.state.spec.run, run.integration(), style),
            report_markdown(&report(&run.state)),
        ];
        for text in texts {
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
        }
    }
}

#[test]
fn colour_only_repeats_what_words_say() {
    let run = conflicting_run();
    let plain = report_text(&report(&run.state), PLAIN);
    let coloured = report_text(&report(&run.state), Style { color: true, ..PLAIN });
    assert_ne!(plain, coloured);
    let stripped: Vec<String> =
        coloured.lines().map(|line| stripped(line).trim_end().to_owned()).collect();
    assert_eq!(plain.trim_end(), stripped.join("\n").trim_end());
}

#[test]
fn a_writer_that_fails_is_an_error_and_not_a_panic() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let run = mixed_run();
    let told = replay(&run.envelopes, &mut PlainLines::new(Full, Verbosity::Normal));
    assert!(matches!(told, Err(ReplayError::Write(_))));
    let empty = replay(&[], &mut PlainLines::new(Full, Verbosity::Normal));
    assert!(matches!(empty, Err(ReplayError::Journal(_))));
}

fn tries() -> impl Strategy<Value = Try> {
    prop_oneof![
        3 => Just(Try::well(2.0, &["a.rs"])),
        1 => Just(Try::well(0.3, &[])),
        1 => Just(Try::fails(1.5, "no")),
        1 => Just(Try::times_out(3.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Live subscribers see each state as it is folded; a replay starts from the stored text.
    #[test]
    fn a_journal_is_told_in_the_same_bytes_as_the_live_run(
        fates in proptest::collection::vec((proptest::collection::vec(tries(), 1..3), 0_u32..3, any::<u8>()), 1..6),
        width in 1_usize..4,
        lands in any::<bool>(),
    ) {
        const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let tasks: Vec<Task> = fates.iter().enumerate().map(|(n, (_, retries, bits))| {
            let needs: Vec<&str> = (0..n).filter(|i| bits >> i & 1 == 1).map(|i| IDS[i]).collect();
            Task { retries: *retries, ..task(IDS[n], &needs, 2) }
        }).collect();
        let script: Vec<(&str, Vec<Try>)> =
            fates.iter().enumerate().map(|(n, (tries, _, _))| (IDS[n], tries.clone())).collect();
        let mut run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(width)), &script).finished();
        if lands {
            run = run.integrated(&[("a", "b")], &["c"], false);
        }
        let stored: Vec<Envelope> = run.envelopes.iter().map(|envelope| {
            let (_, body) = envelope.encode().unwrap();
            Envelope::decode(envelope.seq, envelope.at, 1, &body).unwrap()
        }).collect();
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            prop_assert_eq!(run.told(verbosity), plain_lines(&stored, verbosity));
        }
        let folded = RunState::fold(&stored).unwrap();
        for style in [PLAIN, Style { color: true, width: 20 }] {
            prop_assert_eq!(report_text(&report(&run.state), style), report_text(&report(&folded), style));
        }
        prop_assert_eq!(report_markdown(&report(&run.state)), report_markdown(&report(&folded)));
    }
}

impl ScriptedRun {
    /// Plain lines as they were told while the run went on.
    fn told(&self, verbosity: Verbosity) -> String {
        let mut lines = PlainLines::new(Vec::new(), verbosity);
        for (envelope, state) in self.envelopes.iter().zip(&self.states) {
            lines.on_event(envelope, state).unwrap();
        }
        String::from_utf8(lines.into_writer()).unwrap()
    }
}
