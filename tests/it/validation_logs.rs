//! Logs of validations, and of the hooks that prepare their worktree.

use crate::scene::{small_repo, split};

#[test]
fn the_hooks_of_validations_have_a_log_that_no_validation_can_have() {
    let repo = small_repo();
    let text = r#"
        [[setup]]
        run = "echo prepared $WT_ORCH_TASK"
        [[task]]
        id = "a"
        run = "echo a > a"
        check = "true"
        [[validate]]
        name = "setup"
        run = "echo validated"
    "#;
    split(&repo, text, &["--integrate"]).exit(0);
    let read = |name: &str| repo.read(&format!(".git/wt-orch/logs/tasks/{name}")).unwrap();
    let (hooks, validation) = (read("setup-hooks.log"), read("setup.1.validate.log"));
    assert!(hooks.contains("prepared gate.validate-0") && !hooks.contains("validated"), "{hooks}");
    assert!(validation.contains("validated") && !validation.contains("prepared"), "{validation}");
}
