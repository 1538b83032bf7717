//! The sequential verdict: one worktree, topological order, a commit per task.

use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{
    beside, content, ejected, outcomes, refs, small_repo, split_in_one_lane, strings, task, tip,
};

#[track_caller]
fn ran(repo: &Repo, text: &str, exit: i32) -> Value {
    split_in_one_lane(repo, text, &["--json"]).exit(exit).stdout_json()
}

const CHAIN: &str = r#"
    [[task]]
    id = "last"
    depends_on = ["middle"]
    run = "test -f middle && echo last > last"
    check = "true"
    [[task]]
    id = "middle"
    depends_on = ["first"]
    run = "test -f first && echo middle > middle"
    check = "test -z \"$(git status --porcelain)\""
    [[task]]
    id = "first"
    run = "echo first > first; echo more >> b.txt"
    check = "true"
"#;

#[test]
fn tasks_run_in_order_in_one_worktree_with_a_commit_each() {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let run = ran(&repo, CHAIN, 0);
    assert_eq!((&run["verdict"], &run["width"]), (&"sequential".into(), &1.into()));
    assert_eq!(beside(&repo), ["repo-tasks"]);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    let chain = repo.git(&["log", "--format=%H", "--reverse", "main..feature/last"]);
    let tips: Vec<&str> =
        ["first", "middle", "last"].map(|id| task(&run, id)["tip"].as_str().unwrap()).into();
    assert_eq!(chain.lines().collect::<Vec<_>>(), tips);
    for (id, tip_of) in ["first", "middle", "last"].iter().zip(&tips) {
        assert_eq!(tip(&repo, &format!("feature/{id}")), **tip_of);
    }
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["first", "middle", "last"]);
    // The lane's own commits are what lands.
    assert_eq!(tip(&repo, "main"), tips[2]);
    assert_eq!(repo.read("b.txt").unwrap(), "b\nmore\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(beside(&repo), [""; 0]);
    assert_eq!(refs(&repo, "refs/heads"), ["refs/heads/main"]);
}

#[test]
fn a_failed_task_leaves_nothing_to_the_next_one() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "1-good"
        run = "echo good > good"
        check = "true"
        [[task]]
        id = "2-messy"
        run = "echo x > litter; echo x >> b.txt; git add -A; git commit -qm mess; echo y > more; exit 1"
        check = "true"
        [[task]]
        id = "3-unchecked"
        run = "echo wrong > wrong"
        check = "false"
        [[task]]
        id = "4-clean"
        run = "ls > seen; cat b.txt >> seen; git log --format=%s >> seen"
        check = "true"
    "#;
    let run = ran(&repo, text, 1);
    assert_eq!(
        outcomes(&run),
        [
            "1-good succeeded: changed 1 path",
            "2-messy failed: exit code 1",
            "3-unchecked failed: its check failed: exit code 1",
            "4-clean succeeded: changed 1 path",
        ]
    );
    assert_eq!(
        content(&repo, "feature/4-clean", "seen").unwrap(),
        "a.txt\nb.txt\ndocs\ngood\nseen\nb\n1-good\nfirst\n"
    );
    let kept = "refs/wt-orch/tasks/2-messy/attempt-1";
    assert_eq!(content(&repo, kept, "litter").unwrap(), "x\n");
    assert_eq!(content(&repo, kept, "more").unwrap(), "y\n");
    // Work that its check refused stays on the branch of its task, out of the lane.
    assert_eq!(content(&repo, "feature/3-unchecked", "wrong").unwrap(), "wrong\n");
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["1-good", "4-clean"]);
    assert_eq!(ejected(&landed), ["2-messy unfinished", "3-unchecked unfinished"]);
    assert_eq!(repo.read("wrong"), None);
}

#[test]
fn rule_5_a_task_that_is_left_out_does_not_take_later_ones_of_the_lane_along() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "early"
        run = "echo early > early"
        check = "true"
        [[task]]
        id = "user"
        depends_on = ["early"]
        run = "cp early user"
        check = "true"
        [[task]]
        id = "late"
        run = "echo late > late"
        check = "true"
        [[validate]]
        name = "no early"
        run = "test ! -f early"
    "#;
    ran(&repo, text, 0);
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(3).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["late"]);
    assert_eq!(ejected(&landed), ["early validation", "user dependency early"]);
    assert_eq!(landed["validation"][0]["outcome"], "passed");
    assert_eq!((repo.read("late").as_deref(), repo.read("early")), (Some("late\n"), None));
    assert_eq!(content(&repo, "main", "user"), None);
}

#[test]
fn a_later_task_that_needs_what_was_left_out_is_left_out_for_its_conflict() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "early"
        run = "printf 'ONE\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "late"
        run = "printf 'ONE!\ntwo\nthree\n' > a.txt"
        check = "true"
        [[task]]
        id = "other"
        run = "echo other > other"
        check = "true"
        [[validate]]
        name = "not shouting"
        run = "! grep -qx ONE a.txt"
    "#;
    ran(&repo, text, 0);
    // All three together pass: nothing is left out although the first alone would fail.
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["early", "late", "other"]);
    assert_eq!(repo.read("a.txt").unwrap(), "ONE!\ntwo\nthree\n");
}

#[test]
fn the_lane_lands_on_a_target_that_moved_meanwhile() {
    let repo = small_repo();
    ran(&repo, CHAIN, 0);
    repo.file("docs/read.me", "read more\n");
    repo.git(&["commit", "--quiet", "--all", "--message", "meanwhile"]);
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["first", "middle", "last"]);
    assert_eq!(repo.read("docs/read.me").unwrap(), "read more\n");
    assert_eq!(repo.read("b.txt").unwrap(), "b\nmore\n");
    let log = repo.git(&["log", "--first-parent", "--format=%s", "main"]);
    assert_eq!(log, "last\nmiddle\nfirst\nmeanwhile\nfirst");
}

#[test]
fn a_retry_in_the_lane_starts_again_and_what_follows_too() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "first"
        run = "echo line >> b.txt; test -e ../go"
        check = "true"
        [[task]]
        id = "other"
        run = "echo other > other"
        check = "true"
    "#;
    let run = ran(&repo, text, 1);
    assert_eq!(task(&run, "first")["outcome"], "failed");
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = repo.wt_orch(&["retry", "--json"]).exit(0).stdout_json();
    assert_eq!(task(&run, "first")["attempts"], 2);
    assert_eq!(content(&repo, "feature/first", "b.txt").unwrap(), "b\nline\n");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\nline\n");
    assert_eq!(repo.read("other").unwrap(), "other\n");
}
