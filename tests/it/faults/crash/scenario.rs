//! What is done when the crash comes, and how the user goes on.

use crate::harness::{Output, Repo};
use crate::scene::{small_repo, tasks};

/// A command that dies, with what comes before and after it.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    tasks: &'static str,
    prepare: fn(&Repo),
    pub(super) command: &'static [&'static str],
    /// What the user does after the crash. Doing it after a success changes nothing.
    pub(super) go_on: fn(&Repo),
}

impl Scenario {
    /// A repository in which the command is to be given.
    pub(super) fn repo(&self) -> Repo {
        let repo = small_repo();
        repo.file(".gitignore", "local.env\n").file(".worktreeinclude", "local.env\n");
        repo.commit("settings");
        repo.file("local.env", "secret\n");
        tasks(&repo, self.tasks);
        (self.prepare)(&repo);
        repo
    }
}

/// One leaves its work uncommitted, one commits it, one does both, one only reads.
const ALONE: &str = r#"
    [[task]]
    id = "leaves"
    run = "echo one > one; echo more >> a.txt"
    check = "test -f one"
    [[task]]
    id = "commits"
    run = "echo two > two; git add two; git commit -qm two; echo three > three; git add three; git commit -qm three"
    check = "true"
    [[task]]
    id = "both"
    run = "echo four > four; git add four; git commit -qm four; rm b.txt; cat local.env > /dev/null"
    check = "true"
    [[task]]
    id = "reads"
    run = "cat a.txt"
    read_only = true
"#;

const IN_A_DIAMOND: &str = r#"
    [[task]]
    id = "top"
    run = "echo top > top"
    check = "true"
    [[task]]
    id = "left"
    depends_on = ["top"]
    run = "cat top > left; echo left >> a.txt"
    check = "true"
    [[task]]
    id = "right"
    depends_on = ["top"]
    run = "cat top > right; git add right; git commit -qm right"
    check = "true"
    [[task]]
    id = "bottom"
    depends_on = ["left", "right"]
    run = "cat left right > bottom"
    check = "test -s bottom"
"#;

/// A failure with a dependent, a check that fails, and a second try that succeeds.
const FAILING: &str = r#"
    [[task]]
    id = "good"
    run = "echo good > good"
    check = "test -f good"
    [[task]]
    id = "bad"
    run = "echo half > bad; exit 3"
    check = "true"
    [[task]]
    id = "after"
    depends_on = ["bad"]
    run = "true"
    check = "true"
    [[task]]
    id = "checked"
    run = "echo wrong > checked"
    check = "grep -q right checked"
    [[task]]
    id = "second"
    depends_on = ["good"]
    retries = 1
    run = "echo try > tried; test -e ../tried && echo second > second || { touch ../tried; exit 1; }"
    check = "test -f second"
    [[validate]]
    name = "whole"
    run = "test -f good && test ! -e bad"
"#;

/// The last one ends when the others were validated ahead.
const AWAITED: &str = r#"
    [[task]]
    id = "one"
    run = "echo one > one"
    check = "true"
    [[task]]
    id = "two"
    run = "echo two > two"
    check = "true"
    [[task]]
    id = "awaits"
    run = "until test -e ../validated; do sleep 0.01; done; echo three > three"
    check = "true"
    [[validate]]
    name = "whole"
    run = "test ! -e one || touch ../validated"
"#;

/// The second one kills wt-orch.
const DEADLY: &str = r#"
    [[task]]
    id = "top"
    run = "echo top > top"
    check = "true"
    [[task]]
    id = "deadly"
    depends_on = ["top"]
    run = "echo half > deadly; kill -9 $PPID; sleep 1000"
    check = "true"
    [[task]]
    id = "bottom"
    depends_on = ["deadly"]
    run = "true"
    check = "true"
"#;

/// Tasks that take no time, side by side, whatever the verdict would be.
const SPLIT: &[&str] = &["split", "tasks.toml", "--parallel=2"];
const SPLIT_AND_LAND: &[&str] = &["split", "tasks.toml", "--parallel=2", "--integrate"];

pub(super) const INDEPENDENT: Scenario = Scenario {
    name: "independent",
    tasks: ALONE,
    prepare: |_| {},
    command: SPLIT,
    go_on: |repo| resume(repo, SPLIT, 0),
};

pub(super) const DIAMOND: Scenario = Scenario {
    name: "diamond",
    tasks: IN_A_DIAMOND,
    prepare: |_| {},
    command: &["split", "tasks.toml", "--sequential"],
    go_on: |repo| resume(repo, &["split", "tasks.toml", "--sequential"], 0),
};

pub(super) const FAILURES: Scenario = Scenario {
    name: "failures",
    tasks: FAILING,
    prepare: |_| {},
    command: SPLIT_AND_LAND,
    go_on: |repo| {
        resume(repo, SPLIT_AND_LAND, 1);
        integrate(repo);
    },
};

/// A train is validated ahead while the last task waits for it.
pub(super) const AHEAD: Scenario = Scenario {
    name: "ahead",
    tasks: AWAITED,
    prepare: |repo| {
        repo.file("orchestrator.toml", "[integrate]\nspeculate = true\n");
    },
    command: SPLIT,
    go_on: |repo| resume(repo, SPLIT, 0),
};

/// Two are proved, of which the smaller one lands, and one is falsified.
const COMPETING: &str = r#"
    [race]
    check = "grep -q right a.txt"
    runs = 2
    stop = "all"
    [[hypothesis]]
    id = "longer"
    run = "echo right >> a.txt; echo more > more"
    [[hypothesis]]
    id = "right"
    run = "echo right >> a.txt; git commit -qam right"
    [[hypothesis]]
    id = "wrong"
    run = "echo right >> b.txt"
"#;

const HOLD_A_RACE: &[&str] = &["race", "tasks.toml", "--parallel=2"];

pub(super) const RACE: Scenario = Scenario {
    name: "race",
    tasks: COMPETING,
    prepare: |_| {},
    command: HOLD_A_RACE,
    go_on: |repo| {
        resume(repo, HOLD_A_RACE, 0);
        integrate(repo);
    },
};

/// Begins with a run that died when one of its tasks was at work.
pub(super) const RESUME: Scenario = Scenario {
    name: "resume",
    tasks: IN_A_DIAMOND,
    prepare: |repo| {
        let died = repo.command(SPLIT).env("WT_ORCH_CRASH_AT", "90").run();
        assert_eq!(died.code(), None, "{died}");
    },
    command: &["resume"],
    go_on: |repo| resume(repo, SPLIT, 0),
};

pub(super) const INTEGRATE: Scenario = Scenario {
    name: "integrate",
    tasks: FAILING,
    prepare: |repo| {
        repo.wt_orch(SPLIT).exit(1);
    },
    command: &["integrate"],
    go_on: integrate,
};

/// Nobody has the target checked out.
pub(super) const INTEGRATE_ELSEWHERE: Scenario = Scenario {
    name: "integrate elsewhere",
    prepare: |repo| {
        repo.wt_orch(SPLIT).exit(1);
        repo.branch("elsewhere");
    },
    ..INTEGRATE
};

const ON_A_BRANCH: &[&str] = &["integrate", "--branch", "review/all"];

pub(super) const INTEGRATE_ON_A_BRANCH: Scenario = Scenario {
    name: "integrate on a new branch",
    command: ON_A_BRANCH,
    go_on: |repo| {
        let landed = repo.wt_orch(ON_A_BRANCH);
        if landed.code() == Some(4) {
            landed.stderr_has("`review/all` cannot be made: there is one, at");
        } else {
            landed.exit(0);
        }
    },
    ..INTEGRATE
};

pub(super) const UNDO: Scenario = Scenario {
    name: "undo",
    tasks: IN_A_DIAMOND,
    prepare: |repo| {
        repo.wt_orch(SPLIT_AND_LAND).exit(0);
    },
    command: &["undo"],
    go_on: |repo| {
        // What was taken back is not taken back again.
        expect(&repo.wt_orch(&["undo"]), &[0, 4]);
    },
};

pub(super) const UNDO_A_BRANCH: Scenario = Scenario {
    name: "undo of a new branch",
    prepare: |repo| {
        repo.wt_orch(SPLIT).exit(0);
        repo.wt_orch(ON_A_BRANCH).exit(0);
    },
    ..UNDO
};

pub(super) const CLEAN: Scenario = Scenario {
    name: "clean",
    tasks: FAILING,
    prepare: |repo| {
        repo.wt_orch(SPLIT_AND_LAND).exit(1);
    },
    command: &["clean", "--force"],
    go_on: |repo| {
        repo.wt_orch(&["clean", "--force"]).exit(0);
    },
};

/// Begins with a run that died when one of its tasks was at work, always at the same place: an abort
/// leaves worktrees as they are.
pub(super) const ABORT: Scenario = Scenario {
    name: "abort",
    tasks: DEADLY,
    prepare: |repo| {
        let died = repo.wt_orch(SPLIT);
        assert_eq!(died.code(), None, "{died}");
    },
    command: &["abort"],
    go_on: |repo| {
        expect(&repo.wt_orch(&["abort"]), &[0, 4]);
    },
};

/// Goes on with the run; begins it again where nothing was stored of it.
fn resume(repo: &Repo, split: &[&str], code: i32) {
    let resumed = repo.wt_orch(&["resume"]);
    if resumed.code() == Some(4) {
        resumed.stderr_has("nothing has run in this repository yet");
        repo.wt_orch(split).exit(code);
    } else {
        resumed.exit(code);
    }
}

/// Lands what is ready, if it has not landed.
fn integrate(repo: &Repo) {
    let landed = repo.wt_orch(&["integrate"]);
    if landed.code() == Some(4) {
        landed.stderr_has("has nothing to land");
    } else {
        landed.exit(0);
    }
}

#[track_caller]
fn expect(output: &Output, codes: &[i32]) {
    assert!(output.code().is_some_and(|code| codes.contains(&code)), "{output}");
}
