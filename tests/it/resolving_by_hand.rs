//! Conflicts that are left to the user: where, how to go on, and that nobody's work is taken away.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::integrating::finished;
use crate::scene::{beside, content, refs, strings, tip};

/// Three tasks that change the same line.
fn rivals() -> Repo {
    let task = |id: &str, line: &str| {
        format!(
            "[[task]]\nid = \"{id}\"\nrun = \"printf '{line}\\ntwo\\nthree\\n' > a.txt\"\ncheck = \"true\"\n"
        )
    };
    finished(&(task("a", "ONE") + &task("b", "uno")))
}

const DESK: &str = "repo-tasks.resolve";

/// A git command where the conflict is.
fn at_desk(repo: &Repo, args: &[&str]) -> String {
    let desk = repo.root().join(DESK).display().to_string();
    repo.git(&[&["-C", &desk], args].concat())
}

fn write(repo: &Repo, text: &str) {
    std::fs::write(repo.root().join(DESK).join("a.txt"), text).unwrap();
}

#[test]
fn a_conflict_is_left_to_the_user_who_resolves_it_and_goes_on() {
    let repo = rivals();
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["integrate", "--manual", "-q"]).snapshot(), @"
    $ wt-orch integrate --manual -q
    exit: 3
    --- stderr
    error: the conflict of `b` is left to you; nothing was landed
    caused by: a.txt: in conflict

    hint: edit the files in [TMP]/repo-tasks.resolve and `git add` them there, then `wt-orch integrate tasks --continue`; `wt-orch integrate tasks --abort` gives it up
    ");
    before.assert_kept(&Fingerprint::of(&repo));
    let status = at_desk(&repo, &["status"]);
    assert!(status.contains("still merging") || status.contains("unmerged paths"), "{status}");
    let marked = std::fs::read_to_string(repo.root().join(DESK).join("a.txt")).unwrap();
    assert!(marked.starts_with("<<<<<<< `main` so far\nONE\n"), "{marked}");

    // Nothing goes on, nor is anything lost, before it is resolved and added.
    repo.wt_orch(&["integrate"]).exit(4).stderr_has("is still left to you");
    repo.wt_orch(&["integrate", "--continue"]).exit(4).stderr_has("a.txt: not resolved and added");
    at_desk(&repo, &["add", "a.txt"]);
    repo.wt_orch(&["integrate", "--continue"])
        .exit(4)
        .stderr_has("a.txt:1: a conflict marker is left");
    write(&repo, "ONE uno\ntwo\nthree\n");
    repo.wt_orch(&["integrate", "--continue"])
        .exit(4)
        .stderr_has("a.txt: changed since it was added");
    repo.wt_orch(&["clean"]).stdout_has(DESK);
    assert!(beside(&repo).contains(&DESK.to_owned()), "{:?}", beside(&repo));

    at_desk(&repo, &["add", "a.txt"]);
    let landed = repo.wt_orch(&["integrate", "--continue", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["a", "b"]);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert!(!beside(&repo).contains(&DESK.to_owned()));
    assert_eq!(refs(&repo, "refs/wt-orch/tasks/_resolved"), ["refs/wt-orch/tasks/_resolved/b"]);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(&repo, "refs/wt-orch/tasks/"), [""; 0]);
}

#[test]
fn what_was_resolved_is_used_again_as_long_as_the_same_work_is_merged() {
    let repo = rivals();
    repo.wt_orch(&["integrate", "--manual"]).exit(3);
    write(&repo, "both\ntwo\nthree\n");
    // Committed there, instead of merely added: as good.
    at_desk(&repo, &["commit", "-qam", "resolved"]);
    repo.wt_orch(&["integrate", "--continue"]).exit(0);
    repo.wt_orch(&["undo"]).exit(0);
    let dry = repo.wt_orch(&["integrate", "--dry-run", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&dry["merged"]), ["a", "b"]);
    repo.wt_orch(&["integrate"])
        .exit(0)
        .stderr_has("1 line of `b` in `a.txt` is not in the result");
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "both\ntwo\nthree\n");
    // On another target it is another conflict.
    repo.wt_orch(&["undo"]).exit(0);
    repo.file("a.txt", "eins\ntwo\nthree\n").commit("moved on");
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(3).stdout_json();
    assert_eq!(strings(&landed["merged"]), [""; 0]);
}

#[test]
fn what_is_given_up_goes_and_what_was_aborted_there_is_no_resolution() {
    let repo = rivals();
    repo.wt_orch(&["integrate", "--continue"]).exit(4).stderr_has("is left to you");
    repo.wt_orch(&["integrate", "--abort"]).exit(4);
    let main = tip(&repo, "main");
    repo.wt_orch(&["integrate", "--manual"]).exit(3);
    at_desk(&repo, &["merge", "--abort"]);
    repo.wt_orch(&["integrate", "--continue"]).exit(4).stderr_has("its merge was aborted");
    let given_up = repo.wt_orch(&["integrate", "--abort", "--json"]).exit(0).stdout_json();
    assert_eq!(given_up["task"], "b");
    assert!(!beside(&repo).contains(&DESK.to_owned()));
    assert_eq!(tip(&repo, "main"), main);
    repo.wt_orch(&["integrate"]).exit(3).stdout_has("left out (conflict): `b`");
}

#[test]
fn the_branch_that_was_named_is_landed_on_after_a_resolution_by_hand() {
    let repo = rivals();
    repo.git(&["branch", "release"]);
    let main = tip(&repo, "main");
    repo.wt_orch(&["integrate", "--manual", "--onto", "release"]).exit(3);
    write(&repo, "ONE uno\ntwo\nthree\n");
    at_desk(&repo, &["add", "a.txt"]);
    repo.wt_orch(&["integrate", "--continue"]).exit(0);
    assert_eq!(content(&repo, "release", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert_eq!(tip(&repo, "main"), main);
}

#[test]
fn what_was_asked_for_holds_after_a_resolution_by_hand_and_nothing_takes_it_back() {
    let repo = rivals();
    let main = tip(&repo, "main");
    repo.wt_orch(&["integrate", "--manual", "--branch", "preview", "--keep", "b"]).exit(3);
    write(&repo, "ONE uno\ntwo\nthree\n");
    at_desk(&repo, &["add", "a.txt"]);
    repo.wt_orch(&["integrate", "--continue", "--branch", "other"])
        .exit(2)
        .stderr_has("left by an integration with `--branch=preview`");
    // What cannot begin takes no resolution away.
    for refused in [&["--keep", "nobody"][..], &["--push"]] {
        let ended = repo.wt_orch(&[&["integrate", "--continue"], refused].concat());
        assert_ne!(ended.code(), Some(0));
    }
    repo.git(&["branch", "preview"]);
    repo.wt_orch(&["integrate", "--continue"])
        .exit(4)
        .stderr_has("preview")
        .stderr_has("what you resolved stays where it is");
    repo.git(&["branch", "-D", "preview"]);
    assert!(beside(&repo).contains(&DESK.to_owned()), "{:?}", beside(&repo));

    repo.wt_orch(&["integrate", "--continue", "--allow-red-base"]).exit(0);
    assert_eq!(content(&repo, "preview", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert_eq!(tip(&repo, "main"), main);
    repo.wt_orch(&["report"]).exit(0).stdout_has("preview");
}

#[test]
fn what_landed_before_a_conflict_is_left_is_not_told_as_landed_again() {
    let repo = rivals();
    repo.wt_orch(&["integrate"]).exit(3);
    let first = tip(&repo, "main");
    repo.wt_orch(&["integrate", "--manual"]).exit(3);
    repo.wt_orch(&["report"]).exit(0).stdout_has("was not finished");
    write(&repo, "ONE uno\ntwo\nthree\n");
    at_desk(&repo, &["add", "a.txt"]);
    let went_on = repo.wt_orch(&["integrate", "--continue"]);
    went_on.exit(0);
    let moves = format!("{0} to {0}", &first[..10]);
    assert!(!went_on.stderr().replace('`', "").contains(&moves), "{}", went_on.stderr());
    assert_ne!(tip(&repo, "main"), first);
}

#[test]
fn a_squashed_task_is_resolved_by_hand_as_well() {
    let repo = rivals();
    let squash = |options: &[&str]| {
        let command = repo.command(&[&["integrate"], options].concat());
        command.env("WT_ORCH_INTEGRATE_STRATEGY", "squash").run()
    };
    squash(&["--manual"]).exit(3);
    at_desk(&repo, &["reset", "-q", "--hard"]);
    squash(&["--continue"]).exit(4).stderr_has("nothing of `b` is left there");
    squash(&["--abort"]).exit(0);
    squash(&["--manual"]).exit(3);
    write(&repo, "ONE uno\ntwo\nthree\n");
    at_desk(&repo, &["add", "a.txt"]);
    squash(&["--continue"]).exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert_eq!(repo.git(&["log", "--format=%p", "-2", "main"]).split_whitespace().count(), 2);
}
