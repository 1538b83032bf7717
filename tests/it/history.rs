//! What runs teach of durations: shown, forgotten, exported and imported.

use serde_json::Value;

use crate::harness::Repo;
use crate::json::document;
use crate::scene::{small_repo, split, split_in_one_lane, task, tasks};

const TWO: &str = r#"
name = "auth"
[[task]]
id = "api"
run = "echo api > api.txt"
check = "true"
[[task]]
id = "ui"
run = "echo ui > ui.txt"
check = "true"
"#;

fn history(repo: &Repo) -> Value {
    document(&repo.wt_orch(&["history", "--json"]), 0, "history")
}

/// `workflow/task samples` of everything that is known.
fn samples(repo: &Repo) -> Vec<String> {
    let document = history(repo);
    let workflows = document["workflows"].as_array().unwrap();
    let of = |workflow: &Value| {
        let name = workflow["workflow"].as_str().unwrap().to_owned();
        let tasks = workflow["tasks"].as_array().unwrap().clone();
        tasks.into_iter().map(move |task| {
            format!("{name}/{} {}", task["task"].as_str().unwrap(), task["samples"])
        })
    };
    workflows.iter().flat_map(of).collect()
}

fn export(repo: &Repo) -> Value {
    document(&repo.wt_orch(&["history", "export", "--json"]), 0, "history-export")
}

/// Two runs of one workflow, the second in one lane, and one of another.
fn experienced() -> Repo {
    let repo = small_repo();
    split(&repo, TWO, &["--integrate"]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    repo.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    split_in_one_lane(&repo, TWO, &[]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    split(&repo, "name = \"other\"\n[[task]]\nid = \"api\"\nrun = \"exit 3\"\n[[task]]\nid = \"b\"\nrun = \"echo b > b2\"\n", &[]).exit(1);
    repo
}

#[test]
fn what_runs_showed_is_known_of_their_workflow_and_what_failed_is_not() {
    let repo = experienced();
    // The second run was named `auth-2`, and `clean` has forgotten both.
    assert_eq!(samples(&repo), ["auth/api 2", "auth/ui 2", "other/b 1"]);
    let document = history(&repo);
    let auth = &document["workflows"][0];
    assert_eq!(auth["predictions"]["runs"], 2);
    assert_eq!(
        (&auth["predictions"]["branches"], &auth["predictions"]["conflicts"]),
        (&2.into(), &0.into())
    );
    // Which of the two came first in the lane depends on how long they took before.
    let tasks = auth["tasks"].as_array().unwrap();
    let in_lane = |name: &str| -> Vec<usize> {
        (0..2).filter(|&at| tasks[at][name] == tasks[at]["last_s"]).collect()
    };
    let (first, later) = (in_lane("first_in_lane_s"), in_lane("later_in_lane_s"));
    assert!(matches!((&first[..], &later[..]), ([0], [1]) | ([1], [0])), "{tasks:?}");
    assert!(auth["tasks"][0]["cpu_share"].is_number());
    // A run with a failed task says nothing as a whole.
    assert_eq!(document["predictions"]["runs"], 2);
    // Nor does the first one of a workflow say how good later predictions are.
    assert_eq!(document["predictions"]["missing"], 18);

    let one = repo.wt_orch(&["history", "other"]);
    one.exit(0).stdout_has("1 task of 1 workflow").stdout_has("provisional: 18 more runs must");
    assert!(!one.stdout().contains("auth"), "{one}");
    let unknown = repo.wt_orch(&["history", "auht"]);
    unknown.exit(4).stderr_has("`auht`, only of `auth`, `other`").stderr_has("mean `auth`?");
    document_of_refusal(&repo, &["history", "auht"], 4, "unknown_workflow");
}

#[test]
fn what_a_task_used_is_known_later_as_its_run_told_it() {
    let repo = small_repo();
    let text = "name = \"used\"\n[[task]]\nid = \"api\"\ncheck = \"true\"\n\
                run = \"head -c 3000000 /dev/zero > zeros; sleep 0.5\"\n";
    let run = split(&repo, text, &["--json"]).exit(0).stdout_json();
    let (told, known) = (task(&run, "api"), &history(&repo)["workflows"][0]["tasks"][0]);
    let exported = &export(&repo)["attempts"][0];
    for name in ["peak_rss_bytes", "read_bytes", "written_bytes", "processes"] {
        assert_eq!((&known[name], &exported[name]), (&told[name], &told[name]), "{name}");
    }
    assert_eq!(known["cpu_s"], told["cpu_s"]);
    assert!(known["cpu_s"].is_number());
    #[cfg(target_os = "linux")]
    assert!(known["peak_rss_bytes"].is_u64() && known["processes"].is_u64(), "{known}");
    let brief = repo.wt_orch(&["history"]);
    brief.exit(0).stdout_has("Memory");
    assert!(!brief.stdout().contains("Written"), "{brief}");
    repo.wt_orch(&["history", "-v"]).exit(0).stdout_has("Written").stdout_has("Processes");
}

#[track_caller]
fn document_of_refusal(repo: &Repo, args: &[&str], exit: i32, code: &str) {
    let error = document(&repo.wt_orch(&[args, &["--json"]].concat()), exit, "error");
    assert_eq!(error["error"]["code"], code);
}

#[test]
fn before_the_first_run_nothing_is_known_and_nothing_is_made() {
    let repo = small_repo();
    repo.wt_orch(&["history"]).exit(0).stdout_has("nothing is known of durations yet");
    assert_eq!(history(&repo)["workflows"], serde_json::json!([]));
    assert_eq!(export(&repo)["attempts"], serde_json::json!([]));
    document_of_refusal(&repo, &["history", "auth"], 4, "unknown_workflow");
    document_of_refusal(&repo, &["history", "forget", "--all", "--yes"], 4, "nothing_to_do");
    document_of_refusal(&repo, &["history", "forget"], 2, "usage");
    document_of_refusal(&repo, &["history", "forget", "auth", "--all"], 2, "usage");
    assert!(!repo.path(".git/wt-orch").exists());
}

#[test]
fn a_task_a_workflow_or_all_is_forgotten_once_the_user_says_so() {
    let repo = experienced();
    let forget = |args: &[&str]| repo.wt_orch(&[&["history", "forget"], args].concat());
    let unasked = forget(&["auth", "api"]);
    unasked.exit(4).stderr_has("nobody could be asked: 2 attempts and 0 runs of `api` of `auth`");
    forget(&["auth", "apo", "--yes"]).exit(4).stderr_has("only of `api`, `ui`");
    let asked = |answer: &str| {
        repo.command(&["history", "forget", "auth", "api"]).on_a_terminal().input(answer).run()
    };
    asked("n\n").exit(4).stderr_has("nothing was forgotten");
    assert_eq!(samples(&repo).len(), 3);
    asked("y\n").exit(0).stdout_has("forgot 2 attempts and 0 runs of `api` of `auth`");
    assert_eq!(samples(&repo), ["auth/ui 2", "other/b 1"]);
    let gone = document(&forget(&["auth", "--yes", "--json"]), 0, "history-forget");
    assert_eq!(gone["removed"], serde_json::json!({ "attempts": 2, "runs": 2 }));
    assert_eq!(samples(&repo), ["other/b 1"]);

    // What is forgotten stays forgotten when a task of that run runs again.
    forget(&["--all", "--yes"]).exit(0).stdout_has("of all workflows");
    repo.wt_orch(&["retry", "other", "api"]).exit(1);
    assert!(samples(&repo).is_empty());
    repo.wt_orch(&["retry", "other", "b"]).exit(1);
    assert_eq!(samples(&repo), ["other/b 1"]);
}

#[test]
fn history_goes_from_clone_to_clone_without_commands_or_paths() {
    let repo = experienced();
    let written = repo.wt_orch(&["history", "export", "h.json", "--json"]);
    let written = document(&written, 0, "history-written");
    assert_eq!(written["written"], serde_json::json!({ "attempts": 5, "runs": 2 }));
    repo.wt_orch(&["history", "export", "h.json"]).exit(4).stderr_has("export --force h.json");
    repo.wt_orch(&["history", "export", "h.json", "--force"]).exit(0);
    let text = repo.read("h.json").unwrap();
    assert!(!text.contains("echo") && !text.contains('/'), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), export(&repo));

    let elsewhere = small_repo();
    split(&elsewhere, TWO, &[]).exit(0);
    elsewhere.file("h.json", &text);
    let import = || elsewhere.wt_orch(&["history", "import", "h.json", "--json"]);
    let first = document(&import(), 0, "history-import");
    assert_eq!(first["added"], serde_json::json!({ "attempts": 5, "runs": 2 }));
    assert_eq!(samples(&elsewhere), ["auth/api 3", "auth/ui 3", "other/b 1"]);
    assert_eq!(history(&elsewhere)["workflows"][0]["tasks"][0]["imported"], 2);
    let again = document(&import(), 0, "history-import");
    assert_eq!(again["added"], serde_json::json!({ "attempts": 0, "runs": 0 }));
    // Read back where it came from, it is known already.
    let back = repo.wt_orch(&["history", "import", "h.json"]);
    back.exit(0).stdout_has("added 0 attempts and 0 runs of 5 attempts and 2 runs");
    back.stderr_has("the others were known");
    // Every run kept a number of its own.
    let all = export(&elsewhere);
    let numbers = all["attempts"].as_array().unwrap().iter().map(|one| &one["run"]);
    let mut numbers: Vec<String> = numbers.map(ToString::to_string).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
}

#[test]
fn a_file_with_problems_is_refused_whole_with_all_of_them() {
    let repo = experienced();
    let known = samples(&repo);
    let mut file = export(&repo);
    file["attempts"][0]["wall_s"] = (-1).into();
    file["attempts"][4]["task"] = "../up".into();
    file["runs"][1]["actual_s"] = Value::Null;
    repo.file("bad.json", &file.to_string());
    repo.wt_orch(&["history", "forget", "--all", "--yes"]).exit(0);
    let output = repo.wt_orch(&["history", "import", "bad.json"]);
    insta::assert_snapshot!(output.snapshot(), @"
    $ wt-orch history import bad.json
    exit: 2
    --- stderr
    error: `bad.json` has 3 problems; nothing was imported
    caused by: attempts[0].wall_s is -1; it must be a number from 0 to 1e9
    caused by: attempts[4].task has `/` where only a-z, 0-9, `.`, `_` and `-` may stand
    caused by: runs[1].actual_s is null; it must be a number from 0 to 1e9

    hint: `wt-orch history export FILE` writes a valid one
    ");
    document_of_refusal(&repo, &["history", "import", "bad.json"], 2, "invalid_history");
    for (name, text) in [("empty", ""), ("list", "[1]"), ("nan", "{\"schema\": NaN}")] {
        repo.file(name, text);
        document_of_refusal(&repo, &["history", "import", name], 2, "invalid_history");
    }
    document_of_refusal(&repo, &["history", "import", "gone.json"], 2, "unreadable_history");
    document_of_refusal(&repo, &["history", "import", "docs"], 2, "unreadable_history");
    document_of_refusal(&repo, &["history", "export", "gone/h.json"], 4, "unwritable");
    assert!(samples(&repo).is_empty() && !known.is_empty());
}

#[test]
fn an_interrupted_run_teaches_what_had_ended() {
    let repo = small_repo();
    tasks(
        &repo,
        "name = \"cut\"\n[[task]]\nid = \"quick\"\nrun = \"true\"\ncheck = \"true\"\n[[task]]\n\
         id = \"slow\"\ndepends_on = [\"quick\"]\n\
         run = \"touch started; test -e ../go || sleep 60\"\ncheck = \"true\"\n",
    );
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("repo-slow/started");
    running.signal(rustix::process::Signal::INT);
    running.wait().exit(5);
    assert_eq!(samples(&repo), ["cut/quick 1"]);
    std::fs::write(repo.root().join("go"), "").unwrap();
    repo.wt_orch(&["resume"]).exit(0);
    assert_eq!(samples(&repo), ["cut/quick 1", "cut/slow 1"]);
    assert_eq!(history(&repo)["predictions"]["runs"], 0);
}

#[test]
fn branches_that_conflicted_are_counted_once() {
    let repo = small_repo();
    let both = TWO.replace("api.txt", "same.txt").replace("ui.txt", "same.txt");
    split(&repo, &both, &["--integrate"]).exit(3);
    // The other one is no longer to be merged, and says nothing about the first time.
    repo.wt_orch(&["integrate"]).exit(3);
    let told = &history(&repo)["predictions"];
    assert_eq!(
        (&told["runs"], &told["branches"], &told["conflicts"]),
        (&1.into(), &2.into(), &1.into())
    );
}

#[test]
fn durations_that_cannot_be_stored_do_not_spoil_a_run() {
    let repo = small_repo();
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"touch started; until test -e ../go; do sleep 0.05; done\"\n\
         check = \"true\"\n",
    );
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("repo-a/started");
    let database = rusqlite::Connection::open(repo.path(".git/wt-orch/state.db")).unwrap();
    database.execute_batch("DROP TABLE attempts").unwrap();
    drop(database);
    std::fs::write(repo.root().join("go"), "").unwrap();
    let output = running.wait();
    output.exit(0).stderr_has("durations of this run could not be stored for later plans: ");
    repo.wt_orch(&["integrate"]).exit(0);
}
