//! An integration that is interrupted while the worktree of its validations is being made.

use std::time::Duration;

use rustix::process::Signal;

use crate::scene::{beside, small_repo, split};

#[test]
fn a_validation_worktree_that_is_being_made_is_taken_away_as_well() {
    let repo = small_repo();
    repo.file(".gitattributes", "b.txt filter=slow\n").commit("attributes");
    let text = r#"
        [[task]]
        id = "a"
        run = "echo a > a"
        check = "true"
        [[validate]]
        name = "never begun"
        run = "true"
    "#;
    split(&repo, text, &[]).exit(0);
    let slow = "touch ../begun; until test -e ../go; do sleep 0.01; done; cat";
    repo.git(&["config", "filter.slow.smudge", slow]);
    let running = repo.command(&["integrate"]).start();
    repo.wait_for("begun");
    running.signal(Signal::INT);
    // The filter goes on when the signal has been seen.
    std::thread::sleep(Duration::from_millis(100));
    std::fs::write(repo.root().join("go"), "").unwrap();
    running.wait().exit(5);
    assert_eq!(beside(&repo), ["begun", "go", "repo-a"]);
    repo.wt_orch(&["integrate"]).exit(0);
}
