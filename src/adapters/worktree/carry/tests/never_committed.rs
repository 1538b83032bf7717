//! What was brought along stays out of commits and does not hold up the removal of a worktree.

use super::*;
use crate::adapters::worktree::{
    CommitOutcome, CommitRequest, Committed, EnsureOutcome, KeptReason, RemoveMode, RemoveOutcome,
    plan_removal,
};

fn carried() -> Scene {
    let scene = Scene::new();
    scene.brought(&scene.carry(&WorktreeRules::default()));
    scene
}

fn committed(scene: &Scene) -> Committed {
    let request = CommitRequest {
        branch: "feature/t".to_owned(),
        start: scene.sandbox.rev("main"),
        message: "leftovers".to_owned(),
        keep_ref: "refs/wt-orch/run/t/attempt-1".to_owned(),
    };
    let outcome = scene.checkout().commit_all(&request).unwrap();
    let CommitOutcome::Committed(done) = outcome else { panic!("{outcome:?}") };
    done
}

fn changed(done: &Committed) -> Vec<&str> {
    done.changed.iter().map(|change| change.path.as_str()).collect()
}

fn removal(scene: &Scene) -> RemoveOutcome {
    plan_removal(&scene.repo, &scene.path, RemoveMode::OnlyIfClean).unwrap()
}

#[test]
fn without_the_ignore_rule_it_is_still_left_out() {
    let scene = carried();
    std::fs::remove_file(scene.path.join(".gitignore")).unwrap();
    write(&scene.path.join("a"), "2\n");
    write(&scene.path.join("data/own"), "the task's own\n");
    let done = committed(&scene);
    assert_eq!(changed(&done), [".gitignore", "a", "data/own"]);
    assert_eq!((done.carried.as_slice(), done.notes.as_slice()), (&[][..], &[][..]));
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
    assert_eq!(removal(&scene), RemoveOutcome::Removed);
    write(&scene.path.join(".env"), "KEY=changed\n");
    let paths = vec![".env".to_owned()];
    let (reason, also) = (KeptReason::Dirty { paths }, Vec::new());
    assert_eq!(removal(&scene), RemoveOutcome::Kept { reason, also });
    // Changed or not: it is not the task's work.
    assert_eq!(changed(&committed(&scene)), [".gitignore", "a", "data/own"]);
}

#[test]
fn staging_it_is_taken_back_with_a_note() {
    let scene = carried();
    write(&scene.path.join("a"), "2\n");
    scene.git(&["add", "-f", ".env", "a"]);
    scene.git(&["add", "-Nf", "data/one"]);
    assert_eq!(scene.checkout().state().unwrap().dirty, ["a"]);
    let done = committed(&scene);
    assert_eq!(changed(&done), ["a"]);
    assert_eq!(
        done.notes,
        [".env", "data/one"].map(|path| format!(
            "{path} was staged; it was brought from your checkout, so it was not committed"
        ))
    );
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
}

#[test]
fn staging_nothing_else_is_taken_back_too() {
    let scene = carried();
    scene.git(&["add", "-f", ".env"]);
    let done = committed(&scene);
    assert!(!done.committed_leftovers && done.changed.is_empty());
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
}

#[test]
fn commits_of_the_task_that_hold_it_are_found_even_after_it_was_deleted() {
    let scene = carried();
    scene.git(&["add", "-f", ".env"]);
    scene.git(&["commit", "-qm", "one"]);
    write(&scene.path.join("a"), "2\n");
    scene.git(&["add", "-f", "conf/db.local", "a"]);
    scene.git(&["commit", "-qm", "two"]);
    assert_eq!(committed(&scene).carried, [".env", "conf/db.local"]);
    scene.git(&["rm", "-q", ".env", "conf/db.local"]);
    scene.git(&["commit", "-qm", "three"]);
    let done = committed(&scene);
    assert_eq!(changed(&done), ["a"]);
    assert_eq!(done.carried, [".env", "conf/db.local"]);
}

#[test]
fn putting_the_worktree_back_neither_saves_nor_needs_it() {
    let scene = carried();
    let start = scene.sandbox.rev("main");
    std::fs::remove_file(scene.path.join(".gitignore")).unwrap();
    scene.git(&["add", "-f", ".env"]);
    scene.git(&["commit", "-qm", "one"]);
    scene.git(&["reset", "-q", "--soft", "HEAD~"]);
    let keep = "refs/wt-orch/run/t/attempt-1";
    let outcome = scene.checkout().ensure_at("feature/t", start, Some(keep)).unwrap();
    let EnsureOutcome::Ready { saved: Some(saved), .. } = outcome else { panic!("{outcome:?}") };
    let names = scene.git(&["diff", "--name-only", &start.to_string(), &saved.name]);
    assert_eq!(names, ".gitignore");
    let load = scene.brought(&scene.carry(&WorktreeRules::default())).load;
    assert!(load.copied.files + load.shared.files <= 1);
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
}

#[test]
fn a_damaged_record_stops_the_commit() {
    let scene = carried();
    std::fs::write(scene.git_dir().join("wt-orch-carried"), "there .env\0").unwrap();
    std::fs::remove_file(scene.path.join(".gitignore")).unwrap();
    let request = CommitRequest {
        branch: "feature/t".to_owned(),
        start: scene.sandbox.rev("main"),
        message: "leftovers".to_owned(),
        keep_ref: "refs/wt-orch/run/t/attempt-1".to_owned(),
    };
    let error = scene.checkout().commit_all(&request).unwrap_err();
    assert!(error.to_string().contains("wt-orch-carried"), "{error}");
}
