//! Taking landings back.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, follow_hint, small_repo, split, tip};

const ONE: &str = "[[task]]\nid = \"one\"\nrun = \"echo one >> b.txt; echo new > new\"\n\
                   check = \"true\"\n";

fn landed() -> Repo {
    let repo = small_repo();
    split(&repo, ONE, &["--integrate"]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo
}

#[test]
fn rule_21_undo_is_the_inverse_of_a_landing_and_of_itself() {
    let repo = small_repo();
    split(&repo, ONE, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    let before = tip(&repo, "main");
    repo.wt_orch(&["integrate"]).exit(0);
    let after = tip(&repo, "main");
    assert_snapshot!(repo.wt_orch(&["undo"]).snapshot(), @"
    $ wt-orch undo
    exit: 0
    --- stdout
    `main` moved from [ID] to [ID] (operation 2)
    --- stderr
    hint: `wt-orch undo 2` takes this back
    ");
    assert_eq!(tip(&repo, "main"), before);
    assert_eq!((repo.read("new"), repo.read("b.txt").unwrap()), (None, "b\n".to_owned()));
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    // The undo of the undo.
    repo.wt_orch(&["undo", "2"]).exit(0);
    assert_eq!(tip(&repo, "main"), after);
    assert_eq!(repo.read("new").unwrap(), "new\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(&repo, "main"), before);
    assert_snapshot!(repo.wt_orch(&["operations"]).snapshot(), @r"
    $ wt-orch operations
    exit: 0
    --- stdout
    Id  At                    Kind  Ref              Old         New         Run    State
     1 [TIME] land  refs/heads/main [ID] [ID] tasks  undone
     2 [TIME] undo  refs/heads/main [ID] [ID] tasks  undone
     3 [TIME] undo  refs/heads/main [ID] [ID] tasks
     4 [TIME] undo  refs/heads/main [ID] [ID] tasks

    wt-orch undo 4  # take the last one back
    ");
    // After an undo the work is ready to be landed again.
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(tip(&repo, "main^{tree}"), tip(&repo, &format!("{after}^{{tree}}")));
}

#[test]
fn what_was_undone_is_not_undone_twice() {
    let repo = landed();
    repo.wt_orch(&["undo", "1"]).exit(0);
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["undo", "1"]).snapshot(), @r"
    $ wt-orch undo 1
    exit: 4
    --- stderr
    error: operation 1 is undone

    hint: `wt-orch operations` shows the undo; `wt-orch undo N` undoes that one
    ");
    assert_snapshot!(repo.wt_orch(&["undo"]).snapshot(), @r"
    $ wt-orch undo
    exit: 4
    --- stderr
    error: there is no landing to undo

    hint: `wt-orch operations` lists what can be undone
    ");
    assert_snapshot!(repo.wt_orch(&["undo", "7"]).snapshot(), @r"
    $ wt-orch undo 7
    exit: 4
    --- stderr
    error: there is no operation 7

    hint: `wt-orch operations` lists them
    ");
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn rule_21_a_branch_that_moved_since_is_not_moved_back() {
    let repo = landed();
    repo.file("later", "later\n").commit("later");
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["undo"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch undo
    exit: 4
    --- stderr
    error: `main` moved since: it was left at [ID] and is at [ID]

    hint: take the content back by a commit on top: `git revert --no-edit -m 1 [ID]`
    ");
    before.assert_kept(&Fingerprint::of(&repo));
    follow_hint(&repo, &output);
    assert_eq!((repo.read("new"), repo.read("later").unwrap()), (None, "later\n".to_owned()));
}

#[test]
fn rule_21_what_others_have_already_is_reverted_instead() {
    let repo = landed();
    repo.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["fetch", "--quiet", "origin"]);
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["undo"]);
    before.assert_identical(&Fingerprint::of(&repo));
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch undo
    exit: 4
    --- stderr
    error: `refs/remotes/origin/main` holds it already; others may have built on it

    hint: take the content back instead: `git revert --no-edit -m 1 [ID]`
    ");
    // The command that it offers takes the content back.
    follow_hint(&repo, &output);
    assert_eq!((repo.read("new"), repo.read("b.txt").unwrap()), (None, "b\n".to_owned()));
}

#[test]
fn rule_21_local_changes_are_not_overwritten_by_an_undo() {
    let repo = landed();
    repo.file("b.txt", "mine\n");
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["undo"]).snapshot(), @r"
    $ wt-orch undo
    exit: 4
    --- stderr
    error: `main` is checked out in `[TMP]/repo` and cannot be moved: uncommitted changes in b.txt would be overwritten

    hint: `git -C [TMP]/repo stash push -- b.txt`, then `wt-orch undo` again
    ");
    before.assert_kept(&Fingerprint::of(&repo));
    // Elsewhere they are no reason.
    repo.git(&["restore", "b.txt"]);
    repo.file("a.txt", "mine\n");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.read("a.txt").unwrap(), "mine\n");
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
}

#[test]
fn a_branch_that_is_not_checked_out_is_moved_back_alone() {
    let repo = landed();
    repo.branch("elsewhere");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(content(&repo, "main", "new"), None);
    assert_eq!(repo.read("new").unwrap(), "new\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn landings_of_several_runs_are_undone_newest_first() {
    let repo = small_repo();
    let start = tip(&repo, "main");
    for id in ["a", "b"] {
        let text = format!("[[task]]\nid = \"{id}\"\nrun = \"echo x > {id}\"\ncheck = \"true\"\n");
        split(&repo, &text, &["--integrate"]).exit(0);
    }
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!((repo.read("a").is_some(), repo.read("b").is_some()), (true, false));
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(&repo, "main"), start);
    let operations = repo.wt_orch(&["operations", "--json"]).exit(0).stdout_json();
    let kinds: Vec<&str> = operations["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| operation["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["land", "land", "undo", "undo"]);
}

#[test]
fn rule_21_an_undo_waits_for_what_is_half_done_where_the_branch_is_checked_out() {
    let repo = landed();
    let after = tip(&repo, "main");
    repo.git(&["branch", "--quiet", "side", "main~1"]);
    repo.git(&["worktree", "add", "--quiet", "../side", "side"]);
    repo.git(&["-C", "../side", "rm", "--quiet", "b.txt"]);
    repo.git(&["-C", "../side", "commit", "--quiet", "-m", "side"]);
    repo.try_git(&["rebase", "side"]).exit(1);
    let output = repo.wt_orch(&["undo"]);
    output.exit(4).stderr_has("a rebase is in progress").stderr_has("rebase --continue");
    assert_eq!(tip(&repo, "main"), after);
    repo.git(&["rebase", "--abort"]);
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn rule_21_a_branch_that_is_gone_or_was_made_anew_is_left_so() {
    let repo = landed();
    repo.branch("elsewhere");
    repo.git(&["branch", "--quiet", "-D", "main"]);
    repo.wt_orch(&["undo"]).exit(4).stderr_has("and is gone").stderr_has("git reflog show main");
    repo.try_git(&["rev-parse", "--verify", "-q", "refs/heads/main"]).exit(1);
    repo.git(&["branch", "--quiet", "main", "elsewhere~1"]);
    repo.wt_orch(&["undo"]).exit(4).stderr_has("moved since");
}

#[test]
fn rule_21_an_old_landing_that_nobody_else_holds_comes_back_after_a_collection() {
    let repo = landed();
    let after = tip(&repo, "main");
    repo.wt_orch(&["undo"]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    repo.wt_orch(&["undo", "2"]).exit(0);
    assert_eq!(tip(&repo, "main"), after);
    assert_eq!(repo.read("new").unwrap(), "new\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}
