//! Merging, validating and landing: what lands, what is left out and why, what is refused.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{beside, content, ejected, refs, small_repo, split, strings, tasks, tip};

/// A repository whose tasks have succeeded.
pub(crate) fn finished(text: &str) -> Repo {
    let repo = small_repo();
    split(&repo, text, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo
}

#[track_caller]
pub(crate) fn integrate(repo: &Repo, exit: i32) -> Value {
    repo.wt_orch(&["integrate", "--json"]).exit(exit).stdout_json()
}

/// A task that puts a line at the end of a file of its own, or at the given one.
pub(crate) fn appends(id: &str, file: &str) -> String {
    format!("[[task]]\nid = \"{id}\"\nrun = \"echo {id} >> {file}\"\ncheck = \"true\"\n")
}

#[test]
fn what_merges_and_passes_lands_in_one_move_and_the_rest_is_named() {
    let text = r#"
        [[task]]
        id = "loud"
        run = "printf 'ONE\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "soft"
        run = "printf 'uno\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "end"
        run = "printf 'one\ntwo\nthree\nfour\n' > a.txt"
        check = "true"
        [[task]]
        id = "other"
        run = "echo other >> b.txt"
        check = "true"
        [[validate]]
        name = "all there"
        run = "grep -q two a.txt && grep -q other b.txt"
    "#;
    let repo = finished(text);
    let before = tip(&repo, "main");
    let output = repo.wt_orch(&["integrate"]);
    let git = repo.git(&["version"]).replace(" version", "");
    assert_snapshot!(output.snapshot().replace(&git, "[GIT]"), @"
    $ wt-orch integrate
    exit: 3
    --- stdout
    landed 3 tasks: `main` moved from `[ID]` to `[ID]`

    Integration
      - merge order: `end`, `other`, `loud`
      - why: 3 of 4 merge with one another, the most that do, and come first, the least entangled ahead;
        `soft`, which collides with some of them, comes last
      - trees made by [GIT]
      - files were updated in `[TMP]/repo`

      Validation  Command                                     Result  Time  Ending
      all there   `grep -q two a.txt && grep -q other b.txt`  passed [DURATION] exit code 0

      - left out (conflict): `soft`

    Conflicts and how to resolve them
      `soft` left out: it conflicts with `loud` in `a.txt`
        <<<<<<< `main` so far
        ONE
        ||||||| base
        one
        =======
        uno
        >>>>>>> task `soft`

      git log --oneline main..feature/soft  # what it did
      git switch main                       # go to the target
      git merge feature/soft                # merge it, resolve and commit

    Next
      wt-orch undo 1  # put the target back where it stood
    --- stderr
     [DURATION] -      4 tasks to merge into `main`
     [DURATION] end    merged as [ID]
     [DURATION] other  merged as [ID]
     [DURATION] loud   merged as [ID]
     [DURATION] soft   left out: it conflicts with `loud` in `a.txt`
     [DURATION] -      validating [ID] by `all there`
     [DURATION] -      validation of [ID] passed in [DURATION]
     [DURATION] -      landed: `main` moved from [ID] to [ID]
    ");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.read("b.txt").unwrap(), "b\nother\n");
    assert!(repo.read("a.txt").unwrap().ends_with("three\nfour\n"));
    assert_eq!(repo.git(&["reflog", "show", "-1", "--format=%gs", "main"]), "wt-orch: land tasks");
    assert_eq!(tip(&repo, "main@{1}"), before);
    // The worktree of the validations is gone again.
    assert_eq!(beside(&repo), ["repo-end", "repo-loud", "repo-other", "repo-soft"]);
    // What it says how to resolve works.
    repo.try_git(&["merge", "feature/soft"]).exit(1).stdout_has("CONFLICT");
    repo.git(&["merge", "--abort"]);
    // Nothing is left to land but what conflicts.
    let again = integrate(&repo, 3);
    assert_eq!(
        (&again["result"], strings(&again["order"])),
        (&"nothing_to_land".into(), vec!["soft"])
    );
    assert_eq!(ejected(&again), ["soft conflict"]);
}

#[test]
fn a_dry_run_says_the_same_and_moves_nothing() {
    let text = appends("one", "b.txt")
        + &appends("two", "b.txt")
        + &appends("three", "c.txt")
        + "[[validate]]\nname = \"never\"\nrun = \"touch ../validated\"\n";
    let repo = finished(&text);
    let before = Fingerprint::of(&repo);
    let dry = repo.wt_orch(&["integrate", "--dry-run", "--json"]).exit(3).stdout_json();
    before.assert_kept(&Fingerprint::of(&repo));
    assert!(!repo.root().join("validated").exists());
    assert_eq!(dry["result"], "dry_run");
    let landed = integrate(&repo, 3);
    assert_eq!(
        (&dry["merged"], &dry["ejected"], &dry["candidate"]),
        (&landed["merged"], &landed["ejected"], &landed["candidate"]),
    );
}

#[test]
fn a_red_validation_leaves_out_the_culprit_and_lands_the_rest() {
    let text = appends("good", "good.txt")
        + &appends("bad", "bad.txt")
        + "[[task]]\nid = \"user\"\ndepends_on = [\"bad\"]\nrun = \"cp bad.txt user.txt\"\n\
           check = \"true\"\n"
        + &appends("fine", "fine.txt")
        + "[[validate]]\nname = \"no bad\"\nrun = \"test ! -e bad.txt\"\n\
           [[validate]]\nname = \"green\"\nrun = \"true\"\n";
    let repo = finished(&text);
    let output = repo.wt_orch(&["integrate"]);
    output.exit(3).stderr_has("validation of").stderr_has("`no bad` (exit code 1)");
    let report = repo.wt_orch(&["report", "--json"]).exit(0).stdout_json();
    let landed = &report["integration"];
    assert_eq!(ejected(landed), ["bad validation", "user dependency bad"]);
    assert_eq!(strings(&landed["ejected"][0]["tests"]), ["no bad"]);
    let mut merged = strings(&landed["merged"]);
    merged.sort_unstable();
    assert_eq!(merged, ["fine", "good"]);
    assert_eq!((repo.read("bad.txt"), repo.read("user.txt")), (None, None));
    assert_eq!(repo.read("fine.txt").unwrap(), "fine\n");
    let text = output.stdout();
    assert!(text.contains("passes without it and fails with it"), "{text}");
}

#[test]
fn a_base_that_is_red_itself_vouches_for_nothing() {
    let text = appends("one", "c.txt") + "[[validate]]\nname = \"red\"\nrun = \"exit 4\"\n";
    let repo = finished(&text);
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["integrate"]).snapshot(), @"
    $ wt-orch integrate
    exit: 3
    --- stderr
     [DURATION] -    1 task to merge into `main`
     [DURATION] one  merged as [ID]
     [DURATION] -    validating [ID] by `red`
     [DURATION] -    validation of [ID] failed in [DURATION]: `red` (exit code 4)
     [DURATION] -    validating `main` itself ([ID]) by `red`
     [DURATION] -    validation of `main` itself ([ID]) failed in [DURATION]: `red` (exit code 4)
     [DURATION] -    validating `main` itself ([ID]) by `red`
     [DURATION] -    validation of `main` itself ([ID]) failed in [DURATION]: `red` (exit code 4)
     [DURATION] -    validating `main` itself ([ID]) by `red`
     [DURATION] -    validation of `main` itself ([ID]) failed in [DURATION]: `red` (exit code 4)
     [DURATION] -    validating `main` itself ([ID]) by `red`
     [DURATION] -    validation of `main` itself ([ID]) failed in [DURATION]: `red` (exit code 4)
     [DURATION] -    validating `main` itself ([ID]) by `red`
     [DURATION] -    validation of `main` itself ([ID]) failed in [DURATION]: `red` (exit code 4)
    error: `red` fails on the target itself, so it cannot vouch for what would land

    hint: make `red` pass on `main` first, or let it say which tests fail (a `report`, or output such as of `cargo test --no-fail-fast`), so that those that fail there already do not count; `wt-orch integrate tasks --allow-red-base` lands without it
    ");
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn a_validation_that_changes_tracked_files_lands_nothing() {
    // It formats what only the second task brings: that one is named.
    let text = appends("one", "c.txt")
        + &appends("two", "unformatted.txt")
        + "[[validate]]\nname = \"format\"\n\
           run = \"if test -e unformatted.txt; then echo x >> a.txt; fi; touch untracked\"\n";
    let repo = finished(&text);
    let landed = integrate(&repo, 3);
    assert_eq!(ejected(&landed), ["two tainted"]);
    assert_eq!(strings(&landed["ejected"][0]["paths"]), ["a.txt"]);
    assert_eq!(strings(&landed["merged"]), ["one"]);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "one\ntwo\nthree\n");
    assert_eq!(content(&repo, "main", "untracked"), None);

    // And where it changes them on the target already, nothing can land.
    let text =
        appends("one", "c.txt") + "[[validate]]\nname = \"format\"\nrun = \"echo x >> a.txt\"\n";
    let repo = finished(&text);
    let before = Fingerprint::of(&repo);
    let error = integrate(&repo, 3);
    assert_eq!(error["error"]["code"], "red_base");
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn a_validation_whose_command_is_not_there_is_red() {
    let text = appends("one", "c.txt") + "[[validate]]\nname = \"tool\"\nrun = \"no-such-tool\"\n";
    let repo = finished(&text);
    repo.wt_orch(&["integrate"]).exit(3).stderr_has("exit code 127 (command not found)");
    assert_eq!(repo.read("c.txt"), None);
}

#[test]
fn unfinished_tasks_are_left_out_and_the_rest_lands_as_done() {
    let repo = small_repo();
    let text = appends("one", "c.txt")
        + "[[task]]\nid = \"bad\"\nrun = \"false\"\ncheck = \"true\"\n\
           [[task]]\nid = \"after\"\ndepends_on = [\"bad\"]\nrun = \"true\"\ncheck = \"true\"\n";
    split(&repo, &text, &[]).exit(1);
    let landed = integrate(&repo, 0);
    assert_eq!(ejected(&landed), ["bad unfinished", "after unfinished"]);
    assert_eq!(repo.read("c.txt").unwrap(), "one\n");
    // The second time there is nothing to do.
    assert_eq!(integrate(&repo, 4)["error"]["code"], "nothing_to_do");
}

#[test]
fn split_integrate_ends_with_the_first_exit_code_that_applies() {
    let good = appends("one", "c.txt");
    let bad = "[[task]]\nid = \"bad\"\nrun = \"false\"\ncheck = \"true\"\n";
    let red = "[[validate]]\nname = \"red\"\nrun = \"false\"\n";
    for (text, exit) in [
        (good.clone(), 0),
        (good.clone() + bad, 1),
        (bad.to_owned(), 1),
        (good.clone() + bad + red, 3),
    ] {
        let repo = small_repo();
        split(&repo, &text, &["--integrate"]).exit(exit);
        assert_eq!(repo.read("c.txt").is_some(), exit < 2 && text.contains("one"), "{text}");
    }
    let repo = small_repo();
    repo.file("c.txt", "in the way\n");
    split(&repo, &good, &["--integrate"]).exit(4);
}

#[test]
fn rule_2_squash_lands_one_commit_a_task_with_its_author_and_no_false_conflict() {
    let repo = small_repo();
    // The dependent changes the very line that its dependency changed.
    let text = r#"
        [[task]]
        id = "base"
        title = "Lay the base"
        run = """
          printf 'ONE\ntwo\nthree\n' > a.txt; git commit -qam 'first step'
          printf 'One\ntwo\nthree\n' > a.txt
          git -c user.name=Agent -c user.email=agent@example.org commit -qam 'second step'
        """
        check = "true"
        [[task]]
        id = "top"
        depends_on = ["base"]
        run = "printf 'one!\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "other"
        run = "echo more >> b.txt"
        check = "true"
        [[validate]]
        name = "green"
        run = "true"
    "#;
    split(&repo, text, &[]).exit(0);
    let output =
        repo.command(&["integrate", "--json"]).env("WT_ORCH_INTEGRATE_STRATEGY", "squash").run();
    let landed = output.exit(0).stdout_json();
    assert_eq!(ejected(&landed), [""; 0]);
    assert_eq!(repo.read("a.txt").unwrap(), "one!\ntwo\nthree\n");
    let log = repo.git(&["log", "--format=%an|%s|%p", "--reverse", "main"]);
    let lines: Vec<Vec<&str>> = log.lines().map(|line| line.split('|').collect()).collect();
    assert_eq!(lines.len(), 4, "one commit for each task: {log}");
    assert!(lines[1..].iter().all(|line| !line[2].contains(' ')), "no merges: {log}");
    let authors: Vec<(&str, &str)> = lines[1..].iter().map(|line| (line[0], line[1])).collect();
    assert!(authors.contains(&("Agent", "Lay the base")), "{log}");
    assert!(authors.contains(&("Ann", "top")), "{log}");
    // What has landed in other commits is known to have landed.
    assert_eq!(integrate(&repo, 4)["error"]["code"], "nothing_to_do");
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn the_messages_of_landed_commits_name_task_and_run() {
    let repo = finished(&appends("one", "c.txt").replace("id =", "title = \"Add c\"\nid ="));
    repo.file("x", "x\n").commit("meanwhile");
    integrate(&repo, 0);
    assert_eq!(
        repo.git(&["log", "-1", "--format=%B", "main"]).trim(),
        "Merge task `one`: Add c\n\nTask: one\nRun: tasks"
    );
    assert_eq!(
        repo.git(&["log", "-1", "--format=%B", "feature/one"]).trim(),
        "Add c\n\nTask: one\nRun: tasks"
    );
}

#[test]
fn what_is_offered_next_lands_where_it_was_asked_for() {
    let repo = finished(&appends("a", "a.txt"));
    repo.git(&["branch", "release"]);
    repo.wt_orch(&["integrate", "--dry-run", "--onto", "release", "--branch", "preview"])
        .exit(0)
        .stdout_has("wt-orch integrate tasks --onto release --branch preview");
    repo.git(&["branch", "preview"]);
    repo.wt_orch(&["integrate", "--onto", "release", "--branch", "preview"])
        .exit(4)
        .stderr_has("`wt-orch integrate tasks --onto release --branch NAME`");
}

#[test]
fn a_task_may_be_called_candidate() {
    let text = appends("a", "a.txt") + &appends("b", "b.txt");
    let text = text + &appends("candidate", "c.txt") + "depends_on = [\"a\", \"b\"]\n";
    let repo = finished(&text);
    let start = "refs/wt-orch/tasks/candidate/start";
    assert_eq!(repo.git(&["for-each-ref", "--format=%(refname)", start]).trim(), start);
    assert_eq!(strings(&integrate(&repo, 0)["merged"]).len(), 3);
}

#[test]
fn a_run_that_is_not_over_is_not_integrated() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"slow\"\nrun = \"touch started; sleep 60\"\ncheck = \"true\"\n");
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("repo-slow/started");
    let busy = repo.wt_orch(&["integrate", "--json"]).exit(4).stdout_json();
    assert_eq!(busy["error"]["code"], "busy");
    running.signal(rustix::process::Signal::INT);
    running.wait().exit(5);
    assert_snapshot!(repo.wt_orch(&["integrate"]).snapshot(), @r"
    $ wt-orch integrate
    exit: 4
    --- stderr
    error: run `tasks` is not over

    hint: `wt-orch resume tasks` goes on with it, `wt-orch abort tasks` ends it
    ");
}
