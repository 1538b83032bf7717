use std::time::Duration;

use super::*;
use crate::domain::id::Oid;

fn request(digit: u8, name: &str) -> ValidationRequest {
    let commit = Oid::from_bytes(&[digit; 20]).unwrap();
    ValidationRequest { commit, name: name.to_owned(), only: Vec::new(), fresh: false }
}

fn locking(locks: &[&str]) -> Validation {
    Validation {
        name: "v".to_owned(),
        run: "true".to_owned(),
        report: None,
        rerun: None,
        locks: locks.iter().map(|&lock| lock.to_owned()).collect(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(1),
    }
}

#[test]
fn equal_requests_stand_for_as_many_runs() {
    let (one, other) = (request(1, "a"), request(2, "a"));
    let fresh = ValidationRequest { fresh: true, ..one.clone() };
    let found = difference(&[&one], &[other.clone(), one.clone(), one.clone(), fresh.clone()]);
    let missing = vec![other.clone(), one.clone(), fresh];
    assert_eq!(found, Difference { needless: vec![], missing });
    let found = difference(&[&one, &other, &one], std::slice::from_ref(&one));
    assert_eq!(found, Difference { needless: vec![1, 2], missing: vec![] });
}

#[test]
fn rule_22_a_lock_in_common_excludes() {
    let (db, both, none) = (locking(&["db"]), locking(&["gpu", "db"]), locking(&[]));
    assert!(!may_start(&db, [&both].into_iter()));
    assert!(!may_start(&both, [&none, &db].into_iter()));
    assert!(may_start(&none, [&none, &db].into_iter()));
    assert!(may_start(&db, [&locking(&["gpu"])].into_iter()));
}
