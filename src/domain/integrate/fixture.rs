//! A member for tests, on commits that nobody looks at.

use super::Member;
use crate::domain::id::Oid;
use crate::domain::task::Priority;

pub(super) fn member(task: &str, needs: &[&str], priority: Priority) -> Member {
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
