//! Handles of this program in the hands of what it runs: none, but for input and output.

use crate::scene::{outcomes, small_repo, split};

#[test]
fn nothing_that_is_run_for_a_task_gets_a_handle_of_this_program() {
    let repo = small_repo();
    let list = |name: &str| format!("ls /proc/self/fd > {}/{name}", repo.root().display());
    // What whoever runs the tests holds open goes through to everybody.
    repo.program("sh", &["-c", &list("ambient")]).run().exit(0);
    let handles = |name: &str| {
        let text = std::fs::read_to_string(repo.root().join(name)).unwrap();
        let mut listed: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
        listed.sort_unstable();
        listed
    };
    repo.file("orchestrator.toml", "[run]\njobserver = true\n");
    let beside = "for i in 1 2 3 4 5; do sleep 0.02; done";
    let text = format!(
        "[[setup]]\nrun = \"{}\"\n\
         [[task]]\nid = \"a\"\nrun = \"{}; echo a > a\"\ncheck = \"{}\"\n\
         [[task]]\nid = \"b\"\nrun = \"{beside}; {}; echo b > b\"\ncheck = \"true\"\n\
         [[validate]]\nname = \"tests\"\nrun = \"{}\"\n",
        list("setup"),
        list("command"),
        list("check"),
        list("second"),
        list("validation"),
    );
    let run = split(&repo, &text, &["--json"]);
    assert_eq!(outcomes(&run.exit(0).stdout_json()).len(), 2);
    repo.wt_orch(&["integrate"]).exit(0);
    for name in ["setup", "command", "check", "second", "validation"] {
        assert_eq!(handles(name), handles("ambient"), "{name}");
    }
}
