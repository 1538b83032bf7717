//! Resolutions that git recorded, and repositories of other kinds.

use std::path::{Path, PathBuf};

use crate::harness::Repo;
use crate::integrating::finished;
use crate::resolving::{RIVALS, assert_no_desk, resolved_by, told};
use crate::scene::{content, small_repo, split};

#[test]
fn what_git_recorded_is_replayed_and_the_users_recordings_stay_as_they_are() {
    let repo = finished(RIVALS);
    repo.git(&["config", "rerere.enabled", "true"]);
    // The user has resolved it once, elsewhere.
    repo.git(&["checkout", "-q", "--detach", "feature/loud"]);
    repo.try_git(&["merge", "feature/soft"]).exit(1);
    repo.file("a.txt", "UNO\ntwo\nthree\n");
    repo.git(&["add", "a.txt"]);
    repo.git(&["commit", "-qm", "by hand"]);
    repo.git(&["checkout", "-q", "main"]);
    let recorded = || {
        let mut files = Vec::new();
        for entry in walk(&repo.path(".git/rr-cache")) {
            let meta = entry.metadata().unwrap();
            files.push((entry.clone(), std::fs::read(&entry).unwrap(), meta.modified().unwrap()));
        }
        files
    };
    let before = recorded();
    assert!(before.len() > 1, "something is recorded");
    let output = repo.wt_orch(&["integrate"]);
    output.exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "UNO\ntwo\nthree\n");
    assert_eq!(told(&output, "1 line of `loud` in `a.txt` is not in the result: `ONE`").len(), 1);
    assert_eq!(recorded(), before);
    assert_no_desk(&repo);
}

#[test]
fn a_conflict_that_nobody_resolved_before_is_not_recorded() {
    let repo = finished(RIVALS);
    repo.git(&["config", "rerere.enabled", "true"]);
    std::fs::create_dir(repo.path(".git/rr-cache")).unwrap();
    repo.wt_orch(&["integrate"]).exit(3);
    assert_eq!(walk(&repo.path(".git/rr-cache")), Vec::<PathBuf>::new());
    assert_no_desk(&repo);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn it_works_in_repositories_that_only_git_reads() {
    let repo = Repo::of_format("GIT_DEFAULT_HASH", "sha256");
    repo.file("a.txt", "one\ntwo\nthree\n").file("b.txt", "b\n").commit("first");
    split(&repo, RIVALS, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo.git(&["config", "rerere.enabled", "true"]);
    repo.git(&["checkout", "-q", "--detach", "feature/loud"]);
    repo.try_git(&["merge", "feature/soft"]).exit(1);
    repo.file("a.txt", "UNO\ntwo\nthree\n");
    repo.git(&["commit", "-qam", "by hand"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "UNO\ntwo\nthree\n");
    assert_no_desk(&repo);
}

#[test]
fn files_that_a_sparse_checkout_leaves_out_are_resolved_as_well() {
    let repo = small_repo();
    repo.file("deep/c.txt", "one\ntwo\nthree\n").commit("deep");
    split(&repo, &RIVALS.replace("a.txt", "deep/c.txt"), &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo.git(&["sparse-checkout", "set", "docs"]);
    let resolver = "printf 'ONE uno\\ntwo\\nthree\\n' > deep/c.txt";
    resolved_by(&repo, resolver, &[]).run().exit(0);
    assert_eq!(content(&repo, "main", "deep/c.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\nother\n");
    assert_no_desk(&repo);
}
