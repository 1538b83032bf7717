//! What the commands of a run are held in, and what an earlier process left in it.

use super::site::Site;
use crate::adapters::process::{Containment, Way, stop_leftovers};
use crate::domain::run::{RunSpec, run_mark};

/// The best that the machine bears, for a command with this limit of memory.
pub(super) fn containment(site: &Site, spec: &RunSpec, memory_limit: Option<u64>) -> Containment {
    let repository = site.repo.common_dir().to_string_lossy();
    Containment {
        owner: run_mark(&repository, spec.run.as_str()),
        best: Way::ControlGroup,
        keep: spec.limits.keep.clone(),
        memory_limit,
    }
}

/// Ends what is left in the control groups of a run that nobody drives, and takes these away. Tells
/// how many processes were ended.
pub(super) async fn end_leftovers(site: &Site, spec: &RunSpec) -> u32 {
    let cleared = stop_leftovers(&containment(site, spec, None), spec.limits.grace).await;
    cleared.inside + cleared.outside
}
