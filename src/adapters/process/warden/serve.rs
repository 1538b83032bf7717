//! What a warden does: listen until the pipe closes, then end what was left alone.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::time::Duration;

use tokio::task::JoinSet;

use super::Notice;
use crate::adapters::process::group::{Orphan, stop_orphan};

/// Time between SIGTERM and SIGKILL. Nobody waits for what these commands would still do.
const GRACE: Duration = Duration::from_secs(2);
/// The first file handle that is none of the three standard ones.
const FIRST_OTHER: i32 = 3;

/// Watches over the commands of the process at the other end of stdin, until that is over.
pub fn serve() {
    close_inherited();
    let orphans = listen(io::stdin().lock());
    if orphans.is_empty() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        let mut ending = JoinSet::new();
        for orphan in orphans {
            ending.spawn(stop_orphan(orphan, GRACE));
        }
        while ending.join_next().await.is_some() {}
    });
}

/// Follows what is said to the end; what was at work then.
pub(super) fn listen(lines: impl BufRead) -> Vec<Orphan> {
    let mut live = BTreeMap::new();
    for line in lines.lines() {
        // The last line may have been cut off.
        let Some(notice) = line.ok().and_then(|line| serde_json::from_str(&line).ok()) else {
            break;
        };
        match notice {
            Notice::Begun { key, marks, keep } => {
                let marks = marks.into_iter().map(String::into_bytes).collect();
                live.insert(key, Orphan { marks, keep, ..Orphan::default() });
            }
            Notice::Leads { key, leader, group } => {
                if let Some(orphan) = live.get_mut(&key) {
                    (orphan.leader, orphan.group) = (Some(leader), group);
                }
            }
            Notice::Over { key } => {
                live.remove(&key);
            }
        }
    }
    live.into_values().collect()
}

/// Whatever the caller of the program had open is held by nobody for the sake of a warden.
fn close_inherited() {
    let listed = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    let open: Vec<i32> =
        listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for handle in open.into_iter().filter(|&handle| handle >= FIRST_OTHER) {
        // SAFETY: the process has just begun: nothing in it owns a handle beyond the standard ones.
        // The one that listed them is closed already, which this call then only says.
        unsafe { libc::close(handle) };
    }
}
