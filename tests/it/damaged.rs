//! A database that cannot be used: planning goes on without it; a run moves a damaged one aside and
//! says so, and touches no other.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Output, Repo};
use crate::json::document;
use crate::scene::{small_repo, split};

const TASKS: &str = "name = \"work\"\n[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n";
const DATABASE: &str = ".git/wt-orch/state.db";

/// A repository in which something ran, and the bytes of its database.
fn used() -> (Repo, Vec<u8>) {
    let repo = small_repo();
    split(&repo, TASKS, &[]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    let bytes = fs::read(repo.path(DATABASE)).unwrap();
    (repo, bytes)
}

/// Puts bytes in the place of the database.
fn replace(repo: &Repo, bytes: &[u8]) {
    fs::create_dir_all(repo.path(".git/wt-orch")).unwrap();
    fs::write(repo.path(DATABASE), bytes).unwrap();
}

fn plan(repo: &Repo) -> Output {
    repo.wt_orch(&["plan", "tasks.toml"])
}

/// Names in the folder of the database, those of locks and logs left out.
fn databases(repo: &Repo) -> Vec<String> {
    let names = fs::read_dir(repo.path(".git/wt-orch")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().display().to_string());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("state.db")).collect();
    names.sort();
    names
}

#[track_caller]
fn assert_warned_once(output: &Output, words: &str) {
    output.exit(0).stderr_has(words);
    assert_eq!(output.stderr().matches("warning: ").count(), 1, "{output}");
    assert!(output.stderr().contains(DATABASE), "{output}");
}

fn with_pragma(repo: &Repo, pragma: &str, value: i64) {
    let database = rusqlite::Connection::open(repo.path(DATABASE)).unwrap();
    database.pragma_update(None, pragma, value).unwrap();
}

#[test]
fn a_plan_goes_on_without_a_damaged_database_and_leaves_it_alone() {
    let (repo, whole) = used();
    let torn = &whole[..whole.len() / 2];
    for bytes in [b"garbage\n".repeat(999).as_slice(), b"x", &[0; 5000], torn] {
        replace(&repo, bytes);
        let output = plan(&repo);
        assert_warned_once(&output, "planning goes on without history and measured costs: ");
        output.stderr_has("move it aside to start a new one; `wt-orch split` does that by itself");
        assert_eq!(fs::read(repo.path(DATABASE)).unwrap(), bytes);
        document(&repo.wt_orch(&["plan", "tasks.toml", "--json"]), 0, "plan");
    }
    replace(&repo, b"");
    assert!(!plan(&repo).exit(0).stderr().contains("warning"));
    assert_eq!(fs::metadata(repo.path(DATABASE)).unwrap().len(), 0);
}

#[test]
fn a_plan_goes_on_without_a_database_that_it_cannot_use() {
    let (repo, whole) = used();
    with_pragma(&repo, "user_version", 99);
    assert_warned_once(&plan(&repo), "this wt-orch knows up to 5; use the newer wt-orch");
    replace(&repo, &whole);
    with_pragma(&repo, "application_id", 42);
    assert_warned_once(&plan(&repo), "belongs to another program (application id 0x2a)");
    plan(&repo).stderr_has("state.db.foreign`");
    fs::remove_file(repo.path(DATABASE)).unwrap();
    fs::create_dir(repo.path(DATABASE)).unwrap();
    assert_warned_once(&plan(&repo), "cannot use ");
    document(&repo.wt_orch(&["plan", "tasks.toml", "--json"]), 0, "plan");
}

#[test]
fn doctor_goes_on_without_a_database_and_the_rest_says_the_way_out() {
    let (repo, whole) = used();
    replace(&repo, b"garbage");
    let doctor = repo.wt_orch(&["doctor"]);
    assert_warned_once(&doctor, "state.db is damaged (");
    doctor.stdout_has("defaults, nothing measured here yet");
    for command in [&["status"][..], &["history"], &["history", "export"], &["report"]] {
        let refused = repo.wt_orch(command);
        refused.exit(4).stderr_has("state.db is damaged (");
        refused.stderr_has("state.damaged`");
    }
    // What the hint says does it.
    let refused = repo.wt_orch(&["status"]);
    let way = refused.stderr().split('`').find(|words| words.starts_with("mkdir ")).unwrap();
    repo.program("sh", &["-c", way]).run().exit(0);
    repo.wt_orch(&["status"]).exit(4).stderr_has("nothing has run in this repository yet");
    assert_eq!(databases(&repo), [""; 0]);
    replace(&repo, &whole);
    with_pragma(&repo, "application_id", 42);
    repo.wt_orch(&["status"]).exit(4).stderr_has("state.db.foreign`");
}

#[test]
fn a_plan_reads_a_database_that_may_only_be_read() {
    let (repo, _) = used();
    let folder = repo.path(".git/wt-orch");
    let allow = |folder_mode, file_mode| {
        fs::set_permissions(repo.path(DATABASE), fs::Permissions::from_mode(file_mode)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(folder_mode)).unwrap();
    };
    allow(0o555, 0o444);
    let planned = plan(&repo);
    let shown = repo.wt_orch(&["history", "work"]);
    allow(0o755, 0o644);
    assert!(!planned.exit(0).stderr().contains("warning"), "{planned}");
    shown.exit(0).stdout_has("1 task of 1 workflow");
}

#[test]
fn a_run_moves_a_damaged_database_aside_and_says_what_went_with_it() {
    let (repo, whole) = used();
    let garbage = "garbage\n".repeat(999);
    replace(&repo, garbage.as_bytes());
    let output = repo.wt_orch(&["split", "tasks.toml"]);
    output.exit(0).stdout_has("run `work` finished");
    let aside = format!("{DATABASE}.corrupt-1");
    output.stderr_has("the damaged database was moved aside to ").stderr_has(&aside);
    output.stderr_has("journals of earlier runs").stderr_has("`undo` could take back");
    assert_eq!(repo.read(&aside).unwrap(), garbage);
    repo.wt_orch(&["status"]).exit(0).stdout_has("`work`");
    repo.wt_orch(&["clean"]).exit(0);

    // Another one gets another name, and nothing of theirs is swept up.
    replace(&repo, &whole[..whole.len() / 2]);
    let document = document(&repo.wt_orch(&["split", "tasks.toml", "--json"]), 0, "run");
    assert_eq!(document["state"], "finished");
    repo.wt_orch(&["clean", "--all"]).exit(0);
    assert_eq!(databases(&repo), ["state.db", "state.db.corrupt-1", "state.db.corrupt-2"]);
    // As the message says, one can be had back.
    replace(&repo, b"");
    fs::write(repo.path(&aside), &whole).unwrap();
    let back = output.stderr().split('`').find(|words| words.starts_with("mv ")).unwrap();
    repo.program("sh", &["-c", back]).run().exit(0);
    repo.wt_orch(&["history", "work"]).exit(0);
    assert_eq!(databases(&repo), ["state.db", "state.db.corrupt-2"]);
}

#[test]
fn a_run_refuses_what_is_not_damaged_or_not_its_own_and_changes_nothing() {
    let (repo, whole) = used();
    for (pragma, code) in
        [("user_version", "newer_database"), ("application_id", "damaged_database")]
    {
        replace(&repo, &whole);
        with_pragma(&repo, pragma, 99);
        let before = fs::read(repo.path(DATABASE)).unwrap();
        let output = repo.wt_orch(&["split", "tasks.toml", "--json"]);
        assert_eq!(document(&output, 4, "error")["error"]["code"], code);
        assert!(!output.stderr().contains("warning"), "{output}");
        assert_eq!(fs::read(repo.path(DATABASE)).unwrap(), before);
    }
    fs::remove_file(repo.path(DATABASE)).unwrap();
    fs::create_dir(repo.path(DATABASE)).unwrap();
    repo.wt_orch(&["split", "tasks.toml"]).exit(4).stderr_has("cannot use ");
    assert_eq!(databases(&repo), ["state.db"]);
}

#[test]
fn a_damaged_database_that_somebody_uses_stays_where_it_is() {
    let (repo, whole) = used();
    // Measurements are damaged, runs are not, so that others go on reading and writing them.
    replace(&repo, &whole);
    let database = rusqlite::Connection::open(repo.path(DATABASE)).unwrap();
    let page: i64 = database
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'costs'", [], |r| r.get(0))
        .unwrap();
    drop(database);
    let mut bytes = whole;
    let start = usize::try_from((page - 1) * 4096).unwrap();
    bytes[start..start + 4096].fill(0x5a);
    replace(&repo, &bytes);
    assert_warned_once(&plan(&repo), "state.db is damaged (");

    let reader = rusqlite::Connection::open(repo.path(DATABASE)).unwrap();
    let runs = reader.query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, i64>(0));
    assert_eq!(runs, Ok(1));
    let refused = repo.wt_orch(&["split", "tasks.toml"]);
    refused.exit(4).stderr_has("it was left where it is, since another process uses it");
    assert_eq!(databases(&repo).iter().filter(|name| name.contains("corrupt")).count(), 0);
    drop(reader);

    fs::write(repo.path(".git/wt-orch/live.lock"), own_identity()).unwrap();
    let refused = repo.wt_orch(&["split", "tasks.toml"]);
    refused.exit(4).stderr_has("since another wt-orch is at work on run `live`");
    fs::remove_file(repo.path(".git/wt-orch/live.lock")).unwrap();
    repo.wt_orch(&["split", "tasks.toml"]).exit(0).stderr_has("state.db.corrupt-1");
}

/// What a live holder writes into its lock.
fn own_identity() -> String {
    let own = wt_orch::adapters::process::ProcessIdentity::own();
    serde_json::to_string(&own).unwrap()
}
