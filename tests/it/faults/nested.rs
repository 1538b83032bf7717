//! Repositories and worktrees inside a worktree (F34).

use super::shared::{assert_has, notes, one, ran};
use crate::scene::{beside, content, small_repo, strings, task};

#[test]
fn f34_a_repository_inside_is_named_and_its_commits_are_kept() {
    let repo = small_repo();
    let inner = "git init -q lib; echo 1 > lib/one; git -C lib add one; git -C lib commit -qm 1";
    let (run, _) = ran(&repo, &one(&format!("{inner}; echo work > work")), 0);
    let kept = "refs/wt-orch/tasks/a/attempt-1-repository-1";
    let note = "lib/ is a repository inside; its files were not committed; its commits are kept as";
    assert_has(&notes(&run, "a"), &format!("{note} {kept}"));
    assert_eq!(content(&repo, kept, "one").unwrap(), "1\n");
    // Its folder is nobody's to throw away either.
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("lib/");
    assert_eq!(beside(&repo), ["repo-a"]);

    let repo = small_repo();
    let (run, _) = ran(&repo, &one(&format!("{inner}; git add lib; git commit -qm all")), 0);
    assert_has(&notes(&run, "a"), "lib is a repository inside; only its commit id is recorded");
    assert_eq!(content(&repo, kept, "one").unwrap(), "1\n");
}

#[test]
fn f34_a_worktree_made_by_a_task_is_named_and_left() {
    let repo = small_repo();
    let script = "git worktree add -q -b mine inner; echo 1 > inner/one; echo work > work";
    let (run, _) = ran(&repo, &one(script), 0);
    assert_has(&notes(&run, "a"), "repo-a/inner` was made; it was left there");
    assert_has(&notes(&run, "a"), "the branch `mine` was made; left there");
    assert_eq!(strings(&task(&run, "a")["changed_paths"]), ["work"]);
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(std::fs::read_to_string(repo.root().join("repo-a/inner/one")).unwrap(), "1\n");
}

#[test]
fn f34_a_submodule_is_committed_as_one() {
    let repo = small_repo();
    repo.git(&["init", "--quiet", "../lib"]);
    repo.git(&["-C", "../lib", "commit", "--quiet", "--allow-empty", "--message", "lib"]);
    let script = "git -c protocol.file.allow=always submodule add -q $PWD/../lib lib";
    let (run, _) = ran(&repo, &one(script), 0);
    let mut changed = strings(&task(&run, "a")["changed_paths"]);
    changed.sort_unstable();
    assert_eq!(changed, [".gitmodules", "lib"]);
}
