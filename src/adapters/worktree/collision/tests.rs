//! Worktrees in the middle of a merge, compared with what `git merge` leaves.

use std::os::unix::fs::symlink;

use super::*;
use crate::adapters::git::fixture::{Sandbox, write};
use crate::adapters::git::{MarkerStyle, MergeRequest, Repo};
use crate::adapters::worktree::{Detached, WorktreeOptions, detached};

/// Two branches that collide in many ways.
fn rivals() -> (Sandbox, Oid, Oid) {
    let long: String = (0..30).map(|n| format!("line {n}\n")).collect();
    let sandbox = Sandbox::with(&[
        ("text", "1\n2\n3\n"),
        ("d/old", &long),
        ("gone", "x\n"),
        ("kept\n\"odd\"", "1\n"),
        ("clean", "1\n2\n3\n4\n5\n"),
    ]);
    sandbox.write("binary", "\0base");
    symlink("base", sandbox.root().join("link")).unwrap();
    let base = sandbox.commit_all();
    let side = |name: &str, place: &str| {
        sandbox.git(&["switch", "-q", "-c", name, &base.to_string()]);
        sandbox.write("text", &format!("1\n{name}\n3\n"));
        sandbox.git(&["mv", "d/old", place]);
        sandbox.write(place, &long.replace("line 7\n", &format!("{name}\n")));
        sandbox.write("kept\n\"odd\"", &format!("{name}\n"));
        sandbox.write("binary", &format!("\0{name}"));
        sandbox.write("both", &format!("{name}\n"));
        std::fs::remove_file(sandbox.root().join("link")).unwrap();
        symlink(name, sandbox.root().join("link")).unwrap();
    };
    side("theirs", "d/new");
    sandbox.write("gone", "y\n");
    sandbox.write("clean", "1\n2\n3\n4\nfive\n");
    let theirs = sandbox.commit_all();
    side("ours", "d/new");
    sandbox.git(&["rm", "-q", "gone"]);
    sandbox.write("clean", "one\n2\n3\n4\n5\n");
    let ours = sandbox.commit_all();
    (sandbox, ours, theirs)
}

fn desk(sandbox: &Sandbox, repo: &Repo, commit: Oid) -> Checkout {
    let path = sandbox.path("desk");
    let options = WorktreeOptions::default();
    detached(repo, Detached { path: path.clone(), commit, lock_reason: None, options }).unwrap();
    Checkout::at(repo, &path).unwrap()
}

#[test]
fn a_worktree_stands_as_git_leaves_it_in_a_merge_that_collides() {
    let (sandbox, ours, theirs) = rivals();
    let repo = sandbox.repo();
    let request = MergeRequest { base: None, ours, theirs };
    let collided = repo.collide(request, MarkerStyle::Configured).unwrap().unwrap();
    let desk = desk(&sandbox, &repo, ours);
    let names = SideNames { ours: (ours, "HEAD"), theirs: (theirs, "theirs") };
    assert_eq!(desk.stand_in_collision(&collided, names).unwrap(), [""; 0]);
    let (merged, _) = sandbox.try_git_at(&sandbox.root(), &["merge", "-q", "theirs"]);
    assert!(!merged);
    let index = |dir: &Path| sandbox.git_at(dir, &["ls-files", "-s"]);
    assert_eq!(index(desk.path()), index(&sandbox.root()));
    for file in ["text", "d/new", "both", "gone", "clean", "kept\n\"odd\"", "binary"] {
        let content = |dir: &Path| std::fs::read(dir.join(file)).ok();
        assert_eq!(content(desk.path()), content(&sandbox.root()), "{file:?}");
    }
    let link = |dir: &Path| std::fs::read_link(dir.join("link")).unwrap();
    assert_eq!(link(desk.path()), link(&sandbox.root()));
    // Doing it again after somebody was at work there comes to the same.
    write(&desk.path().join("text"), "changed\n");
    write(&desk.path().join("stray/file"), "x\n");
    sandbox.git_at(desk.path(), &["add", "-A"]);
    desk.stand_in_collision(&collided, names).unwrap();
    assert_eq!(index(desk.path()), index(&sandbox.root()));
    assert!(!desk.path().join("stray").exists());
}

#[test]
fn a_resolution_is_taken_over_path_by_path() {
    let (sandbox, ours, theirs) = rivals();
    let repo = sandbox.repo();
    let request = MergeRequest { base: None, ours, theirs };
    let collided = repo.collide(request, MarkerStyle::Zdiff3).unwrap().unwrap();
    let desk = desk(&sandbox, &repo, ours);
    let names = SideNames { ours: (ours, "HEAD"), theirs: (theirs, "theirs") };
    desk.stand_in_collision(&collided, names).unwrap();
    let unmerged = StagedResolution::Unmerged(
        collided.paths.iter().map(|path| path.path.clone()).collect::<Vec<_>>(),
    );
    assert_eq!(desk.staged_resolution().unwrap(), unmerged);
    write(&desk.path().join("text"), "both\n");
    write(&desk.path().join("new"), "x\n");
    std::fs::remove_file(desk.path().join("gone")).unwrap();
    let before = sandbox.git_at(desk.path(), &["ls-files", "-s"]);
    let after = desk.whole_tree().unwrap();
    let paths = ["text", "gone"].map(str::to_owned);
    let tree = desk.overlaid(collided.tree, after, &paths).unwrap();
    assert_eq!(sandbox.git_at(desk.path(), &["ls-files", "-s"]), before, "the index stays");
    let changed: Vec<String> =
        repo.changed_paths(collided.tree, tree).unwrap().into_iter().map(|c| c.path).collect();
    assert_eq!(changed, ["gone", "text"]);
    assert_eq!(sandbox.git(&["cat-file", "-p", &format!("{tree}:text")]), "both");

    desk.put_tree(tree).unwrap();
    assert_eq!(desk.staged_resolution().unwrap(), StagedResolution::Tree(tree));
    assert_eq!(desk.whole_tree().unwrap(), tree);
    assert!(!desk.path().join("new").exists());
    write(&desk.path().join("text"), "later\n");
    assert_eq!(desk.staged_resolution().unwrap(), StagedResolution::Unstaged(vec!["text".into()]));
}

#[test]
fn a_clean_merge_is_no_collision() {
    let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n")]);
    let start = sandbox.rev("main");
    let ours = sandbox.branch("ours", start, &[("a", "2\n")]);
    let theirs = sandbox.branch("theirs", start, &[("b", "2\n")]);
    let request = MergeRequest { base: None, ours, theirs };
    assert_eq!(sandbox.repo().collide(request, MarkerStyle::Configured).unwrap(), None);
}
