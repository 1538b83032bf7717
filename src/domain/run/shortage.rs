//! What a machine can run out of while tasks run side by side.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that an attempt lacked and that no task can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// Room for another process.
    Processes,
    /// File handles.
    Handles,
    /// Memory; the system may have killed the attempt for it.
    Memory,
    /// Space on a disk.
    Space,
}

impl Shortage {
    /// What gives a machine more of it; `None` where that depends on the place, which whoever knows
    /// it says.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Processes => Some(
                "`ulimit -u` shows how many processes are allowed; a container or service may have \
                 a limit of its own (`pids.max`)",
            ),
            Self::Handles => Some(
                "`ulimit -n` shows how many files may be open at once; `ulimit -n 1024` raises it \
                 where that is allowed",
            ),
            Self::Memory | Self::Space => None,
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processes => "there was no room for another process",
            Self::Handles => "file handles ran out",
            Self::Memory => "memory ran out",
            Self::Space => "the disk was full",
        })
    }
}
