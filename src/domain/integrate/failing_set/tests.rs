use super::*;
use crate::domain::integrate::fixture::member;

fn plain(tasks: &[&str]) -> Vec<Member> {
    tasks.iter().map(|task| member(task, &[], Priority::Medium)).collect()
}

fn set(members: &[&str]) -> FailingSet {
    FailingSet {
        members: members.iter().map(|task| task.parse().unwrap()).collect(),
        validation: "all".to_owned(),
        failures: vec![Failure::Command],
        ending: "exit code 1".to_owned(),
        tainted: Vec::new(),
        rates: None,
        by_prefix: false,
    }
}

fn cure(members: &[Member], sets: &[FailingSet], keep: &[&str]) -> Vec<String> {
    let keep: Vec<TaskId> = keep.iter().map(|task| task.parse().unwrap()).collect();
    cheapest_cure(members, sets, &keep).iter().map(ToString::to_string).collect()
}

#[test]
fn rule_15_of_a_pair_the_later_one_goes_and_never_both() {
    let members = plain(&["a", "b", "c"]);
    assert_eq!(cure(&members, &[set(&["a", "c"])], &[]), ["c"]);
    assert_eq!(cure(&members, &[set(&["a", "c"])], &["c"]), ["a"]);
    assert_eq!(cure(&members, &[set(&["a", "c"])], &["a", "c"]), ["c"]);
}

#[test]
fn rule_15_one_that_is_in_both_sets_goes_alone() {
    let members = plain(&["a", "b", "c"]);
    assert_eq!(cure(&members, &[set(&["a", "b"]), set(&["a", "c"])], &[]), ["a"]);
}

#[test]
fn rule_15_what_others_started_from_costs_them_too() {
    let members = vec![
        member("a", &[], Priority::Medium),
        member("b", &[], Priority::Medium),
        member("c", &["b"], Priority::Medium),
    ];
    assert_eq!(cure(&members, &[set(&["a", "b"])], &[]), ["a"]);
    let urgent = vec![member("a", &[], Priority::Medium), member("b", &[], Priority::Low)];
    assert_eq!(cure(&urgent, &[set(&["a", "b"])], &[]), ["b"]);
}

#[test]
fn very_many_sets_are_broken_too() {
    let names: Vec<String> = (0..40).map(|n| format!("t{n:02}")).collect();
    let members = plain(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let sets: Vec<FailingSet> =
        (0..20).map(|n| set(&[names[n].as_str(), names[39 - n].as_str()])).collect();
    let chosen = cure(&members, &sets, &[]);
    assert_eq!(chosen, names[20..].to_vec());
}

#[test]
fn rule_15_what_a_spared_one_started_from_is_spared_too() {
    let members = vec![
        member("a", &[], Priority::Medium),
        member("b", &[], Priority::High),
        member("c", &["a"], Priority::Low),
    ];
    assert_eq!(cure(&members, &[set(&["a", "b"])], &["c"]), ["b"]);
}
