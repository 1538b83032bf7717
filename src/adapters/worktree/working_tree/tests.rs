//! The user's working tree as a commit, and what stays as it was.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::adapters::git::fixture::{Sandbox, write};

/// What must not change: index, HEAD, refs, reflogs and what else is in git's folder, but for objects.
fn surroundings(sandbox: &Sandbox) -> (Vec<u8>, (i64, i64, u64), String, String) {
    let index = sandbox.root().join(".git/index");
    let meta = index.metadata().unwrap();
    let mut names: Vec<_> = sandbox
        .root()
        .join(".git")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let refs = sandbox.git(&["for-each-ref"]) + &sandbox.git(&["symbolic-ref", "HEAD"]);
    let read = std::fs::read(&index).unwrap();
    (read, (meta.mtime(), meta.mtime_nsec(), meta.ino()), refs, names.join(" "))
}

fn taken(sandbox: &Sandbox) -> (Oid, Vec<String>) {
    let found = snapshot_of_working_tree(&sandbox.repo()).unwrap();
    let WorkingTree::Changed { commit, notes } = found else { panic!("{found:?}") };
    (commit, notes)
}

fn listing(sandbox: &Sandbox, commit: Oid) -> Vec<String> {
    let listed =
        sandbox.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", &commit.to_string()]);
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn everything_that_is_there_and_not_ignored_is_in_it_and_nothing_else_changes() {
    let sandbox = Sandbox::ordinary(&[
        ("changed", "1\n"),
        ("deleted", "1\n"),
        ("unstaged", "1\n"),
        ("tool", "#!\n"),
        (".gitignore", "*.o\n"),
    ]);
    let at = |name: &str| sandbox.root().join(name);
    write(&at("changed"), "2\n");
    sandbox.git(&["add", "changed"]);
    write(&at("changed"), "3\n");
    std::fs::remove_file(at("deleted")).unwrap();
    sandbox.git(&["rm", "-q", "--cached", "unstaged"]);
    std::fs::set_permissions(at("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    write(&at("staged and gone"), "x");
    sandbox.git(&["add", "staged and gone"]);
    std::fs::remove_file(at("staged and gone")).unwrap();
    write(&at("intended"), "later\n");
    sandbox.git(&["add", "--intent-to-add", "intended"]);
    write(&at("new/file"), "n\n");
    symlink("changed", at("link")).unwrap();
    write(&at("built.o"), "x");
    write(&at("inner/file"), "x");
    sandbox.git_at(&at("inner"), &["init", "-q"]);
    sandbox.git(&["update-index", "--assume-unchanged", ".gitignore"]);
    write(&at(".gitignore"), "*.o\n*.tmp\n");
    let before = surroundings(&sandbox);

    let (commit, notes) = taken(&sandbox);
    assert_eq!(
        listing(&sandbox, commit),
        [
            "100644 .gitignore",
            "100644 changed",
            "100644 intended",
            "120000 link",
            "100644 new/file",
            "100755 tool",
            "100644 unstaged"
        ]
    );
    let show = |path: &str| sandbox.git(&["show", &format!("{commit}:{path}")]);
    assert_eq!(
        (show("changed"), show("intended"), show(".gitignore")),
        ("3".into(), "later".into(), "*.o\n*.tmp".into())
    );
    assert_eq!(sandbox.repo().parents(commit).unwrap(), [sandbox.rev("main")]);
    assert_eq!(surroundings(&sandbox), before);
    assert_eq!(std::fs::read_to_string(at("changed")).unwrap(), "3\n");
    let notes = notes.join("\n");
    assert!(
        notes.contains("untracked files are included") && notes.contains("new/file"),
        "{notes}"
    );
    assert!(notes.contains("`inner/` is left out"), "{notes}");
    let again = taken(&sandbox).0;
    let repo = sandbox.repo();
    assert_eq!(repo.tree_of(again).unwrap(), repo.tree_of(commit).unwrap());
}

#[test]
fn a_tree_like_that_of_head_is_tested_as_head() {
    let sandbox = Sandbox::ordinary(&[("a", "1\n"), (".gitignore", "*.o\n")]);
    write(&sandbox.root().join("x.o"), "x");
    write(&sandbox.root().join("a"), "1\n");
    let before = surroundings(&sandbox);
    let found = snapshot_of_working_tree(&sandbox.repo()).unwrap();
    let head = sandbox.rev("main");
    assert_eq!(found, WorkingTree::AsCommitted { head, notes: Vec::new() });
    assert_eq!(surroundings(&sandbox), before);
}

#[test]
fn a_linked_worktree_is_taken_where_the_user_stands_in_it() {
    let sandbox = Sandbox::ordinary(&[("a", "1\n")]);
    sandbox.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    write(&sandbox.root().join("a"), "main\n");
    write(&sandbox.path("linked/a"), "linked\n");
    let repo = Repo::discover(&sandbox.path("linked"), sandbox.env()).unwrap();
    let WorkingTree::Changed { commit, .. } = snapshot_of_working_tree(&repo).unwrap() else {
        panic!("nothing was taken");
    };
    assert_eq!(sandbox.git(&["show", &format!("{commit}:a")]), "linked");
}

#[test]
fn what_nobody_has_decided_is_not_taken() {
    let sandbox = Sandbox::ordinary(&[("a", "1\n")]);
    let base = sandbox.rev("main");
    sandbox.branch("other", base, &[("a", "other\n")]);
    sandbox.commit(&[("a", "ours\n")]);
    let merge = |args: &[&str]| assert!(!sandbox.try_git_at(&sandbox.root(), args).0);
    merge(&["merge", "-q", "other"]);
    let found = || snapshot_of_working_tree(&sandbox.repo()).unwrap();
    let conflicted = WorkingTree::Conflicted { paths: vec!["a".to_owned()] };
    assert_eq!(found(), conflicted);
    sandbox.write("a", "both\n");
    sandbox.git(&["add", "a"]);
    assert!(matches!(found(), WorkingTree::Changed { .. }), "the merge only waits for its commit");
    sandbox.git(&["merge", "--abort"]);
    merge(&["cherry-pick", "other"]);
    assert_eq!(found(), conflicted);
    assert_eq!(snapshot_of_working_tree(&Sandbox::empty().repo()).unwrap(), WorkingTree::Unborn);
}

#[test]
fn a_submodule_counts_as_the_commit_that_is_checked_out_in_it() {
    let inner = Sandbox::ordinary(&[("x", "1\n")]);
    let sandbox = Sandbox::ordinary(&[("a", "1\n")]);
    let url = inner.root();
    let allow = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
    sandbox.git(&[&allow[..], &[url.to_str().unwrap(), "sub"]].concat());
    sandbox.git(&["commit", "-qm", "with a submodule"]);
    let sub = sandbox.root().join("sub");
    write(&sub.join("x"), "2\n");
    sandbox.git_at(&sub, &["commit", "-qam", "two"]);
    write(&sub.join("x"), "3\n");
    let (commit, notes) = taken(&sandbox);
    let linked = sandbox.git(&["rev-parse", &format!("{commit}:sub")]);
    assert_eq!(linked, sandbox.git_at(&sub, &["rev-parse", "HEAD"]));
    assert!(
        notes.join("\n").contains("left out: it is not committed in its submodule"),
        "{notes:?}"
    );
    assert_eq!(std::fs::read_to_string(Path::new(&sub).join("x")).unwrap(), "3\n");
}
