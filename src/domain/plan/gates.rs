//! Gates become tasks: one that waits for its whole phase and that everything of the phases after
//! it waits for. What it starts from is the merge of the phase's tips, so running it there is the
//! validation of the phase.

use std::collections::BTreeMap;

use crate::domain::id::TaskId;
use crate::domain::task::{
    AttemptRules, Command, Demand, Gate, Pattern, Priority, Task, TaskSet, Work,
};

/// The tasks of the set, with gates added behind them. Phases follow one another in the order in
/// which the file first names them.
pub fn with_gates(set: &TaskSet) -> Vec<Task> {
    let mut phases: Vec<&str> = Vec::new();
    for phase in set.tasks.iter().filter_map(|task| task.phase.as_deref()) {
        if !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    let place = |phase: &str| phases.iter().position(|known| *known == phase);
    let mut tasks = set.tasks.clone();
    for (number, gate) in set.gates.iter().enumerate() {
        let Some(after) = place(&gate.after) else { continue };
        let Some(id) = gate_id(gate, number) else { continue };
        let of_phase = set.tasks.iter().filter(|task| task.phase.as_deref() == Some(&gate.after));
        let depends_on = of_phase.map(|task| task.id.clone()).collect();
        for task in &mut tasks {
            if task.phase.as_deref().and_then(place).is_some_and(|phase| phase > after) {
                task.depends_on.push(id.clone());
            }
        }
        tasks.push(gate_task(gate, id, depends_on));
    }
    tasks
}

fn gate_id(gate: &Gate, number: usize) -> Option<TaskId> {
    let named = format!("gate.{}", crate::domain::id::slugify(&gate.after));
    named.parse().or_else(|_| format!("gate.{number}").parse()).ok()
}

fn gate_task(gate: &Gate, id: TaskId, depends_on: Vec<TaskId>) -> Task {
    Task {
        id,
        title: Some(format!("gate after {}", gate.after)),
        work: Work::Gate { command: Command::Shell(gate.run.clone()) },
        depends_on,
        owns: None,
        reads: Vec::new(),
        read_only: true,
        estimate: None,
        priority: Priority::High,
        phase: Some(gate.after.clone()),
        locks: Vec::new(),
        demand: Demand { cpus: 1.0, memory: 0, uses: BTreeMap::new() },
        timeout: gate.timeout,
        retries: 0,
        rules: AttemptRules::default(),
        check: None,
        env: BTreeMap::new(),
        pattern: Pattern::default(),
    }
}
