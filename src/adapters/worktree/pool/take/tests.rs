//! What is left when a waiting worktree cannot be handed over.

use super::*;
use crate::adapters::git::fixture::write;
use crate::adapters::worktree::pool::tests::Scene;

#[test]
fn what_fails_after_the_move_leaves_the_place_free() {
    let scene = Scene::new();
    scene.waiting();
    let (spec, trash) = (scene.spec("next", "later"), Trash::begin());
    let claim = Claim::nearest(&scene.repo, (&spec.path, &spec), &trash).unwrap().unwrap();
    let locked = claim.entry.join("locked");
    std::fs::remove_file(&locked).unwrap();
    write(&locked.join("in-the-way"), "x");
    assert_eq!(claim.hand_over(&scene.repo, (&spec.path, &spec), &trash).unwrap(), None);
    assert!(trash.finish().failed.is_none());
    assert!(spec.path.symlink_metadata().is_err() && !scene.pool().exists());
    assert_eq!(scene.repo.branch_tip("feature/next").unwrap(), None);
    assert_eq!(scene.repo.worktrees().unwrap().len(), 1);
}

#[test]
fn when_git_fails_the_worktree_goes_on_waiting() {
    let scene = Scene::new();
    let place = scene.waiting();
    let id = scene.sandbox.git(&["rev-parse", "later:a"]);
    let (folder, file) = id.trim().split_at(2);
    std::fs::remove_file(scene.sandbox.root().join(".git/objects").join(folder).join(file))
        .unwrap();
    assert_eq!(scene.take("next", "later"), None);
    assert_eq!(scene.pooled(), [place]);
}
