//! What `status` tells of a landing whose process was killed, before anybody puts it in order.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo, Running};
use crate::integrating::{appends, finished};
use crate::scene::tip;

/// Kills a command where it has just done what `point` names, for the last time. Counts are those of an
/// equal repository in which nothing was killed.
fn killed_at(point: &str, command: &[&str], ready: fn() -> Repo) -> Repo {
    let points = |repo: &Repo| {
        let text = fs::read_to_string(repo.root().join("home/points")).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let logged = |repo: &Repo, at: &str| {
        let log = repo.root().join("home/points");
        let command = repo.command(command).env("WT_ORCH_CRASH_LOG", &log);
        command.env("WT_ORCH_CRASH_AT", at).run()
    };
    let whole = ready();
    logged(&whole, "0").exit(0);
    let passed = points(&whole);
    let line = passed.iter().rfind(|line| line.ends_with(point)).unwrap();
    let repo = ready();
    let ended = logged(&repo, line.split(' ').next().unwrap());
    assert_eq!(ended.code(), None, "{line}");
    assert!(points(&repo).contains(line), "{line}");
    repo
}

fn worked() -> Repo {
    finished(&(appends("one", "b.txt") + &appends("two", "c.txt")))
}

fn landed() -> Repo {
    let repo = worked();
    repo.wt_orch(&["integrate"]).exit(0);
    repo
}

/// What the notes of `status` say.
fn told(repo: &Repo) -> Vec<String> {
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    let warnings = run["warnings"].as_array().unwrap();
    let root = repo.root().display().to_string();
    warnings.iter().map(|text| text.as_str().unwrap().replace(&root, "[TMP]")).collect()
}

#[test]
fn status_tells_of_a_landing_that_was_cut_off_and_touches_nothing() {
    if cfg!(not(debug_assertions)) {
        return;
    }
    let repo = killed_at("landing: files written", &["integrate"], worked);
    assert_snapshot!(told(&repo).join("\n"), @"the landing of run `tasks` on `main` (operation 1) was cut off: `main` has not moved, files in `[TMP]/repo` may be half written, `[TMP]/repo/.git/index.lock` keeps git out; `wt-orch integrate tasks` puts that in order and goes on");
    let before = Fingerprint::of(&repo);
    repo.wt_orch(&["status"]).exit(0).stdout_has("was cut off");
    before.assert_identical(&Fingerprint::of(&repo));
    assert!(repo.path(".git/index.lock").exists());
    // The command that it names does as it says.
    repo.wt_orch(&["integrate", "tasks"]).exit(0);
    assert_eq!(repo.read("c.txt").unwrap(), "two\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(told(&repo), [""; 0]);
}

#[test]
fn status_tells_of_an_undo_and_of_a_move_without_files_as_well() {
    if cfg!(not(debug_assertions)) {
        return;
    }
    let repo = killed_at("landing: lock marked", &["undo"], landed);
    assert_snapshot!(told(&repo).join("\n"), @"the undo of operation 1 on `main` (operation 2) was cut off: `main` has not moved, files in `[TMP]/repo` may be half written, `[TMP]/repo/.git/index.lock` keeps git out; `wt-orch undo 1` puts that in order and goes on");
    repo.wt_orch(&["undo", "1"]).exit(0);
    assert_eq!((told(&repo).len(), repo.git(&["status", "--porcelain"])), (0, String::new()));
    let elsewhere = || {
        let repo = worked();
        repo.git(&["switch", "--quiet", "--detach"]);
        repo
    };
    let repo = killed_at("git update-ref: after", &["integrate"], elsewhere);
    let moved = tip(&repo, "main");
    assert_snapshot!(told(&repo).join("\n"), @"the landing of run `tasks` on `main` (operation 1) was cut off: `main` has moved; `wt-orch integrate tasks` puts that in order and goes on");
    repo.wt_orch(&["integrate", "tasks"]).exit(0);
    assert_eq!((tip(&repo, "main"), told(&repo).len()), (moved, 0));
}

#[test]
fn of_an_undo_that_is_at_work_nothing_is_told() {
    let repo = worked();
    repo.file(".gitattributes", "b.txt filter=slow\n").commit("attributes");
    repo.wt_orch(&["integrate"]).exit(0);
    let slow = "touch ../begun; until test -e ../go; do sleep 0.01; done; cat";
    repo.git(&["config", "filter.slow.smudge", slow]);
    let undo = repo.command(&["undo"]).start();
    repo.wait_for("begun");
    assert!(repo.path(".git/index.lock").exists());
    assert_eq!(told(&repo), [""; 0]);
    fs::write(repo.root().join("go"), "").unwrap();
    undo.wait().exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
}

/// Keeps `command` from moving `main`, which no worktree has, until the returned file goes; what it
/// has announced by then is operation `id`.
fn held_before_its_move<'a>(repo: &'a Repo, command: &[&str], id: u32) -> (Running<'a>, PathBuf) {
    let lock = repo.path(".git/refs/heads/main.lock");
    fs::write(&lock, "").unwrap();
    let running = repo.command(command).start();
    repo.wait_for(&format!("repo/.git/refs/wt-orch/undo/{id}/new"));
    (running, lock)
}

#[test]
fn a_move_without_files_that_is_at_work_is_neither_told_of_nor_settled_by_others() {
    let repo = worked();
    repo.git(&["switch", "--quiet", "--detach"]);
    repo.git(&["config", "core.filesRefLockTimeout", "60000"]);
    for (command, id) in [("integrate", 1), ("undo", 2)] {
        let (running, lock) = held_before_its_move(&repo, &[command], id);
        assert_eq!(told(&repo), [""; 0], "{command}");
        // This puts in order what was cut off, and would give up what this one keeps.
        let (number, why) = if id == 1 { ("77", "no operation 77") } else { ("1", "is at work") };
        repo.wt_orch(&["undo", number]).exit(4).stderr_has(why);
        fs::remove_file(lock).unwrap();
        running.wait().exit(0);
        repo.git(&["rev-parse", "--verify", &format!("refs/wt-orch/undo/{id}/new")]);
    }
    repo.wt_orch(&["undo", "2"]).exit(0);
}
