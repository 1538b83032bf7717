use super::*;

const BUSY: RunUse = RunUse { slots: 3, cpus: 2.5, wanted: 4.0, memory: 1 << 30 };

/// The file of a process that lives as long as the returned child, whose stdin holds the lock.
fn foreign(ledger: &Ledger, run: &str) -> (std::process::Child, PathBuf) {
    let path = ledger.folder().join(format!("{run}.run"));
    let file = fs::File::create(&path).unwrap();
    file.try_lock().unwrap();
    let child = std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap();
    let process = ProcessIdentity::load(child.id());
    let entry = LedgerEntry { process, run: run.to_owned(), takes: BUSY };
    fs::write(&path, serde_json::to_vec(&entry).unwrap()).unwrap();
    (child, path)
}

#[test]
fn runs_see_what_the_others_take_until_these_are_over_or_killed() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::at(Some(dir.path()));
    assert_eq!(ledger.load(), []);
    let mut own = ledger.enter("own").unwrap();
    own.write(BUSY).unwrap();
    own.write(RunUse { slots: 1, ..RunUse::default() }).unwrap();
    let (mut child, path) = foreign(&ledger, "other");
    let runs = |entries: Vec<LedgerEntry>| {
        let mut runs: Vec<(String, usize)> =
            entries.into_iter().map(|entry| (entry.run, entry.takes.slots)).collect();
        runs.sort();
        runs
    };
    assert_eq!(runs(ledger.load()), [("other".to_owned(), 3), ("own".to_owned(), 1)]);
    assert_eq!(runs(ledger.load_others()), [("other".to_owned(), 3)]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(runs(ledger.load_others()), []);
    assert!(!path.exists());
    drop(own);
    assert_eq!(ledger.load(), []);
    assert_eq!(fs::read_dir(ledger.folder()).unwrap().count(), 0);
}

#[test]
fn a_file_that_says_nothing_yet_is_left_to_its_owner_and_foreign_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::at(Some(dir.path()));
    let _own = ledger.enter("own").unwrap();
    let path = ledger.folder().join("new.run");
    let file = fs::File::create(&path).unwrap();
    file.try_lock().unwrap();
    fs::write(ledger.folder().join("notes.txt"), "mine").unwrap();
    assert_eq!(ledger.load().len(), 1);
    assert!(path.exists());
    drop(file);
    assert_eq!(ledger.load().len(), 1);
    assert!(!path.exists() && ledger.folder().join("notes.txt").exists());
}

#[test]
fn a_folder_that_others_can_enter_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("wt-orch");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Ledger::at(Some(dir.path())).enter("own").unwrap_err();
    assert!(matches!(error, LedgerError::Place(PrivateError::NotPrivate { .. })), "{error}");
}
