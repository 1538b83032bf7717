//! What a task has for itself beside its worktree: a port, and a folder for temporary files.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::EngineError;
use super::open::load_run;
use super::site::Site;
use crate::adapters::host::ports::{is_port_free, load_ephemeral_ports};
use crate::adapters::host::temporary::{remove_temporary, temporary_place};
use crate::adapters::store::Store;
use crate::domain::id::RunId;
use crate::domain::plan::Plan;
use crate::domain::run::{RunSpec, TaskPlace, port_candidates, temporary_name};

/// Gives every task a port that nobody uses and that no other task has, of this run or of one that
/// may go on, and the name of its folder. Nothing is made.
///
/// # Errors
/// There is no free port, or the database cannot be read.
pub(super) fn reserve(
    site: &Site,
    (store, run): (&Store, &RunId),
    plan: &Plan,
    places: &mut [TaskPlace],
) -> Result<(), EngineError> {
    let repository = site.repo.common_dir().to_string_lossy();
    let ephemeral = load_ephemeral_ports();
    let mut taken = ports_of_others(store, run)?;
    for (planned, place) in plan.tasks.iter().zip(places) {
        let task = &planned.task.id;
        let port = port_candidates(&repository, task, ephemeral)
            .find(|port| !taken.contains(port) && is_port_free(*port))
            .ok_or_else(|| EngineError::NoFreePort { task: task.clone() })?;
        taken.insert(port);
        place.port = Some(port);
        let folder = temporary_place(&temporary_name(&repository, run.as_str(), task));
        place.temporary = Some(folder.to_string_lossy().into_owned());
    }
    Ok(())
}

/// Ports of the runs that are not over. What listens on them may just not have begun to.
fn ports_of_others(store: &Store, run: &RunId) -> Result<BTreeSet<u16>, EngineError> {
    let mut ports = BTreeSet::new();
    for row in store.runs()?.into_iter().filter(|row| row.name != *run) {
        // Whoever cannot be read cannot go on either.
        let Ok((_, state)) = load_run(store, &row.name) else { continue };
        if !state.phase.is_over() {
            ports.extend(state.spec.places.iter().filter_map(|place| place.port));
        }
    }
    Ok(ports)
}

/// Removes what tasks left in their folders for temporary files. What cannot be removed stays; it is
/// in nobody's way.
pub(super) fn release(spec: &RunSpec) {
    for folder in spec.places.iter().filter_map(|place| place.temporary.as_ref()) {
        let _in_nobodys_way = remove_temporary(Path::new(folder));
    }
}
