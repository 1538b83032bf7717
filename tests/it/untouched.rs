//! Promise I1: the user's branch, index, worktree, stash, config and hooks are bit-identical unless a
//! landing, or its undo, succeeded; and nothing that a repository has planted is run by wt-orch.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, small_repo, tip};

/// A checkout with something of everything that could be lost: staged, changed, untracked and
/// ignored files, a stash, hooks, config, a tag, another branch.
fn lived_in() -> Repo {
    let repo = small_repo();
    repo.file(".gitignore", "*.o\ntasks.toml\n").commit("second");
    repo.git(&["tag", "v1"]);
    repo.git(&["branch", "other", "HEAD~1"]);
    repo.file("a.txt", "stashed\n");
    repo.git(&["stash", "push", "--quiet"]);
    repo.file("a.txt", "changed\n").file("staged", "staged\n").file("docs/new", "new\n");
    repo.git(&["add", "staged"]);
    repo.file("cache.o", "ignored\n");
    repo.git(&["config", "core.commentChar", ";"]);
    hook(&repo, "commit-msg", "exit 1");
    repo
}

fn hook(repo: &Repo, name: &str, script: &str) {
    let path = format!(".git/hooks/{name}");
    repo.file(&path, &format!("#!/bin/sh\n{script}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(repo.path(&path), mode).unwrap();
}

const MIXED: &str = r#"
    [[task]]
    id = "good"
    run = "echo good > good; git config user.name >/dev/null; git stash list > /dev/null"
    check = "true"
    [[task]]
    id = "writes"
    run = "echo y >> b.txt; git add b.txt; git commit -qnm own"
    check = "true"
    [[task]]
    id = "rival"
    run = "echo z >> b.txt"
    check = "true"
    [[task]]
    id = "bad"
    run = "echo x > half; exit 1"
    retries = 1
    check = "true"
    [[task]]
    id = "late"
    run = "sleep 60"
    timeout = "200ms"
    check = "true"
    [[validate]]
    name = "red"
    run = "test ! -e good"
"#;

/// Nothing differs but refs, branches and folders of wt-orch's own, which come, move and go.
#[track_caller]
fn assert_users_own_kept(before: &Fingerprint, repo: &Repo) {
    let own = ["refs/wt-orch/", "refs/heads/feature/", " own ", " beside "];
    let mut differences = before.differences(&Fingerprint::of(repo));
    differences.retain(|line| !own.iter().any(|part| line.contains(part)));
    assert_eq!(differences, [""; 0]);
}

#[test]
fn looking_and_running_leave_the_users_own_as_it_is() {
    // Side by side, two of the tasks conflict; in one lane the second starts from the first.
    for (arm, dry_run) in [("--parallel=2", 3), ("--sequential", 0)] {
        let repo = lived_in();
        repo.file("tasks.toml", MIXED);
        let before = Fingerprint::of(&repo);
        for command in [
            &["check", "tasks.toml"][..],
            &["plan", "tasks.toml"],
            &["doctor"],
            &["config"],
            &["operations"],
        ] {
            repo.wt_orch(command).exit(0);
        }
        repo.wt_orch(&["status"]).exit(4);
        repo.wt_orch(&["undo"]).exit(4);
        before.assert_identical(&Fingerprint::of(&repo));

        repo.wt_orch(&["split", "tasks.toml", arm]).exit(1);
        before.assert_kept(&Fingerprint::of(&repo));
        let ran = Fingerprint::of(&repo);
        for command in [&["status"][..], &["logs"], &["report"], &["clean", "--dry-run"]] {
            repo.wt_orch(command).exit(0);
        }
        ran.assert_identical(&Fingerprint::of(&repo));
        repo.wt_orch(&["integrate", "--dry-run"]).exit(dry_run);
        before.assert_kept(&Fingerprint::of(&repo));
        // Refused at the very end: everything is merged and validated before.
        repo.file("b.txt", "in the way\n");
        let dirty = Fingerprint::of(&repo);
        repo.wt_orch(&["integrate"]).exit(4);
        assert_users_own_kept(&dirty, &repo);
        repo.wt_orch(&["clean", "--force"]).exit(0);
        assert_users_own_kept(&dirty, &repo);
    }
}

#[test]
fn an_interrupted_and_an_aborted_run_leave_it_as_well() {
    let repo = lived_in();
    repo.file(
        "tasks.toml",
        "[[task]]\nid = \"a\"\nrun = \"touch ../begun; sleep 60\"\ncheck = \"true\"\n",
    );
    let before = Fingerprint::of(&repo);
    let running = repo.command(&["split", "tasks.toml"]).start();
    repo.wait_for("begun");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    repo.wt_orch(&["abort"]).exit(0);
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn a_landing_changes_the_target_and_its_files_and_nothing_else() {
    let repo = lived_in();
    repo.file("tasks.toml", "[[task]]\nid = \"a\"\nrun = \"echo a >> b.txt\"\ncheck = \"true\"\n");
    let before = Fingerprint::of(&repo);
    let status = repo.git(&["status", "--porcelain"]);
    repo.wt_orch(&["split", "tasks.toml", "--integrate"]).exit(0);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    let expected = |line: &String| {
        ["ref refs/heads/main", "git logs/", "git index", "git ORIG_HEAD", "worktree b.txt"]
            .iter()
            .any(|name| line.contains(name))
            || ["added ref ", "added beside ", "added own "].iter().any(|s| line.starts_with(s))
    };
    let after = Fingerprint::of(&repo);
    let mut others = before.differences(&after);
    others.retain(|line| !expected(line));
    assert_eq!(others, [""; 0]);
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
}

/// Every hook that a git of wt-orch's could run, writing a mark and failing.
const HOOKS: [&str; 12] = [
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "pre-merge-commit",
    "post-merge",
    "pre-rebase",
    "post-rewrite",
    "post-index-change",
    "reference-transaction",
    "update",
];

#[test]
fn what_the_repository_has_planted_is_never_run() {
    let repo = small_repo();
    repo.file(".gitattributes", "*.txt diff=planted\n").commit("attributes");
    repo.file(
        "tasks.toml",
        "[[task]]\nid = \"one\"\nrun = \"echo 1 >> b.txt\"\ncheck = \"true\"\n\
         [[task]]\nid = \"two\"\nrun = \"echo 2 > two.txt\"\nretries = 1\ncheck = \"true\"\n\
         [[task]]\nid = \"both\"\ndepends_on = [\"one\", \"two\"]\nrun = \"true\"\ncheck = \"true\"\n\
         [[validate]]\nname = \"v\"\nrun = \"true\"\n",
    );
    let marks = repo.root().join("planted");
    let mark = |name: &str| format!("echo {name} >> {}", marks.display());
    for name in HOOKS {
        hook(&repo, name, &format!("{}\nexit 1", mark(name)));
    }
    for (key, name) in [
        ("core.fsmonitor", "fsmonitor"),
        ("core.pager", "pager"),
        ("core.editor", "editor"),
        ("diff.external", "external"),
        ("diff.planted.textconv", "textconv"),
        ("diff.planted.command", "command"),
        ("merge.tool", "mergetool"),
        ("gpg.program", "gpg"),
        ("core.askPass", "askpass"),
        ("core.sshCommand", "ssh"),
        ("alias.status", "alias"),
    ] {
        let script = repo.root().join(format!("plant-{name}"));
        std::fs::write(&script, format!("#!/bin/sh\n{}\nexit 1\n", mark(name))).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        // Straight into the file: setting one key must not trigger another.
        let path = script.display().to_string();
        let value = if key.starts_with("alias.") { format!("!{path}") } else { path };
        repo.program("git", &["config", "--file", ".git/config", key, &value]).run().exit(0);
    }
    let before = Fingerprint::of(&repo);
    repo.wt_orch(&["plan", "tasks.toml"]).exit(0);
    repo.wt_orch(&["split", "tasks.toml", "--parallel=2"]).exit(0);
    before.assert_kept(&Fingerprint::of(&repo));
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["undo"]).exit(0);
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    repo.wt_orch(&["doctor"]).exit(0);
    assert!(!marks.exists(), "{}", std::fs::read_to_string(&marks).unwrap());
    assert_eq!(repo.read("b.txt").unwrap(), "b\n1\n");
}

#[test]
fn what_a_task_plants_is_not_run_by_us() {
    let repo = small_repo();
    let marks = repo.root().join("planted");
    // A task that plants a hook in the shared folder, and an fsmonitor in the shared config.
    repo.file(
        "tasks.toml",
        &format!(
            r#"
            [[task]]
            id = "planter"
            run = """
              hooks=$(git rev-parse --git-common-dir)/hooks; mkdir -p $hooks
              printf '#!/bin/sh\necho hook >> {0}\n' > $hooks/reference-transaction
              chmod +x $hooks/reference-transaction
              echo planted > planted
            """
            check = "true"
            [[task]]
            id = "next"
            run = "echo next > next"
            check = "true"
            "#,
            marks.display()
        ),
    );
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(1);
    repo.wt_orch(&["integrate"]).exit(0);
    assert!(!marks.exists());
    assert_eq!(content(&repo, "main", "next").unwrap(), "next\n");
    assert_eq!(tip(&repo, "HEAD"), tip(&repo, "main"));
}
