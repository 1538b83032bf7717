//! Conversions that depend on more than a commit, and files that do not survive them.

use super::tests::{KEEP, spec};
use super::*;
use crate::adapters::git::Repo;
use crate::adapters::git::fixture::{Sandbox, write};

/// What a worktree of ours has at `file`, beside what one of git's has on a branch of the same kind.
fn written(sandbox: &Sandbox, file: &str) -> [Vec<u8>; 2] {
    let made = provision(&sandbox.repo(), spec(sandbox, "ours")).unwrap();
    let theirs = sandbox.path("theirs");
    sandbox.git(&["worktree", "add", "-q", "-b", "feature/theirs", theirs.to_str().unwrap()]);
    [made.path, theirs].map(|path| std::fs::read(path.join(file)).unwrap())
}

#[test]
fn settings_that_hold_in_some_places_only_hold_in_worktrees_of_ours_as_in_gits() {
    for condition in ["onbranch:feature/**", "gitdir:**/worktrees/**", "onbranch:main"] {
        let sandbox = Sandbox::ordinary(&[("f.txt", "one\ntwo\n")]);
        write(&sandbox.path("crlf"), "[core]\n\tautocrlf = true\n");
        let key = format!("includeIf.{condition}.path");
        sandbox.git(&["config", &key, sandbox.path("crlf").to_str().unwrap()]);
        let [ours, theirs] = written(&sandbox, "f.txt");
        assert_eq!(ours, theirs, "{condition}");
    }
}

#[test]
fn attributes_that_git_reads_in_ways_of_its_own_are_left_to_git() {
    for attributes in ["\u{feff}*.txt eol=crlf\n", "x\0y\n*.txt eol=crlf\n"] {
        let sandbox = Sandbox::ordinary(&[(".gitattributes", attributes), ("f.txt", "one\n")]);
        let [ours, theirs] = written(&sandbox, "f.txt");
        assert_eq!(ours, theirs, "{attributes:?}");
    }
    let odd = [(".git-no-index/.gitattributes", "f -ident\n"), (".gitattributes", "* ident\n")];
    let sandbox = Sandbox::ordinary(&[odd[0], odd[1], ("f", "$Id$\n")]);
    let [ours, theirs] = written(&sandbox, "f");
    assert_eq!(ours, theirs);
}

/// `win.txt` is stored with the line ends that `text` would take away.
fn never_normalised(more: &str) -> Sandbox {
    let sandbox = Sandbox::ordinary(&[("win.txt", "a\r\nb\r\n"), ("x.bin", "b")]);
    sandbox.write(".gitattributes", &format!("*.txt text\n{more}"));
    sandbox.git(&["add", ".gitattributes"]);
    sandbox.git(&["commit", "-q", "-m", "attributes"]);
    sandbox
}

fn commit(repo: &Repo, sandbox: &Sandbox) -> Committed {
    let request = CommitRequest {
        branch: "feature/ours".to_owned(),
        start: sandbox.rev("main"),
        message: "m".to_owned(),
        keep_ref: KEEP.to_owned(),
    };
    let checkout = Checkout::at(repo, &sandbox.path("ours")).unwrap();
    let outcome = checkout.commit_all(&request).unwrap();
    let CommitOutcome::Committed(done) = outcome else { panic!("{outcome:?}") };
    done
}

#[test]
fn files_that_were_never_normalised_are_no_work_of_a_task_and_do_not_keep_it_from_a_retry() {
    for filter in ["", "*.bin filter=same\n"] {
        let sandbox = never_normalised(filter);
        sandbox.git(&["config", "filter.same.smudge", "cat"]);
        sandbox.git(&["config", "filter.same.clean", "cat"]);
        let repo = sandbox.repo();
        let made = provision(&repo, spec(&sandbox, "ours")).unwrap();
        assert_eq!(made.by_git.is_some(), !filter.is_empty());
        assert_eq!(commit(&repo, &sandbox).changed, Vec::new(), "{filter}");
        std::fs::remove_file(made.path.join("win.txt")).unwrap();
        let checkout = Checkout::at(&repo, &made.path).unwrap();
        let start = sandbox.rev("main");
        let outcome = checkout.ensure_at("feature/ours", start, Some(KEEP)).unwrap();
        assert!(matches!(outcome, EnsureOutcome::Ready { .. }), "{outcome:?}");
        assert_eq!(commit(&repo, &sandbox).changed, Vec::new(), "{filter}");
    }
}

#[test]
fn a_link_that_some_system_takes_for_gitmodules_is_refused_as_git_refuses_it() {
    for name in [".gitmodules ", ".gitmodules.", "gitmod~1", "GI7EBA~1"] {
        let sandbox = Sandbox::ordinary(&[("f", "1")]);
        write(&sandbox.path("target"), "../../etc");
        let blob = sandbox.git(&["hash-object", "-w", "../target"]);
        let entry = format!("120000,{blob},{name}");
        let unprotected = ["-c", "core.protectNTFS=false", "update-index", "--add", "--cacheinfo"];
        sandbox.git(&[&unprotected[..], &[&entry]].concat());
        sandbox.git(&["commit", "-q", "-m", "a link"]);
        assert!(provision(&sandbox.repo(), spec(&sandbox, "ours")).is_err(), "{name}");
        assert!(!sandbox.path("ours").exists());
        assert_eq!(sandbox.git(&["branch", "--list", "feature/*"]), "");
    }
}
