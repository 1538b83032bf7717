//! The tasks that a race runs: the control, and an arm for each hypothesis behind it.

use std::collections::BTreeMap;

use crate::domain::id::TaskId;
use crate::domain::task::{
    AttemptRules, Demand, Pattern, Priority, RaceRules, RaceSet, Task, TaskSet, Work,
};

/// Name of the task that runs the check on the base; no hypothesis has it.
pub const CONTROL: &str = "control";

/// The set whose tasks are the control, where there is one, and the arms; what else the file says
/// stays. `None` where it has no hypotheses.
pub fn race_tasks(set: &TaskSet) -> Option<TaskSet> {
    let race = set.race.as_ref()?;
    let control = control_of(race);
    let arms = race.hypotheses.iter().map(|hypothesis| Task {
        depends_on: control.iter().map(|control| control.id.clone()).collect(),
        ..hypothesis.task.clone()
    });
    let tasks = control.iter().cloned().chain(arms).collect();
    Some(TaskSet { tasks, gates: Vec::new(), ..set.clone() })
}

/// The control's name, where the race has one.
pub fn control_id(rules: &RaceRules) -> Option<TaskId> {
    rules.control.then(|| CONTROL.parse().ok()).flatten()
}

fn control_of(race: &RaceSet) -> Option<Task> {
    let rules = &race.rules;
    // The check asks as much of the machine on the base as on any arm.
    let demand = |task: &Task| Demand { uses: BTreeMap::new(), ..task.demand.clone() };
    let most = race.hypotheses.iter().map(|hypothesis| demand(&hypothesis.task));
    let demand = most.max_by(|one, two| one.cpus.total_cmp(&two.cpus))?;
    Some(Task {
        id: control_id(rules)?,
        title: Some("the check on the base".to_owned()),
        work: Work::Given,
        depends_on: Vec::new(),
        owns: None,
        reads: Vec::new(),
        read_only: true,
        estimate: None,
        priority: Priority::High,
        phase: None,
        locks: Vec::new(),
        demand,
        timeout: rules.timeout,
        retries: 0,
        rules: AttemptRules::default(),
        check: Some(rules.check.clone()),
        env: BTreeMap::new(),
        pattern: Pattern::default(),
    })
}

#[cfg(test)]
mod tests;
