//! What of a race lands: an arm that still passes its check on top of what the target has become.

use std::fs;

use serde_json::Value;

use crate::harness::{Fingerprint, Repo};
use crate::json::document;
use crate::scene::{small_repo, split, tip};

const ARM: &str = "[[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";

/// Passes where `a.txt` is fixed and there is no `newfile`; each run leaves a line in a file beside
/// the repository. `said` is what it prints where it fails.
fn rules(repo: &Repo, said: &str) -> String {
    let runs = repo.root().join("runs");
    let runs = runs.display();
    format!(
        "[race]\ncheck = '''echo run >> {runs}; grep -q fixed a.txt && ! test -e newfile && exit 0; \
         {said}; exit 1'''\n"
    )
}

const NAMES_A_TEST: &str = r"printf '=== RUN   TestA\n--- FAIL: TestA (0.00s)\nFAIL\n'";

fn runs(repo: &Repo) -> usize {
    fs::read_to_string(repo.root().join("runs")).unwrap().lines().count()
}

fn race(repo: &Repo, text: &str, exit: i32) -> Value {
    repo.file("race.toml", text);
    let found =
        document(&repo.wt_orch(&["race", "race.toml", "--parallel=2", "--json"]), exit, "race");
    fs::remove_file(repo.path("race.toml")).unwrap();
    found
}

#[test]
fn an_arm_that_fails_its_check_on_top_of_the_target_does_not_land_although_the_target_fails_too() {
    for said in [NAMES_A_TEST, "echo no test is named"] {
        let repo = small_repo();
        let text = rules(&repo, said) + ARM;
        assert_eq!(race(&repo, &text, 0)["winner"], "right");
        repo.file("newfile", "x\n").commit("new");
        let (before, ran) = (Fingerprint::of(&repo), runs(&repo));
        let output = repo.wt_orch(&["integrate", "--allow-red-base"]);
        output
            .exit(3)
            .stdout_has("arm `right` no longer passes the check on top of `main`")
            .stdout_has(&format!("wt-orch race {}", repo.path("race.toml").display()));
        before.assert_kept(&Fingerprint::of(&repo));
        assert_eq!(runs(&repo) - ran, 2, "twice on the candidate, never on the target");
        let found = document(&repo.wt_orch(&["integrate", "--json"]), 3, "integrate");
        assert_eq!(found["result"], "refused", "{found:#}");
        assert_eq!(found["validation"][0]["outcome"], "failed", "{found:#}");
        let report = repo.wt_orch(&["report"]);
        assert!(!report.exit(0).stdout().contains("land the winner"), "{report}");

        // The way out.
        let again = rules(&repo, said).replace("! test -e newfile", "true") + ARM;
        assert_eq!(race(&repo, &again, 0)["winner"], "right");
        repo.wt_orch(&["integrate"]).exit(0);
        assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\nfixed\n"));
    }
}

#[test]
fn one_unlucky_run_of_the_check_does_not_keep_an_arm_from_landing() {
    let repo = small_repo();
    let unlucky = repo.root().join("unlucky");
    let text =
        format!("[race]\ncheck = 'grep -q fixed a.txt && ! rm {}'\n{ARM}", unlucky.display());
    assert_eq!(race(&repo, &text, 0)["winner"], "right");
    fs::write(&unlucky, "").unwrap();
    let found = document(&repo.wt_orch(&["integrate", "--json"]), 0, "integrate");
    assert_eq!(found["validation"][0]["outcome"], "flaky", "{found:#}");
    assert!(!unlucky.exists());
}

#[test]
fn an_arm_that_changes_how_tests_are_configured_is_judged_with_its_own_configuration() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'grep -q fixed pytest.ini'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed > pytest.ini'\n";
    assert_eq!(race(&repo, text, 0)["winner"], "right");
    let output = repo.wt_orch(&["integrate"]);
    output.exit(0).stderr_has("`right` changes `pytest.ini`, with which `race` judged it");
    assert_eq!(repo.read("pytest.ini").as_deref(), Some("fixed\n"));
}

#[test]
fn once_an_arm_of_a_race_has_landed_no_other_waits() {
    let repo = small_repo();
    let text = rules(&repo, "true")
        + "stop = 'all'\n"
        + ARM
        + "[[hypothesis]]\nid = 'longer'\nrun = 'echo fixed >> a.txt; echo more >> a.txt'\n";
    assert_eq!(race(&repo, &text, 0)["winner"], "right");
    repo.wt_orch(&["report"]).exit(0).stdout_has("land the winner");
    repo.wt_orch(&["integrate", "--arm", "longer"]).exit(0);
    let report = repo.wt_orch(&["report"]);
    assert!(!report.exit(0).stdout().contains("land the winner"), "{report}");
}

#[test]
fn a_race_without_a_proved_arm_says_why_nothing_of_it_lands() {
    let repo = small_repo();
    let wrong = "[[hypothesis]]\nid = 'wrong'\nrun = 'echo fixed >> b.txt'\n";
    race(&repo, &(rules(&repo, "true") + wrong), 1);
    let output = repo.wt_orch(&["integrate"]);
    output.exit(4).stderr_has("no hypothesis is proved").stderr_has("`wt-orch retry");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    race(&repo, &format!("[race]\ncheck = 'true'\n{wrong}"), 1);
    let output = repo.wt_orch(&["integrate"]);
    output.exit(4).stderr_has("not reproduced: the base passes the check");
    output.stderr_has("write a check that fails on the base");
}

#[test]
fn an_arm_that_only_its_env_proves_does_not_land_and_says_why() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'test \"$MODE\" = on'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo x > x'\nenv = { MODE = 'on' }\n";
    assert_eq!(race(&repo, text, 0)["winner"], "right");
    let output = repo.wt_orch(&["integrate"]);
    output
        .exit(3)
        .stdout_has("arm `right` does not pass the check on top of `main` without its `env`")
        .stdout_has("(`MODE`), with which it was proved and which does not land");
    assert!(!output.stdout().contains("race again"), "{output}");
}

#[test]
fn what_a_later_run_made_of_a_branch_does_not_land_for_the_earlier_one() {
    let arm = |name, run| {
        format!(
            "name = '{name}'\n[race]\ncheck = 'grep -q fixed a.txt'\n[[hypothesis]]\nid = 'a'\nrun = '{run}'\n"
        )
    };
    let tasks = |name, run| format!("name = '{name}'\n[[task]]\nid = 'a'\nrun = '{run}'\n");
    let (fixes, does_more) = ("echo fixed >> a.txt", "echo more >> b.txt");
    for is_race in [true, false] {
        let repo = small_repo();
        let run = |name, command, exit| match is_race {
            true => drop(race(&repo, &arm(name, command), exit)),
            false => drop(split(&repo, &tasks(name, command), &[]).exit(0)),
        };
        run("first", fixes, 0);
        let proved = tip(&repo, "feature/a");
        repo.wt_orch(&["clean", "--force"]).exit(0);
        run("second", does_more, 1);
        let before = tip(&repo, "main");
        repo.wt_orch(&["integrate", "first"])
            .exit(4)
            .stderr_has("its branch `feature/a` is gone, and run `second` made another");
        assert_eq!(tip(&repo, "main"), before);

        // The way out, also where the user goes on there.
        repo.wt_orch(&["clean", "second", "--force"]).exit(0);
        repo.git(&["branch", "feature/a", &proved]);
        repo.git(&["switch", "--quiet", "feature/a"]);
        repo.file("own.txt", "x\n").commit("own");
        repo.git(&["switch", "--quiet", "main"]);
        repo.wt_orch(&["integrate", "first"]).exit(0).stderr_has("`feature/a` moved after");
        assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\nfixed\n"));
        assert_eq!(repo.read("own.txt").as_deref(), Some("x\n"));
    }
}
