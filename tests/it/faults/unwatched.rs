//! F1, F33: what runs programs for all worktrees and changes while the program is dead.

use rustix::process::Signal;

use super::shared::{assert_has, one};
use crate::harness::Repo;
use crate::scene::{small_repo, strings, tasks};

/// A task whose first attempt does this and waits to be killed.
fn killed_after(repo: &Repo, script: &str) {
    let script = format!(
        "if [ ! -e ../did ]; then {script}\n touch ../did; sleep 60; fi; echo work > work.txt"
    );
    tasks(repo, &one(&script));
    let running = repo.command(&["split", "tasks.toml", "--sequential"]).start();
    repo.wait_for("did");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
}

/// What stands in backticks in the warnings and is a command.
fn commands(warnings: &[&str]) -> Vec<String> {
    let quoted = warnings.iter().flat_map(|warning| warning.split('`').skip(1).step_by(2));
    let is_command = |text: &&str| ["git config", "mv ", "rm "].iter().any(|s| text.starts_with(s));
    quoted.filter(is_command).map(str::to_owned).collect()
}

#[test]
fn what_a_task_planted_before_a_crash_is_told_by_resume_with_the_way_back_and_left() {
    let repo = small_repo();
    repo.git(&["config", "core.editor", "mine"]);
    repo.git(&["config", "--add", "alias.st", "status"]);
    repo.git(&["config", "--add", "alias.st", "status -s"]);
    for hook in ["pre-push", "update"] {
        repo.file(&format!(".git/hooks/{hook}"), "#!/bin/sh\n# mine\n");
        repo.program("chmod", &["+x", &format!(".git/hooks/{hook}")]).run().exit(0);
    }
    let config = repo.git(&["config", "--local", "--list"]);
    killed_after(
        &repo,
        "git config core.hooksPath /tmp/evil; git config core.editor evil
        git config --unset-all alias.st; git config user.nickname ann
        cd $(git rev-parse --git-common-dir)/hooks
        echo evil > pre-commit; chmod +x pre-commit; echo evil >> pre-push; rm update; cd -",
    );
    let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
    let warnings = strings(&run["warnings"]);
    let told = warnings.join("\n");
    let told = told.replace(repo.root().to_str().unwrap(), "[root]");
    insta::assert_snapshot!(told, @"
    `alias.st`, `core.editor`, `core.hookspath` in `.git/config`, which runs programs, changed since `wt-orch` last looked, before it was killed; it was left so, as it may have been you; if not: `git config core.editor mine`, `git config --unset-all core.hookspath`; all that it was is kept as `[root]/repo/.git/wt-orch/logs/tasks/put-back/1-config.before`
    the hook `pre-commit`, which runs programs, changed since `wt-orch` last looked, before it was killed; it was left so, as it may have been you; if not: `rm [root]/repo/.git/hooks/pre-commit`
    the hook `pre-push`, which runs programs, changed since `wt-orch` last looked, before it was killed; it was left so, as it may have been you; if not: `mv -f [root]/repo/.git/wt-orch/logs/tasks/put-back/3-pre-push.before [root]/repo/.git/hooks/pre-push`
    the hook `update`, which runs programs, changed since `wt-orch` last looked, before it was killed; it was left so, as it may have been you; if not: `mv -f [root]/repo/.git/wt-orch/logs/tasks/put-back/4-update.before [root]/repo/.git/hooks/update`
    ");
    // A person may have done it.
    assert_eq!(repo.git(&["config", "core.editor"]), "evil");
    for command in commands(&warnings) {
        repo.program("sh", &["-euc", &command]).run().exit(0);
    }
    let copy = repo.read(".git/wt-orch/logs/tasks/put-back/1-config.before").unwrap();
    repo.file(".git/config", &copy);
    assert_eq!(repo.git(&["config", "--local", "--list"]), config);
    for (hook, text) in [("pre-push", "#!/bin/sh\n# mine\n"), ("update", "#!/bin/sh\n# mine\n")] {
        assert_eq!(repo.read(&format!(".git/hooks/{hook}")).unwrap(), text);
        repo.program("test", &["-x", &format!(".git/hooks/{hook}")]).run().exit(0);
    }
    assert_eq!(repo.read(".git/hooks/pre-commit"), None);
    assert_eq!(
        repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json()["warnings"],
        run["warnings"]
    );
}

#[test]
fn a_crash_that_changed_nothing_that_runs_programs_is_followed_by_no_warning() {
    let repo = small_repo();
    repo.git(&["config", "core.editor", "mine"]);
    killed_after(&repo, "git config user.nickname ann; git config core.editor mine");
    let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&run["warnings"]), [""; 0]);
}

#[test]
fn an_aborted_run_tells_what_was_planted_before_its_crash() {
    let repo = small_repo();
    killed_after(&repo, "git config core.hooksPath /tmp/evil");
    repo.wt_orch(&["abort"]).exit(0);
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    let warnings = strings(&run["warnings"]).join("\n");
    assert!(warnings.contains("`git config --unset-all core.hookspath`"), "{warnings}");
}

#[test]
fn what_a_validation_planted_before_a_crash_is_told_by_the_next_one() {
    let repo = small_repo();
    let validate = "[ -e ../did ] || { git config core.pager evil; touch ../did; sleep 60; }";
    let validate = validate.replace("..", repo.root().to_str().unwrap());
    tasks(
        &repo,
        &format!("{}[[validate]]\nname = \"tests\"\nrun = '{validate}'\n", one("echo x > x")),
    );
    repo.wt_orch(&["split", "tasks.toml", "--sequential"]).exit(0);
    let running = repo.command(&["integrate"]).start();
    repo.wait_for("did");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    repo.wt_orch(&["integrate"]).exit(0).stderr_has("`git config --unset-all core.pager`");
    assert_eq!(repo.git(&["config", "core.pager"]), "evil");
}

#[test]
fn settings_that_were_planted_in_a_file_of_their_own_before_a_crash_are_named_with_the_way_back() {
    let repo = small_repo();
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    killed_after(&repo, "git config --worktree core.editor evil");
    let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
    let warnings = strings(&run["warnings"]);
    assert_has(&warnings.join("\n"), "`core.editor` in `.git/worktrees/");
    let back = commands(&warnings);
    let [rm] = &back[..] else { panic!("{back:?}") };
    let file = rm.strip_prefix("rm ").unwrap();
    assert_has(&std::fs::read_to_string(file).unwrap(), "evil");
    repo.program("sh", &["-euc", rm]).run().exit(0);
    assert!(!std::path::Path::new(file).exists());
}

#[test]
fn clean_tells_what_was_planted_before_a_crash_and_keeps_the_way_back() {
    let repo = small_repo();
    repo.file(".git/hooks/pre-push", "#!/bin/sh\n# mine\n");
    repo.program("chmod", &["+x", ".git/hooks/pre-push"]).run().exit(0);
    killed_after(&repo, "echo evil >> $(git rev-parse --git-common-dir)/hooks/pre-push");
    let output = repo.wt_orch(&["clean", "--force"]);
    output.exit(0).stdout_has("copies in it lead back");
    let warnings: Vec<&str> = output.stderr().lines().collect();
    let back = commands(&warnings);
    let [mv] = &back[..] else { panic!("{back:?}") };
    repo.program("sh", &["-euc", mv]).run().exit(0);
    assert_eq!(repo.read(".git/hooks/pre-push").unwrap(), "#!/bin/sh\n# mine\n");
    repo.wt_orch(&["clean"]).exit(0);
    assert!(!repo.path(".git/wt-orch/logs/tasks").exists());
}
