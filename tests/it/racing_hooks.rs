//! Setup hooks in the worktrees of a race: an arm begins after them with what it was to begin with.

use crate::harness::Repo;
use crate::json::document;
use crate::racing::{arm, raced, verdicts};
use crate::scene::{go, small_repo, tip};

/// A branch `idea`, a patch `fix.patch` in the user's folder, and a folder that git ignores.
fn repo() -> Repo {
    let repo = small_repo();
    repo.file(".gitignore", "modules/\n").commit("ignore");
    repo.branch("idea").file("b.txt", "from the branch\n").commit("idea");
    repo.git(&["switch", "--quiet", "main"]);
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+patched\n");
    repo
}

/// Everything that an arm can begin with, a hook that leaves something, and a check that needs both.
const RACE: &str = r#"
    [race]
    check = "test -e modules/x && ! grep -q '^b$' b.txt"
    stop = "all"
    [[setup]]
    run = "mkdir modules && echo $WT_ORCH_TASK >> ../told && touch modules/x"
    [[setup]]
    run = "echo for `cat b.txt` >> ../told"
    when = "b.txt"
    [[hypothesis]]
    id = "patch"
    patch = "fix.patch"
    [[hypothesis]]
    id = "branch"
    from = "idea"
    [[hypothesis]]
    id = "both"
    patch = "fix.patch"
    run = "echo and run >> b.txt"
    [[hypothesis]]
    id = "wrong"
    run = "echo > x"
"#;

const VERDICTS: [&str; 4] = ["patch proved", "branch proved", "both proved", "wrong falsified"];

#[test]
fn after_setup_hooks_an_arm_has_what_it_begins_with() {
    let repo = repo();
    let found = raced(&repo, RACE, 0);
    assert_eq!(verdicts(&found), VERDICTS);
    assert_eq!(repo.git(&["show", "feature/both:b.txt"]), "patched\nand run");
    assert_eq!(tip(&repo, "feature/branch"), tip(&repo, "idea"));
    let report = repo.wt_orch(&["report"]).stdout().to_owned();
    assert!(!report.contains("put back"), "{report}");
}

#[test]
fn what_hooks_change_and_commit_is_undone_to_what_the_arm_begins_with() {
    let repo = repo();
    let spoils = "echo spoilt > b.txt && git commit -qam spoilt && touch modules/x";
    let found = raced(&repo, &RACE.replace("touch modules/x", spoils), 0);
    assert_eq!(verdicts(&found), VERDICTS);
    assert_eq!(arm(&found, "patch")["changed_lines"], 2);
    repo.wt_orch(&["integrate", "--arm", "both"]).exit(0);
    assert_eq!(repo.read("b.txt").as_deref(), Some("patched\nand run\n"));
}

#[test]
fn in_one_lane_each_arm_is_set_up_for_what_it_begins_with() {
    let repo = repo();
    repo.file("race.toml", RACE);
    let output = repo.wt_orch(&["race", "race.toml", "--sequential", "--json"]);
    assert_eq!(verdicts(&document(&output, 0, "race")), VERDICTS);
    let told = std::fs::read_to_string(repo.root().join("told")).unwrap();
    assert!(told.contains("for patched\n") && told.contains("for from the branch\n"), "{told}");
}

#[test]
fn an_arm_that_runs_again_is_set_up_for_what_it_begins_with() {
    for width in ["--parallel=2", "--sequential"] {
        let repo = repo();
        let text = RACE.replace("run = \"echo and run", "run = \"test -e ../go && echo and run");
        repo.file("race.toml", &text);
        let output = repo.wt_orch(&["race", "race.toml", width, "--json"]);
        let found = document(&output, 0, "race");
        assert_eq!(arm(&found, "both")["verdict"], "errored", "{found:#}");
        // It left nothing: the patch is no leftover of an attempt.
        assert_eq!(repo.git(&["for-each-ref", "refs/wt-orch/race/both"]), "");
        go(&repo);
        let found = document(&repo.wt_orch(&["retry", "--json"]), 0, "run");
        assert_eq!(verdicts(&found["race"]), VERDICTS, "{width}");
    }
}

#[test]
fn an_arm_that_did_nothing_with_a_branch_of_the_user_is_cleaned_away() {
    let repo = repo();
    let text = "[race]\ncheck = 'false'\n[[hypothesis]]\nid = 'branch'\nfrom = 'idea'\n";
    raced(&repo, text, 1);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(repo.git(&["branch", "--list", "feature/*"]), "");
}
