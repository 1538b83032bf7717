//! Conditions before anything has run: the plan expects that all goes well.

use std::collections::BTreeMap;

use super::graph::Graph;
use crate::domain::id::TaskId;
use crate::domain::task::{Ended, Observed, Task};

/// Which tasks are expected to be left out, by their own condition or because something they depend
/// on is. What has run is taken to have succeeded, to have changed something unless it must not, and
/// to have printed whatever is asked for.
pub(super) fn left_out(tasks: &[Task], graph: &Graph) -> Vec<bool> {
    let index: BTreeMap<&TaskId, usize> =
        tasks.iter().enumerate().map(|(at, task)| (&task.id, at)).collect();
    let mut out = vec![false; tasks.len()];
    for &at in &graph.order {
        let task = &tasks[at];
        let observed = |id: &TaskId| -> Option<Observed<'static>> {
            let of = *index.get(id)?;
            let (ended, exit_code) =
                if out[of] { (Ended::Skipped, None) } else { (Ended::Succeeded, Some(0)) };
            let changed = !out[of] && !tasks[of].read_only;
            Some(Observed { ended, exit_code, changed, output: None })
        };
        out[at] = match &task.pattern.when {
            Some(when) => !when.holds(&observed),
            None => {
                let mut needed = task.depends_on.iter().filter_map(|id| index.get(id));
                !task.work.is_gate() && needed.any(|&first| out[first])
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::domain::plan::{PlanRequest, Preference, build};
    use crate::domain::task::{Known, parse};

    const TASKS: &str = r#"
        [[task]]
        id = "build"
        run = "x"
        check = "x"
        phase = "p"
        estimate = "10m"
        [[task]]
        id = "fix"
        run = "x"
        check = "x"
        phase = "p"
        estimate = "10m"
        when = "task.build.outcome == 'failed'"
        [[task]]
        id = "after-fix"
        run = "x"
        check = "x"
        depends_on = ["fix"]
        [[task]]
        id = "either"
        run = "x"
        check = "x"
        depends_on = ["fix"]
        when = "task.build.changed == true and not (task.fix.exit_code > 0)"
        estimate = "1m"
        [[task]]
        id = "last"
        run = "x"
        check = "x"
        phase = "q"
        estimate = "1m"
        [[gate]]
        after = "p"
        run = "x"
    "#;

    #[test]
    fn what_a_success_leaves_out_takes_no_time_and_holds_no_gate_up() {
        let set = parse(TASKS, &Known::default()).tasks.value.unwrap();
        let preference = Preference::Sequential;
        let plan = build(&PlanRequest { preference, ..PlanRequest::of(&set) }).unwrap();
        let out: Vec<&str> = plan
            .tasks
            .iter()
            .filter(|planned| planned.left_out)
            .map(|planned| planned.task.id.as_str())
            .collect();
        assert_eq!(out, ["fix", "after-fix"]);
        let fix = &plan.tasks[1];
        assert!(fix.schedule.finish_s - fix.schedule.start_s < 5.0, "{:?}", fix.schedule);
    }
}
