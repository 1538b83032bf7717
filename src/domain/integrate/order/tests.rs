use super::*;
use crate::domain::integrate::fixture::member;
use crate::domain::task::Priority;

fn conflict(a: &str, b: &str) -> MatrixCell {
    MatrixCell {
        a: a.into(),
        b: b.into(),
        forecast: ForecastKind::Conflict,
        paths: Vec::new(),
        note: None,
    }
}

fn names(members: &[Member]) -> Vec<&str> {
    members.iter().map(|m| m.task.as_str()).collect()
}

#[test]
fn the_branch_that_conflicts_with_two_others_is_merged_after_them() {
    let members = ["a", "b", "c"].map(|t| member(t, &[], Priority::Medium)).to_vec();
    let (ordered, _) = merge_order(members, &[conflict("a", "b"), conflict("a", "c")]);
    assert_eq!(names(&ordered), ["b", "c", "a"]);
}

#[test]
fn what_a_task_started_from_is_merged_before_it_whatever_the_conflicts() {
    let members = vec![member("late", &["z"], Priority::High), member("z", &[], Priority::Low)];
    let (ordered, _) = merge_order(members, &[conflict("z", "y")]);
    assert_eq!(names(&ordered), ["z", "late"]);
}

#[test]
fn priority_then_name_break_ties() {
    let members = vec![
        member("b", &[], Priority::Medium),
        member("a", &[], Priority::Medium),
        member("c", &[], Priority::High),
    ];
    assert_eq!(names(&merge_order(members, &[]).0), ["c", "a", "b"]);
}

#[test]
fn the_most_branches_are_kept_even_where_the_first_by_name_must_wait() {
    // `a` collides with everything else; without it three merge.
    let members = ["a", "b", "c", "d"].map(|t| member(t, &[], Priority::High)).to_vec();
    let matrix = [conflict("a", "b"), conflict("a", "c"), conflict("a", "d")];
    let (ordered, reason) = merge_order(members, &matrix);
    assert_eq!(names(&ordered), ["b", "c", "d", "a"]);
    assert!(reason.starts_with("3 of 4 merge with one another, the most that do, and come first"));
}

#[test]
fn a_member_is_kept_only_with_what_it_needs() {
    // `x` needs `n`, which collides with the others.
    let members = vec![
        member("n", &[], Priority::Medium),
        member("x", &["n"], Priority::Medium),
        member("y", &[], Priority::Medium),
        member("z", &[], Priority::Medium),
        member("v", &[], Priority::Medium),
    ];
    let matrix = [conflict("n", "v"), conflict("n", "y"), conflict("n", "z")];
    assert_eq!(names(&merge_order(members, &matrix).0), ["v", "y", "z", "n", "x"]);
}

#[test]
fn among_many_the_least_entangled_come_first() {
    let names_of: Vec<String> = (0..12).map(|n| format!("t{n:02}")).collect();
    let members = names_of.iter().map(|t| member(t, &[], Priority::Medium)).collect();
    let hub = (1..12).map(|n| conflict("t00", &names_of[n])).collect::<Vec<_>>();
    let (ordered, _) = merge_order(members, &hub);
    assert_eq!(names(&ordered).last(), Some(&"t00"));
}
