//! `integrate --push` and `--pr`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Output, Repo};
use crate::integrating::{appends, finished};
use crate::scene::tip;

/// A finished task and a bare repository `origin` that holds `main`.
fn with_remote() -> Repo {
    let repo =
        finished(&appends("one", "c.txt").replace("check", "title = \"Say it's one\"\ncheck"));
    repo.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo
}

fn there(repo: &Repo, branch: &str) -> Option<String> {
    let listed = repo.git(&["ls-remote", "origin", &format!("refs/heads/{branch}")]);
    listed.split_whitespace().next().map(str::to_owned)
}

fn script(repo: &Repo, path: &str, text: &str) {
    let path = repo.root().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs with a `gh` that does this, or with none.
fn with_gh(repo: &Repo, gh: Option<&str>, words: &[&str]) -> Output {
    // The machine may have a gh of its own.
    let folder = repo.root().join("home/bin");
    for program in ["git", "sh", "cat", "tr", "grep", "sed", "rm", "mkdir", "env"] {
        let real = repo.program("sh", &["-c", &format!("command -v {program}")]).run();
        script(
            repo,
            &format!("home/bin/{program}"),
            &format!("exec {} \"$@\"", real.stdout().trim()),
        );
    }
    match gh {
        Some(text) => script(repo, "home/bin/gh", text),
        None => drop(fs::remove_file(folder.join("gh"))),
    }
    repo.command(words).env("PATH", folder).env("GH_TOKEN", "secret").run()
}

#[test]
fn nothing_is_pushed_unless_asked_for_and_then_as_the_user_would() {
    let repo = with_remote();
    let before = there(&repo, "main");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(there(&repo, "main"), before);
    repo.wt_orch(&["undo"]).exit(0);
    script(&repo, "repo/.git/hooks/pre-push", "cat > ../pushed; echo looked at");
    let output = repo.wt_orch(&["integrate", "--push", "--json"]);
    let landed: Value = output.exit(0).stdout_json();
    let expected = json!({
        "remote": "origin", "branch": "main", "pushed": true, "failed": false,
        "pull_request": null, "commands": []
    });
    assert_eq!(landed["publication"], expected);
    assert_eq!(there(&repo, "main").as_deref(), landed["new"].as_str());
    let told = fs::read_to_string(repo.root().join("pushed")).unwrap();
    assert!(told.contains(landed["new"].as_str().unwrap()), "{told}");
    output.stderr_has("looked at");
    // Others have it.
    repo.wt_orch(&["undo"]).exit(4).stderr_has("refs/remotes/origin/main");
}

#[test]
fn a_push_that_fails_leaves_the_landing_and_says_how_to_go_on() {
    let repo = with_remote();
    script(&repo, "repo/.git/hooks/pre-push", "echo not today >&2; exit 1");
    let before = there(&repo, "main");
    let output = repo.wt_orch(&["integrate", "--push=origin"]);
    output.exit(1).stderr_has("not today").stderr_has("what landed stays");
    assert_eq!(there(&repo, "main"), before);
    assert_eq!(repo.read("c.txt").unwrap(), "one\n");
    fs::remove_file(repo.path(".git/hooks/pre-push")).unwrap();
    let hint = output.stderr().lines().find(|line| line.starts_with("hint: `git push")).unwrap();
    repo.program("sh", &["-c", hint.split('`').nth(1).unwrap()]).run().exit(0);
    assert_eq!(there(&repo, "main"), Some(tip(&repo, "main")));
}

#[test]
fn without_a_remote_nothing_begins() {
    let repo = finished(&appends("one", "c.txt"));
    assert_snapshot!(repo.wt_orch(&["integrate", "--pr"]).snapshot(), @"
    $ wt-orch integrate --pr
    exit: 4
    --- stderr
    error: there is no remote to push to

    hint: add one: `git remote add origin URL`, or name it: `--push=REMOTE`
    ");
    assert_eq!(repo.read("c.txt"), None);
}

#[test]
fn a_branch_that_follows_another_name_is_pushed_there() {
    let repo = with_remote();
    repo.git(&["push", "--quiet", "origin", "main:trunk"]);
    repo.git(&["fetch", "--quiet"]);
    repo.git(&["branch", "--quiet", "--set-upstream-to=origin/trunk", "main"]);
    let before = there(&repo, "main");
    repo.wt_orch(&["integrate", "--push"]).exit(0).stdout_has("pushed to `trunk` of `origin`");
    assert_eq!(there(&repo, "trunk"), Some(tip(&repo, "main")));
    assert_eq!(there(&repo, "main"), before);
}

#[test]
fn a_pull_request_comes_from_a_new_branch_with_the_report_as_its_text() {
    let repo = with_remote();
    let before = tip(&repo, "main");
    let gh = "printf '%s\\n' \"$@\" > $HOME/words; cat > $HOME/body; echo $GH_TOKEN > $HOME/token; \
              echo creating; echo https://example.org/pull/7";
    let landed = with_gh(&repo, Some(gh), &["integrate", "--pr", "--json"]).exit(0).stdout_json();
    assert_eq!(landed["branch"], "wt-orch/tasks");
    assert_eq!(landed["publication"]["pull_request"], "https://example.org/pull/7");
    assert_eq!(tip(&repo, "main"), before);
    assert_eq!(there(&repo, "wt-orch/tasks").as_deref(), landed["new"].as_str());
    let home = |name: &str| fs::read_to_string(repo.root().join("home").join(name)).unwrap();
    let words = "pr\ncreate\n--base\nmain\n--head\nwt-orch/tasks\n--title\nSay it's one\n\
                 --body-file\n-\n";
    assert_eq!(home("words"), words);
    assert_eq!(home("token"), "secret\n");
    let body = home("body");
    assert!(body.contains("landed") && body.contains("wt-orch/tasks"), "{body}");
    // The branch here goes; the one there is the pull request's.
    repo.wt_orch(&["undo"]).exit(0);
    assert!(there(&repo, "wt-orch/tasks").is_some());
}

#[test]
fn without_gh_the_commands_are_printed_and_nothing_is_pushed() {
    let repo = with_remote();
    let output = with_gh(&repo, None, &["-q", "integrate", "--pr", "--branch", "review"]);
    assert_eq!(there(&repo, "review"), None);
    output.exit(0);
    let printed: Vec<&str> = output.stdout().lines().rev().take(2).collect();
    assert_eq!(printed[1], format!("git push origin {}:refs/heads/review", tip(&repo, "review")));
    let pull = "wt-orch report tasks --format md | gh pr create --base main --head review \
                --title 'Say it'\\''s one' --body-file -";
    assert_eq!(printed[0], pull);
    repo.program("sh", &["-c", printed[1]]).run().exit(0);
    assert_eq!(there(&repo, "review"), Some(tip(&repo, "review")));
}

#[test]
fn a_gh_that_fails_leaves_what_was_pushed_and_the_command() {
    let repo = with_remote();
    let output = with_gh(&repo, Some("echo no token >&2; exit 4"), &["integrate", "--pr"]);
    output.exit(1).stderr_has("no token").stderr_has("gh pr create --base main");
    output.stdout_has("pushed to `wt-orch/tasks` of `origin`");
    assert_eq!(there(&repo, "wt-orch/tasks"), Some(tip(&repo, "wt-orch/tasks")));
}

#[test]
fn a_gh_that_asks_gets_the_report_and_no_answer() {
    let repo = with_remote();
    let gh = "cat > $HOME/body; printf 'Where to push? ' >&2; read answer && exit 0; exit 1";
    let output = with_gh(&repo, Some(gh), &["integrate", "--pr", "--json"]);
    let told = output.exit(1).stdout_json();
    output.stderr_has("Where to push?").stderr_has("what landed stays");
    let publication = &told["publication"];
    assert_eq!((&publication["pushed"], &publication["failed"]), (&json!(true), &json!(true)));
    assert_eq!(publication["pull_request"], Value::Null);
    let command = publication["commands"][0].as_str().unwrap();
    assert!(command.contains("| gh pr create --base main --head wt-orch/tasks"), "{command}");
    let body = fs::read_to_string(repo.root().join("home/body")).unwrap();
    let report = repo.wt_orch(&["report", "--format", "md"]);
    // It does not show where the checkout is.
    let below = |text: &str| text.split_once("## Timeline").unwrap().1.to_owned();
    assert_eq!(below(&body), below(report.exit(0).stdout()));
}
