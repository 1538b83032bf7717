//! Landing on a new branch, and on a branch that is a name of another.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::integrating::{appends, finished, integrate};
use crate::scene::{content, tip};

fn landed_on(repo: &Repo, branch: &str) -> Value {
    repo.wt_orch(&["integrate", "--branch", branch, "--json"]).exit(0).stdout_json()
}

#[test]
fn a_landing_on_a_new_branch_leaves_the_target_and_undo_takes_the_branch_away_and_brings_it_back() {
    let text = appends("one", "c.txt")
        + "[[validate]]\nname = \"seen\"\nrun = \"git rev-parse HEAD > ../seen\"\n";
    let repo = finished(&text);
    // Where the files are is of no concern.
    repo.file("c.txt", "mine\n");
    let before = (tip(&repo, "main"), repo.git(&["status", "--porcelain"]));
    let output = repo.wt_orch(&["integrate", "--branch", "review/one"]);
    let git = repo.git(&["version"]).replace(" version", "");
    assert_snapshot!(output.snapshot().replace(&git, "[GIT]"), @"
    $ wt-orch integrate --branch review/one
    exit: 0
    --- stdout
    landed 1 task: `review/one` made at `[ID]`

    Integration
      - merge order: `one`
      - why: no conflict is predicted: what others start from first, then priority, then name
      - trees made by [GIT]

      Validation  Command                         Result  Time  Ending
      seen        `git rev-parse HEAD > ../seen`  passed [DURATION] exit code 0

    Next
      wt-orch undo 1  # take the branch away again
    --- stderr
     [DURATION] -    1 task to merge into `main`
     [DURATION] one  merged as [ID]
     [DURATION] -    validating [ID] by `seen`
     [DURATION] -    validation of [ID] passed in [DURATION]
     [DURATION] -    landed: `review/one` made at [ID], on top of `main`
    ");
    let new = tip(&repo, "review/one");
    assert_eq!(tip(&repo, "review/one^1"), before.0);
    assert_eq!(content(&repo, "review/one", "c.txt").unwrap(), "one\n");
    let seen = std::fs::read_to_string(repo.root().join("seen")).unwrap();
    assert_eq!(seen.trim(), new);
    let operations = repo.wt_orch(&["operations", "--json"]).exit(0).stdout_json();
    let operation = &operations["operations"][0];
    assert_eq!(operation["ref"], "refs/heads/review/one");
    assert_eq!((&operation["old"], operation["new"].as_str()), (&Value::Null, Some(&*new)));

    assert_snapshot!(repo.wt_orch(&["undo"]).snapshot(), @"
    $ wt-orch undo
    exit: 0
    --- stdout
    `review/one` is deleted; it was at [ID] (operation 2)
    --- stderr
    hint: `wt-orch undo 2` takes this back
    ");
    repo.try_git(&["rev-parse", "--verify", "-q", "refs/heads/review/one"]).exit(1);
    // It is reachable all the same, and comes back.
    repo.git(&["-c", "gc.pruneExpire=now", "gc", "--quiet", "--prune=now"]);
    assert_snapshot!(repo.wt_orch(&["undo", "2"]).snapshot(), @"
    $ wt-orch undo 2
    exit: 0
    --- stdout
    `review/one` is made again at [ID] (operation 3)
    --- stderr
    hint: `wt-orch undo 3` takes this back
    ");
    assert_eq!(tip(&repo, "review/one"), new);
    assert_eq!((tip(&repo, "main"), repo.git(&["status", "--porcelain"])), before);
    assert_snapshot!(repo.wt_orch(&["operations"]).snapshot(), @"
    $ wt-orch operations
    exit: 0
    --- stdout
    Id  At                    Kind  Ref                    Old         New         Run    State
     1 [TIME] land  refs/heads/review/one  - [ID] tasks
     2 [TIME] undo  refs/heads/review/one [ID] -           tasks  undone
     3 [TIME] undo  refs/heads/review/one  - [ID] tasks

    wt-orch undo 3  # take the last one back
    ");
}

#[test]
fn a_branch_that_is_there_is_refused_before_anything_is_validated() {
    let text = appends("one", "c.txt") + "[[validate]]\nname = \"seen\"\nrun = \"touch ../seen\"\n";
    let repo = finished(&text);
    repo.git(&["branch", "taken"]);
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["integrate", "--branch", "taken"]).snapshot(), @"
    $ wt-orch integrate --branch taken
    exit: 4
    --- stderr
    error: `taken` cannot be made: there is one, at [ID]

    hint: name another: `wt-orch integrate tasks --branch NAME`
    ");
    for name in ["taken/below", "two words", "-x"] {
        let branch = format!("--branch={name}");
        let error = repo.wt_orch(&["integrate", &branch, "--json"]).exit(4).stdout_json();
        assert_eq!(error["error"]["code"], "branch_taken", "{name}");
    }
    before.assert_identical(&Fingerprint::of(&repo));
    assert!(!repo.root().join("seen").exists());
}

#[test]
fn a_branch_that_is_made_during_the_validation_is_not_moved() {
    let text = appends("one", "c.txt")
        + "[[validate]]\nname = \"meddler\"\nrun = \"git branch late main\"\n";
    let repo = finished(&text);
    let error = repo.wt_orch(&["integrate", "--branch", "late", "--json"]).exit(4).stdout_json();
    assert_eq!(error["error"]["code"], "branch_taken");
    assert_eq!(tip(&repo, "late"), tip(&repo, "main"));
}

#[test]
fn rule_21_a_new_branch_that_moved_or_is_stood_on_is_not_deleted() {
    let repo = finished(&appends("one", "c.txt"));
    landed_on(&repo, "review");
    repo.git(&["worktree", "add", "--quiet", "../side", "review"]);
    let output = repo.wt_orch(&["undo"]);
    output.exit(4).stderr_has("../side".trim_start_matches("../")).stderr_has("checked out");
    repo.git(&["-C", "../side", "commit", "--quiet", "--allow-empty", "-m", "on top"]);
    repo.wt_orch(&["undo"]).exit(4).stderr_has("moved since");
    assert!(!tip(&repo, "review").is_empty());
}

#[test]
fn rule_19_a_symbolic_target_is_the_branch_behind_it() {
    let repo = finished(&appends("one", "c.txt"));
    repo.git(&["symbolic-ref", "refs/heads/trunk", "refs/heads/main"]);
    let landed = repo.wt_orch(&["integrate", "--onto", "trunk", "--json"]).exit(0).stdout_json();
    assert_eq!(landed["target"], "main");
    assert_eq!(tip(&repo, "main"), landed["new"].as_str().unwrap());
    assert_eq!(repo.read("c.txt").unwrap(), "one\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.git(&["symbolic-ref", "refs/heads/trunk"]), "refs/heads/main");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.read("c.txt"), None);
    let _landed_again = integrate(&repo, 0);
}
