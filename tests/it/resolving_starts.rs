//! Tasks that start from tips which collide: what resolves conflicts while integrating resolves them there
//! as well, once.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Invocation, Repo};
use crate::json::assert_schema;
use crate::resolving::{RIVALS, assert_no_desk};
use crate::scene::{beside, content, outcomes, small_repo, strings, task, tasks};

/// The rivals, and a task that needs both.
pub(crate) fn rivals_and_heir() -> String {
    let heir = "[[task]]\nid = \"heir\"\nrun = \"cat a.txt > seen.txt; echo four >> a.txt\"\n\
                check = \"true\"\ndepends_on = [\"loud\", \"soft\"]\n";
    format!("{RIVALS}{heir}")
}

/// A repository with these tasks, which nobody has run.
pub(crate) fn planned(text: &str) -> Repo {
    let repo = small_repo();
    tasks(&repo, text);
    repo
}

/// `split` with a resolver.
pub(crate) fn split_with<'r>(repo: &'r Repo, resolver: &str, options: &[&str]) -> Invocation<'r> {
    let command = repo.command(&[&["split", "tasks.toml", "--parallel=2"], options].concat());
    command.env("WT_ORCH_INTEGRATE_RESOLVER", resolver).env("WT_ORCH_RUN_GRACE", "1s")
}

pub(crate) const WEAVE: &str = "printf 'ONE uno\\ntwo\\nthree\\n' > a.txt";

/// No trace of where it was resolved.
#[track_caller]
pub(crate) fn no_desk(repo: &Repo) {
    assert_no_desk(repo);
    let beside = beside(repo);
    assert!(!beside.iter().any(|name| name.contains(".resolve")), "{beside:?}");
}

/// `with path by` of what resolved the start of a task.
pub(crate) fn start_resolved(document: &Value, id: &str) -> Vec<String> {
    let entries = task(document, id)["start_resolved"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    entries.iter().map(|e| [text(&e["task"]), text(&e["path"]), text(&e["by"])].join(" ")).collect()
}

#[test]
fn a_dependent_starts_from_what_the_resolver_made_and_that_lands_as_it_is() {
    for strategy in ["merge", "squash", "rebase"] {
        let repo = planned(&rivals_and_heir());
        let resolver = format!("cat >> ../asked; {WEAVE}");
        let output = split_with(&repo, &resolver, &["--json"]).run();
        let run = output.exit(0).stdout_json();
        assert_schema(&run, "run");
        assert_eq!(start_resolved(&run, "heir"), ["soft a.txt agent"]);
        assert_eq!(task(&run, "heir")["start_unvalidated"], true);
        let text = std::fs::read_to_string(repo.root().join("asked")).unwrap();
        let question: Value = serde_json::from_str(&text).expect("it is asked once");
        assert_schema(&question, "resolver-question");
        assert_eq!(
            (&question["task"]["id"], &question["target"]),
            (&"soft".into(), &"main".into())
        );
        assert_eq!(question["others"][0]["prompt"], "say it louder");
        let marked = question["files"][0]["zdiff3"].as_str().unwrap();
        assert!(marked.starts_with("<<<<<<< what `heir` starts from\n"), "{marked}");
        no_desk(&repo);
        repo.wt_orch(&["report"]).stdout_has(
            "where `soft` is merged into its start, `a.txt` was in conflict; resolved: agent",
        );
        // Nobody is asked again, and nothing is resolved otherwise.
        let landed = repo
            .command(&["integrate", "--json"])
            .env("WT_ORCH_INTEGRATE_STRATEGY", strategy)
            .env("WT_ORCH_INTEGRATE_RESOLVER", "touch ../again")
            .run();
        let landed = landed.exit(0).stdout_json();
        assert!(!repo.root().join("again").exists());
        assert_eq!(landed["resolved"][0]["by"], "agent", "{landed:#}");
        let note = "that was resolved when `heir` started from it";
        assert!(strings(&landed["notes"]).contains(&note), "{landed:#}");
        assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\nfour\n");
        assert_eq!(content(&repo, "main", "seen.txt").unwrap(), "ONE uno\ntwo\nthree\n");
        assert_eq!(content(&repo, "main", "soft.txt").unwrap(), "soft\n");
        assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\nother\n");
        if strategy == "merge" {
            let start = task(&run, "heir")["start"].as_str().unwrap().to_owned();
            repo.try_git(&["merge-base", "--is-ancestor", &start, "main"]).exit(0);
        }
    }
}

#[test]
fn a_resolver_whose_answer_is_refused_leaves_the_dependent_out() {
    let repo = planned(&rivals_and_heir());
    let output = split_with(&repo, "true", &["--json"]).run();
    let run = output.exit(1).stdout_json();
    let heir = &outcomes(&run)[3];
    assert!(heir.starts_with("heir skipped: `loud` and `soft`, which it starts from, conflict in"));
    for words in
        ["`a.txt`: the resolver's answer was refused 2 times", "markers are left in a.txt:1"]
    {
        assert!(heir.contains(words), "{heir}");
    }
    assert_eq!(start_resolved(&run, "heir"), [""; 0]);
    no_desk(&repo);
}

#[test]
fn a_resolver_that_is_interrupted_or_killed_is_asked_again_by_resume_with_the_settings_of_split() {
    for signal in [Signal::INT, Signal::KILL] {
        let repo = planned(&rivals_and_heir());
        let resolver =
            format!("echo >> ../asked; touch ../begun; test -e ../go || sleep 60; {WEAVE}");
        let running = split_with(&repo, &resolver, &[]).start();
        repo.wait_for("begun");
        if signal == Signal::KILL {
            // It would end what is to be found.
            repo.kill_wardens();
        }
        running.signal(signal);
        let ended = running.wait();
        if signal == Signal::INT {
            ended.exit(5);
            no_desk(&repo);
        } else {
            repo.wt_orch(&["status"]).exit(0).stdout_has("still run");
        }
        std::fs::write(repo.root().join("go"), "").unwrap();
        let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(start_resolved(&run, "heir"), ["soft a.txt agent"]);
        assert_eq!(std::fs::read_to_string(repo.root().join("asked")).unwrap(), "\n\n");
        assert_eq!(repo.survivors(), [""; 0]);
        no_desk(&repo);
    }
}

#[test]
fn what_was_resolved_before_a_crash_is_not_asked_about_again() {
    let third = "[[task]]\nid = \"third\"\nrun = \"printf 'drei\\ntwo\\nthree\\n' > a.txt\"\n\
                 check = \"true\"\n";
    // What merges by itself comes first.
    let needs = "[\"loud\", \"other\", \"soft\", \"third\"]";
    let text = rivals_and_heir().replace("[\"loud\", \"soft\"]", needs);
    let tables: Vec<&str> = text.split("[[task]]").collect();
    let &[before, loud, soft, other, heir] = tables.as_slice() else { panic!("{text}") };
    let text = [before, loud, other, soft, heir].join("[[task]]") + third;
    let repo = planned(&text);
    let resolver = "echo >> ../asked; if grep -q drei a.txt; then touch ../begun; \
                    test -e ../go || sleep 60; printf 'ONE uno drei\\ntwo\\nthree\\n' > a.txt; \
                    else printf 'ONE uno\\ntwo\\nthree\\n' > a.txt; fi";
    let running = split_with(&repo, resolver, &[]).start();
    repo.wait_for("begun");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    // From here on the same content is in other commits.
    repo.git(&["config", "user.name", "Somebody Else"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    let run = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["soft a.txt agent", "third a.txt agent"]);
    let asked = std::fs::read_to_string(repo.root().join("asked")).unwrap();
    assert_eq!(asked, "\n\n\n", "once, and twice about the other");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno drei\ntwo\nthree\nfour\n");
}

#[test]
fn a_start_is_integrated_as_it_is_in_whatever_order_its_parts_are_merged() {
    let part =
        |id: &str, rest: &str| format!("[[task]]\nid = \"{id}\"\ncheck = \"true\"\n{rest}\n");
    let line = |text: &str| format!("run = \"printf '{text}\\ntwo\\nthree\\n' > a.txt\"\n");
    let text = part("a", &(line("ONE") + "priority = \"low\""))
        + &part("b", "run = \"echo b >> b.txt\"")
        + &part("c", &line("uno"))
        + &part("heir", "run = \"echo four >> a.txt\"\ndepends_on = [\"a\", \"b\", \"c\"]");
    let repo = planned(&text);
    let run = split_with(&repo, WEAVE, &["--json"]).run().exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["c a.txt agent"]);
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["b", "c", "a", "heir"]);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\nfour\n");
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\nb\n");
}

#[test]
fn a_resolver_is_stopped_by_abort() {
    let repo = planned(&rivals_and_heir());
    let running = split_with(&repo, "touch ../begun; sleep 60", &["--json"]).start();
    repo.wait_for("begun");
    repo.wt_orch(&["abort"]).exit(0);
    let run = running.wait().stdout_json();
    assert_eq!(outcomes(&run)[3], "heir cancelled: stopped by the user");
    no_desk(&repo);
    assert_eq!(repo.survivors(), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_holds_a_resolver_and_lets_it_go_on() {
    let repo = planned(&rivals_and_heir());
    let counts = "until test -e ../over; do echo >> ../count; sleep 0.02; done";
    let running = split_with(&repo, &format!("{counts}; {WEAVE}"), &[]).start();
    repo.wait_for("count");
    running.signal(Signal::TSTP);
    let stat = format!("/proc/{}/stat", running.pid());
    let is_held = || std::fs::read_to_string(&stat).unwrap().contains(") T ");
    for _ in 0..500 {
        if is_held() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(is_held());
    let size = || repo.root().join("count").metadata().unwrap().len();
    let before = size();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(size(), before);
    std::fs::write(repo.root().join("over"), "").unwrap();
    running.signal(Signal::CONT);
    running.wait().exit(0);
    assert_eq!(content(&repo, "feature/heir", "seen.txt").unwrap(), "ONE uno\ntwo\nthree\n");
}

#[test]
fn dependents_of_the_same_tips_start_from_one_resolution() {
    let heir = "[[task]]\nid = \"eager\"\nrun = \"printf 'mine\\ntwo\\nthree\\n' > a.txt\"\n\
                check = \"true\"\ndepends_on = [\"loud\", \"soft\"]\n";
    let repo = planned(&(rivals_and_heir() + heir));
    let resolver = format!("echo >> ../asked; sleep 0.2; {WEAVE}");
    let run = split_with(&repo, &resolver, &["--json"]).run().exit(0).stdout_json();
    assert_eq!(std::fs::read_to_string(repo.root().join("asked")).unwrap(), "\n");
    assert_eq!(start_resolved(&run, "eager"), ["soft a.txt agent"]);
    assert_eq!(task(&run, "eager")["start"], task(&run, "heir")["start"]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "mine\ntwo\nthree\nfour\n");
}

#[test]
fn what_is_landed_after_a_resolution_by_hand_lets_the_dependent_start() {
    for strategy in ["merge", "squash"] {
        let repo = planned(&rivals_and_heir());
        let run = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--json"]);
        let skipped = &outcomes(&run.exit(1).stdout_json())[3];
        assert!(skipped.starts_with("heir skipped: "), "{skipped}");
        let asked = "`wt-orch integrate tasks --manual` lets you resolve that and lands both, then \
                     `wt-orch retry tasks` starts it";
        assert!(skipped.ends_with(asked), "{skipped}");
        std::fs::remove_file(repo.path("tasks.toml")).unwrap();
        let orch =
            |args: &[&str]| repo.command(args).env("WT_ORCH_INTEGRATE_STRATEGY", strategy).run();
        orch(&["integrate", "--manual"]).exit(3);
        let desk = repo.root().join("repo-tasks.resolve");
        std::fs::write(desk.join("a.txt"), "ONE uno\ntwo\nthree\n").unwrap();
        repo.git(&["-C", &desk.display().to_string(), "add", "a.txt"]);
        orch(&["integrate", "--continue"]).exit(0);
        assert_eq!(content(&repo, "main", "soft.txt").unwrap(), "soft\n");
        let run = orch(&["retry", "--json"]).exit(0).stdout_json();
        assert_eq!(outcomes(&run)[3], "heir succeeded: changed 2 paths");
        orch(&["integrate"]).exit(0);
        assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\nfour\n");
    }
}

#[test]
fn what_git_recorded_resolves_a_start() {
    let repo = planned(&rivals_and_heir());
    repo.git(&["config", "rerere.enabled", "true"]);
    // The user has resolved the same elsewhere.
    for (branch, line) in [("up", "ONE"), ("down", "uno")] {
        repo.git(&["checkout", "-q", "-b", branch, "main"]);
        repo.file("a.txt", &format!("{line}\ntwo\nthree\n"));
        repo.git(&["commit", "-qm", line, "a.txt"]);
    }
    repo.try_git(&["merge", "up"]).exit(1);
    repo.file("a.txt", "UNO\ntwo\nthree\n");
    repo.git(&["commit", "-qm", "by hand", "a.txt", "-i"]);
    repo.git(&["checkout", "-q", "main"]);
    let run = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--json"]);
    let run = run.exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["soft a.txt rerere"]);
    assert_eq!(content(&repo, "feature/heir", "seen.txt").unwrap(), "UNO\ntwo\nthree\n");
    no_desk(&repo);
}

/// Tasks that change the same list, and one that starts from both.
const LISTED: &str = r#"
    [[task]]
    id = "x"
    run = "echo x > x.part; cat *.part > list.lock"
    check = "true"
    [[task]]
    id = "y"
    run = "echo y > y.part; cat *.part > list.lock"
    check = "true"
    [[task]]
    id = "heir"
    run = "cat list.lock > seen.txt"
    check = "true"
    depends_on = ["x", "y"]
"#;

#[test]
fn a_generated_file_of_a_start_is_made_anew() {
    let repo = planned(LISTED);
    let settings = repo.root().join("settings.toml");
    let rule = "[[integrate.regenerate]]\npaths = \"*.lock\"\nrun = \"cat *.part > list.lock\"\n";
    std::fs::write(&settings, rule).unwrap();
    let path = settings.display().to_string();
    let run = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--config", &path, "--json"]);
    let run = run.exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["y list.lock regenerated"]);
    assert_eq!(content(&repo, "feature/heir", "seen.txt").unwrap(), "x\ny\n");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "list.lock").unwrap(), "x\ny\n");
    no_desk(&repo);
}

#[test]
fn what_a_merge_driver_merged_for_a_start_is_labelled() {
    let repo = planned(LISTED);
    repo.file(".gitattributes", "*.lock merge=both\n");
    repo.git(&["add", ".gitattributes"]);
    repo.git(&["commit", "-qm", "attributes"]);
    repo.git(&["config", "merge.both.driver", "git merge-file --union %A %O %B"]);
    let run = repo.wt_orch(&["split", "tasks.toml", "--parallel=2", "--json"]);
    let run = run.exit(0).stdout_json();
    assert_eq!(start_resolved(&run, "heir"), ["y list.lock driver"]);
    assert_eq!(content(&repo, "feature/heir", "seen.txt").unwrap(), "x\ny\n");
}
