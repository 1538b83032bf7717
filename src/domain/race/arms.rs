//! The tasks that a race runs: the control, and an arm for each hypothesis behind it.

use std::collections::BTreeMap;
use std::iter;

use crate::domain::id::TaskId;
use crate::domain::task::{
    AttemptRules, Demand, FailFast, PassRule, Pattern, Priority, RaceRules, RaceSet, Task, TaskSet,
    Validation, Work,
};

/// Name of the task that runs the check on the base; no hypothesis has it.
pub const CONTROL: &str = "control";

/// Name of the validation that runs the race's check on what is to land, unless the file has one of
/// that name.
const LANDING_CHECK: &str = "race";

/// The set whose tasks are the control, where there is one, and the arms; what else the file says
/// stays. `None` where it has no hypotheses.
pub fn race_tasks(set: &TaskSet) -> Option<TaskSet> {
    let race = set.race.as_ref()?;
    let control = control_of(race);
    let arms = race.hypotheses.iter().map(|hypothesis| Task {
        depends_on: control.iter().map(|control| control.id.clone()).collect(),
        check: Some(race.rules.check.clone()),
        ..hypothesis.task.clone()
    });
    let tasks = control.iter().cloned().chain(arms).collect();
    let mut validations = set.validations.clone();
    validations.push(landing_check(&race.rules, &set.validations));
    // A falsified arm is no reason to stop the others.
    let fail_fast = FailFast::default();
    Some(TaskSet { tasks, gates: Vec::new(), validations, fail_fast, ..set.clone() })
}

/// What decided must hold for what lands, too, by the same rule. The target is no measure of it: the
/// race is about what fails there.
fn landing_check(rules: &RaceRules, others: &[Validation]) -> Validation {
    let is_taken = |name: &String| others.iter().any(|other| other.name == *name);
    let numbered = (2_u32..).map(|number| format!("{LANDING_CHECK}-{number}"));
    let mut names = iter::once(LANDING_CHECK.to_owned()).chain(numbered);
    Validation {
        name: names.find(|name| !is_taken(name)).unwrap_or_default(),
        run: rules.check.clone(),
        report: None,
        rerun: None,
        locks: Vec::new(),
        // That it passed once does not say how often it does.
        cache: false,
        pass: PassRule::Outright { runs: rules.runs, need: rules.need },
        timeout: rules.timeout,
    }
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
