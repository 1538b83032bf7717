//! What a task starts from, and what becomes stale when it runs again.

use super::state::RunState;
use crate::domain::id::{Oid, TaskId};

impl RunState {
    /// The commit that the worktree of a task stood at before anything of it ran. Its diff may count
    /// from another: what an arm of a race begins with is part of its work.
    pub fn begins_at(&self, task: usize) -> Oid {
        let arm = self.spec.kind.race().and_then(|race| race.arm(&self.task(task).id));
        let start = self.tasks[task].start.unwrap_or(self.spec.base);
        arm.map_or(start, |arm| arm.begins_at)
    }

    /// Commits a task starts from, and every task whose work they contain: its dependencies, and
    /// what it was serialised behind by a claim or lock (landing.md rules 1, 3 and 4). Arms of
    /// a race and tests start at their own commit, whatever ran before them.
    pub(super) fn start_of(&self, task: usize) -> (Vec<(TaskId, Oid)>, Vec<TaskId>) {
        if self.is_apart() {
            return (Vec::new(), Vec::new());
        }
        let job = &self.spec.plan.problem.jobs[task];
        let mut from = Vec::new();
        let mut needs: Vec<TaskId> = Vec::new();
        let hard = job.predecessors.iter();
        let rivals = self.spec.plan.problem.rivals(task);
        let soft = rivals.iter().filter(|&&o| !self.tasks[o].changed.is_empty());
        for &other in hard.chain(soft) {
            let record = &self.tasks[other];
            let Some(tip) = record.tip.filter(|_| record.state.succeeded()) else { continue };
            let id = &self.task(other).id;
            if from.iter().any(|(seen, _)| seen == id) {
                continue;
            }
            from.push((id.clone(), tip));
            for need in std::iter::once(id).chain(&record.needs) {
                if !needs.contains(need) {
                    needs.push(need.clone());
                }
            }
        }
        if self.is_lane() {
            from = self.lane_head();
        }
        (from, needs)
    }

    fn lane_head(&self) -> Vec<(TaskId, Oid)> {
        let tip = self.lane_tip;
        let holder = (0..self.tasks.len())
            .filter(|&task| self.tasks[task].tip == Some(tip))
            .max_by_key(|&task| self.tasks[task].finished_seq);
        match holder {
            Some(task) if tip != self.spec.base => {
                vec![(self.task(task).id.clone(), tip)]
            }
            _ => Vec::new(),
        }
    }

    /// The finished tasks that run again when `tasks` do, by index: themselves, what depends on them,
    /// and whatever was built on their work because of a claim, a lock or the lane.
    pub(super) fn stale_with(&self, tasks: &[TaskId]) -> Vec<usize> {
        let mut stale: Vec<usize> = tasks.iter().filter_map(|id| self.index(id)).collect();
        let mut known = vec![false; self.tasks.len()];
        stale.retain(|&task| !std::mem::replace(&mut known[task], true));
        let mut at = 0;
        while at < stale.len() {
            let built: Vec<usize> = (0..self.tasks.len())
                .filter(|&other| !known[other] && self.is_built_on(other, stale[at]))
                .collect();
            for other in built {
                known[other] = true;
                stale.push(other);
            }
            at += 1;
        }
        stale.retain(|&task| self.tasks[task].state.is_finished());
        stale.sort_unstable();
        stale
    }

    fn is_built_on(&self, task: usize, earlier: usize) -> bool {
        let depends = self.spec.plan.problem.jobs[task].predecessors.contains(&earlier);
        let (record, before) = (&self.tasks[task], &self.tasks[earlier]);
        let started_from = record.needs.contains(&self.task(earlier).id);
        let behind_in_lane = self.is_lane()
            && !self.is_apart()
            && before.state.succeeded()
            && record.start.is_some()
            && record.finished_seq > before.finished_seq;
        depends || started_from || behind_in_lane
    }
}
