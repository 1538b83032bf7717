//! What tasks do to one another when they run side by side, and what one lane spares them.

use crate::domain::plan::contention::Contention;

/// The same in every draw. Where a list is too short, a task has none of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Interplay {
    /// How much longer everything takes the more tasks run.
    contention: Contention,
    /// Thousandths of a core that a task keeps busy, at most all there are.
    cpus: Vec<u64>,
    /// Thousandths of a core that there really are.
    cores: u64,
    /// Share of its time that a task is spared behind another one in the same worktree.
    warm: Vec<f64>,
    /// The task leaves nothing to merge.
    unmerged: Vec<bool>,
    /// By task, where the list of its likely conflicts starts; one more entry than tasks.
    firsts: Vec<usize>,
    /// The other task and the probability that both do not merge.
    conflicts: Vec<(usize, f64)>,
}

/// Tasks that leave one another alone.
pub static NO_INTERPLAY: Interplay = Interplay {
    contention: Contention { sigma: 0.0, kappa: 0.0, effective_cores: None, widths: 0 },
    cpus: Vec::new(),
    cores: u64::MAX,
    warm: Vec::new(),
    unmerged: Vec::new(),
    firsts: Vec::new(),
    conflicts: Vec::new(),
};

/// What one task brings into it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskTraits {
    /// Cores it keeps busy.
    pub cpus: f64,
    /// Share of its time that it is spared in a warm worktree, 0 to 1.
    pub warm: f64,
    /// It leaves something to merge.
    pub merges: bool,
}

impl Interplay {
    /// Of tasks on a machine with `cores` cores by name, and the pairs that may conflict.
    pub fn new(
        contention: Contention,
        cores: usize,
        tasks: &[TaskTraits],
        pairs: &[(usize, usize, f64)],
    ) -> Self {
        let cores = contention.effective_cores.unwrap_or(cores as f64).max(1.0);
        let thousandths = |cpus: f64| (cpus * 1000.0).round() as u64;
        let cores = thousandths(cores);
        // Alone, a task is not slowed down by what it asks for beyond the machine.
        let cpus = tasks.iter().map(|task| thousandths(task.cpus).min(cores)).collect();
        let mut lists = vec![Vec::new(); tasks.len()];
        for &(a, b, probability) in pairs {
            if a != b && a < tasks.len() && b < tasks.len() && probability > 0.0 {
                lists[a].push((b, probability.min(1.0)));
                lists[b].push((a, probability.min(1.0)));
            }
        }
        let mut firsts = Vec::with_capacity(tasks.len() + 1);
        let mut conflicts = Vec::with_capacity(2 * pairs.len());
        for list in lists {
            firsts.push(conflicts.len());
            conflicts.extend(list);
        }
        firsts.push(conflicts.len());
        Self {
            contention,
            cpus,
            cores,
            warm: tasks.iter().map(|task| task.warm.clamp(0.0, 1.0)).collect(),
            unmerged: tasks.iter().map(|task| !task.merges).collect(),
            firsts,
            conflicts,
        }
    }

    /// The same tasks on a machine with cores enough.
    pub(in crate::domain::plan) fn with_enough_cores(&self) -> Self {
        Self { cores: u64::MAX, ..self.clone() }
    }

    /// How much longer everything takes while `active` tasks run that keep `busy` thousandths of a
    /// core busy (`research/scheduling.md` §4).
    pub(super) fn slowdown(&self, active: usize, busy: u64) -> f64 {
        let crowded = if busy > self.cores { busy as f64 / self.cores as f64 } else { 1.0 };
        crowded * self.contention.slowdown(active as f64)
    }

    /// Thousandths of a core.
    pub(super) fn busy(&self, task: usize) -> u64 {
        self.cpus.get(task).copied().unwrap_or(0)
    }

    /// Seconds that a task takes in a warm worktree when it takes `cold` in a fresh one.
    pub(super) fn warm_seconds(&self, task: usize, cold: f64) -> f64 {
        cold * (1.0 - self.warm.get(task).copied().unwrap_or(0.0))
    }

    /// Whether the task leaves something to merge.
    pub(super) fn merges(&self, task: usize) -> bool {
        !self.unmerged.get(task).copied().unwrap_or(false)
    }

    /// Whether anything may conflict.
    pub(in crate::domain::plan) fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// Likely conflicts of a task.
    pub(super) fn conflicts(&self, task: usize) -> &[(usize, f64)] {
        match (self.firsts.get(task), self.firsts.get(task + 1)) {
            (Some(&from), Some(&to)) => &self.conflicts[from..to],
            _ => &[],
        }
    }
}
