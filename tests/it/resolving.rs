//! Conflicts that are resolved while work is integrated: by what git recorded, by a command that makes
//! files anew, by a resolver; and what is refused of it.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Fingerprint, Invocation, Output, Repo};
use crate::integrating::finished;
use crate::json::assert_schema;
use crate::scene::{beside, content, ejected, refs, small_repo, split, strings, tip};

/// Two tasks that change the same line, and one that they leave alone.
pub(crate) const RIVALS: &str = r#"
    [[task]]
    id = "loud"
    title = "Shout"
    run = "printf 'ONE\ntwo\nthree\n' > a.txt"
    prompt = "say it louder"
    check = "true"
    [[task]]
    id = "soft"
    run = "printf 'uno\ntwo\nthree\n' > a.txt; echo soft > soft.txt"
    check = "true"
    depends_on = []
    [[task]]
    id = "other"
    run = "echo other >> b.txt"
    check = "true"
"#;

/// `integrate` with a resolver.
pub(crate) fn resolved_by<'r>(repo: &'r Repo, resolver: &str, options: &[&str]) -> Invocation<'r> {
    let command = repo.command(&[&["integrate"], options].concat());
    command.env("WT_ORCH_INTEGRATE_RESOLVER", resolver)
}

/// The lines that tell of a task on standard error.
pub(crate) fn told(output: &Output, words: &str) -> Vec<String> {
    output.stderr().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
}

fn asked(repo: &Repo, number: u32) -> Value {
    let text = std::fs::read_to_string(repo.root().join(format!("asked.{number}"))).unwrap();
    let question = serde_json::from_str(&text).unwrap();
    assert_schema(&question, "resolver-question");
    question
}

/// No trace of where it was resolved.
#[track_caller]
pub(crate) fn assert_no_desk(repo: &Repo) {
    let beside = beside(repo);
    assert!(!beside.iter().any(|name| name.ends_with(".resolve")), "{beside:?}");
    assert!(!repo.git(&["worktree", "list"]).contains(".resolve"));
    assert!(!Path::new(&repo.path(".git/worktrees/repo-tasks.resolve")).exists());
}

#[test]
fn a_resolver_is_given_both_sides_and_its_answer_lands() {
    let repo = finished(RIVALS);
    let resolver =
        "cat > ../asked.1; cp a.txt ../marked; printf 'ONE uno\\ntwo\\nthree\\n' > a.txt";
    let output = resolved_by(&repo, resolver, &[]).run();
    output.exit(0);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    assert_eq!(content(&repo, "main", "soft.txt").unwrap(), "soft\n");
    let question = asked(&repo, 1);
    assert_eq!(
        (&question["schema"], &question["target"], &question["try"], &question["feedback"]),
        (&1.into(), &"main".into(), &1.into(), &Value::Null)
    );
    assert_eq!(question["task"]["id"], "soft");
    let others = question["others"].as_array().unwrap();
    assert_eq!(others.len(), 1, "only who touched the same file: {others:?}");
    assert_eq!((&others[0]["id"], &others[0]["title"]), (&"loud".into(), &"Shout".into()));
    assert_eq!(others[0]["prompt"], "say it louder");
    let file = &question["files"][0];
    assert_eq!(
        (&file["path"], &file["base"], &file["ours"], &file["theirs"]),
        (
            &"a.txt".into(),
            &"one\ntwo\nthree\n".into(),
            &"ONE\ntwo\nthree\n".into(),
            &"uno\ntwo\nthree\n".into()
        )
    );
    let marked = std::fs::read_to_string(repo.root().join("marked")).unwrap();
    assert_eq!(file["zdiff3"], marked.as_str());
    assert!(marked.starts_with("<<<<<<< `main` so far\nONE\n||||||| "), "{marked}");
    assert!(marked.contains(">>>>>>> task `soft`\n"), "{marked}");
    assert_eq!(strings(&question["allowed_paths"]), ["a.txt", "b.txt", "soft.txt"]);
    // What is woven of both is said to have neither's line.
    assert_eq!(told(&output, "of `loud` in `a.txt`").len(), 1, "{}", output.stderr());
    assert_eq!(told(&output, "of `soft` in `a.txt`").len(), 1, "{}", output.stderr());
    assert_no_desk(&repo);
}

#[test]
fn an_answer_without_one_sides_work_is_refused_with_the_reason_and_asked_for_again() {
    let repo = finished(RIVALS);
    let before = Fingerprint::of(&repo);
    // The first answer takes one side, the second leaves a marker.
    let resolver = "n=1; test -e ../asked.1 && n=2; cat > ../asked.$n; \
                    if test $n = 1; then printf 'ONE\\ntwo\\nthree\\n' > a.txt; fi";
    let output = resolved_by(&repo, resolver, &["--json", "--onto", "main"]).run();
    let landed = output.exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["soft conflict loud"]);
    assert_eq!(strings(&landed["ejected"][0]["refused"]), ["a.txt"]);
    let note = landed["ejected"][0]["note"].as_str().unwrap_or_default();
    assert!(
        note.contains("was refused 2 times") && note.contains("markers are left in a.txt:1"),
        "{landed:#}"
    );
    repo.wt_orch(&["report"]).stdout_has("the resolution of `a.txt` was refused");
    let feedback = asked(&repo, 2)["feedback"].as_str().unwrap().to_owned();
    assert_eq!(feedback, "nothing is left of what `soft` did to `a.txt`");
    assert!(!before.differences(&Fingerprint::of(&repo)).is_empty(), "the rest lands");
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE\ntwo\nthree\n");
    assert_no_desk(&repo);
}

#[test]
fn an_answer_may_touch_only_what_a_side_touched() {
    let repo = finished(RIVALS);
    let answer = "printf 'ONE uno\\ntwo\\nthree\\n' > a.txt";
    let landed = resolved_by(&repo, &format!("{answer}; echo x >> docs/read.me"), &["--json"])
        .env("WT_ORCH_INTEGRATE_RESOLVER_TRIES", "1")
        .run();
    let landed = landed.exit(3).stdout_json();
    let note = landed["ejected"][0]["note"].as_str().unwrap();
    assert!(note.contains("neither side had changed docs/read.me"), "{note}");
    // What is merely new is left out and told; a file of a side may be changed as well.
    let repo = finished(RIVALS);
    let output =
        resolved_by(&repo, &format!("{answer}; touch notes; echo more >> b.txt"), &[]).run();
    output.exit(0).stderr_has("left notes behind");
    assert_eq!(content(&repo, "main", "notes"), None);
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\nother\nmore\n");
}

#[test]
fn a_resolver_that_fails_or_hangs_leaves_the_conflict_and_nothing_else() {
    for (resolver, words) in [
        ("echo no idea; exit 3", "it ended: exit code 3: no idea"),
        ("sleep 60 & sleep 60", "it ended: timed out"),
    ] {
        let repo = finished(RIVALS);
        let output = resolved_by(&repo, resolver, &["--json"])
            .env("WT_ORCH_INTEGRATE_RESOLVER_TRIES", "1")
            .env("WT_ORCH_INTEGRATE_RESOLVER_TIMEOUT", "200ms")
            .env("WT_ORCH_RUN_GRACE", "1s")
            .run();
        let landed = output.exit(3).stdout_json();
        let note = landed["ejected"][0]["note"].as_str().unwrap();
        assert!(note.contains(words), "{note}");
        let mut merged = strings(&landed["merged"]);
        merged.sort_unstable();
        assert_eq!(merged, ["loud", "other"]);
        assert_eq!(repo.survivors(), [""; 0]);
        assert_no_desk(&repo);
    }
}

#[test]
fn a_dry_run_asks_nobody() {
    let repo = finished(RIVALS);
    resolved_by(&repo, "touch ../asked", &["--dry-run"]).run().exit(3);
    assert!(!repo.root().join("asked").exists());
    assert_no_desk(&repo);
}

/// Tasks that change what they bring and the list of it, which a command can make.
const LISTED: &str = r#"
    [[task]]
    id = "x"
    run = "echo x > x.part; cat *.part > list.lock"
    check = "true"
    [[task]]
    id = "y"
    run = "echo y > y.part; cat *.part > list.lock"
    check = "true"
"#;

const LIST_RULE: &str = "[[integrate.regenerate]]\npaths = [\"*.lock\"]\n\
                         run = \"cat *.part > list.lock; echo stray >> a.txt; touch new stray.lock\"\n";

#[test]
fn a_generated_file_is_made_anew_and_nothing_else_of_the_command_is_taken() {
    let repo = finished(LISTED);
    let settings = repo.root().join("settings.toml");
    std::fs::write(&settings, LIST_RULE).unwrap();
    let path = settings.display().to_string();
    let output = repo.wt_orch(&["integrate", "--config", &path]);
    output.exit(0).stderr_has("changed in a.txt, new, stray.lock was put back");
    assert_eq!(content(&repo, "main", "list.lock").unwrap(), "x\ny\n");
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "one\ntwo\nthree\n");
    assert_eq!(content(&repo, "main", "new"), None);
    assert_eq!(content(&repo, "main", "stray.lock"), None, "its own pattern, but of neither side");
    assert_no_desk(&repo);
    std::fs::remove_file(&settings).unwrap();
}

#[test]
fn a_command_that_fails_to_make_a_file_anew_leaves_the_conflict() {
    let repo = finished(LISTED);
    let settings = repo.root().join("settings.toml");
    let rule = "[[integrate.regenerate]]\npaths = \"list.lock\"\nrun = \"echo broken; exit 1\"\n";
    std::fs::write(&settings, rule).unwrap();
    let path = settings.display().to_string();
    let landed = repo.wt_orch(&["integrate", "--config", &path, "--json"]).exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["y conflict x"]);
    assert_eq!(strings(&landed["ejected"][0]["refused"]), ["list.lock"]);
    let note = landed["ejected"][0]["note"].as_str().unwrap();
    assert!(note.contains("ended: exit code 1: broken"), "{note}");
    assert_no_desk(&repo);
}

#[test]
fn the_resolver_comes_before_what_is_made_anew_of_its_answer() {
    let both = RIVALS.replace("echo soft > soft.txt", "cat a.txt > list.lock").replace(
        "three\\n' > a.txt\"\n    prompt",
        "three\\n' > a.txt; cat a.txt > list.lock\"\n    prompt",
    );
    let repo = finished(&both);
    let settings = repo.root().join("settings.toml");
    let rule =
        "[[integrate.regenerate]]\npaths = [\"list.lock\"]\nrun = \"cat a.txt > list.lock\"\n";
    std::fs::write(&settings, rule).unwrap();
    let path = settings.display().to_string();
    let resolver = "cat > ../asked.1; printf 'ONE uno\\ntwo\\nthree\\n' > a.txt";
    resolved_by(&repo, resolver, &["--config", &path]).run().exit(0);
    assert_eq!(content(&repo, "main", "list.lock").unwrap(), "ONE uno\ntwo\nthree\n");
    let files = asked(&repo, 1)["files"].as_array().unwrap().len();
    assert_eq!(files, 1, "nobody is asked about what is made anew");
}

#[test]
fn a_resolver_of_the_repositorys_own_file_runs_only_after_approval() {
    let repo = finished(RIVALS);
    repo.file("orchestrator.toml", "[integrate]\nresolver = \"touch ../ran\"\n").commit("settings");
    let (before, main) = (Fingerprint::of(&repo), tip(&repo, "main"));
    let output = repo.command(&["integrate", "--json"]).env("WT_ORCH_YES", "").run();
    let error = output.exit(4).stdout_json();
    assert_eq!(error["error"]["code"], "not_approved");
    assert!(error["error"]["message"].as_str().unwrap().contains("touch ../ran"), "{error:#}");
    assert!(!repo.root().join("ran").exists());
    before.assert_kept(&Fingerprint::of(&repo));
    repo.wt_orch(&["integrate", "--yes"]).exit(3);
    assert!(repo.root().join("ran").exists());
    assert_ne!(tip(&repo, "main"), main);
    assert_eq!(refs(&repo, "refs/wt-orch/tasks/_resolved"), [""; 0]);
}

#[test]
fn an_agent_is_told_as_a_neutral_third_party_what_both_were_to_do() {
    let repo = finished(RIVALS);
    let bin = repo.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let script =
        "#!/bin/sh\nprintf '%s' \"$2\" > ../prompt\nprintf 'ONE uno\\ntwo\\nthree\\n' > a.txt\n";
    let claude = bin.join("claude");
    std::fs::write(&claude, script).unwrap();
    repo.program("chmod", &["+x", &claude.display().to_string()]).run().exit(0);
    let path = repo.program("sh", &["-c", "printf %s \"$PATH\""]).run();
    let path = format!("{}:{}", bin.display(), path.exit(0).stdout());
    resolved_by(&repo, "claude", &[]).env("PATH", path).run().exit(0);
    let prompt = std::fs::read_to_string(repo.root().join("prompt")).unwrap();
    for words in [
        "neutral third party",
        "(`theirs`, below `=======`): task `soft`.",
        "(`ours`, above): task `loud` (Shout). It was to do:\nsay it louder",
        "  soft.txt\n",
        "<<<<<<< `main` so far\nONE\n",
    ] {
        assert!(prompt.contains(words), "`{words}` is missing in\n{prompt}");
    }
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    std::fs::remove_dir_all(&bin).unwrap();
}

#[test]
fn a_file_that_one_side_removed_is_neither_dropped_nor_kept_by_a_resolver() {
    let text = r#"
        [[task]]
        id = "drop"
        run = "git rm -q a.txt"
        check = "true"
        [[task]]
        id = "edit"
        run = "echo four >> a.txt"
        check = "true"
    "#;
    let repo = finished(text);
    for (answer, words) in [
        ("true", "nothing is left of what `drop` did to `a.txt`"),
        ("rm a.txt", "nothing is left of what `edit` did to `a.txt`"),
    ] {
        let landed = resolved_by(&repo, answer, &["--json"]).run().exit(3).stdout_json();
        let note = landed["ejected"][0]["note"].as_str().unwrap();
        assert!(note.contains(words), "{note}");
        repo.try_git(&["status", "--porcelain"]).exit(0);
        if landed["result"] == "landed" {
            repo.wt_orch(&["undo"]).exit(0);
        }
    }
}

#[test]
fn an_interrupted_or_killed_resolver_leaves_nothing_that_stays() {
    for signal in [Signal::INT, Signal::KILL] {
        let repo = finished(RIVALS);
        let resolver = "touch ../begun; sleep 60";
        let running = resolved_by(&repo, resolver, &[]).env("WT_ORCH_RUN_GRACE", "1s").start();
        repo.wait_for("begun");
        let main = tip(&repo, "main");
        running.signal(signal);
        let ended = running.wait();
        if signal == Signal::INT {
            ended.exit(5);
            assert_no_desk(&repo);
        }
        assert_eq!(tip(&repo, "main"), main);
        repo.wt_orch(&["clean"]).exit(0);
        assert_no_desk(&repo);
        assert_eq!(repo.survivors(), [""; 0]);
    }
}

#[test]
fn a_conflict_that_is_met_again_while_a_culprit_is_sought_is_asked_about_once() {
    let text = RIVALS.replace("echo other >> b.txt", "echo other >> b.txt; touch bad")
        + "[[validate]]\nname = \"no bad\"\nrun = \"test ! -e bad\"\n";
    let repo = finished(&text);
    let resolver = "echo . >> ../asked.all; printf 'ONE uno\\ntwo\\nthree\\n' > a.txt";
    let landed = resolved_by(&repo, resolver, &["--json"]).run().exit(3).stdout_json();
    assert_eq!(ejected(&landed), ["other validation"]);
    assert_eq!(strings(&landed["merged"]), ["loud", "soft"]);
    assert_eq!(content(&repo, "main", "a.txt").unwrap(), "ONE uno\ntwo\nthree\n");
    // The second merge stands on another commit, without what was left out.
    assert_eq!(std::fs::read_to_string(repo.root().join("asked.all")).unwrap(), ".\n");
}

/// Two tasks that change the same line after a third changed another, and one of them a second file.
const AFTER_Z: &str = r#"
    [[task]]
    id = "z"
    run = "sed -i 's/^15$/work-of-z/' lines.txt"
    check = "true"
    [[task]]
    id = "a"
    run = "sed -i 's/^5$/five-a/' lines.txt; sed -i 's/^2$/two-a/' q"
    check = "true"
    depends_on = ["z"]
    [[task]]
    id = "b"
    run = "sed -i 's/^5$/five-b/' lines.txt"
    check = "true"
    depends_on = ["z"]
"#;

#[test]
fn what_a_resolver_drops_or_changes_beside_the_conflict_is_named() {
    let seq = |last: u32| (1..=last).map(|n| format!("{n}\n")).collect::<String>();
    let repo = small_repo();
    repo.file("lines.txt", &seq(20)).file("q", &seq(12)).commit("lines");
    split(&repo, AFTER_Z, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    let resolver = "cat > /dev/null; sed -i -e '/^<<<<<<</d;/^=======/d;/^|||||||/d;/^>>>>>>>/,$d' \
                    lines.txt; sed -i 8d q; chmod +x q";
    let landed = resolved_by(&repo, resolver, &["--json"]).run().exit(0).stdout_json();
    let lines = content(&repo, "main", "lines.txt").unwrap();
    assert!(lines.starts_with("1\n2\n3\n4\n") && !lines.contains("work-of-z"), "{lines}");
    let notes = strings(&landed["notes"]);
    let report = repo.wt_orch(&["report"]);
    // Whatever lines it is wrapped in.
    let told = report.exit(0).stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    let sides = "both sides (`z` and `a`; `b`)";
    let beyond = "`6`, `7`, `8`, `9`, `10`, `11`, `12`, `13`, `14`, `work-of-z`, `16`, `17`";
    for note in [
        format!("15 lines of {sides} in `lines.txt` are not in the result: {beyond} and 3 more"),
        format!("1 line of {sides} in `q` is not in the result: `8`"),
        "the file mode of `q` is not the one that its merge gives".to_owned(),
    ] {
        assert!(notes.contains(&note.as_str()), "{note}\n{landed:#}");
        assert!(told.contains(&note), "{note}\n{told}");
    }
}
