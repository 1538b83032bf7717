use super::*;

#[test]
fn rule_13_the_newest_of_what_passed_is_known_and_a_failure_takes_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let at = Timestamp(1);
    store.note_passed("a", at).unwrap();
    store.note_passed("b", at).unwrap();
    assert!(store.has_passed("a").unwrap() && !store.has_passed("c").unwrap());
    store.forget_passed("a").unwrap();
    assert!(!store.has_passed("a").unwrap() && store.has_passed("b").unwrap());
    store
        .write(|db| {
            let mut add = db.prepare("INSERT INTO passed (key, at) VALUES (?1, 1)")?;
            for n in 0..PASSED_KEPT {
                add.execute(params![format!("n{n}")])?;
            }
            Ok(())
        })
        .unwrap();
    store.note_passed("last", at).unwrap();
    assert!(!store.has_passed("b").unwrap() && !store.has_passed("n0").unwrap());
    assert!(store.has_passed("n1").unwrap() && store.has_passed("last").unwrap());
}

#[test]
fn of_a_command_that_failed_the_last_time_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    for (command, at) in [("one", 1), ("two", 2), ("one", 3)] {
        store.note_failed(command, Timestamp(at)).unwrap();
    }
    let expected = [("one", 3), ("two", 2)].map(|(name, at)| (name.to_owned(), Timestamp(at)));
    assert_eq!(store.failed_commands().unwrap(), expected.into());
}
