//! Plans of every shape.

use super::*;

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) tasks: Vec<Task>,
    pub(super) seconds: Vec<i64>,
    pub(super) preference: Preference,
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    let one = (1..20_i64, 0..3_u8, 0..3_u32, any::<u16>(), 0..3_u8);
    (prop::collection::vec(one, 1..14), 0..6_usize).prop_map(|(raw, width)| {
        let name = |i: usize| format!("t{i}");
        let tasks = raw.iter().enumerate().map(|(i, (seconds, lock, gpus, edges, priority))| {
            let before: Vec<String> =
                (0..i).filter(|j| edges >> (j % 16) & 0b11 == 0b11).map(name).collect();
            let mut t = task(&name(i), &before.iter().map(String::as_str).collect::<Vec<_>>());
            t.estimate = Some(Duration::from_secs(u64::try_from(*seconds).unwrap()));
            t.locks = (*lock == 0).then(|| "db".to_owned()).into_iter().collect();
            t.demand.uses = BTreeMap::from([("gpu".to_owned(), *gpus)]);
            t.priority = [Priority::Low, Priority::Medium, Priority::High][usize::from(*priority)];
            t
        });
        let preference = match width {
            0 => Preference::Sequential,
            width => Preference::ParallelWith(width),
        };
        Case { tasks: tasks.collect(), seconds: raw.iter().map(|r| r.0).collect(), preference }
    })
}

/// Exit codes of which some are failures.
pub(super) fn flaky(task: usize, attempt: u32) -> i32 {
    i32::from((task * 7 + attempt as usize * 3).is_multiple_of(5))
}
