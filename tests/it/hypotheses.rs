//! `[race]` and `[[hypothesis]]` of a tasks file: read, checked, and turned into commits.

use std::fs;
use std::path::Path;

use wt_orch::adapters::git;
use wt_orch::domain::diagnostic::{Checked, LineIndex};
use wt_orch::domain::id::Oid;
use wt_orch::domain::race::Arm;
use wt_orch::domain::task::{Known, parse};
use wt_orch::engine::Hypotheses;

use crate::harness::Repo;

/// The crate with the planted bug, its hypotheses beside it, all of it committed.
pub(crate) fn fixture() -> Repo {
    let repo = Repo::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/race");
    copy(&from.join("crate"), &repo.path(""));
    copy(&from.join("hypotheses"), &repo.path("hypotheses"));
    fs::copy(from.join("race.toml"), repo.path("race.toml")).unwrap();
    repo.commit("window");
    repo
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// The arms of a file in the repository's folder.
fn commits(repo: &Repo, text: &str) -> Checked<Vec<Arm>> {
    let parsed = parse(text, &Known::default());
    assert!(parsed.tasks.problems.is_empty(), "{:?}", parsed.tasks.problems);
    let race = parsed.tasks.value.unwrap().race.unwrap();
    let found = git::Repo::discover(&repo.path(""), repo.environment()).unwrap();
    let (places, folder) = (&parsed.hypotheses, repo.path(""));
    let base = oid(repo, "main");
    Hypotheses { repo: &found, base, race: &race, places, folder: &folder }.commits().unwrap()
}

fn oid(repo: &Repo, revision: &str) -> Oid {
    repo.git(&["rev-parse", revision]).parse().unwrap()
}

/// Problems as `line code message | label | help`.
fn told(text: &str, checked: &Checked<Vec<Arm>>) -> Vec<String> {
    let index = LineIndex::new(text);
    let line = |problem: &wt_orch::domain::diagnostic::Diagnostic| {
        let label = &problem.labels[0];
        let (line, _) = index.place(text, label.span.start);
        let help = problem.help.as_deref().unwrap_or_default();
        format!("{line} {}: {} | {} | {help}", problem.code, problem.message, label.text)
    };
    checked.problems.iter().map(line).collect()
}

#[test]
fn each_patch_of_the_fixture_becomes_a_commit_on_the_base_and_on_no_ref() {
    let repo = fixture();
    let refs = repo.git(&["for-each-ref"]);
    let arms = commits(&repo, &repo.read("race.toml").unwrap()).value.unwrap();
    let names: Vec<&str> = arms.iter().map(|arm| arm.task.as_str()).collect();
    assert_eq!(names, ["off-by-one", "first-window", "too-short", "windows", "rounding"]);
    let base = oid(&repo, "main");
    for arm in &arms {
        let commit = arm.begins_at.to_string();
        assert_eq!((oid(&repo, &format!("{commit}^")), arm.counts_from), (base, base));
        assert_eq!(repo.git(&["diff", "--name-only", "main", &commit]), "src/lib.rs");
    }
    let message = repo.git(&["log", "-1", "--format=%B", &arms[0].begins_at.to_string()]);
    assert_eq!(
        message.trim_end(),
        "the loop ends one sample early\n\nTask: off-by-one\nPatch: hypotheses/off-by-one.patch"
    );
    assert_eq!(
        (repo.git(&["for-each-ref"]), repo.git(&["status", "--short"])),
        (refs, String::new())
    );
}

#[test]
fn a_hypothesis_counts_from_where_its_branch_left_the_base() {
    let repo = fixture();
    let fork = oid(&repo, "main");
    repo.branch("idea").file("idea", "x\n").commit("idea");
    repo.git(&["switch", "--quiet", "main"]);
    repo.file("later", "x\n").commit("later");
    repo.branch("ahead").file("ahead", "x\n").commit("ahead");
    repo.git(&["switch", "--quiet", "main"]);
    let text = "[race]\ncheck = 'x'\n\
        [[hypothesis]]\nid = 'plain'\nfrom = 'idea'\n\
        [[hypothesis]]\nid = 'both'\nfrom = 'idea'\npatch = 'hypotheses/off-by-one.patch'\n\
        [[hypothesis]]\nid = 'ahead'\nfrom = 'ahead'\n\
        [[hypothesis]]\nid = 'many'\nrun = 'x'\narms = 2\npatch = 'hypotheses/off-by-one.patch'\n\
        [[hypothesis]]\nid = 'again'\npatch = 'hypotheses/off-by-one.patch'\n";
    let arms = commits(&repo, text).value.unwrap();
    let base = oid(&repo, "main");
    assert_eq!((arms[0].begins_at, arms[0].counts_from), (oid(&repo, "idea"), fork));
    assert_eq!(oid(&repo, &format!("{}^", arms[1].begins_at)), oid(&repo, "idea"));
    assert_eq!((arms[1].counts_from, arms[2].counts_from), (fork, base));
    let told = |arm: &Arm| (arm.task.to_string(), arm.family.clone());
    assert_eq!(told(&arms[3]), ("many-1".to_owned(), Some("many".to_owned())));
    assert_eq!(arms[3].begins_at, arms[4].begins_at);
    assert_eq!(arms[4].counts_from, base);
    let subject = |arm: &Arm| repo.git(&["log", "-1", "--format=%s", &arm.begins_at.to_string()]);
    assert_eq!((subject(&arms[4]), subject(&arms[5])), ("many".to_owned(), "again".to_owned()));
}

#[test]
fn everything_that_hypotheses_cannot_begin_with_is_told_at_once() {
    let repo = fixture();
    repo.file("empty.patch", "\n")
        .file("wrong.patch", "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1 +1 @@\n-x\n+y\n");
    repo.git(&["switch", "--quiet", "--orphan", "alone"]);
    repo.git(&["commit", "--quiet", "--allow-empty", "--message", "alone"]);
    repo.git(&["switch", "--quiet", "main"]);
    let text = "[race]\ncheck = 'x'\n\
        [[hypothesis]]\nid = 'a'\nfrom = 'gone'\npatch = 'missing.patch'\n\
        [[hypothesis]]\nid = 'b'\nfrom = 'alone'\n\
        [[hypothesis]]\nid = 'c'\npatch = 'empty.patch'\n\
        [[hypothesis]]\nid = 'd'\npatch = 'wrong.patch'\nrun = 'x'\narms = 3\n\
        [[hypothesis]]\nid = 'e'\npatch = 'src'\n\
        [[hypothesis]]\nid = 'f'\npatch = 'hypotheses/off-by-one.patch'\n";
    let checked = commits(&repo, text);
    assert!(checked.value.is_none());
    let short = oid(&repo, "main").short();
    let found = told(text, &checked).join("\n").replace(&short.to_string(), "BASE");
    insta::assert_snapshot!(found, @"
    5 unknown_from: git knows no commit `gone` | no such commit | name a branch, a tag or a commit; leave `from` out for the base
    6 unreadable_patch: the patch `missing.patch` cannot be read: No such file or directory (os error 2) |  | write its path relative to this file
    9 unrelated_from: `alone` and the base BASE have no commit in common, so nothing of it could land |  | name a commit that began at the base, or make its change a `patch`
    12 empty_patch: the patch `empty.patch` changes nothing at BASE |  | make it with `git diff BASE`, or remove it
    15 rejected_patch: the patch `wrong.patch` does not apply to BASE | patch failed: src/lib.rs:1, src/lib.rs: patch does not apply | make it again with `git diff BASE`, or name the commit it was made for by `from`
    20 unreadable_patch: the patch `src` cannot be read: it is no file |  | write its path relative to this file
    ");
}

#[test]
fn an_arm_whose_patch_has_landed_begins_at_the_base_so_that_the_race_says_that_nothing_is_wrong() {
    let repo = Repo::new();
    repo.file("had", "x\n").commit("had");
    repo.file("had.patch", "--- /dev/null\n+++ b/had\n@@ -0,0 +1 @@\n+x\n");
    let text = "[race]\ncheck = 'test -e had'\n[[hypothesis]]\nid = 'a'\npatch = 'had.patch'\narms = 2\n\
                run = 'true'\n";
    repo.file("race.toml", text);
    let checked = commits(&repo, text);
    let base = oid(&repo, "main");
    let found = told(text, &checked).join("\n").replace(&base.short().to_string(), "BASE");
    insta::assert_snapshot!(found, @"5 applied_patch: BASE has the patch `had.patch` already, so the arm begins without a change |  | remove the hypothesis, or name a commit without it by `from`");
    assert!(checked.value.unwrap().iter().all(|arm| arm.begins_at == base));
    let output = repo.wt_orch(&["race", "race.toml"]);
    let stderr = output.exit(1).stderr();
    assert!(stderr.contains("warning[applied_patch]"), "{stderr}");
    assert!(repo.wt_orch(&["report"]).exit(0).stdout().contains("not reproduced"));
}

#[test]
fn check_looks_for_what_hypotheses_begin_with() {
    let repo = fixture();
    let output = repo.wt_orch(&["check", "race.toml"]);
    assert_eq!(output.exit(0).stdout(), "race.toml: 5 hypotheses, no problems\n");
    let objects = repo.git(&["count-objects", "-v"]);
    let text =
        repo.read("race.toml").unwrap().replace("rounding.patch\"", "round.patch\"\nfrom = \"v1\"");
    // Paths are relative to the file, wherever one stands.
    repo.file("sub/race.toml", &text.replace("\"hypotheses/", "\"../hypotheses/"));
    let output = repo.wt_orch(&["check", "sub/race.toml"]);
    let stderr = output.exit(2).stderr();
    assert!(stderr.contains("git knows no commit `v1`"), "{stderr}");
    assert!(stderr.contains("the patch `../hypotheses/round.patch` cannot be read"), "{stderr}");
    assert_eq!(stderr.matches("error[").count(), 2, "{stderr}");
    assert_eq!(repo.git(&["count-objects", "-v"]), objects);
    let json = repo.wt_orch(&["check", "race.toml", "--json"]);
    assert!(json.exit(0).stdout().contains("\"off-by-one\""));
}

#[test]
fn split_and_plan_leave_hypotheses_to_the_race() {
    let repo = fixture();
    for command in ["split", "plan"] {
        let output = repo.wt_orch(&[command, "race.toml"]);
        let stderr = output.exit(2).stderr();
        assert!(stderr.contains("there is no `[[task]]`, only hypotheses"), "{stderr}");
        assert!(stderr.contains("`wt-orch race race.toml` runs them"), "{stderr}");
    }
    let text = repo.read("race.toml").unwrap()
        + "[[task]]\nid = \"t\"\nrun = \"true\"\ncheck = \"true\"\n";
    repo.file("both.toml", &text);
    let stderr = repo.wt_orch(&["plan", "both.toml"]).exit(0).stderr().to_owned();
    assert!(stderr.contains("note: the hypotheses are for `wt-orch race both.toml`"), "{stderr}");
    let output = repo.wt_orch(&["check", "both.toml"]);
    assert_eq!(output.exit(0).stdout(), "both.toml: 1 task, 5 hypotheses, no problems\n");
}
