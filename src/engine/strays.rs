//! What still runs of a run whose process was killed.

use std::ffi::OsString;

use super::containment::{containment, end_leftovers};
use super::resolve::{DeskPlace, clear_desk};
use super::site::Site;
use crate::adapters::process::{
    Cleared, LostCommand, ProcessIdentity, load_strays, stop_marked, stop_stray,
};
use crate::domain::run::{RunSpec, RunState, TaskState};

/// The numbers of all processes of a run that no process drives: what resuming it or aborting it ends
/// first. Ends nothing.
pub fn strays(site: &Site, state: &RunState) -> Vec<u32> {
    let tasks = state.active_tasks();
    let lost = |task| LostCommand { leader: leader_of(state, task), env: markers(state, task) };
    let mut commands: Vec<LostCommand> = tasks.map(lost).collect();
    let places = state.active_tasks().filter_map(|task| start_desk(site, state, task));
    let resolving = places.map(|place| place.environment(site, &state.spec));
    commands.extend(resolving.map(|env| LostCommand { leader: None, env }));
    load_strays(&commands, &containment(site, &state.spec, None))
}

/// Ends what still runs of the tasks that are under way; with each the number of processes. Then what
/// could not be told to be any task's, but is in the run's control groups.
pub(super) async fn end_strays(site: &Site, state: &RunState) -> (Vec<(usize, u32)>, u32) {
    let (grace, keep) = (state.spec.limits.grace, &state.spec.limits.keep);
    let mut ended = Vec::new();
    for task in state.active_tasks() {
        let mut count = 0;
        if let Some(process) = leader_of(state, task) {
            count += found(stop_stray(&process, keep, grace).await);
        }
        count += found(stop_marked(&markers(state, task), keep, grace).await);
        count += clear_start(site, state, task).await;
        ended.push((task, count));
    }
    (ended, end_leftovers(site, &state.spec).await)
}

/// Ends what resolved a conflict for a task's start, and takes its worktree away. Where that fails it is
/// tried again by whoever needs its place, and by `clean`.
async fn clear_start(site: &Site, state: &RunState, task: usize) -> u32 {
    let Some(place) = start_desk(site, state, task) else { return 0 };
    clear_desk(site, &state.spec, &place).await.map_or(0, found)
}

/// Where conflicts in what a task starts from are resolved, if its start is being found.
fn start_desk(site: &Site, state: &RunState, task: usize) -> Option<DeskPlace> {
    let TaskState::Provisioning { attempt } = state.tasks[task].state else { return None };
    Some(DeskPlace::of_start(site, &state.spec, &state.task(task).id, attempt))
}

/// The process of a task's command, where it was seen to run.
fn leader_of(state: &RunState, task: usize) -> Option<ProcessIdentity> {
    let TaskState::Running { process: Some(stamp), .. } = &state.tasks[task].state else {
        return None;
    };
    Some(ProcessIdentity {
        pid: stamp.pid,
        start_time: stamp.start_time,
        boot_id: stamp.boot_id.clone(),
    })
}

fn found(cleared: Cleared) -> u32 {
    cleared.inside + cleared.outside
}

fn markers(state: &RunState, task: usize) -> Vec<(OsString, OsString)> {
    let spec: &RunSpec = &state.spec;
    [
        ("WT_ORCH_RUN", spec.run.to_string()),
        ("WT_ORCH_TASK", state.task(task).id.to_string()),
        ("WT_ORCH_ATTEMPT", state.tasks[task].attempts.to_string()),
        ("WT_ORCH_WORKTREE", spec.places[task].worktree.clone()),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .to_vec()
}
