use super::*;

#[test]
fn of_many_failing_tests_the_first_are_kept_with_names_of_a_sane_length() {
    let names = (0..50).map(|n| format!("{n:02}{}", "ä".repeat(300)));
    let FailingTests { named, more } = FailingTests::of(names);
    assert_eq!((named.len(), more), (20, 30));
    assert!(named.iter().all(|name| name.chars().count() == 201 && name.ends_with('…')));
    let few = FailingTests::of(["short".to_owned()]);
    assert_eq!((few.named, few.more), (vec!["short".to_owned()], 0));
}

#[test]
fn what_earlier_versions_stored_is_read() {
    let stored = r#"{"failing":["a","b"],"output":"x"}"#;
    let read: CheckEvidence = serde_json::from_str(stored).unwrap();
    assert_eq!((read.failing.len(), read.more_failing), (2, 0));
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
}
