use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::io::Errno;

use super::*;

const WANTED: Replacement<'_> = Replacement { found: Some(b"old"), wanted: Some(b"fresh") };

fn file() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    std::fs::write(&file, "old").unwrap();
    (dir, file)
}

fn names(dir: &tempfile::TempDir) -> Vec<String> {
    let entries = dir.path().read_dir().unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn no_time() -> Backoff {
    Backoff::new(Duration::ZERO)
}

/// What a writer leaves that is killed while it holds git's lock.
fn killed(file: &Path) {
    std::fs::write(beside(file, OWN), "fresh").unwrap();
    std::fs::hard_link(beside(file, OWN), beside(file, LOCK)).unwrap();
}

#[test]
fn a_lock_of_a_writer_that_died_goes_and_one_of_somebody_else_stays() {
    let (dir, file) = file();
    killed(&file);
    assert!(settle(&file).unwrap());
    assert_eq!(names(&dir), ["config"]);
    assert!(!settle(&file).unwrap());

    std::fs::write(beside(&file, OWN), "fresh").unwrap();
    std::fs::write(beside(&file, LOCK), "fresh").unwrap();
    assert!(!settle(&file).unwrap());
    assert!(beside(&file, LOCK).exists() && !beside(&file, OWN).exists());
    let error = replace(&file, &WANTED, no_time()).unwrap_err();
    assert!(matches!(error, GitError::Locked { path } if path == beside(&file, LOCK)));
    assert_eq!(load(&file).unwrap().unwrap(), b"old");
}

#[test]
fn a_writer_that_lives_is_waited_for() {
    let (_dir, file) = file();
    let mut other = Successor::begin(&file).unwrap().unwrap();
    other.lock(b"fresh", |own, lock| std::fs::hard_link(own, lock), no_time()).unwrap();
    assert!(!settle(&file).unwrap());
    let error = replace(&file, &WANTED, no_time()).unwrap_err();
    assert!(matches!(error, GitError::Locked { path } if path == beside(&file, OWN)));
    drop(other);
    replace(&file, &WANTED, no_time()).unwrap();
    assert_eq!(load(&file).unwrap().unwrap(), b"fresh");
}

#[test]
fn a_file_is_replaced_or_deleted_as_it_was_found_and_after_a_dead_writer_too() {
    let (dir, file) = file();
    killed(&file);
    let changed = Replacement { found: Some(b"else"), wanted: None };
    let error = replace(&file, &changed, no_time()).unwrap_err();
    assert!(matches!(error, GitError::Mismatch { .. }));
    replace(&file, &WANTED, no_time()).unwrap();
    assert_eq!(load(&file).unwrap().unwrap(), b"fresh");
    replace(&file, &Replacement { found: Some(b"fresh"), wanted: None }, no_time()).unwrap();
    assert_eq!(names(&dir), [""; 0]);
}

#[test]
fn what_a_dead_writer_left_goes_though_nobody_may_write_it_or_it_is_no_file() {
    let (dir, file) = file();
    killed(&file);
    // A privileged user may write it all the same.
    std::fs::set_permissions(beside(&file, OWN), Permissions::from_mode(0o444)).unwrap();
    assert!(settle(&file).unwrap());
    assert_eq!(names(&dir), ["config"]);

    rustix::fs::mkfifoat(rustix::fs::CWD, beside(&file, OWN), rustix::fs::Mode::RUSR).unwrap();
    assert!(!settle(&file).unwrap());
    assert_eq!(names(&dir), ["config"]);
}

#[test]
fn a_file_is_replaced_where_files_cannot_have_two_names() {
    for errno in [Errno::PERM, Errno::NOTSUP, Errno::MLINK] {
        let (dir, file) = file();
        let unlinkable = |_: &Path, _: &Path| Err(errno.into());
        let mut other = Successor::begin(&file).unwrap().unwrap();
        other.lock(b"fresh", unlinkable, no_time()).unwrap();
        assert_eq!(std::fs::read(beside(&file, LOCK)).unwrap(), b"fresh");
        let again = other.lock(b"fresh", unlinkable, no_time()).unwrap_err();
        assert!(matches!(again, GitError::Locked { .. }));
        drop(other);
        assert_eq!(names(&dir), ["config"], "{errno}");
    }
}

#[test]
fn a_file_system_without_locks_is_told_and_not_waited_for() {
    let (_dir, file) = file();
    assert!(!is_locked(Err(TryLockError::WouldBlock), &file).unwrap());
    let error = is_locked(Err(TryLockError::Error(Errno::NOLCK.into())), &file).unwrap_err();
    assert!(matches!(error, GitError::Io { action: "lock", .. }));
}
