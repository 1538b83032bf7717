use super::*;

#[test]
fn rule_13_a_command_that_reads_the_history_is_always_run() {
    for command in [
        "git describe --tags",
        "x=$(git rev-parse HEAD)",
        "/usr/bin/git log -1",
        "test -d .git",
        "cat ../.git/HEAD",
        "echo $WT_ORCH_RUN",
        "make;git diff --exit-code",
    ] {
        assert!(depends_on_more(command), "{command}");
    }
    for command in ["cargo test", "cat .gitignore", "make digit", "npm run git-free"] {
        assert!(!depends_on_more(command), "{command}");
    }
}
