//! Ignored files of the checkout that worktrees get: they arrive, and they never land.

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{
    beside, content, outcomes, small_repo, split, split_in_one_lane, strings, task, tasks,
};

/// A repository that ignores `.env*`, `data/` and `target/`, and wants `.env` and `data/` carried.
fn secretive() -> Repo {
    let repo = small_repo();
    repo.file(".gitignore", ".env*\ndata/\ntarget/\n").file(".worktreeinclude", ".env\n/data/\n");
    repo.commit("second");
    repo.file(".env", "KEY=1\n").file("data/seed", "seed\n").file(".env.mine", "mine\n");
    repo
}

fn beside_file(repo: &Repo, path: &str) -> Option<String> {
    std::fs::read_to_string(repo.root().join(path)).ok()
}

/// Commits with any of these paths, wherever in the repository.
fn commits_with(repo: &Repo, paths: &[&str]) -> String {
    repo.git(&[&["log", "--all", "--format=%s", "--"], paths].concat())
}

#[test]
fn they_arrive_are_never_committed_and_do_not_hold_up_clean() {
    let repo = secretive();
    let text = r#"
        [[task]]
        id = "a"
        run = "grep -q KEY=1 .env && cat data/seed > out && test ! -e .env.mine && rm .gitignore"
        check = "test -f .env"
        [[task]]
        id = "b"
        run = "git add -f .env && echo more >> b.txt"
        check = "test -f .env && git diff --quiet HEAD"
        [[validate]]
        name = "has its files"
        run = "test -f .env && test -f data/seed"
    "#;
    let document = split(&repo, text, &["--integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(
        outcomes(&document),
        ["a succeeded: changed 2 paths", "b succeeded: changed 1 path"]
    );
    assert_eq!(strings(&document["integration"]["merged"]), ["a", "b"]);
    assert_eq!(commits_with(&repo, &[".env", "data", ".env.mine"]), "");
    assert_eq!(content(&repo, "main", "out").unwrap(), "seed\n");
    // The ignore rule is gone; what was brought is no reason to keep the worktree all the same.
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(beside(&repo), [""; 0]);
    assert_eq!(repo.read(".env").unwrap(), "KEY=1\n");
}

#[test]
fn a_task_that_commits_one_itself_fails() {
    let repo = secretive();
    let text = r#"
        [[task]]
        id = "a"
        run = "git add -f .env data && git commit -qm secret && git rm -q --cached .env && git commit -qm gone"
        check = "true"
        [[task]]
        id = "b"
        run = "echo more >> b.txt"
        check = "true"
    "#;
    let document = split(&repo, text, &["--integrate", "--json"]).exit(1).stdout_json();
    assert_snapshot!(outcomes(&document).join("\n"), @"
    a failed: it committed what was only brought along from your checkout and must not land: `.env`, `data/seed`; to let it commit such a file, take the file out of `.worktreeinclude` and `worktree.include`; `wt-orch retry` runs it again
    b succeeded: changed 1 path
    ");
    assert_eq!(repo.git(&["log", "--format=%s", "main", "--", ".env", "data"]), "");
}

#[test]
fn more_than_the_limit_is_refused_before_anything_is_made() {
    let repo = secretive();
    repo.file("orchestrator.toml", "[worktree]\ninclude_limit = \"1KiB\"\n");
    repo.file("data/dump", &"x".repeat(5000));
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n");
    let plan = repo.wt_orch(&["plan", "tasks.toml"]);
    if repo.shares_blocks() {
        // Nothing is copied.
        plan.exit(0).stdout_has("3 files (4.9KiB) shared");
        return;
    }
    assert_snapshot!(plan.snapshot(), @"
    $ wt-orch plan tasks.toml
    exit: 4
    --- stderr
    base: main at [ID]
    error: the ignored files that each worktree would get take [SIZE], more than the [SIZE] that may be copied; the biggest: `data/` [SIZE], `.env` [SIZE]

    hint: name less in `.worktreeinclude` and `worktree.include` (a line with `!` leaves something out), or raise `worktree.include_limit`
    ");
    repo.wt_orch(&["split", "tasks.toml"]).exit(4).stderr_has("the biggest: `data/`");
    assert_eq!(beside(&repo), [""; 0]);
    let refused = repo.wt_orch(&["split", "tasks.toml", "--json"]).exit(4).stdout_json();
    assert_eq!(refused["error"]["code"], "carry_too_large");
}

#[test]
fn plan_shows_what_goes_along_and_what_it_costs() {
    let repo = secretive();
    let text = "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n";
    tasks(&repo, text);
    let told = "every worktree gets `.env`, `data/` from your checkout: 2 files (11B)";
    let plan = repo.wt_orch(&["plan", "tasks.toml"]);
    plan.exit(0).stdout_has(told);
    let document = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    let carry = &document["carry"];
    assert_eq!(strings(&carry["paths"]), [".env", "data/"]);
    let amount = |way: &str| carry["load"][way]["bytes"].as_u64().unwrap();
    assert_eq!(amount("copied") + amount("shared"), 11);
    assert_eq!(carry["measured"], false);
    assert!(document["predicted"]["overhead_s"]["carry"].is_number());
    repo.wt_orch(&["split", "tasks.toml", "-v"]).exit(0).stderr_has("(ignored files: 2 files");
    let measured = |repo: &Repo| -> Value {
        repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json()["carry"]["measured"]
            .clone()
    };
    assert_eq!(measured(&repo), true);
    std::fs::remove_file(repo.path(".worktreeinclude")).unwrap();
    let document = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    assert_eq!(document["carry"], Value::Null);
}

#[test]
fn every_task_of_a_lane_and_every_retry_begins_with_the_checkout_s_version() {
    let repo = secretive();
    let text = r#"
        [[task]]
        id = "1"
        run = "grep -q KEY=1 .env && echo KEY=2 > .env && rm -r data"
        check = "grep -q KEY=2 .env"
        [[task]]
        id = "2"
        run = "grep -q KEY=1 .env && grep -q seed data/seed && echo KEY=3 > .env"
        check = "true"
    "#;
    let document = split_in_one_lane(&repo, text, &["--json"]).exit(0).stdout_json();
    assert_eq!(
        outcomes(&document),
        ["1 succeeded: changed nothing", "2 succeeded: changed nothing"]
    );
    // From within the run's own worktree: the main checkout is what counts.
    repo.file(".env", "KEY=1\nMORE=1\n");
    let retried = repo.command(&["retry", "tasks", "2", "--json"]).folder("repo-tasks").run();
    assert_eq!(outcomes(&retried.exit(0).stdout_json())[1], "2 succeeded: changed nothing");
    assert_eq!(beside_file(&repo, "repo-tasks/.env").unwrap(), "KEY=3\n");
}

#[test]
fn caches_come_along_by_sharing_or_not_at_all() {
    let repo = secretive();
    repo.file("orchestrator.toml", "[worktree]\nshare_caches = \"reflink\"\n");
    repo.file("target/debug/lib", "built\n");
    let text = "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n\
                [[task]]\nid = \"b\"\nrun = \"true\"\ncheck = \"true\"\n";
    let run = split(&repo, text, &[]);
    run.exit(0);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    let arrived = ["a", "b"].map(|id| beside_file(&repo, &format!("repo-{id}/target/debug/lib")));
    if repo.shares_blocks() {
        assert_eq!(strings(&plan["carry"]["caches"]), ["target/"]);
        assert_eq!(arrived, [Some("built\n".to_owned()), Some("built\n".to_owned())]);
        return;
    }
    assert_eq!(arrived, [None, None]);
    let warning = "warning: the build caches (`target/`, 6B) were not brought along";
    assert_eq!(run.stderr().matches(warning).count(), 1, "{run}");
    assert_eq!(strings(&plan["carry"]["notes"]).len(), 1);
}

#[test]
fn a_worktree_that_cannot_get_its_files_is_taken_back() {
    let repo = secretive();
    // The hostile way: what is admitted is not what is found when the worktree is made.
    let text = r#"
        [[task]]
        id = "grow"
        run = "head -c 3000 /dev/zero > ../repo/data/seed"
        check = "true"
        [[task]]
        id = "late"
        depends_on = ["grow"]
        run = "true"
        check = "true"
    "#;
    repo.file("orchestrator.toml", "[worktree]\ninclude_limit = \"1KiB\"\n");
    let document = split(&repo, text, &["--json"]).stdout_json();
    if repo.shares_blocks() {
        // Nothing is copied.
        assert_eq!(outcomes(&document)[1], "late succeeded: changed nothing");
        return;
    }
    assert_eq!(beside(&repo), ["repo-grow"]);
    assert_snapshot!(outcomes(&document)[1], @"late failed: its worktree could not be made: the ignored files that each worktree would get take 2.9KiB, more than the 1KiB that may be copied; the biggest: `data/` 2.9KiB, `.env` 6B; name less in `.worktreeinclude` and `worktree.include` (a line with `!` leaves something out), or raise `worktree.include_limit`");
}

#[test]
fn a_secret_in_a_folder_of_ignored_files_or_in_a_merge_is_never_committed() {
    let repo = small_repo();
    repo.file(".gitignore", "*.key\n.env\n").file(".worktreeinclude", "*.key\n.env\n");
    repo.commit("what is ignored");
    repo.file("d/my.key", "TOPSECRET\n").file(".env", "TOPSECRET\n");
    let merge = "git checkout -q -b side && echo s > s && git add s && git commit -q -m s && \
        git checkout -q feature/merged && echo m > m && git add m && git commit -q -m m && \
        git merge -q --no-commit side && git add -f .env && git commit -q -m merge";
    let text = format!(
        "[[task]]\nid = \"forced\"\nrun = \"git add -f d/my.key; echo z > z\"\n\
         [[task]]\nid = \"merged\"\nrun = \"{merge}\"\n"
    );
    let run = split(&repo, &text, &["--json"]).exit(1).stdout_json();
    assert_eq!(task(&run, "forced")["changed_paths"], serde_json::json!(["z"]));
    assert!(content(&repo, "feature/forced", "d/my.key").is_none());
    assert!(task(&run, "merged")["reason"].as_str().unwrap().contains("`.env`"), "{run:#}");
}
