//! F1, F33: the program is killed while it puts back what a task changed for all worktrees.
#![cfg(debug_assertions)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::shared::one;
use crate::harness::Repo;
use crate::scene::{small_repo, tasks};

const HOOK: &str = "#!/bin/sh\n# of the user\n";
const EVIL: &str = "#!/bin/sh\n# evil\n";

/// Beside them, what runs nothing is to stay.
const SCRIPT: &str = "
    git config --replace-all alias.mine '!evil'
    git config remote.up.url /elsewhere
    hook=$(git rev-parse --git-common-dir)/hooks/pre-push
    printf '#!/bin/sh\\n# evil\\n' > $hook";

fn repo() -> Repo {
    let repo = small_repo();
    repo.git(&["config", "alias.mine", "status"]);
    repo.git(&["config", "--add", "alias.mine", "status -s"]);
    repo.file(".git/hooks/pre-push", HOOK);
    fs::set_permissions(hook(&repo), fs::Permissions::from_mode(0o755)).unwrap();
    tasks(&repo, &one(SCRIPT));
    repo
}

fn hook(repo: &Repo) -> PathBuf {
    repo.path(".git/hooks/pre-push")
}

/// Whether a copy of what was found holds this.
fn is_kept(repo: &Repo, text: &str) -> bool {
    let entries = repo.path(".git/wt-orch/logs/tasks/put-back").read_dir();
    entries.is_ok_and(|mut entries| {
        entries.any(|entry| {
            fs::read_to_string(entry.unwrap().path()).is_ok_and(|found| found.contains(text))
        })
    })
}

#[test]
fn neither_what_a_user_has_set_nor_what_a_task_has_is_lost_while_it_is_put_back() {
    let log = |repo: &Repo| repo.root().join("home/points");
    let split = ["split", "tasks.toml", "--sequential"];
    let whole = repo();
    whole.command(&split).env("WT_ORCH_CRASH_LOG", log(&whole)).run().exit(1);
    let points = fs::read_to_string(log(&whole)).unwrap();
    let mut tried = Vec::new();
    for line in points.lines() {
        let (number, name) = line.split_once(' ').unwrap();
        if !(name.starts_with("settings: ") || name.starts_with("hook: ")) {
            continue;
        }
        let repo = repo();
        let died = repo.command(&split).env("WT_ORCH_CRASH_AT", number).run();
        assert_eq!(died.code(), None, "{name}: {died}");
        match repo.git(&["config", "--get-all", "alias.mine"]).trim_end() {
            "!evil" => {}
            "status\nstatus -s" => assert!(is_kept(&repo, "!evil"), "{name}"),
            other => panic!("{name}: alias.mine is {other}"),
        }
        assert_eq!(repo.git(&["config", "remote.up.url"]).trim_end(), "/elsewhere", "{name}");
        let found = fs::read_to_string(hook(&repo)).unwrap_or_else(|why| panic!("{name}: {why}"));
        match found.as_str() {
            EVIL => {}
            HOOK => assert!(is_kept(&repo, EVIL), "{name}"),
            other => panic!("{name}: the hook is {other}"),
        }
        if name.starts_with("hook: ") {
            assert!(found == HOOK || is_kept(&repo, HOOK), "{name}: what it was is nowhere");
        }
        // What the run takes up again may not be what the task changes.
        let code = repo.wt_orch(&["resume"]).code();
        assert!([Some(0), Some(1)].contains(&code), "{name}: {code:?}");
        repo.git(&["config", "branch.main.description", "git's lock is free"]);
        assert!(!repo.path(".git/config.wt-orch").exists(), "{name}");
        tried.push(name);
    }
    let names = ["copied", "drafted", "written", "locked", "put back", "unlocked"]
        .map(|name| format!("settings: {name}"));
    let hooks = ["drafted", "kept aside", "put back"].map(|name| format!("hook: {name}"));
    assert_eq!(tried, [&names[..], &hooks[..]].concat());
}

#[test]
fn what_cannot_be_taken_away_is_named_and_stops_no_command() {
    let repo = small_repo();
    tasks(&repo, &one("echo work > work"));
    repo.wt_orch(&["split", "tasks.toml"]).exit(0);
    fs::create_dir(repo.path(".git/config.wt-orch")).unwrap();
    let rm = format!("delete it: `rm {}`", repo.path(".git/config.wt-orch").display());
    for command in ["resume", "integrate", "undo", "clean"] {
        repo.wt_orch(&[command]).exit(0).stderr_has(&rm);
    }
}
