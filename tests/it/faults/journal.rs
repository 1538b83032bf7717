//! What is left of a journal after a crash, and what other times left in it: F4 to F7.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wt_orch::adapters::process::{ProcessIdentity, is_alive};
use wt_orch::adapters::store::{FILE_NAME, Record, Store, StoreError};
use wt_orch::domain::id::RunId;
use wt_orch::domain::time::Timestamp;

use crate::harness::Repo;
use crate::scene::{outcomes, small_repo, split, task, tasks, tip};

const DATABASE: &str = ".git/wt-orch/state.db";
const AT: Timestamp = Timestamp(1_700_000_000_000);

/// Head of a log of SQLite's, and of each page in it.
const LOG_HEAD: usize = 32;
const FRAME: usize = 24 + 4096;

const TASKS: &str = "[[task]]\nid = \"a\"\nrun = \"echo a > a\"\ncheck = \"true\"\n\
    [[task]]\nid = \"b\"\ndepends_on = [\"a\"]\nrun = \"cat a > b\"\ncheck = \"true\"\n";

/// A database with a log as a crash leaves it, and of each batch of events how long the log was when
/// it had been stored.
struct Crashed {
    run: RunId,
    database: Vec<u8>,
    log: Vec<u8>,
    stored: Vec<(usize, Vec<Record>)>,
}

impl Crashed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let run: RunId = "r".parse().unwrap();
        assert!(store.begin_run(&run, AT, &[]).unwrap());
        let log = folder.path().join(format!("{FILE_NAME}-wal"));
        let length = || usize::try_from(fs::metadata(&log).unwrap().len()).unwrap();
        let mut stored = vec![(length(), Vec::new())];
        let mut all: Vec<Record> = Vec::new();
        for batch in 1..=10_u64 {
            let next = u64::try_from(all.len()).unwrap() + 1;
            let new: Vec<Record> = (next..next + batch % 3 + 1).map(record).collect();
            store.append(&run, &new).unwrap();
            all.extend(new);
            stored.push((length(), all.clone()));
        }
        // Copied while the connection is open: closing it would tidy up.
        let database = fs::read(folder.path().join(FILE_NAME)).unwrap();
        Self { run, database, log: fs::read(&log).unwrap(), stored }
    }

    /// The events of the last batch of which the log holds everything in so many bytes.
    fn durable(&self, length: usize) -> &[Record] {
        let whole = self.stored.iter().rfind(|(end, _)| *end <= length);
        whole.map(|(_, records)| &records[..]).expect("the run had been begun")
    }

    /// What is read where this is the log.
    fn read_with(&self, log: &[u8]) -> Result<Vec<Record>, StoreError> {
        read(&self.run, &self.database, log)
    }
}

/// An event of about two to a page.
fn record(seq: u64) -> Record {
    let body = format!("{{\"kind\":\"warned\",\"message\":\"{}\"}}", "x".repeat(1800));
    Record { seq, at: AT, version: 1, kind: "warned".to_owned(), body }
}

fn read(run: &RunId, database: &[u8], log: &[u8]) -> Result<Vec<Record>, StoreError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), database).unwrap();
    fs::write(folder.path().join(format!("{FILE_NAME}-wal")), log).unwrap();
    Store::open(folder.path()).and_then(|store| store.records(run))
}

#[test]
fn f4_a_log_torn_anywhere_gives_what_was_durable_by_then() {
    let crashed = Crashed::new();
    let begun = crashed.stored[0].0;
    let frames = (crashed.log.len() - LOG_HEAD) / FRAME;
    let mut tried = 0;
    for frame in 0..=frames {
        let boundary = LOG_HEAD + frame * FRAME;
        for cut in [boundary, boundary + 1, boundary + 24, boundary + 2000, boundary + FRAME - 1] {
            if cut < begun || cut > crashed.log.len() {
                continue;
            }
            let read = crashed.read_with(&crashed.log[..cut]).unwrap();
            assert_eq!(read, crashed.durable(cut), "cut at {cut}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn f4_garbage_in_a_log_ends_it_there_and_what_is_behind_its_end_is_never_read() {
    let crashed = Crashed::new();
    let begun = crashed.stored[0].0;
    for at in (begun..crashed.log.len()).step_by(FRAME / 3) {
        let mut log = crashed.log.clone();
        log[at] ^= 0x40;
        let frame = LOG_HEAD + (at - LOG_HEAD) / FRAME * FRAME;
        assert_eq!(crashed.read_with(&log).unwrap(), crashed.durable(frame), "changed at {at}");
    }
    let last = &crashed.log[crashed.log.len() - 2 * FRAME..];
    for tail in [last, &[0; FRAME], &[0xa5; 100], &last[..FRAME]] {
        let log = [&crashed.log[..], tail].concat();
        assert_eq!(crashed.read_with(&log).unwrap(), crashed.durable(crashed.log.len()));
    }
}

#[test]
fn f4_a_database_cut_or_overwritten_anywhere_is_refused_or_as_it_was() {
    let repo = small_repo();
    split(&repo, TASKS, &[]).exit(0);
    let whole = fs::read(repo.path(DATABASE)).unwrap();
    let run: RunId = "tasks".parse().unwrap();
    let expected = read(&run, &whole, &[]).unwrap();
    assert!(expected.len() > 10);
    let (mut refused, mut same) = (0, 0);
    let mut judge = |what: &str, bytes: &[u8]| match read(&run, bytes, &[]) {
        Ok(records) => {
            assert_eq!(records, expected, "{what}");
            same += 1;
        }
        Err(StoreError::Corrupt { .. } | StoreError::Foreign { .. }) => refused += 1,
        Err(StoreError::NewerSchema { .. } | StoreError::UnknownRun { .. }) => refused += 1,
        Err(error) => panic!("{what}: {error:?}"),
    };
    for at in (1..whole.len()).step_by(whole.len() / 60) {
        judge(&format!("cut at {at}"), &whole[..at]);
        let mut garbled = whole.clone();
        let end = whole.len().min(at + 300);
        // Never a part of a text.
        garbled[at..end].fill(0xff);
        judge(&format!("overwritten at {at}"), &garbled);
    }
    assert!(refused > 30, "refused {refused}, same {same}");
}

fn execute(repo: &Repo, statement: &str) {
    rusqlite::Connection::open(repo.path(DATABASE)).unwrap().execute_batch(statement).unwrap();
}

#[test]
fn f4_a_journal_that_lost_its_end_goes_on_from_there_and_one_with_a_hole_is_refused() {
    let repo = small_repo();
    split(&repo, TASKS, &[]).exit(0);
    let expected = tip(&repo, "feature/b");
    let before = fs::read(repo.path(DATABASE)).unwrap();
    for lost in [0, 1, 3] {
        // Those of one moment were stored together; all of them or none are there.
        let moment = "SELECT DISTINCT at FROM events ORDER BY at DESC LIMIT 1 OFFSET";
        execute(&repo, &format!("DELETE FROM events WHERE at >= ({moment} {lost})"));
        let document = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(document["state"], "finished", "{lost}");
        assert_eq!(tip(&repo, "feature/b"), expected, "{lost}");
        fs::write(repo.path(DATABASE), &before).unwrap();
    }
    for damage in [
        "DELETE FROM events WHERE seq = 1",
        "DELETE FROM events WHERE seq = 5",
        "UPDATE events SET body = '{' WHERE seq = 4",
        "UPDATE events SET body = (SELECT body FROM events WHERE seq = 1) WHERE seq = 4",
        "UPDATE events SET body = '{\"kind\":\"unheard_of\"}' WHERE seq = 4",
    ] {
        execute(&repo, damage);
        for command in ["status", "resume", "report", "integrate"] {
            let refused = repo.wt_orch(&[command, "--json"]);
            // Where an event is missed that changes nothing of what follows, there is no telling.
            if damage.contains("seq = 5") && refused.code() == Some(0) {
                continue;
            }
            let error = refused.exit(4).stdout_json();
            assert_eq!(error["error"]["code"], "damaged_journal", "{damage}: {error}");
            refused.stderr_has("`wt-orch clean tasks --force` forgets the run");
        }
        fs::write(repo.path(DATABASE), &before).unwrap();
    }
}

#[test]
fn f5_what_a_newer_version_wrote_is_refused_with_the_way_out() {
    let repo = small_repo();
    split(&repo, TASKS, &[]).exit(0);
    execute(&repo, "UPDATE events SET version = 99 WHERE seq = 7");
    for command in ["status", "resume", "report", "integrate", "retry"] {
        let refused = repo.wt_orch(&[command, "--json"]);
        assert_eq!(refused.exit(4).stdout_json()["error"]["code"], "newer_journal");
        refused.stderr_has("event 7 has version 99; this wt-orch reads up to 1");
        refused.stderr_has("a newer wt-orch wrote it; use that one");
    }
    execute(&repo, "PRAGMA user_version = 99");
    for command in ["status", "resume", "report", "integrate", "clean", "undo"] {
        let refused = repo.wt_orch(&[command, "--json"]);
        assert_eq!(refused.exit(4).stdout_json()["error"]["code"], "newer_database", "{command}");
        refused.stderr_has("use the newer wt-orch");
    }
}

/// A run that was killed while `slow` was at work, and what its journal says of that process.
fn killed_run() -> (Repo, Value) {
    let repo = small_repo();
    let text = "[[task]]\nid = \"slow\"\ncheck = \"true\"\n\
        run = \"touch ../begun; until test -e ../go; do sleep 0.02; done; echo done > done\"\n";
    tasks(&repo, text);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("begun");
    // Its start is stored by whoever drives it, which may be a moment later.
    for _ in 0..600 {
        if stamp(&repo).is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    running.signal(rustix::process::Signal::KILL);
    assert_eq!(running.wait().code(), None);
    fs::write(repo.root().join("go"), "").unwrap();
    let stamp = stamp(&repo).expect("the start is stored");
    (repo, stamp)
}

/// The process that the journal names, with its row.
fn stamp(repo: &Repo) -> Option<Value> {
    let database = rusqlite::Connection::open(repo.path(DATABASE)).unwrap();
    let found = "SELECT body FROM events WHERE body LIKE '%boot_id%' ORDER BY seq DESC LIMIT 1";
    let body: String = database.query_row(found, [], |row| row.get(0)).ok()?;
    serde_json::from_str(&body).ok()
}

#[test]
fn f6_a_reused_number_or_another_boot_ends_nobody_innocent() {
    let (repo, event) = killed_run();
    let process = event["process"].clone();
    assert!(process["pid"].is_u64(), "{event}");
    let mut innocent = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let identity = ProcessIdentity::load(innocent.id());
    let mut reused = process.clone();
    reused["pid"] = innocent.id().into();
    let mut other_boot = serde_json::to_value(&identity).unwrap();
    other_boot["boot_id"] = "00000000-0000-4000-8000-000000000000".into();
    let lock = repo.path(".git/wt-orch/tasks.lock");
    let before = fs::read(repo.path(DATABASE)).unwrap();
    let log = fs::read(repo.path(&format!("{DATABASE}-wal"))).unwrap_or_default();
    for stale in [reused, other_boot] {
        put(&repo.path(DATABASE), &before);
        put(&repo.path(&format!("{DATABASE}-wal")), &log);
        let mut named = event.clone();
        named["process"] = stale.clone();
        let body = serde_json::to_string(&named).unwrap().replace('\'', "''");
        execute(&repo, &format!("UPDATE events SET body = '{body}' WHERE body LIKE '%boot_id%'"));
        fs::write(&lock, serde_json::to_vec(&stale).unwrap()).unwrap();
        let document = repo.wt_orch(&["resume", "--json"]).exit(0).stdout_json();
        assert_eq!(outcomes(&document), ["slow succeeded: changed 1 path"]);
        assert!(is_alive(&identity), "{stale}");
    }
    innocent.kill().unwrap();
    innocent.wait().unwrap();
    assert_eq!(repo.survivors(), [""; 0]);
}

fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn f7_a_date_that_was_put_back_leaves_the_order_and_no_absurd_duration() {
    let repo = small_repo();
    let document = split(&repo, TASKS, &["--json"]).exit(0).stdout_json();
    let ten_days = 10 * 86_400_000_i64;
    execute(&repo, &format!("UPDATE events SET at = at - {ten_days} WHERE seq % 3 = 0"));
    let jumped = repo.wt_orch(&["report", "--json"]).exit(0).stdout_json();
    assert_eq!(outcomes(&jumped), outcomes(&document));
    let numbers = |value: &Value| value.as_f64().is_none_or(|n| (0.0..86_400.0).contains(&n));
    assert!(numbers(&jumped["wall_s"]), "{jumped:#}");
    for id in ["a", "b"] {
        let task = task(&jumped, id);
        for key in ["duration_s", "cpu_s"] {
            assert!(numbers(&task[key]), "{key} of {task:#}");
        }
    }
    for command in [&["report"][..], &["report", "--format", "md"], &["status"], &["history"]] {
        repo.wt_orch(command).exit(0);
    }
    // It lands as if nothing had been.
    repo.wt_orch(&["integrate"]).exit(0);
}
