use super::*;

const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn commits_side_by_side_cost_together_what_passed() {
    let mut committing = Committing::default();
    committing.begin(0, at(1000));
    committing.begin(1, at(1100));
    assert_eq!(committing.end(0, at(1300)), Some(at(200)));
    assert_eq!(committing.end(1, at(1400)), Some(at(200)));
}

#[test]
fn time_without_a_commit_counts_for_none_and_a_commit_ends_once() {
    let mut committing = Committing::default();
    committing.begin(3, at(5000));
    assert_eq!(committing.end(3, at(5100)), Some(at(100)));
    assert_eq!(committing.end(3, at(5200)), None);
    committing.begin(3, at(9000));
    assert_eq!(committing.end(3, at(9050)), Some(at(50)));
}
