use super::utilization::utilization;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{plan, task};

#[test]
fn utilization_sums_what_runs_at_the_same_time() {
    let mut tasks = vec![task("a", &[], 100), task("b", &["a"], 100), task("c", &[], 200)];
    for (task, memory) in tasks.iter_mut().zip([1 << 30, 3 << 30, 0]) {
        task.demand.memory = memory;
    }
    let used = utilization(&plan(tasks, Preference::ParallelWith(2)));
    // What `a` gives back is what `b` takes.
    assert_eq!((used.peak_memory, used.peak_tasks, used.without_memory), (3 << 30, 2, 1));
    assert!((used.mean_cpus - 2.0).abs() < 0.1, "{used:?}");
}
