//! The commands of git that change more than objects: a crash may come before and after each.

use super::Invocation;
use crate::adapters::host::crash_point::crash_point;

const CHANGING: [&str; 9] = [
    "checkout",
    "clean",
    "commit-tree",
    "read-tree",
    "reset",
    "submodule",
    "symbolic-ref",
    "update-index",
    "update-ref",
];

impl Invocation<'_> {
    pub(super) fn crash_point(&self, when: &str) {
        let mut words = self.words.iter().filter_map(|word| word.to_str());
        let Some(name) = words.next() else { return };
        // Of those of worktrees most only list them.
        if CHANGING.contains(&name) || (name == "worktree" && words.next() == Some("add")) {
            crash_point(&format!("git {name}: {when}"));
        }
    }
}
