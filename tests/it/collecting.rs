//! Commits that only a run knows of, and git's collector of what no ref holds.

use rustix::process::Signal;

use crate::harness::{Output, Repo};
use crate::scene::{go, ordinary_repo, refs, small_repo};

/// Collects everything that no ref holds.
fn collect(repo: &Repo) {
    repo.git(&["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
}

/// Waits for `go` beside the repository, wherever it runs.
fn waits(repo: &Repo) -> String {
    let root = repo.root().display();
    format!("touch '{root}/begun'; until test -e '{root}/go'; do sleep 0.02; done")
}

/// Starts it, waits until it is at work, and ends it.
fn ended_by(repo: &Repo, signal: Signal, words: &[&str]) -> Output {
    let running = repo.command(words).start();
    repo.wait_for("begun");
    running.signal(signal);
    running.wait()
}

/// A module whose tests wait, and pass with what is not committed.
fn module() -> Repo {
    let repo = ordinary_repo();
    let wait = waits(&repo);
    repo.file("api/t.sh", &format!("{wait}\ntest \"$(cat api/new)\" = 2\n"));
    repo.file("orchestrator.toml", "[test.modules.api]\nrun = \"sh api/t.sh\"\n").commit("modules");
    repo.file("api/new", "2\n");
    repo
}

const TEST: [&str; 3] = ["--yes", "test", "--working-tree"];

#[test]
fn a_test_run_of_the_working_tree_goes_on_after_everything_was_collected() {
    for signal in [Signal::INT, Signal::KILL] {
        let repo = module();
        let code = ended_by(&repo, signal, &TEST).code();
        assert_eq!(code, (signal == Signal::INT).then_some(5));
        assert_eq!(refs(&repo, "refs/wt-orch/test/_begin/").len(), 1);
        assert_eq!(refs(&repo, "refs/heads/"), ["refs/heads/main"]);
        let status = repo.git(&["status", "--porcelain"]);
        repo.git(&["worktree", "prune"]);
        for place in repo.git(&["worktree", "list", "--porcelain"]).lines() {
            // Its HEAD would hold the commit as well.
            if let Some(path) =
                place.strip_prefix("worktree ").filter(|path| path.contains("-test"))
            {
                repo.git(&["worktree", "remove", "--force", "--force", path]);
            }
        }
        collect(&repo);
        go(&repo);
        repo.wt_orch(&["resume"]).exit(0);
        assert_eq!(refs(&repo, "refs/wt-orch/"), [""; 0], "nobody begins there any more");
        assert_eq!(repo.git(&["status", "--porcelain"]), status);
    }
}

#[test]
fn what_an_interrupted_test_run_holds_goes_with_it() {
    let repo = module();
    ended_by(&repo, Signal::INT, &TEST).exit(5);
    repo.wt_orch(&["clean", "--force", "--dry-run"]).exit(0);
    assert_eq!(refs(&repo, "refs/wt-orch/").len(), 1);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(&repo, "refs/wt-orch/"), [""; 0]);
}

#[test]
fn a_test_run_whose_commit_is_gone_all_the_same_says_so_and_what_to_do() {
    let repo = module();
    ended_by(&repo, Signal::INT, &TEST).exit(5);
    let held = refs(&repo, "refs/wt-orch/");
    repo.git(&["update-ref", "-d", &held[0]]);
    collect(&repo);
    let output = repo.wt_orch(&["resume"]);
    let gone = "that run `test` begins at is gone from the repository";
    output.exit(4).stderr_has(gone).stderr_has("`wt-orch abort test`");
    repo.wt_orch(&["abort", "test"]).exit(0);
    repo.wt_orch(&["status"]).exit(0).stdout_has("aborted");
}

#[test]
fn a_race_begins_at_its_patches_after_everything_was_collected_and_lands_them() {
    let repo = small_repo();
    repo.branch("idea").file("idea", "x\n").commit("idea");
    repo.git(&["switch", "--quiet", "main"]);
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+fixed\n");
    let wait = waits(&repo);
    let text = format!(
        "[race]\ncheck = '''{wait}; grep -q fixed b.txt'''\nstop = 'all'\n\
         [[hypothesis]]\nid = 'patch'\npatch = 'fix.patch'\n\
         [[hypothesis]]\nid = 'branch'\nfrom = 'idea'\n"
    );
    repo.file("race.toml", &text);
    ended_by(&repo, Signal::INT, &["race", "race.toml", "--parallel=1"]).exit(5);
    assert_eq!(refs(&repo, "refs/wt-orch/race/_begin/").len(), 2);
    repo.git(&["branch", "-D", "idea"]);
    collect(&repo);
    go(&repo);
    repo.wt_orch(&["resume"]).exit(0).stdout_has("`patch` is proved");
    collect(&repo);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("b.txt").as_deref(), Some("fixed\n"));
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(&repo, "refs/wt-orch/race/"), [""; 0]);
}

/// Takes away whatever holds a commit, and the commit.
fn lose(repo: &Repo, commit: &str) {
    let holders = ["for-each-ref", "--format=%(refname)", "--contains", commit];
    for name in repo.git(&holders).lines() {
        repo.git(&["update-ref", "-d", name]);
    }
    collect(repo);
    assert_ne!(repo.try_git(&["cat-file", "-e", commit]).code(), Some(0));
}

#[test]
fn a_race_goes_on_without_what_arms_began_at_that_are_over() {
    let repo = small_repo();
    for idea in ["first", "second"] {
        repo.git(&["switch", "--quiet", "-c", idea, "main"]);
        repo.file(idea, "x\n").commit(idea);
    }
    repo.git(&["switch", "--quiet", "main"]);
    let wait = waits(&repo);
    // The one is refuted at once, the other one waits.
    let text = format!(
        "[race]\ncheck = '''test -e second || exit 1; {wait}'''\nstop = 'all'\n\
         [[hypothesis]]\nid = 'a'\nfrom = 'first'\n[[hypothesis]]\nid = 'b'\nfrom = 'second'\n"
    );
    repo.file("race.toml", &text);
    ended_by(&repo, Signal::INT, &["race", "race.toml", "--parallel=1"]).exit(5);
    lose(&repo, repo.git(&["rev-parse", "first"]).trim());
    go(&repo);
    repo.wt_orch(&["resume"]).exit(0).stdout_has("`b` is proved");
}

/// A race whose arm, a patch, was not begun: until `go` is there, nothing is wrong with the base.
fn not_begun() -> Repo {
    let repo = small_repo();
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+fixed\n");
    let text = format!(
        "[race]\ncheck = '''test ! -e '{}/go' || grep -q fixed b.txt'''\n\
         [[hypothesis]]\nid = 'patch'\npatch = 'fix.patch'\n",
        repo.root().display()
    );
    repo.file("race.toml", &text);
    repo.wt_orch(&["race", "race.toml"]).exit(1).stdout_has("not reproduced");
    go(&repo);
    repo
}

#[test]
fn arms_can_be_run_again_after_cleaning_and_collecting() {
    let repo = not_begun();
    let held = refs(&repo, "refs/wt-orch/race/_begin/");
    assert_eq!(held.len(), 1);
    let kept = format!("kept saved work `{}`: `wt-orch retry race` begins there", held[0]);
    repo.wt_orch(&["clean"]).exit(0).stdout_has(&kept);
    collect(&repo);
    repo.wt_orch(&["retry"]).exit(0).stdout_has("`patch` is proved");
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(
        refs(&repo, "refs/wt-orch/race/"),
        [""; 0],
        "nothing is left to be run again or landed"
    );
}

#[test]
fn an_arm_is_not_run_again_whose_commit_is_gone_and_the_race_stays_over() {
    let repo = not_begun();
    let held = refs(&repo, "refs/wt-orch/race/_begin/");
    lose(&repo, repo.git(&["rev-parse", &held[0]]).trim());
    for _each_time in 0..2 {
        repo.wt_orch(&["retry"])
            .exit(4)
            .stderr_has("that run `race` begins at is gone from the repository")
            .stderr_has("the command that began the run makes the commit again");
    }
    repo.wt_orch(&["clean", "--force"]).exit(0);
    repo.wt_orch(&["race", "race.toml"]).exit(0).stdout_has("`patch` is proved");
}

#[test]
fn a_race_that_is_refused_leaves_no_ref() {
    let repo = small_repo();
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+fixed\n");
    repo.git(&["branch", "feature/patch"]);
    repo.file(
        "race.toml",
        "[race]\ncheck = 'true'\n[[hypothesis]]\nid = 'patch'\npatch = 'fix.patch'\n",
    );
    repo.wt_orch(&["race", "race.toml"]).exit(4).stderr_has("the branch `feature/patch`");
    assert_eq!(refs(&repo, "refs/wt-orch/"), [""; 0]);
}

#[test]
fn what_a_killed_creation_held_is_a_leftover_and_what_a_task_left_is_not() {
    let repo = small_repo();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let (begun, left) =
        (format!("refs/wt-orch/ghost/_begin/{}", head.trim()), "refs/wt-orch/ghost/a/attempt-1");
    for name in [begun.as_str(), left] {
        repo.git(&["update-ref", name, "HEAD"]);
    }
    repo.wt_orch(&["clean", "--all", "--dry-run"]).exit(0).stdout_has(&begun);
    assert_eq!(refs(&repo, "refs/wt-orch/").len(), 2);
    repo.wt_orch(&["clean", "--all"]).exit(0).stdout_has(&begun);
    assert_eq!(refs(&repo, "refs/wt-orch/"), [left]);
}
