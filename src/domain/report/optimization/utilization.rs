//! What the predicted schedule asks of the machine at each moment.

use crate::domain::plan::Plan;

/// Demands of the chosen schedule, as the tasks declare them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Utilization {
    /// Most memory that running tasks declare at one moment, bytes.
    pub(super) peak_memory: u64,
    /// Cores that tasks keep busy, on average over the schedule.
    pub(super) mean_cpus: f64,
    /// Most tasks at one moment.
    pub(super) peak_tasks: usize,
    /// Tasks that declare no memory.
    pub(super) without_memory: usize,
}

/// Sums the demands over the schedule.
pub(super) fn utilization(plan: &Plan) -> Utilization {
    // Ends come before starts of the same moment: what one task gives back the next one takes.
    let mut moments: Vec<(f64, bool, usize)> = Vec::new();
    for (task, planned) in plan.tasks.iter().enumerate() {
        moments.push((planned.schedule.start_s, true, task));
        moments.push((planned.schedule.finish_s, false, task));
    }
    moments.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let (mut memory, mut tasks) = (0_u64, 0_usize);
    let mut found = Utilization {
        peak_memory: 0,
        mean_cpus: 0.0,
        peak_tasks: 0,
        without_memory: plan.tasks.iter().filter(|p| p.task.demand.memory == 0).count(),
    };
    for (_, starts, task) in moments {
        let needed = plan.tasks[task].task.demand.memory;
        if starts {
            memory = memory.saturating_add(needed);
            tasks += 1;
        } else {
            memory = memory.saturating_sub(needed);
            tasks = tasks.saturating_sub(1);
        }
        found.peak_memory = found.peak_memory.max(memory);
        found.peak_tasks = found.peak_tasks.max(tasks);
    }
    let end = super::structure::end(plan);
    let work: f64 = plan
        .tasks
        .iter()
        .map(|p| p.task.demand.cpus * (p.schedule.finish_s - p.schedule.start_s).max(0.0))
        .sum();
    found.mean_cpus = if end > 0.0 { work / end } else { 0.0 };
    found
}
