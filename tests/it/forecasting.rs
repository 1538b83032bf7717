//! Which branches will collide: any branches, those of a run while it runs, and those of a dry run.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{ordinary_repo, small_repo, split, strings, tasks};

/// A commit of one file on a branch of its own that begins at `main`; HEAD goes back there.
fn branch(repo: &Repo, name: &str, path: &str, text: &str) {
    repo.branch(name);
    repo.file(path, text).commit(name);
    repo.git(&["switch", "--quiet", "main"]);
}

/// `one` and `two` collide in a.txt; `far` changes another line of it, `other` another file.
fn forked(repo: Repo) -> Repo {
    branch(&repo, "one", "a.txt", "1 one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
    branch(&repo, "two", "a.txt", "1 two\ntwo\nthree\nfour\nfive\nsix\nseven\n");
    branch(&repo, "far", "a.txt", "one\ntwo\nthree\nfour\nfive\nsix\n7 far\n");
    branch(&repo, "other", "b.txt", "other\n");
    repo
}

fn long_repo() -> Repo {
    let repo = small_repo();
    repo.file("a.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n").commit("long");
    repo
}

/// `a b forecast paths` of every pair.
fn pairs(matrix: &Value) -> Vec<String> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let pair = |entry: &Value| {
        let words = [text(entry, "a"), text(entry, "b"), text(entry, "forecast")];
        [&words.join(" ")[..], &strings(&entry["paths"]).join(" ")].join(" ").trim().to_owned()
    };
    matrix.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn branches_that_collide_are_named_with_path_and_lines_and_nothing_is_touched() {
    let repo = forked(long_repo());
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["forecast", "one", "two", "far", "other"]).snapshot(), @"
    $ wt-orch forecast one two far other
    exit: 3
    --- stdout
    conflict: 1 of 6 pairs collide

    Forecast
                2         3     4
      1  one    conflict  same  clean
      2  two              same  clean
      3  far                    clean
      4  other

      - same: `one` and `far` both change, and merge, `a.txt`
      - same: `two` and `far` both change, and merge, `a.txt`

    Conflicts
      `one` and `two` conflict in `a.txt`
        <<<<<<< one:a.txt
        1 one
        ||||||| base
        one
        =======
        1 two
        >>>>>>> two:a.txt

    Next
      git log --oneline --left-right one...two -- a.txt  # who changed what there
      git switch two && git merge one                    # resolve it before both grow
    ");
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn the_exit_code_tells_a_hook_whether_something_collides() {
    let repo = forked(long_repo());
    let forecast = |names: &[&str]| repo.wt_orch(&[&["forecast", "--json"], names].concat());
    let document = forecast(&["one", "far", "other"]).exit(0).stdout_json();
    assert_eq!(
        pairs(&document["matrix"]),
        ["one far same_path a.txt", "one other clean", "far other clean"]
    );
    let document = forecast(&["one", "two"]).exit(3).stdout_json();
    assert_eq!(pairs(&document["matrix"]), ["one two conflict a.txt"]);
    let hunk = document["matrix"][0]["hunks"][0].as_str().unwrap();
    assert_eq!(
        hunk,
        "<<<<<<< one:a.txt\n1 one\n||||||| base\none\n=======\n1 two\n>>>>>>> two:a.txt\n"
    );
    // Histories that have nothing in common: there is no answer, and beside others it does not count.
    repo.git(&["checkout", "--quiet", "--orphan", "island"]);
    repo.commit("island");
    repo.git(&["switch", "--quiet", "main"]);
    forecast(&["one", "island"]).exit(4);
    let document = forecast(&["one", "other", "island"]).exit(0).stdout_json();
    assert_eq!(document["matrix"][1]["note"], "they have no common ancestor");
}

#[test]
fn tags_commits_and_remote_tracking_branches_are_compared_as_well() {
    let repo = forked(long_repo());
    repo.git(&["tag", "-m", "tagged", "v1", "one"]);
    repo.git(&["update-ref", "refs/remotes/origin/two", "two"]);
    let commit = repo.git(&["rev-parse", "far"]);
    let names = ["forecast", "--json", "v1", "origin/two", &commit, "refs/heads/other"];
    let document = repo.wt_orch(&names).exit(3).stdout_json();
    let told = pairs(&document["matrix"]);
    assert_eq!(told[0], "v1 origin/two conflict a.txt");
    assert_eq!(told[5], format!("{commit} other clean"));
    assert_eq!(document["branches"][0]["tip"], repo.git(&["rev-parse", "one"]));
}

#[test]
fn one_branch_is_compared_with_what_is_checked_out_and_all_with_every_worktree() {
    let repo = forked(long_repo());
    let compared = |arguments: &[&str]| {
        let words = [&["forecast", "--json"], arguments].concat();
        pairs(&repo.wt_orch(&words).stdout_json()["matrix"])
    };
    repo.file("a.txt", "1 main\ntwo\nthree\nfour\nfive\nsix\nseven\n").commit("main moved");
    assert_eq!(compared(&["one"]), ["one main conflict a.txt"]);
    repo.git(&["worktree", "add", "--quiet", "../by-hand", "two"]);
    assert_eq!(compared(&["--all"]), ["main two conflict a.txt"]);
    let told = compared(&["other", "two", "--all"]);
    assert_eq!(told, ["other two clean", "other main clean", "two main conflict a.txt"]);
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_way_out() {
    let repo = forked(small_repo());
    assert_snapshot!(repo.wt_orch(&["forecast", "oen", "two"]).snapshot(), @"
    $ wt-orch forecast oen two
    exit: 4
    --- stderr
    error: `oen` is no branch, tag or commit of this repository

    hint: did you mean `one`?
    ");
    assert_snapshot!(repo.wt_orch(&["forecast", "one", "refs/heads/one"]).snapshot(), @"
    $ wt-orch forecast one refs/heads/one
    exit: 2
    --- stderr
    error: `one` is named twice

    hint: a branch never conflicts with itself; leave one of them out
    ");
    assert_snapshot!(repo.wt_orch(&["forecast", "main"]).snapshot(), @"
    $ wt-orch forecast main
    exit: 2
    --- stderr
    error: `main` is what is checked out here

    hint: name another branch to compare it with
    ");
    assert_snapshot!(repo.wt_orch(&["forecast", "--all"]).snapshot(), @"
    $ wt-orch forecast --all
    exit: 4
    --- stderr
    error: only `main` is checked out in a worktree

    hint: name another: `wt-orch forecast main BRANCH`
    ");
    repo.wt_orch(&["forecast"]).exit(2).stderr_has("BRANCH");
    repo.wt_orch(&["forecast", "", "one"]).exit(4).stderr_has("`` is no branch");
}

#[test]
fn bare_repositories_and_those_that_only_git_can_read_are_served() {
    let repo = forked(ordinary_repo());
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let at = |folder: &str, names: &[&str]| {
        let words = [&["-C", folder, "forecast", "--json"], names].concat();
        repo.wt_orch(&words).exit(3).stdout_json()
    };
    let bare = at("../bare.git", &["one", "two"]);
    assert_eq!(bare["engine"], "libgit2");
    assert_eq!(pairs(&bare["matrix"]), ["one two conflict a.txt"]);
    let repo = Repo::of_format("GIT_DEFAULT_HASH", "sha256");
    repo.file("a.txt", "one\ntwo\n").commit("first");
    let repo = forked(repo);
    let document = repo.wt_orch(&["forecast", "one", "two", "--json"]).exit(3).stdout_json();
    assert!(document["engine"].as_str().unwrap().starts_with("git "), "{document}");
    assert_eq!(pairs(&document["matrix"]), ["one two conflict a.txt"]);
    assert!(!document["matrix"][0]["hunks"].as_array().unwrap().is_empty(), "{document}");
}

const RIVALS: &str = r#"
    [[task]]
    id = "one"
    run = "sed -i 's/^one$/1 one/' a.txt"
    check = "true"
    [[task]]
    id = "two"
    run = "sed -i 's/^one$/1 two/' a.txt; echo b >> b.txt"
    check = "true"
    [[task]]
    id = "three"
    run = "echo three > three.txt"
    check = "true"
"#;

#[test]
fn a_dry_run_shows_every_pair_and_what_the_target_and_other_branches_say() {
    let repo = long_repo();
    branch(&repo, "mine", "b.txt", "mine\n");
    split(&repo, RIVALS, &[]).exit(0);
    let output = repo.wt_orch(&["integrate", "--dry-run", "--with", "mine"]);
    let (_, forecast) = output.exit(3).stdout().split_once("\nForecast\n").unwrap();
    assert_snapshot!(forecast, @"
                2      3         4      5
      1  three  clean  clean     clean  clean
      2  one           conflict  clean  clean
      3  two                     clean  conflict
      4  main
      5  mine

      `one` and `two` conflict in `a.txt`

      `two` and `mine` conflict in `b.txt`
        <<<<<<< two:b.txt
        b
        b
        ||||||| base
        b
        =======
        mine
        >>>>>>> mine:b.txt

    Next
      wt-orch integrate tasks  # merge, validate and land
    ");
    let document =
        repo.wt_orch(&["integrate", "--dry-run", "--json", "--with", "mine"]).exit(3).stdout_json();
    let against = pairs(&document["against"]);
    assert!(against.contains(&"two mine conflict b.txt".to_owned()), "{against:?}");
    assert!(against.contains(&"two main clean".to_owned()), "{against:?}");
    let own = pairs(&document["matrix"]);
    assert_eq!(own, ["three one clean", "three two clean", "one two conflict a.txt"]);
    assert!(!document["matrix"][2]["hunks"].as_array().unwrap().is_empty(), "{document}");
    repo.wt_orch(&["integrate", "--dry-run", "--with", "mnie"])
        .exit(4)
        .stderr_has("did you mean `mine`?");
    // Nothing of the branch that was only looked at has landed.
    let document = repo.wt_orch(&["integrate", "--json", "--with", "mine"]).exit(3).stdout_json();
    assert!(!pairs(&document["against"]).is_empty());
    assert_eq!(repo.git(&["branch", "--no-merged", "main", "--list", "mine"]).trim(), "mine");
}

#[test]
fn status_foretells_conflicts_of_tasks_that_still_run() {
    let repo = long_repo();
    let wait = "touch ../begun-$WT_ORCH_TASK; until test -e ../go; do sleep 0.02; done";
    let task = |id: &str| {
        let edit = format!("sed -i 's/^one$/1 {id}/' a.txt; git commit -qam {id}");
        format!("[[task]]\nid = \"{id}\"\nrun = \"{edit}; {wait}\"\ncheck = \"true\"\n")
    };
    tasks(&repo, &[task("one"), task("two")].concat());
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun-one");
    repo.wait_for("begun-two");
    let status = repo.wt_orch(&["status"]);
    status.exit(0).stdout_has("`one` and `two` will conflict in `a.txt`");
    let document = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(pairs(&document["matrix"]), ["one two conflict a.txt"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    running.wait().exit(0);
    // What has landed collides with nobody any more.
    repo.wt_orch(&["integrate"]).exit(3);
    let document = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(pairs(&document["matrix"]), [""; 0]);
}

/// What `one` and `two` of [`RIVALS`] do at once.
fn collision_line(first: &str, second: &str) -> String {
    format!(
        "{second:5}  will conflict with `{first}` in `a.txt`: \
         `wt-orch forecast feature/{first} feature/{second}` shows the lines"
    )
}

#[test]
fn a_run_tells_of_a_collision_while_other_tasks_still_run() {
    let repo = long_repo();
    let wait = "run = \"until test -e ../go; do sleep 0.02; done; echo three > three.txt\"";
    tasks(&repo, &RIVALS.replace("run = \"echo three > three.txt\"", wait));
    let running = repo.command(&["split", "tasks.toml", "--parallel=3"]).start();
    let status = || repo.wt_orch(&["status", "--json"]).stdout_json();
    let told = |_: u32| {
        let run = repo.wt_orch(&["status"]).code() == Some(0);
        run && status()["conflicts"].as_array().is_some_and(|conflicts| !conflicts.is_empty())
    };
    assert!((0..200).any(told), "{}", status());
    let run = status();
    assert_eq!(run["state"], "running");
    assert_eq!(strings(&run["conflicts"][0]["paths"]), ["a.txt"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    let output = running.wait();
    let lines = [collision_line("one", "two"), collision_line("two", "one")];
    let told = |line: &&str| lines.iter().any(|told| line.ends_with(told));
    assert_eq!(output.exit(0).stderr().lines().filter(told).count(), 1, "{}", output.stderr());
    // The same again from the journal.
    let again = repo.wt_orch(&["status", "--watch"]);
    assert_eq!(again.exit(0).stdout().lines().filter(told).count(), 1);
    // The command that it names shows the lines.
    let line = output.stderr().lines().find(told).unwrap();
    let command = line.rsplit('`').nth(1).unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    repo.wt_orch(&words).exit(3).stdout_has("<<<<<<< feature/");
    // What is resolved by landing is nobody's concern any more.
    repo.wt_orch(&["report"]).exit(0).stdout_has("\nConflicts ahead\n");
    repo.wt_orch(&["integrate"]).exit(3);
    assert_eq!(status()["conflicts"], serde_json::json!([]));
}

#[test]
fn what_the_last_task_collides_with_is_told_before_the_run_is_left() {
    let repo = long_repo();
    // The check of one task comes after its commit.
    let work = |id: &str, first: &str| {
        let edit = format!("{first}sed -i 's/^one$/1 {id}/' a.txt");
        format!("[[task]]\nid = \"{id}\"\nrun = \"{edit}\"\ncheck = \"touch ../{id}-there\"\n")
    };
    let first = "until test -e ../one-there; do sleep 0.02; done; ";
    let output = split(&repo, &[work("one", ""), work("two", first)].concat(), &[]);
    output.exit(0).stderr_has("two  will conflict with `one` in `a.txt`: `wt-orch forecast");
    let (_, ahead) = output.stdout().split_once("\nConflicts ahead\n").unwrap();
    assert_snapshot!(ahead, @"
      - `one` and `two` will conflict in `a.txt`

      wt-orch forecast feature/one feature/two  # show the lines

    Notes
      - committed for tasks that left it uncommitted: `one`, `two`

    Next
      wt-orch integrate tasks  # merge, validate and land what succeeded
      wt-orch clean tasks      # remove its worktrees and merged branches
    ");
}
