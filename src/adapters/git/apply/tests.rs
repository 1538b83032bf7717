use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::adapters::git::fixture::{Sandbox, lines, with_line};

/// A repository with a text of twenty lines, and a file that is no text.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    fill(&sandbox);
    sandbox
}

fn fill(sandbox: &Sandbox) {
    sandbox.write("src/x", &lines(0..20));
    std::fs::write(sandbox.root().join("bin"), [0, 159, 146, 150]).unwrap();
    sandbox.commit_all();
}

fn change() -> (&'static str, String) {
    ("src/x", with_line(&lines(0..20), 10, "changed"))
}

/// What the patch makes of HEAD, as git prints it; nothing else of the repository changes.
#[track_caller]
fn applied(sandbox: &Sandbox, patch: &[u8]) -> String {
    let before = state(sandbox);
    let start = sandbox.rev("HEAD");
    let outcome = sandbox.repo().apply_patch(start, patch, "try it").unwrap();
    assert_eq!(state(sandbox), before);
    let PatchOutcome::Applied(commit) = outcome else { panic!("{outcome:?}") };
    let commit = commit.to_string();
    let told = sandbox.git(&["log", "-1", "--format=%P %an %s", &commit]);
    assert_eq!(told, format!("{start} Ann try it"));
    sandbox.git(&["diff", "-M", "--name-status", "HEAD", &commit])
}

#[track_caller]
fn rejected(sandbox: &Sandbox, patch: &str) -> (Vec<String>, Vec<String>) {
    let outcome = sandbox.repo().apply_patch(sandbox.rev("HEAD"), patch.as_bytes(), "m").unwrap();
    let PatchOutcome::Rejected { said, paths } = outcome else { panic!("{outcome:?}") };
    (said, paths)
}

fn state(sandbox: &Sandbox) -> [String; 3] {
    [
        sandbox.git(&["status", "--porcelain", "--branch"]),
        sandbox.git(&["for-each-ref"]),
        sandbox.git(&["ls-files", "--stage", "--debug"]),
    ]
}

/// The difference of what `edit` does, which is taken back.
fn made(sandbox: &Sandbox, words: &[&str], edit: impl FnOnce()) -> Vec<u8> {
    edit();
    sandbox.git(&["add", "-A"]);
    let output = sandbox.path("patch");
    let to = format!("--output={}", output.display());
    sandbox.git(&[&["diff", "--cached", &to], words].concat());
    sandbox.git(&["reset", "-q", "--hard"]);
    std::fs::read(output).unwrap()
}

#[test]
fn patches_of_every_kind_become_commits() {
    let sandbox = sandbox();
    let edit = || {
        let (path, text) = change();
        sandbox.write(path, &text);
    };
    for words in [&[][..], &["--no-prefix"], &["--src-prefix=old/", "--dst-prefix=new/"]] {
        let patch = made(&sandbox, words, edit);
        assert_eq!(applied(&sandbox, &patch), "M\tsrc/x", "{words:?}");
    }
    let patch = made(&sandbox, &["--binary", "-M"], || {
        sandbox.git(&["mv", "src/x", "src/y"]);
        sandbox.write("new/deep", "new\n");
        std::fs::write(sandbox.root().join("bin"), [0, 1, 2]).unwrap();
    });
    assert_eq!(applied(&sandbox, &patch), "M\tbin\nA\tnew/deep\nR100\tsrc/x\tsrc/y");
    let patch = made(&sandbox, &["--binary"], || {
        sandbox.git(&["rm", "-q", "bin"]);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sandbox.root().join("src/x"), mode).unwrap();
    });
    assert_eq!(applied(&sandbox, &patch), "D\tbin\nM\tsrc/x");
    let plain = "--- src/x.orig\t2024-01-01\n+++ src/x\t2024-01-02\n@@ -1,3 +1,3 @@\n line 0\n-line 1\n+changed\n line 2\n";
    assert_eq!(applied(&sandbox, plain.as_bytes()), "M\tsrc/x");
    let new = "--- /dev/null\n+++ src/new\n@@ -0,0 +1 @@\n+new\n";
    assert_eq!(applied(&sandbox, new.as_bytes()), "A\tsrc/new");
}

#[test]
fn mail_and_line_ends_of_other_systems_are_read() {
    let sandbox = sandbox();
    let tip = sandbox.branch("other", sandbox.rev("HEAD"), &[(change().0, &change().1)]);
    let mail = sandbox.git(&["format-patch", "--stdout", "-1", &tip.to_string()]);
    assert_eq!(applied(&sandbox, mail.as_bytes()), "M\tsrc/x");
    assert_eq!(applied(&sandbox, mail.replace('\n', "\r\n").as_bytes()), "M\tsrc/x");
    // Files that have such line ends themselves.
    let text = lines(0..20).replace('\n', "\r\n");
    sandbox.commit(&[("src/x", &text)]);
    let patch = made(&sandbox, &[], || sandbox.write("src/x", &text.replace("line 7\r", "7\r")));
    assert_eq!(applied(&sandbox, &patch), "M\tsrc/x");
}

#[test]
fn a_patch_whose_place_has_changed_is_merged_where_that_is_clean() {
    let sandbox = sandbox();
    let patch = made(&sandbox, &["--full-index"], || {
        let (path, text) = change();
        sandbox.write(path, &text);
    });
    // The lines around it change, too far away to collide.
    sandbox.commit(&[("src/x", &with_line(&lines(0..20), 8, "before"))]);
    assert_eq!(applied(&sandbox, &patch), "M\tsrc/x");
    sandbox.commit(&[("src/x", &with_line(&lines(0..20), 10, "something else"))]);
    let (said, paths) = rejected(&sandbox, str::from_utf8(&patch).unwrap());
    assert_eq!(said, ["patch failed: src/x:8", "src/x: patch does not apply"]);
    assert_eq!(paths, ["src/x"]);
}

#[test]
fn what_git_does_not_take_is_said_with_its_paths() {
    let sandbox = sandbox();
    let new = |path: &str| format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
    let cases = [
        (new(".git/hooks/x"), "invalid path '.git/hooks/x'", ".git/hooks/x"),
        (new("../x"), "invalid path '../x'", "../x"),
        (new("src/x"), "src/x: already exists in index", "src/x"),
        ("--- a/y\n+++ b/y\n@@ -1 +1 @@\n-1\n+2\n".into(), "y: does not exist in index", "y"),
        ("not a patch\n".into(), "No valid patches in input (allow with \"--allow-empty\")", ""),
        ("--- a/src/x\n+++ b/src/x\n@@ -1,3 +1,3 @@\n 1\n".into(), "corrupt patch at line 5", ""),
    ];
    for (patch, expected, path) in cases {
        let (said, paths) = rejected(&sandbox, &patch);
        assert_eq!(said.last().map(String::as_str), Some(expected));
        assert_eq!(paths.concat(), path);
    }
    assert!(!sandbox.path("x").exists() && sandbox.hooks_that_ran().is_none());
}

#[test]
fn what_changes_nothing_is_empty() {
    let sandbox = sandbox();
    let repo = sandbox.repo();
    let start = sandbox.rev("HEAD");
    let same = "--- a/src/x\n+++ b/src/x\n@@ -1,3 +1,3 @@\n line 0\n-line 1\n+line 1\n line 2\n";
    for patch in ["", " \n\n", same] {
        assert_eq!(repo.apply_patch(start, patch.as_bytes(), "m").unwrap(), PatchOutcome::Empty);
    }
}

#[test]
fn what_is_there_already_is_told_from_what_does_not_fit() {
    let sandbox = sandbox();
    let (path, text) = change();
    let made = made(&sandbox, &[], || sandbox.write(path, &text));
    let plain = "--- src/x\n+++ src/x\n@@ -10,3 +10,3 @@\n line 9\n-line 10\n+changed\n line 11\n";
    sandbox.write(path, &text);
    sandbox.commit_all();
    let repo = sandbox.repo();
    let before = state(&sandbox);
    for patch in [&made[..], plain.as_bytes()] {
        let outcome = repo.apply_patch(sandbox.rev("HEAD"), patch, "m").unwrap();
        assert_eq!(outcome, PatchOutcome::Present);
    }
    assert_eq!(state(&sandbox), before);
    // Half of it is not all of it.
    let more = [&made[..], b"--- a/src/x\n+++ b/src/x\n@@ -1 +1 @@\n-other\n+none\n"].concat();
    let outcome = repo.apply_patch(sandbox.rev("HEAD"), &more, "m").unwrap();
    assert!(matches!(outcome, PatchOutcome::Rejected { .. }), "{outcome:?}");
}

#[test]
fn no_hook_or_filter_runs_and_no_other_format_matters() {
    let formats =
        [None, Some(("GIT_DEFAULT_HASH", "sha256")), Some(("GIT_DEFAULT_REF_FORMAT", "reftable"))];
    for format in formats {
        let variables = format.map(|(name, value)| (OsString::from(name), value.into()));
        let sandbox = Sandbox::of_formats(variables.into_iter().collect());
        sandbox.write(".gitattributes", "* filter=spy text eol=crlf\n");
        fill(&sandbox);
        let (path, text) = change();
        let patch = made(&sandbox, &[], || sandbox.write(path, &text));
        sandbox.plant_hooks();
        let spy = format!("touch '{}'; cat", sandbox.path("filtered").display());
        for (key, value) in [("filter.spy.clean", spy.as_str()), ("core.splitIndex", "true")] {
            sandbox.git(&["config", key, value]);
        }
        let start = sandbox.rev("HEAD");
        let listed = || std::fs::read_dir(sandbox.root().join(".git")).unwrap().count();
        let before = listed();
        let outcome = sandbox.repo().apply_patch(start, &patch, "m").unwrap();
        let PatchOutcome::Applied(commit) = outcome else { panic!("{format:?}: {outcome:?}") };
        assert_eq!(listed(), before);
        assert!(sandbox.hooks_that_ran().is_none() && !sandbox.path("filtered").exists());
        sandbox.git(&["config", "core.fsmonitor", "false"]);
        let shown = sandbox.git(&["show", &format!("{commit}:{path}")]);
        assert_eq!(format!("{shown}\n"), text);
    }
}

#[test]
fn a_bare_repository_will_do() {
    let sandbox = sandbox();
    let (path, text) = change();
    let patch = made(&sandbox, &[], || sandbox.write(path, &text));
    sandbox.git_at(&sandbox.path(""), &["clone", "-q", "--bare", "repo", "bare"]);
    let repo = Repo::discover(&sandbox.path("bare"), sandbox.env()).unwrap();
    let outcome = repo.apply_patch(sandbox.rev("HEAD"), &patch, "m").unwrap();
    assert!(matches!(outcome, PatchOutcome::Applied(_)), "{outcome:?}");
}

#[test]
fn an_unknown_start_is_an_error_and_no_refusal() {
    let sandbox = sandbox();
    let gone = sandbox.rev("HEAD").zero();
    assert!(sandbox.repo().apply_patch(gone, b"--- a/x\n+++ b/x\n", "m").is_err());
}

#[test]
fn only_files_of_a_sound_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patch");
    assert!(matches!(load_patch(&path), Err(PatchFault::Unreadable(_))));
    assert!(matches!(load_patch(folder.path()), Err(PatchFault::NoFile)));
    std::fs::write(&path, "x").unwrap();
    assert_eq!(load_patch(&path).unwrap(), b"x");
    File::options().write(true).open(&path).unwrap().set_len(LARGEST_PATCH + 1).unwrap();
    assert!(matches!(load_patch(&path), Err(PatchFault::TooLarge)));
}
