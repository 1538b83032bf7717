//! Modules as tasks of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Module, Part, SplitTerms, SuiteMemory, SuiteSpec, command_of, part_task_id, parts, task_id,
};
use crate::domain::id::{Oid, TaskId};
use crate::domain::task::{
    AttemptRules, Demand, FailFast, Pattern, Priority, Task, TaskSet, TimeLimits, Work,
};
use crate::domain::time::from_secs;

/// What holds for all modules of a test run.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteTerms {
    /// The commit made of the working tree, when that is tested.
    pub snapshot: Option<Oid>,
    /// Further attempts of a module that failed.
    pub retries: u32,
    /// The first failure stops everything.
    pub fail_fast: bool,
    /// An attempt is stopped after this time.
    pub timeout: Duration,
    /// An attempt is stopped that does nothing for this long.
    pub stall_timeout: Option<Duration>,
    /// When a module is worth more than one worktree.
    pub split: SplitTerms,
    /// Seconds more that a worktree takes for a module whose tests are built.
    pub build: f64,
}

/// A test run to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteTasks {
    /// One task for each module, or part of one.
    pub set: TaskSet,
    /// Which is which.
    pub spec: SuiteSpec,
}

/// The tasks that test these modules: what failed last time goes first.
pub fn suite_tasks(modules: &[Module], memory: &SuiteMemory, terms: &SuiteTerms) -> SuiteTasks {
    let SplitTerms { worktree, width } = terms.split;
    let build = |module: &Module| if module.build.is_some() { terms.build } else { 0.0 };
    let mut split = vec![Vec::new(); modules.len()];
    for (module, units) in parts(modules, memory, width, |module| worktree + build(module)) {
        split[module].push(units);
    }
    let (mut tasks, mut parts) = (Vec::new(), Vec::new());
    for (module, split) in modules.iter().zip(split) {
        let known = memory.units_of(&module.name);
        let is_whole = split.len() < 2;
        for (at, units) in split.into_iter().enumerate() {
            let id = match is_whole {
                true => task_id(&module.name),
                false => part_task_id(&module.name, at + 1),
            };
            // Every module that was found has an id.
            let Some(id) = id else { continue };
            let estimate = match is_whole {
                // Its attempts are known as those of the task, cold and warm ones apart.
                true => None,
                false => units.iter().map(|unit| known.get(unit).copied()).sum(),
            };
            tasks.push(task(module, (id.clone(), &units), (memory, terms), estimate));
            parts.push(Part {
                task: id,
                module: module.name.clone(),
                kind: module.kind,
                folder: module.folder.clone(),
                timed: match units.is_empty() {
                    true => module.units.iter().map(|unit| unit.name.clone()).collect(),
                    false => units.clone(),
                },
                units,
                report: module.report.clone(),
            });
        }
    }
    SuiteTasks {
        set: TaskSet {
            tasks,
            fail_fast: FailFast { run: terms.fail_fast, ..FailFast::default() },
            time_limits: TimeLimits::default(),
            ..TaskSet::default()
        },
        spec: SuiteSpec { snapshot: terms.snapshot, parts },
    }
}

fn task(
    module: &Module,
    (id, units): (TaskId, &[String]),
    (memory, terms): (&SuiteMemory, &SuiteTerms),
    estimate: Option<f64>,
) -> Task {
    let failed = memory.failed_last.contains(&module.name);
    Task {
        id,
        title: None,
        work: Work::Command { command: command_of(module, units), prompt: None },
        depends_on: Vec::new(),
        owns: None,
        reads: Vec::new(),
        read_only: true,
        estimate: estimate.map(from_secs),
        priority: if failed { Priority::High } else { Priority::Medium },
        phase: None,
        locks: Vec::new(),
        demand: Demand { cpus: memory.cpus(&module.name), memory: 0, uses: BTreeMap::new() },
        timeout: terms.timeout,
        retries: terms.retries,
        rules: AttemptRules { stall_timeout: terms.stall_timeout, ..AttemptRules::default() },
        check: None,
        env: BTreeMap::new(),
        pattern: Pattern::default(),
    }
}

#[cfg(test)]
mod tests;
