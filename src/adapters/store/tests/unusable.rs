//! Files that are no database, a damaged one, or somebody else's.

use super::*;

/// Opening fails in both ways; the file stays as it was.
fn refusal(content: &[u8]) -> StoreError {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    fs::write(&path, content).unwrap();
    Store::open(dir.path()).unwrap_err();
    let error = Store::open_existing(dir.path()).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), content);
    assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    for content in ["garbage\n".repeat(1000).into_bytes(), b"x".to_vec(), vec![0; 5000]] {
        let error = refusal(&content);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().ends_with("move it aside to start a new one"), "{error}");
    }
}

#[test]
fn a_torn_database_is_named_when_it_is_opened_or_read() {
    let whole = fs::read(V1).unwrap();
    for length in [50, 4096, 8192, whole.len() - 4096] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), &whole[..length]).unwrap();
        let read = Store::open(dir.path()).and_then(|store| {
            store.runs()?;
            store.records(&run("user-auth"))?;
            store.operations()?;
            store.costs("merge", 9)
        });
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{length}: {read:?}");
    }
}

#[test]
fn a_torn_end_of_the_log_loses_nothing_that_was_stored() {
    let (dir, mut store) = open();
    let name = created(&mut store, "r");
    store.append(&name, &[record(1)]).unwrap();
    // As a crash leaves it: the files are copied while the connection still holds them.
    let copy = tempfile::tempdir().unwrap();
    for file in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        fs::copy(dir.path().join("wt-orch").join(&file), copy.path().join(&file)).unwrap();
    }
    let wal = copy.path().join(format!("{FILE_NAME}-wal"));
    let mut bytes = fs::read(&wal).unwrap();
    bytes.extend([0x5a; 3000]);
    fs::write(wal, bytes).unwrap();
    let store = Store::open_existing(copy.path()).unwrap().unwrap();
    assert_eq!(store.records(&name).unwrap(), [record(1)]);
}

#[test]
fn a_newer_schema_and_another_programs_database_are_refused() {
    let changed = |pragma: &str, value: i64| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::copy(V1, &path).unwrap();
        Connection::open(&path).unwrap().pragma_update(None, pragma, value).unwrap();
        refusal(&fs::read(path).unwrap())
    };
    let error = changed("user_version", 7);
    assert!(
        matches!(error, StoreError::NewerSchema { found: 7, known: schema::KNOWN, .. }),
        "{error:?}"
    );
    assert!(matches!(changed("application_id", 42), StoreError::Foreign { .. }));
    assert!(matches!(changed("application_id", 0), StoreError::Foreign { .. }));
    assert!(matches!(changed("user_version", 0), StoreError::Corrupt { .. }));
}

#[test]
fn an_unusable_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Store::open(&file), Err(StoreError::Folder { .. })));
    fs::create_dir_all(dir.path().join("d").join(FILE_NAME)).unwrap();
    assert!(matches!(Store::open(&dir.path().join("d")), Err(StoreError::Access { .. })));
}
