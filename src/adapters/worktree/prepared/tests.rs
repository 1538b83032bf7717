//! What setup hooks left, and what became of it.

use super::*;
use crate::adapters::git::fixture::{Sandbox, write};
use crate::adapters::worktree::provision;
use crate::adapters::worktree::tests::spec;

#[test]
fn what_hooks_left_is_nobodys_work_until_it_is_changed() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let repo = sandbox.repo();
    let path = provision(&repo, spec(&sandbox, "t")).unwrap().path;
    let checkout = Checkout::at(&repo, &path).unwrap();
    let untracked = || checkout.state().unwrap().untracked;
    let names = ["grown", "kept", "re placed", "turned"];
    for name in names {
        write(&path.join(name), "left\n");
    }
    assert_eq!(untracked(), names);
    let prepared = Prepared { run: "r".to_owned(), start: sandbox.rev("main") };
    checkout.note_prepared(Some(&prepared), &untracked()).unwrap();
    assert_eq!(checkout.prepared(), Some(prepared));
    assert_eq!(untracked(), [""; 0]);

    write(&path.join("grown"), "left\nwork\n");
    write(&path.join("other"), "work\n");
    std::fs::rename(path.join("other"), path.join("re placed")).unwrap();
    std::fs::remove_file(path.join("turned")).unwrap();
    std::os::unix::fs::symlink("a", path.join("turned")).unwrap();
    assert_eq!(untracked(), ["grown", "re placed", "turned"]);
}

#[test]
fn a_note_without_stamps_hides_nothing() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let repo = sandbox.repo();
    let path = provision(&repo, spec(&sandbox, "t")).unwrap().path;
    let checkout = Checkout::at(&repo, &path).unwrap();
    let git_dir = checkout.git_dir.clone().unwrap();
    write(&path.join("gen.rs"), "left\n");
    write(&path.join("o ne"), "left\n");
    let start = sandbox.rev("main");
    write(&git_dir.join(NOTE), &format!("r {start}\0gen.rs\0o ne\0"));
    assert_eq!(checkout.state().unwrap().untracked, ["gen.rs", "o ne"]);
    assert_eq!(checkout.prepared(), Some(Prepared { run: "r".to_owned(), start }));
    checkout.forget_left(&git_dir).unwrap();
    assert_eq!(checkout.prepared(), None);
}
