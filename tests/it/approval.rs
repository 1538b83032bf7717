//! What a repository's own orchestrator.toml asks for, and the user's approval of it.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Output, Repo};
use crate::scene::{beside, content, small_repo, tasks};

const HOOKS: &str = r#"
[[setup]]
name = "harmless"
run = "touch ../ran"
when = ["a.txt", "*.lock"]
[[setup]]
run = "true\ntrue \u001b[2K"
[run]
env_pass = ["GITHUB_TOKEN"]
"#;

/// A repository that asks for something, as somebody has cloned it.
fn cloned() -> Repo {
    let repo = small_repo();
    repo.file("orchestrator.toml", HOOKS).commit("settings");
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"echo $GITHUB_TOKEN > a\"\ncheck = \"true\"\n");
    repo
}

fn split(repo: &Repo, options: &[&str]) -> Output {
    let command = repo.command(&[&["split", "tasks.toml", "--parallel=1"], options].concat());
    command.env("GITHUB_TOKEN", "secret").run()
}

#[track_caller]
fn assert_refused(repo: &Repo) {
    let error = split(repo, &["--json"]).exit(4).stdout_json();
    assert_eq!(error["error"]["code"], "not_approved");
}

#[test]
fn nothing_that_a_clone_asks_for_is_done_without_approval() {
    let repo = cloned();
    let before = Fingerprint::of(&repo);
    assert_snapshot!(split(&repo, &["-q"]).snapshot(), @"
    $ wt-orch split tasks.toml --parallel=1 -q
    exit: 4
    --- stderr
    error: this repository's orchestrator.toml asks for what you have not approved:
        a command in each worktree (where there is a.txt, *.lock):
          touch ../ran
        a command in each worktree:
          true
          true ␛[2K
        env_pass, credentials that tasks get: GITHUB_TOKEN

    hint: `wt-orch config approve` approves of exactly this; `--yes` or `WT_ORCH_YES=1` of whatever it says, for one command
    ");
    assert_refused(&repo);
    before.assert_identical(&Fingerprint::of(&repo));
    assert_eq!(beside(&repo), [""; 0]);
    // To look at it needs no approval.
    let plan = repo.wt_orch(&["plan", "tasks.toml"]);
    plan.exit(0).stdout_has("touch ../ran").stderr_has("`wt-orch config approve`");
    repo.wt_orch(&["config"]).exit(0).stdout_has("touch ../ran").stderr_has("are not used until");
    assert_eq!(beside(&repo), [""; 0]);
}

#[test]
fn yes_approves_for_one_command() {
    let repo = cloned();
    split(&repo, &["--yes"]).exit(0);
    assert_eq!(beside(&repo), ["ran", "repo-a"]);
    assert_eq!(content(&repo, "feature/a", "a").unwrap(), "secret\n");
    // What the run was made with is what a retry has.
    repo.wt_orch(&["retry", "a"]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_refused(&repo);
    let split = repo.command(&["split", "tasks.toml"]);
    split.env("WT_ORCH_YES", "1").run().exit(0);
}

#[test]
fn an_approval_is_remembered_for_this_content_in_this_repository() {
    let repo = cloned();
    let approved = repo.wt_orch(&["config", "approve", "--json"]).exit(0).stdout_json();
    assert_eq!(approved["approved"][1], "touch ../ran");
    let file = repo.root().join("home/.local/state/wt-orch/approved");
    assert_eq!(approved["file"].as_str(), file.to_str());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    split(&repo, &[]).exit(0);
    assert_eq!(content(&repo, "feature/a", "a").unwrap(), "secret\n");
    repo.wt_orch(&["clean", "--force"]).exit(0);

    // A name or a comment changes nothing; a command, its `when` or a list of variables does.
    repo.file("orchestrator.toml", &HOOKS.replace("harmless", "other"));
    split(&repo, &[]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    for (from, to) in [("touch ../ran", "touch ../tampered"), ("a.txt", "*"), ("GITHUB_TOKEN", "*")]
    {
        repo.file("orchestrator.toml", &HOOKS.replace(from, to));
        assert_refused(&repo);
    }
    assert!(!repo.root().join("tampered").exists());
    repo.file("orchestrator.toml", HOOKS);
    split(&repo, &[]).exit(0);

    // Another repository with the same file.
    let other = repo.root().join("other");
    repo.git(&["clone", "--quiet", ".", other.to_str().unwrap()]);
    std::fs::copy(repo.path("tasks.toml"), other.join("tasks.toml")).unwrap();
    repo.command(&["split", "tasks.toml"]).folder("other").run().exit(4);

    // A list that others may write to.
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_refused(&repo);
    repo.wt_orch(&["config", "approve"]).exit(4).stderr_has("chmod 600");
}

#[test]
fn a_terminal_is_asked_once() {
    let repo = cloned();
    let ask = |answer: &str| {
        let command = repo.command(&["split", "tasks.toml", "--parallel=1"]);
        command.on_a_terminal().input(answer).run()
    };
    for no in ["\n", "n\n"] {
        ask(no).exit(4).stderr_has("Approve of it? [y/N]").stderr_has("touch ../ran");
    }
    assert_eq!(beside(&repo), [""; 0]);
    ask("y\n").exit(0).stderr_has("Approve of it? [y/N]");
    assert_eq!(beside(&repo), ["ran", "repo-a"]);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    split(&repo, &[]).exit(0);
}

#[test]
fn what_the_user_says_needs_no_approval() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n");
    std::fs::create_dir_all(repo.root().join("home/.config/wt-orch")).unwrap();
    let own = repo.root().join("home/.config/wt-orch/config.toml");
    std::fs::write(own, HOOKS).unwrap();
    split(&repo, &[]).exit(0);
    assert_eq!(beside(&repo), ["ran", "repo-a"]);
    repo.wt_orch(&["config", "approve"]).exit(4).stderr_has("asks for nothing");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    // The same lists in the repository are no question.
    repo.file("orchestrator.toml", "[run]\nenv_pass = [\"GITHUB_TOKEN\"]\n");
    split(&repo, &[]).exit(0);
}

#[test]
fn worktrees_stand_beside_the_repository_unless_another_place_is_approved() {
    let repo = small_repo();
    let away = repo.root().join("home/.config/{task}").display().to_string();
    repo.file("orchestrator.toml", &format!("worktree_path = \"{away}\"\n"));
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n");
    let refused = repo.wt_orch(&["split", "tasks.toml"]);
    refused.exit(4).stderr_has("worktree_path, where worktrees are made");
    assert!(!repo.root().join("home/.config/a").exists());
    repo.file("orchestrator.toml", "worktree_path = \"../trees/{task}\"\n");
    repo.wt_orch(&["split", "tasks.toml"]).exit(0);
}
