use super::*;

const BUSY: RunUse = RunUse { slots: 3, cpus: 2.5, wanted: 4.0, memory: 1 << 30 };

/// Both places in one folder, which is nobody else's.
fn ledger(dir: &Path) -> Ledger {
    Ledger::within(Some(dir), dir)
}

fn folder(ledger: &Ledger) -> &Path {
    ledger.runtime.as_ref().unwrap().folder()
}

/// The file of a process that lives as long as the returned child, whose stdin holds the lock.
fn foreign(ledger: &Ledger, run: &str) -> (std::process::Child, PathBuf) {
    let path = folder(ledger).join(format!("{run}.run"));
    let file = fs::File::create(&path).unwrap();
    file.try_lock().unwrap();
    let child = std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap();
    let process = ProcessIdentity::load(child.id());
    let entry =
        LedgerEntry { process, run: run.to_owned(), repository: "/other".to_owned(), takes: BUSY };
    fs::write(&path, serde_json::to_vec(&entry).unwrap()).unwrap();
    (child, path)
}

#[test]
fn runs_see_what_the_others_take_until_these_are_over_or_killed() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    assert_eq!(ledger.load(), []);
    let mut own = ledger.enter("own", Path::new("/repo")).unwrap();
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
    assert_eq!(fs::read_dir(folder(&ledger)).unwrap().count(), 0);
}

#[test]
fn a_file_that_says_nothing_yet_is_left_to_its_owner_and_foreign_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let _own = ledger.enter("own", Path::new("/repo")).unwrap();
    let path = folder(&ledger).join("new.run");
    let file = fs::File::create(&path).unwrap();
    file.try_lock().unwrap();
    fs::write(folder(&ledger).join("notes.txt"), "mine").unwrap();
    assert_eq!(ledger.load().len(), 1);
    assert!(path.exists());
    drop(file);
    assert_eq!(ledger.load().len(), 1);
    assert!(!path.exists() && folder(&ledger).join("notes.txt").exists());
}

#[test]
fn a_folder_that_others_can_enter_is_not_used_and_what_stands_there_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let ledger = ledger(dir.path());
    let _own = ledger.enter("own", Path::new("/repo")).unwrap();
    assert_eq!(ledger.load().len(), 1);
    for name in ["wt-orch".to_owned(), own_name()] {
        let open = dir.path().join(name);
        fs::create_dir_all(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    }
    assert_eq!(ledger.load(), []);
    let error = ledger.enter("other", Path::new("/repo")).unwrap_err();
    assert!(matches!(error, LedgerError::Place(PrivateError::NotPrivate { .. })), "{error}");
}

#[test]
fn runs_with_and_without_a_usable_runtime_folder_see_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let (runtime, temporary) = (dir.path().join("run"), dir.path().join("tmp"));
    fs::create_dir(&temporary).unwrap();
    // It is set to what is not there, as after `su`.
    let with = Ledger::within(Some(&runtime), &temporary);
    let first = with.enter("first", Path::new("/repo")).unwrap();
    assert_eq!(first.folder, with.temporary.folder());
    fs::create_dir(&runtime).unwrap();
    let second = with.enter("second", Path::new("/repo")).unwrap();
    assert_eq!(second.folder, folder(&with));
    assert_eq!(with.load().len(), 2);
    let without = Ledger::within(None, &temporary);
    let _third = without.enter("third", Path::new("/repo")).unwrap();
    assert_eq!(with.load().len(), 3);
}
