//! Settings, hooks and files of git's that all worktrees share, changed by what runs in one of them
//! (F33).

use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, outcomes, refs, small_repo, split, strings, task};

/// Runs these tasks; the document of the run and what was written to stderr.
#[track_caller]
pub(super) fn ran(repo: &Repo, text: &str, exit: i32) -> (Value, String) {
    let output = split(repo, text, &["--json"]);
    (output.exit(exit).stdout_json(), output.stderr().to_owned())
}

/// One task with this script.
pub(super) fn one(script: &str) -> String {
    format!("[[task]]\nid = \"a\"\nrun = \"\"\"\n{script}\n\"\"\"\ncheck = \"true\"\n")
}

/// The notes of a task, one per line.
#[track_caller]
pub(super) fn notes(run: &Value, id: &str) -> String {
    strings(&task(run, id)["notes"]).join("\n")
}

#[track_caller]
pub(super) fn assert_has(text: &str, words: &str) {
    assert!(text.contains(words), "no `{words}` in:\n{text}");
}

/// What was put back, as it was found.
fn copies(repo: &Repo) -> Vec<String> {
    let folder = repo.path(".git/wt-orch/logs/tasks/put-back");
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn f33_planted_programs_are_put_back_and_fail_the_task_whose_work_is_kept() {
    let repo = small_repo();
    repo.git(&["config", "alias.st", "status -s"]);
    repo.file(".git/hooks/pre-push", "#!/bin/sh\nmine\n");
    repo.program("chmod", &["+x", ".git/hooks/pre-push"]).run().exit(0);
    let before = Fingerprint::of(&repo);
    let script = "
        echo work > work.txt
        git config core.hooksPath /tmp/evil
        git config core.fsmonitor /tmp/evil
        git config filter.x.clean evil
        git config alias.st '!evil'
        hooks=$(git rev-parse --git-common-dir)/hooks; mkdir -p $hooks
        printf '#!/bin/sh\\necho hook\\n' > $hooks/post-commit; chmod +x $hooks/post-commit
        echo evil >> $hooks/pre-push";
    let (run, stderr) = ran(&repo, &one(script), 1);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));

    let reason = task(&run, "a")["reason"].as_str().unwrap().to_owned();
    assert_eq!(task(&run, "a")["outcome"], "failed");
    assert_has(&reason, "it changed what runs programs for every worktree, which was put back: ");
    assert_has(
        &reason,
        "`alias.st`, `core.fsmonitor`, `core.hookspath`, `filter.x.clean` in `.git/config`",
    );
    assert_has(&reason, "the hook `post-commit`, the hook `pre-push`");
    assert_has(&notes(&run, "a"), "`git config core.hookspath /tmp/evil`");
    let lines: Vec<&str> = stderr.lines().filter(|line| line.contains("was put back;")).collect();
    assert_eq!(lines.len(), 3, "one finding to a line: {stderr}");
    assert_eq!(copies(&repo), ["1-config", "2-post-commit", "3-pre-push"]);
    // Its work is not lost.
    assert_eq!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "work.txt").unwrap(), "work\n");
    assert!(content(&repo, "feature/a", "work.txt").is_none());
    repo.wt_orch(&["report"]).exit(0).stdout_has("the hook `post-commit` changed");
}

#[test]
fn f33_other_settings_and_files_stay_and_are_named() {
    let repo = small_repo();
    let script = "
        echo work > work.txt; echo hidden > secret.txt
        git config user.signature x
        git remote add evil /tmp/evil
        git config alias.mine '!evil'
        echo secret.txt >> $(git rev-parse --git-common-dir)/info/exclude
        echo '*.txt text' >> $(git rev-parse --git-common-dir)/info/attributes";
    let (run, _) = ran(&repo, &one(script), 1);
    let notes = notes(&run, "a");
    assert_has(&notes, "`remote.evil.fetch`, `remote.evil.url`, `user.signature` changed in");
    assert_has(&notes, "`info/exclude` in git's own folder got `secret.txt`");
    assert_has(&notes, "that hides secret.txt, which are not committed");
    assert_has(&notes, "`info/attributes`");
    assert_eq!(repo.git(&["config", "user.signature"]), "x");
    repo.try_git(&["config", "alias.mine"]).exit(1);
}

#[test]
fn f33_settings_that_git_cannot_read_any_more_come_back() {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let script = "echo work > work.txt; echo '[broken' > $(git rev-parse --git-common-dir)/config";
    let (run, _) = ran(&repo, &one(script), 1);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    assert_has(&outcomes(&run)[0], "which was put back: `.git/config`");
    assert_eq!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "work.txt").unwrap(), "work\n");
}

#[test]
fn f33_what_an_installer_plants_in_a_setup_hook_is_put_back_without_failing_anybody() {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let text = "[[setup]]\nrun = \"git config core.hooksPath .husky/_\"\n".to_owned()
        + &one("echo work > work.txt");
    let (run, _) = ran(&repo, &text, 0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    assert_has(&notes(&run, "a"), "`core.hookspath` in `.git/config` changed");
    assert_eq!(content(&repo, "feature/a", "work.txt").unwrap(), "work\n");
}

#[test]
fn f33_a_check_that_plants_something_fails_the_task() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\n\
        check = \"git config core.pager evil\"\n";
    let (run, _) = ran(&repo, text, 1);
    assert_has(&outcomes(&run)[0], "a failed: it changed what runs programs");
    repo.try_git(&["config", "core.pager"]).exit(1);
}

#[test]
fn f33_what_a_validation_plants_is_put_back_and_told() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\nrun = \"echo x > x\"\ncheck = \"true\"\n\
        [[validate]]\nname = \"tests\"\nrun = \"git config core.pager evil; git tag mark\"\n";
    ran(&repo, text, 0);
    repo.wt_orch(&["integrate"]).exit(0).stderr_has("`core.pager` in `.git/config` changed");
    repo.try_git(&["config", "core.pager"]).exit(1);
    let status = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    let warnings = strings(&status["warnings"]).join("\n");
    assert_has(&warnings, "the tag `mark` was made");
}

#[test]
fn f33_with_several_at_work_it_is_put_back_and_nobody_fails_on_suspicion() {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let wait = |name: &str| format!("until [ -e ../{name} ]; do sleep 0.01; done");
    let text = format!(
        "[[task]]\nid = \"a\"\ncheck = \"true\"\nrun = \"\"\"\n{}\n\
         git config core.editor evil; touch ../planted; {}\n\"\"\"\n\
         [[task]]\nid = \"b\"\ncheck = \"true\"\nrun = \"touch ../b-runs; {}\"\n",
        wait("b-runs"),
        wait("b-over"),
        wait("planted"),
    );
    // The first look after the deed finds both at work.
    let text = text.replace("touch ../planted; ", "touch ../planted; touch ../b-over; ");
    let (run, stderr) = ran(&repo, &text, 0);
    for name in ["b-runs", "planted", "b-over", "repo/tasks.toml"] {
        std::fs::remove_file(repo.root().join(name)).unwrap();
    }
    before.assert_kept(&Fingerprint::of(&repo));
    let warning = "ran: `core.editor` in `.git/config` changed, which runs programs";
    assert_has(&strings(&run["warnings"]).join("\n"), warning);
    assert_has(&stderr, warning);
}

#[test]
fn f33_what_cannot_be_compared_is_said_once() {
    let repo = small_repo();
    // A file of settings that git does not ask for here, and that cannot be read.
    std::fs::create_dir(repo.path(".git/config.worktree")).unwrap();
    let text = ["a", "b", "c"]
        .map(|id| one("echo x > $WT_ORCH_TASK").replace("\"a\"", &format!("\"{id}\"")));
    let (run, _) = ran(&repo, &text.concat(), 0);
    let told = run.to_string().matches("could not be compared").count();
    assert_eq!((told, strings(&run["warnings"]).len()), (1, 1), "{run:#}");
}

#[test]
fn f18_what_the_user_does_meanwhile_is_left_alone() {
    let repo = small_repo();
    repo.file("tasks.toml", &one("touch ../runs; until [ -e ../go ]; do sleep 0.01; done"));
    let command = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("runs");
    repo.file("b.txt", "mine\n");
    repo.git(&["commit", "--quiet", "--message", "mine", "b.txt"]);
    repo.git(&["config", "branch.main.description", "mine"]);
    repo.git(&["switch", "--quiet", "--create", "mine"]);
    let own = repo.git(&["rev-parse", "HEAD"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = command.wait().exit(0).stdout_json();
    assert_eq!(repo.git(&["symbolic-ref", "--short", "HEAD"]), "mine");
    assert_eq!(repo.git(&["rev-parse", "main"]), own);
    assert_eq!(repo.git(&["config", "branch.main.description"]), "mine");
    assert_has(&notes(&run, "a"), "the branch `main` moved from ");
    assert_eq!(refs(&repo, "refs/wt-orch/tasks/a"), [""; 0]);
}

/// A task that says that it runs, does this, and goes on when it is told to.
fn waiting(id: &str, does: &str) -> String {
    format!(
        "[[task]]\nid = \"{id}\"\ncheck = \"true\"\nrun = \"\"\"\n{does}\n\
         touch ../{id}-runs; until [ -e ../{id}-go ]; do sleep 0.01; done; echo x > {id}\n\"\"\"\n"
    )
}

#[test]
fn f33_what_another_run_makes_lands_and_clears_is_no_finding() {
    let repo = small_repo();
    repo.file("one.toml", &waiting("a", "true"));
    repo.file(
        "two.toml",
        &one("echo 1 > one; git add one; git commit -qm one").replace("\"a\"", "\"b\""),
    );
    let command = repo.command(&["split", "one.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("a-runs");
    repo.wt_orch(&["split", "two.toml", "--parallel=1"]).exit(0);
    repo.wt_orch(&["integrate", "two"]).exit(0);
    assert_eq!(content(&repo, "main", "one").unwrap(), "1\n");
    repo.wt_orch(&["clean", "two"]).exit(0);
    std::fs::write(repo.root().join("a-go"), "").unwrap();
    let run = command.wait().exit(0).stdout_json();
    assert_eq!(notes(&run, "a"), "");
    assert_eq!(strings(&run["warnings"]), [""; 0]);
}

#[test]
fn f33_what_another_run_put_back_is_not_brought_again_and_nobody_fails_on_suspicion() {
    let repo = small_repo();
    repo.file("one.toml", &waiting("a", "true"));
    repo.file("two.toml", &waiting("b", "git config core.editor evil"));
    let start = |file: &str| repo.command(&["split", file, "--parallel=1", "--json"]).start();
    let go = |id: &str| std::fs::write(repo.root().join(format!("{id}-go")), "").unwrap();
    let two = start("two.toml");
    repo.wait_for("b-runs");
    // For this one the setting was always there.
    let one = start("one.toml");
    repo.wait_for("a-runs");
    go("b");
    let two = two.wait().exit(0).stdout_json();
    assert_has(&strings(&two["warnings"]).join("\n"), "while `b`, another run ran: `core.editor`");
    go("a");
    let one = one.wait().exit(0).stdout_json();
    assert_eq!((notes(&one, "a"), strings(&one["warnings"])), (String::new(), vec![]));
    repo.try_git(&["config", "core.editor"]).exit(1);
}
