//! Untracked files that setup hooks leave, and tasks that change them.

use crate::scene::{beside, content, outcomes, small_repo, split, strings, task};

#[test]
fn what_a_task_does_to_a_file_that_a_hook_left_is_its_work() {
    let repo = small_repo();
    let text = r#"
        [[setup]]
        run = "echo left > gen.rs; echo left > other"
        [[task]]
        id = "a"
        run = "echo work >> gen.rs"
        check = "true"
        [[task]]
        id = "idle"
        run = "true"
        check = "true"
        [[task]]
        id = "touched"
        run = "true"
        check = "true"
    "#;
    let run = split(&repo, text, &["--json"]).exit(0).stdout_json();
    assert_eq!(strings(&task(&run, "a")["changed_paths"]), ["gen.rs"]);
    assert_eq!(content(&repo, "feature/a", "gen.rs").unwrap(), "left\nwork\n");
    assert_eq!(outcomes(&run)[1], "idle succeeded: changed nothing");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "gen.rs").unwrap(), "left\nwork\n");
    assert_eq!(content(&repo, "main", "other"), None);
    // What somebody wrote after the end is nobody's to throw away either.
    std::fs::write(repo.root().join("repo-touched/gen.rs"), "left\nmine\n").unwrap();
    repo.wt_orch(&["clean"]).exit(0).stdout_has("gen.rs");
    assert_eq!(beside(&repo), ["repo-touched"]);
}
