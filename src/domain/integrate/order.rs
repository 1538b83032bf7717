//! The order in which members are merged: what they start from first, then the least entangled,
//! then priority, then name. Deterministic.

use std::collections::HashMap;

use super::closure::Member;
use super::matrix::{ForecastKind, MatrixCell};

/// The members in merge order, with the reason in one sentence.
pub fn merge_order(members: Vec<Member>, matrix: &[MatrixCell]) -> (Vec<Member>, String) {
    let mut entangled: HashMap<&str, usize> = HashMap::new();
    for cell in matrix.iter().filter(|cell| cell.forecast == ForecastKind::Conflict) {
        *entangled.entry(&cell.a).or_default() += 1;
        *entangled.entry(&cell.b).or_default() += 1;
    }
    let conflicts = |member: &Member| entangled.get(member.task.as_str()).copied().unwrap_or(0);
    let key = |member: &Member| {
        (conflicts(member), std::cmp::Reverse(member.priority), member.task.clone())
    };
    let any = members.iter().any(|member| conflicts(member) > 0);
    let mut rest = members;
    rest.sort_by_key(key);
    let mut ordered: Vec<Member> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let free = rest
            .iter()
            .position(|member| !rest.iter().any(|other| member.needs.contains(&other.task)));
        // Needs never form a circle: a task starts from what was finished before it.
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    let reason = if any {
        "what others start from first, then the fewest predicted conflicts, then priority, then name"
    } else {
        "no conflict is predicted: what others start from first, then priority, then name"
    };
    (ordered, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Oid;
    use crate::domain::task::Priority;

    fn member(task: &str, needs: &[&str], priority: Priority) -> Member {
        let oid = Oid::from_bytes(&[1; 20]).unwrap();
        Member {
            task: task.parse().unwrap(),
            start: oid,
            tip: oid,
            branch: task.to_owned(),
            title: None,
            needs: needs.iter().map(|n| n.parse().unwrap()).collect(),
            replay: false,
            priority,
        }
    }

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
}
