//! Races as their users hold them: which arm is named, what is shown of the others, and what lands.

use serde_json::Value;

use crate::harness::{Fingerprint, Output, Repo};
use crate::json::document;
use crate::scene::{small_repo, tip};

/// Fails until line two of a file says that it is fixed.
pub(crate) const RULES: &str =
    "[race]\ncheck = \"grep -q fixed a.txt || { echo looked in vain; exit 3; }\"\n";

pub(crate) const ARMS: &str = r#"
[[hypothesis]]
id = "wrong"
title = "it is b"
run = "echo fixed >> b.txt"
[[hypothesis]]
id = "right"
title = "it is a"
run = "echo fixed >> a.txt"
"#;

/// `race race.toml --parallel=2` of this file, which stays uncommitted; more options may follow.
pub(crate) fn race(repo: &Repo, text: &str, options: &[&str]) -> Output {
    repo.file("race.toml", text);
    repo.wt_orch(&[&["race", "race.toml", "--parallel=2"], options].concat())
}

/// The same, as a document of a race.
pub(crate) fn raced(repo: &Repo, text: &str, exit: i32) -> Value {
    document(&race(repo, text, &["--json"]), exit, "race")
}

#[track_caller]
pub(crate) fn arm<'a>(document: &'a Value, id: &str) -> &'a Value {
    let arms = document["arms"].as_array().unwrap();
    arms.iter().find(|arm| arm["id"] == id).unwrap_or_else(|| panic!("no arm `{id}`: {document:#}"))
}

pub(crate) fn verdicts(document: &Value) -> Vec<String> {
    let arms = document["arms"].as_array().unwrap();
    let told = |arm: &Value| {
        format!("{} {}", arm["id"].as_str().unwrap(), arm["verdict"].as_str().unwrap_or("-"))
    };
    arms.iter().map(told).collect()
}

#[test]
fn of_five_hypotheses_about_a_real_bug_the_right_one_is_named_and_the_others_are_shown_to_be_wrong()
{
    let repo = crate::hypotheses::fixture();
    repo.file(".gitignore", "target\n").commit("ignore");
    let text = repo.read("race.toml").unwrap().replace("[race]", "[race]\nstop = \"all\"");
    repo.file("race.toml", &text).commit("all");
    let before = Fingerprint::of(&repo);
    let output = cargo(&repo, &["race", "race.toml", "--parallel=2"]);
    before.assert_kept(&Fingerprint::of(&repo));
    output.exit(0).stdout_has("`off-by-one` is proved").stdout_has("reproduced");
    let report = repo.wt_orch(&["status", "--json"]);
    let found = report.exit(0).stdout_json()["race"].clone();
    assert_eq!(
        verdicts(&found),
        [
            "off-by-one proved",
            "first-window falsified",
            "too-short falsified",
            "windows falsified",
            "rounding falsified"
        ]
    );
    let evidence = &arm(&found, "first-window")["evidence"];
    assert_eq!(evidence["exit_code"], 101);
    assert!(
        evidence["failing"].as_array().unwrap().contains(&"the_last_sample_counts".into()),
        "{evidence}"
    );
    assert!(evidence["difference"].as_array().is_some_and(|lines| !lines.is_empty()), "{evidence}");
    assert_eq!(found["why"], "`off-by-one` is the only arm that is proved");
}

/// Cargo finds its toolchain by the home of whoever runs the tests, and asks no network.
fn cargo(repo: &Repo, args: &[&str]) -> Output {
    let mut command = repo.command(args).env("CARGO_NET_OFFLINE", "true");
    #[expect(clippy::disallowed_methods, reason = "where the machine keeps its toolchains")]
    for (name, under) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
        let home = || std::env::home_dir().map(|home| home.join(under).into_os_string());
        if let Some(value) = std::env::var_os(name).or_else(home) {
            command = command.env(name, value);
        }
    }
    command.run()
}

#[test]
fn a_race_names_the_arm_that_passes_and_leaves_everything_where_it_was() {
    let repo = small_repo();
    repo.file("race.toml", &format!("{RULES}stop = \"all\"\n{ARMS}"));
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["race", "race.toml", "--parallel=2", "-q"]);
    before.assert_kept(&Fingerprint::of(&repo));
    insta::assert_snapshot!(output.snapshot(), @"
    $ wt-orch race race.toml --parallel=2 -q
    exit: 0
    --- stdout
    race `race`: `right` is proved

    Race
      Arm                 Verdict     Passes    Diff  Files  Time
      control (the base)  reproduced  0 of 1       -      - [DURATION]
      `wrong`             falsified   0 of 1  1 line      1 [DURATION]
      `right`             proved      1 of 1  1 line      1 [DURATION]

      - `wrong`: it is b
      - `right`: it is a
      - winner: `right` is the only arm that is proved
      - look twice: `right` changes `a.txt`, which the check names

    Evidence
      control: its check ended with exit code 3; the end of its output:
        looked in vain

      `wrong` falsified: its check ended with exit code 3; its output is the same as the control's

    Next
      wt-orch integrate race   # merge, validate and land the winner
      wt-orch logs race wrong  # see what it printed
      wt-orch clean race       # remove its worktrees and merged branches
    --- stderr
     [DURATION] wrong    failed in [DURATION]: fails the check: exit code 3
     [DURATION] -        finished in [DURATION]: 2 of 3 tasks succeeded, 1 failed
    ");
}

#[test]
fn where_the_base_passes_the_check_the_race_says_so_and_fails() {
    let repo = small_repo();
    let text = format!("[race]\ncheck = \"true\"\n{ARMS}");
    let output = race(&repo, &text, &[]);
    output.exit(1).stdout_has("not reproduced: the base passes the check");
    assert_eq!(repo.git(&["branch", "--list", "*right*"]), "", "no arm was begun");
    repo.wt_orch(&["clean"]).exit(0);
    let found = raced(&repo, &text, 1);
    assert_eq!(found["control"]["outcome"], "not_reproduced");
    assert_eq!(
        (&found["winner"], verdicts(&found)),
        (&Value::Null, vec!["wrong stopped".into(), "right stopped".into()])
    );
}

#[test]
fn where_no_hypothesis_is_proved_the_race_says_so_and_fails() {
    let repo = small_repo();
    let text = format!(
        "{RULES}[[hypothesis]]\nid = \"wrong\"\nrun = \"echo fixed >> b.txt\"\n\
        [[hypothesis]]\nid = \"broken\"\nrun = \"exit 7\"\n"
    );
    let output = race(&repo, &text, &[]);
    output.exit(1).stdout_has("no hypothesis is proved").stdout_has("exit code 7");
    let found = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json()["race"].clone();
    assert_eq!(verdicts(&found), ["wrong falsified", "broken errored"]);
    assert_eq!(arm(&found, "wrong")["evidence"]["exit_code"], 3);
    assert_eq!(arm(&found, "wrong")["evidence"]["difference"], serde_json::json!([]));
    repo.wt_orch(&["integrate"]).exit(4).stderr_has("no hypothesis is proved");
    repo.wt_orch(&["integrate", "--arm", "wrong"]).exit(4).stderr_has("arm `wrong` is not proved");
}

#[test]
fn a_metric_ranks_what_passes() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'cat a.txt; grep -q p95 a.txt'\nstop = 'all'\nmetric = 'p95 = (\\d+)'\n\
        [[hypothesis]]\nid = 'slow'\nrun = 'echo p95 = 90 > a.txt'\n\
        [[hypothesis]]\nid = 'fast'\nrun = 'echo p95 = 7 >> a.txt; echo more >> b.txt'\n\
        [[hypothesis]]\nid = 'wrong'\nrun = 'echo x > b.txt'\n";
    let found = raced(&repo, text, 0);
    assert_eq!((&found["winner"], &arm(&found, "fast")["metric"]), (&"fast".into(), &7.0.into()));
    assert!(
        found["why"].as_str().unwrap().contains("its metric is better: 7 (one run) against 90"),
        "{found}"
    );
    repo.wt_orch(&["clean", "--force"]).exit(0);
    let higher = text.replace("stop =", "better = 'higher'\nstop =");
    assert_eq!(raced(&repo, &higher, 0)["winner"], "slow");
}

/// Passes on the second and third run on every arm, never on the base.
#[test]
fn a_check_that_fails_by_chance_runs_until_an_arm_is_settled() {
    let repo = small_repo();
    let count = repo.root().join("counts");
    std::fs::create_dir(&count).unwrap();
    let text = format!(
        "[race]\nruns = 4\nneed = 2\ncheck = 'file={}/$(cat a.txt | tail -n 1); echo run >> \"$file\"; echo run $(wc -l < \"$file\"); \
         test \"$(tail -n 1 a.txt)\" = good -a $(wc -l < \"$file\") -gt 1'\n\
         [[hypothesis]]\nid = 'good'\nrun = 'echo good >> a.txt'\n[[hypothesis]]\nid = 'bad'\nrun = 'echo bad >> a.txt; until test $(wc -l < {}/good) -eq 3; do sleep 0.02; done; sleep 60'\n",
        count.display(),
        count.display(),
    );
    let found = raced(&repo, &text, 0);
    let told = |entry: &Value| [&entry["passes"], &entry["runs"]].map(|n| n.as_u64().unwrap());
    assert_eq!((told(&found["control"]), told(arm(&found, "good"))), ([0, 3], [2, 3]));
    assert_eq!(verdicts(&found), ["good proved", "bad stopped"]);
    assert!(found["luck_at_most"].as_f64().is_some_and(|luck| luck > 0.0), "{found}");
    // What was stopped is no waste: its work so far is kept, though on no branch.
    let kept = repo.git(&["show", "refs/wt-orch/race/bad/attempt-1:a.txt"]);
    assert_eq!(kept, "one\ntwo\nthree\nbad");
    // Every run of the check has a log, and is found by name.
    let logs = repo.wt_orch(&["logs"]);
    logs.exit(0).stdout_has("good  attempt 1, check 3");
    assert_eq!(
        repo.wt_orch(&["logs", "good"]).exit(0).stdout(),
        "run 3\n",
        "its command is silent"
    );
}

#[test]
fn arms_of_one_command_know_their_numbers_and_agreement_counts() {
    let repo = small_repo();
    let text = format!(
        "{RULES}stop = 'all'\n[[hypothesis]]\nid = 'many'\narms = 3\n\
         argv = ['sh', '-c', 'test {{arm}} = $WT_ORCH_ARM && if test {{arm}} = 1; then echo fixed >> a.txt; else printf \"both\\nfixed\\n\" >> a.txt; fi']\n"
    );
    let found = raced(&repo, &text, 0);
    assert_eq!(verdicts(&found), ["many-1 proved", "many-2 proved", "many-3 proved"]);
    // The one with the smallest diff stands alone.
    assert_ne!(found["winner"], "many-1");
    repo.wt_orch(&["report"]).exit(0).stdout_has("of its siblings arrived at the same change");
}

#[test]
fn a_hypothesis_is_a_branch_or_a_patch_with_a_command() {
    let repo = small_repo();
    repo.branch("idea").file("b.txt", "b\nfrom the branch\n").commit("idea");
    repo.git(&["switch", "--quiet", "main"]);
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+patched\n");
    let text = "[race]\ncheck = 'cat b.txt; grep -q branch b.txt || grep -q \"patched and run\" b.txt'\nstop = 'all'\n\
        [[hypothesis]]\nid = 'branch'\nfrom = 'idea'\n\
        [[hypothesis]]\nid = 'both'\npatch = 'fix.patch'\nrun = 'echo \"$(cat b.txt) and run\" > b.txt'\n\
        [[hypothesis]]\nid = 'patch'\npatch = 'fix.patch'\n";
    let found = raced(&repo, text, 0);
    assert_eq!(verdicts(&found), ["branch proved", "both proved", "patch falsified"]);
    assert_eq!(arm(&found, "branch")["changed_lines"], 1);
    assert_eq!(found["winner"], "branch");
    // What it came with is landed with what it ran.
    repo.wt_orch(&["integrate", "--arm", "both"]).exit(0);
    assert_eq!(repo.read("b.txt").as_deref(), Some("patched and run\n"));
}

#[test]
fn a_patch_that_does_not_apply_is_told_at_its_place_before_anything_runs() {
    let repo = small_repo();
    repo.file("fix.patch", "--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-x\n+y\n");
    let before = Fingerprint::of(&repo);
    let output =
        race(&repo, &format!("{RULES}[[hypothesis]]\nid = 'a'\npatch = 'fix.patch'\n"), &[]);
    output.exit(2).stderr_has("the patch `fix.patch` does not apply").stderr_has("race.toml:5");
    std::fs::remove_file(repo.path("race.toml")).unwrap();
    before.assert_identical(&Fingerprint::of(&repo));
    repo.wt_orch(&["status"]).exit(4);
}

#[test]
fn integrate_lands_the_winner_or_the_arm_that_is_asked_for_and_no_other() {
    let repo = small_repo();
    let text = format!(
        "{RULES}stop = 'all'\n{ARMS}[[hypothesis]]\nid = 'longer'\nrun = 'echo fixed >> a.txt; echo more >> a.txt'\n"
    );
    assert_eq!(raced(&repo, &text, 0)["winner"], "right");
    repo.wt_orch(&["integrate", "--arm", "wrong"]).exit(4).stderr_has("arm `wrong` is not proved");
    repo.wt_orch(&["integrate", "--arm", "wron"]).exit(2).stderr_has("has no arm `wron`");
    assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\n"));
    let landed = document(&repo.wt_orch(&["integrate", "--json"]), 0, "integrate");
    assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\nfixed\n"));
    let validation = landed["validation"].as_array().unwrap();
    assert_eq!((validation.len(), &validation[0]["name"]), (1, &"race".into()), "{landed:#}");
    // The evidence stays.
    repo.wt_orch(&["report"])
        .exit(0)
        .stdout_has("`wrong` falsified: its check ended with exit code 3");
    repo.wt_orch(&["undo"]).exit(0);
    repo.wt_orch(&["integrate", "--arm", "longer"]).exit(0);
    assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\nfixed\nmore\n"));
}

#[test]
fn what_the_target_became_meanwhile_must_pass_the_check_too() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'grep -q fixed a.txt && ! grep -q spoilt b.txt'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";
    assert_eq!(raced(&repo, text, 0)["winner"], "right");
    std::fs::remove_file(repo.path("race.toml")).unwrap();
    repo.file("b.txt", "spoilt\n").commit("spoil");
    let output = repo.wt_orch(&["integrate"]);
    assert_ne!(output.code(), Some(0), "{output}");
    assert_eq!(repo.read("a.txt").as_deref(), Some("one\ntwo\nthree\n"));
}

#[test]
fn a_race_that_was_killed_goes_on_and_ends_as_a_race() {
    let repo = small_repo();
    let text = format!(
        "{RULES}[[hypothesis]]\nid = 'right'\nrun = 'touch ../begun; until test -e ../go; do sleep 0.02; done; echo fixed >> a.txt'\n"
    );
    repo.file("race.toml", &text);
    let running = repo.command(&["race", "race.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    running.signal(rustix::process::Signal::KILL);
    assert_eq!(running.wait().code(), None);
    repo.wt_orch(&["status"]).exit(0).stdout_has("right");
    crate::scene::go(&repo);
    let resumed = repo.wt_orch(&["resume"]);
    resumed.exit(0).stdout_has("`right` is proved");
    // Once more: what is over prints its result again.
    let again = document(&repo.wt_orch(&["resume", "--json"]), 0, "run");
    assert_eq!(
        (&again["race"]["winner"], &again["race"]["control"]["runs"]),
        (&"right".into(), &1.into())
    );
}

#[test]
fn a_check_that_changes_tracked_files_proves_nothing() {
    let repo = small_repo();
    let text = "[race]\ncheck = 'grep -q fixed a.txt && echo spoilt > b.txt'\n\
        [[hypothesis]]\nid = 'right'\nrun = 'echo fixed >> a.txt'\n";
    let output = race(&repo, text, &[]);
    output
        .exit(1)
        .stdout_has("`right` falsified: fails the check: it changed tracked files (b.txt)");
}

#[test]
fn retry_and_clean_know_a_race() {
    let repo = small_repo();
    let text = format!(
        "{RULES}[[hypothesis]]\nid = 'later'\nrun = 'test ! -e ../go || echo fixed >> a.txt'\n"
    );
    race(&repo, &text, &[]).exit(1);
    crate::scene::go(&repo);
    repo.wt_orch(&["retry"]).exit(0).stdout_has("`later` is proved");
    let proved = tip(&repo, "feature/later");
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(repo.git(&["branch", "--list"]), "* main");
    assert_eq!(repo.git(&["log", "-1", "--format=%H", &proved]), proved);
}

#[test]
fn a_race_runs_one_arm_after_another_when_it_is_told_to() {
    let repo = small_repo();
    repo.file("race.toml", &format!("{RULES}{ARMS}"));
    let output = repo.wt_orch(&["race", "race.toml", "--sequential", "--json"]);
    let found = document(&output, 0, "race");
    assert_eq!(verdicts(&found), ["wrong falsified", "right proved"]);
    assert_eq!(repo.git(&["diff", "--name-only", "main", "feature/right"]), "a.txt");
}

#[test]
fn where_the_check_comes_to_no_result_on_the_base_that_is_told_and_nothing_decided() {
    let repo = small_repo();
    let setup = "[[setup]]\nname = 'deps'\nrun = 'test -e ../go'\n";
    let output = race(&repo, &format!("{RULES}{ARMS}{setup}"), &[]);
    output.exit(1).stdout_has("not decided: the check came to no result on the base");
    output.stdout_has("control: ").stdout_has("`deps`").stdout_has("errored");
    crate::scene::go(&repo);
    repo.wt_orch(&["retry"]).exit(0).stdout_has("`right` is proved");
}
