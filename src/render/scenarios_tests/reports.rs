//! Reports and integrations as text and as Markdown.

use super::*;

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
      - splitting saves 34s on average and is faster in 100 % of the draws
      - provisional: from your estimates; not held against past runs
      - conflicts of 5 of 5 tasks are unknown: no `owns`
      - one after another 1m 07s, side by side on 3 slots 36s (medians up to landed, 50 draws)
      - the parallel schedule is bound by the critical path schema → api
      - the verdict turns to sequential when tasks take at most 0.8s on average instead of 13s
      - no slot beyond 3 saves 2 %

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
      Task                Time   CPU  Cores busy  Peak memory   Read  Written  Processes
      schema              9.0s  4.5s         0.5       100MiB   2MiB    10MiB          3
      api                  31s   16s         0.5       100MiB   2MiB    10MiB          3
      docs                7.0s  3.0s         0.4       100MiB   4MiB    20MiB          3
      flaky               3.0s  1.5s         0.5       100MiB   2MiB    10MiB          3
      all (sum, largest)   50s   25s         0.5       100MiB  10MiB    50MiB          3

    Predicted against actual
      - predicted 36s (19s to 1m 11s) up to landed; the run took 40s, not counting a landing
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
    insta::assert_snapshot!(text[from..].trim_start(), @"
    Integration
      landed 2 tasks: `main` moved from `0101010101` to `0808080808`
      - merge order: `schema`, `api`
      - why: 2 of 3 merge with one another, the most that do, and come first, the least entangled ahead;
        `docs`, which collides with some of them, comes last
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

    - splitting saves 34s on average and is faster in 100 % of the draws
    - provisional: from your estimates; not held against past runs
    - conflicts of 5 of 5 tasks are unknown: no `owns`
    - one after another 1m 07s, side by side on 3 slots 36s (medians up to landed, 50 draws)
    - the parallel schedule is bound by the critical path schema → api
    - the verdict turns to sequential when tasks take at most 0.8s on average instead of 13s
    - no slot beyond 3 saves 2 %

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

    | Task | Time | CPU | Cores busy | Peak memory | Read | Written | Processes |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | schema | 9.0s | 4.5s | 0.5 | 100MiB | 2MiB | 10MiB | 3 |
    | api | 31s | 16s | 0.5 | 100MiB | 2MiB | 10MiB | 3 |
    | docs | 7.0s | 3.0s | 0.4 | 100MiB | 4MiB | 20MiB | 3 |
    | flaky | 3.0s | 1.5s | 0.5 | 100MiB | 2MiB | 10MiB | 3 |
    | all (sum, largest) | 50s | 25s | 0.5 | 100MiB | 10MiB | 50MiB | 3 |

    ## Predicted against actual

    - predicted 36s (19s to 1m 11s) up to landed; took 44s (run 40s, landing 3.5s): +21 %, inside the interval
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
    - why: 2 of 3 merge with one another, the most that do, and come first, the least entangled ahead; `docs`, which collides with some of them, comes last
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
    let text = integrate_text(&run.state.spec, run.integration(), PLAIN);
    insta::assert_snapshot!(text, @"
    landed 2 tasks: `main` moved from `0101010101` to `0b0b0b0b0b`

    Integration
      - merge order: `schema`, `api`
      - why: no conflict is predicted: what others start from first, then priority, then name
      - trees made by git 2.47.3
      - `docs` breaks `workspace`
      - 13 validations were run to find that out

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
    let text = integrate_text(&run.state.spec, run.integration(), PLAIN);
    insta::assert_snapshot!(text, @"
    dry run: 2 tasks would be merged into `main`; validation did not run and nothing was moved

    Integration
      - merge order: `schema`, `api`
      - why: 2 of 3 merge with one another, the most that do, and come first, the least entangled ahead;
        `docs`, which collides with some of them, comes last
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
    let text = integrate_text(&run.state.spec, run.integration(), PLAIN);
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
