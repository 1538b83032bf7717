//! A glance says nothing that git does not say.

use std::os::unix::ffi::OsStrExt;

use super::*;
use crate::adapters::git::as_path;
use crate::adapters::git::fixture::Sandbox;
use crate::adapters::worktree::tests::Task;

fn looked(task: &Task) -> Option<Glance> {
    let git_dir = task.sandbox.root().join(".git/worktrees/t");
    let head = task.repo.head_at(&git_dir).unwrap().tip().unwrap();
    glance(&git_dir, &task.path, task.repo.tree_of(head).unwrap())
}

/// Gives the index a time at which nothing in it is suspect.
fn settle(task: &Task) {
    let index = task.sandbox.root().join(".git/worktrees/t/index");
    let file = std::fs::File::options().write(true).open(&index).unwrap();
    let later = index.metadata().unwrap().modified().unwrap() + std::time::Duration::from_secs(5);
    file.set_times(std::fs::FileTimes::new().set_modified(later)).unwrap();
}

#[test]
fn untouched_files_are_vouched_for_and_other_paths_are_named() {
    let task = Task::ordinary();
    settle(&task);
    assert_eq!(looked(&task), Some(Glance::default()));
    task.write("new/deep/file", "x");
    task.write("d/beside.o", "x");
    let found = looked(&task).unwrap();
    assert_eq!(found.others, [b"d/beside.o".to_vec(), b"new".to_vec()]);
    let git_dir = task.sandbox.root().join(".git/worktrees/t");
    let ignored =
        |paths: &[Vec<u8>]| all_ignored(&task.repo, (&git_dir, &task.path), paths).unwrap();
    assert!(ignored(&[b"d/beside.o".to_vec()]) && ignored(&[]));
    assert!(!ignored(&[b"d/beside.o".to_vec(), b"new".to_vec()]));
}

#[test]
fn whatever_changed_is_left_to_git() {
    type Change = fn(&Task);
    let changes: [(&str, Change); 7] = [
        ("content of the same size and time", |task| {
            let file = task.path.join("a");
            let before = file.metadata().unwrap().modified().unwrap();
            std::fs::write(&file, "2\n").unwrap();
            let open = std::fs::File::options().write(true).open(&file).unwrap();
            open.set_times(std::fs::FileTimes::new().set_modified(before)).unwrap();
        }),
        ("gone", |task| std::fs::remove_file(task.path.join("d/b")).unwrap()),
        ("another type", |task| {
            std::fs::remove_file(task.path.join("a")).unwrap();
            std::os::unix::fs::symlink("1\n", task.path.join("a")).unwrap();
        }),
        ("executable", |task| crate::adapters::git::fixture::make_executable(&task.path.join("a"))),
        ("hidden by a flag", |task| {
            task.git(&["update-index", "--assume-unchanged", "a"]);
            task.write("a", "other\n");
        }),
        ("staged", |task| {
            task.write("a", "other\n");
            task.git(&["add", "a"]);
        }),
        ("a folder behind a link", |task| {
            std::fs::rename(task.path.join("d"), task.path.join("e")).unwrap();
            std::os::unix::fs::symlink("e", task.path.join("d")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let task = Task::ordinary();
        settle(&task);
        assert!(looked(&task).is_some());
        change(&task);
        settle(&task);
        assert_eq!(looked(&task), None, "{what}");
    }
}

#[test]
fn a_file_as_young_as_the_index_is_read_and_one_that_git_converts_is_left_to_git() {
    let task = Task::ordinary();
    let make_suspect = |task: &Task| {
        let index = task.sandbox.root().join(".git/worktrees/t/index");
        let written = task.path.join("a").metadata().unwrap().modified().unwrap();
        let file = std::fs::File::options().write(true).open(&index).unwrap();
        file.set_times(std::fs::FileTimes::new().set_modified(written)).unwrap();
    };
    make_suspect(&task);
    assert_eq!(looked(&task), Some(Glance::default()));
    task.write(".gitattributes", "a eol=crlf\n");
    task.git(&["add", "-A"]);
    task.git(&["commit", "-q", "-m", "attributes"]);
    std::fs::remove_file(task.path.join("a")).unwrap();
    task.git(&["checkout", "-q", "-f", "HEAD"]);
    assert_eq!(std::fs::read_to_string(task.path.join("a")).unwrap(), "1\r\n");
    settle(&task);
    assert_eq!(looked(&task), Some(Glance::default()));
    make_suspect(&task);
    assert_eq!(looked(&task), None);
}

#[test]
fn names_of_every_kind_are_found_again() {
    let sandbox =
        Sandbox::ordinary(&[("a/b", "1\n"), ("a-b", "1\n"), ("a.b", "1\n"), ("a/b-c/d", "1\n")]);
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff\n-name");
    std::fs::write(sandbox.root().join(odd), "x").unwrap();
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "-m", "odd"]);
    let repo = sandbox.repo();
    let path = sandbox.path("t");
    sandbox.git(&["worktree", "add", "-q", "-b", "t", path.to_str().unwrap()]);
    let git_dir = sandbox.root().join(".git/worktrees/t");
    std::fs::write(path.join(as_path(b"a/\xfe")), "x").unwrap();
    let tree = repo.tree_of(sandbox.rev("main")).unwrap();
    let soon = path.join("a-b").metadata().unwrap().modified().unwrap();
    let index = std::fs::File::options().write(true).open(git_dir.join("index")).unwrap();
    let soon = soon + std::time::Duration::from_secs(5);
    index.set_times(std::fs::FileTimes::new().set_modified(soon)).unwrap();
    assert_eq!(glance(&git_dir, &path, tree).unwrap().others, [b"a/\xfe".to_vec()]);
}
