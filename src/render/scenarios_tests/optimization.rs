//! The optimisation report of a plan.

use super::*;
use crate::domain::plan::{ConflictCost, Host, Shared};
use crate::domain::report::{Optimization, PlanAnswer, optimization_report};

fn report_of_three_tasks() -> String {
    let mut tasks =
        vec![task("schema", &[], 10), task("api", &["schema"], 20), task("docs", &[], 9)];
    tasks[0].locks = vec!["db".to_owned()];
    tasks[2].locks = vec!["db".to_owned()];
    tasks[2].retries = 1;
    let answer = PlanAnswer::from(plan(tasks, Preference::Rule));
    let costs = [ConflictCost { shared: Shared::Lock("db".to_owned()), cost_s: 9.0 }];
    let report = optimization_report(&Optimization {
        answer: &answer,
        costs: &costs,
        workflow: "auth",
        at: Timestamp(1_800_000_000_000),
        file: "my tasks.toml",
        base: "01".repeat(20).parse().unwrap(),
        base_name: "main",
        target: Some("main"),
        host: Host { cores: 4, memory: 8 << 30 },
        slots: 8,
    });
    report_markdown(&report)
}

#[test]
fn the_report_speaks_of_structure_and_conflicts() {
    let text = report_of_three_tasks();
    let (analysis, _) = text.split_once("## Performance Predictions").unwrap();
    insta::assert_snapshot!(analysis, @"
    # Parallel Orchestration Optimization Report

    - **Workflow**: `auth` in `my tasks.toml`
    - **Analysis Date**: 2027-01-15T08:00:00Z
    - **Base**: `main` at `0101010101`
    - **Optimization Target**: the shortest time until everything has landed

    ## Executive Summary

    - **Current Performance**: 42s one after another (baseline)
    - **Optimized Performance**: 33s side by side on 2 slots
    - **Performance Gain**: 20 % (8.3s less)
    - **Confidence Level**: 95 %: 13s to 1m 27s (±112 %), provisional, not held against past runs
    - **Risk Assessment**: Medium: 3 of 3 tasks do not say which files they own
    - **Overhead side by side**: 0.0s; not known: validation, expected conflicts
    - **Bound by**: the critical path schema → api

    - splitting saves 9.4s on average and is faster in 100 % of the draws
    - provisional: from your estimates; not held against past runs
    - conflicts of 3 of 3 tasks are unknown: no `owns`
    - one after another 42s, side by side on 2 slots 33s (medians up to landed, 50 draws)
    - the parallel schedule is bound by the critical path schema → api

    ## Dependency Analysis

    ### Current Workflow Structure

    ```text
    [schema] → [api]
    [docs] (independent)
    ```

    ### Optimized Execution Plan

    ```text
    Parallel group 1: schema, docs (estimated: 19s, from 0.0s to 19s)
    Parallel group 2: api (estimated: 20s, from 10s to 30s)
    Serial chain: schema → api (estimated: 30s)
    Total, up to the last commit: 30s
    ```

    Predicted schedule, from the first worktree to the last commit:

    ```text
    schema |████████████████████                                      | 0.0s to 10s, critical
    api    |                   ███████████████████████████████████████| 10s to 30s, critical
    docs   |                   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                     | 10s to 19s
           0                                                       30s
    ```

    | Task | Estimate | 95 % | Start | Finish | Slack | Critical | From |
    | --- | ---: | --- | ---: | ---: | ---: | --- | --- |
    | schema | 10s | 3.6s to 28s | 0.0s | 10s | 0.0s | **critical** | your estimate |
    | api | 20s | 7.2s to 56s | 10s | 30s | 0.0s | **critical** | your estimate |
    | docs | 9.0s | 3.2s to 25s | 10s | 19s | 21s |  | your estimate |

    ## Resource Conflict Analysis

    ### Identified Conflicts

    | Conflict | Resolution | Impact |
    | --- | --- | --- |
    | `schema`, `docs` share the lock `db` | one holds it at a time | +9.0s until landed |
    | `schema`, `api`, `docs` declare no `owns` | branches are merged in memory first; one that conflicts is left out and named | not known |

    ### Resource Optimization

    - **Slots**: 2 of at most 8
    - **Cores**: 4
    - **Memory**: 8GiB, of which tasks may plan with 80 %
    ");
}

#[test]
fn the_report_speaks_of_times_commands_and_ways_back() {
    let text = report_of_three_tasks();
    let (_, prediction) = text.split_once("## Performance Predictions").unwrap();
    insta::assert_snapshot!(prediction, @"


    ### Execution Time Estimates

    - **Critical Path**: schema → api (30s)
    - **Parallel Branches**: docs (9.0s)
    - **Total Predicted Time**: 33s (95 %: 13s to 1m 27s)
    - **Lower Bound**: 30s at the medians

    ### Resource Utilization

    - **Peak Memory Usage**: not known: no task declares any
    - **CPU Utilization**: 33 % of 4 on average (1.3 busy)
    - **Tasks**: 2 at once at most

    ### What Would Turn the Verdict

    - the verdict turns to sequential when tasks take at most 3.0s on average instead of 13s
    - no slot beyond 2 saves 2 %

    ## Execution Commands

    ```sh
    # makes worktrees, runs the tasks, commits their work
    wt-orch split 'my tasks.toml'
    # shows where the run stands
    wt-orch status
    # merges, validates and moves main
    wt-orch integrate
    # holds the prediction against what happened
    wt-orch report
    # prints the same steps as a shell script for git alone
    wt-orch plan 'my tasks.toml' --format sh
    ```

    ## Implementation Roadmap

    - at once: the commands above, as the tasks file stands
    - next: if `api` need not wait for `schema`, that saves 9.7s
    - next: splitting `api` into two tasks of half its length saves 9.6s
    - later: runs that are over are what predictions are held against

    ## Fallback Strategies

    - Partial failure: a task that fails stops only what depends on it; the others go on
    - Most depends on `schema`: if it fails, 1 task is skipped
    - Timeout: an attempt that takes longer than its limit (1m 00s) is stopped
    - Retries: `docs` start again after a failure, from the commit they started from
    - Interruption: `wt-orch resume` goes on after a crash or Ctrl-C; what is finished is not run again
    - Failed tasks: `wt-orch retry` runs them again with what depends on them
    - Resource exhaustion: `--sequential` runs everything in one worktree, in about 42s
    - Conflicts: a branch that does not merge is left out with the other one and the paths named; the rest lands

    ## Validation Strategy

    - **On the merged state**: workspace: `cargo test --workspace`
    - **Success Criteria**: every task succeeds, the merged state passes, and it has landed within 13s to 1m 27s
    - **Rollback Plan**: `wt-orch undo` puts `main` back to where it was before the landing
    ");
}
