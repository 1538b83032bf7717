//! How the processes of a command are held together.

use std::fmt;

use super::cgroup;

/// What a command's processes are held in, and which of them may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containment {
    /// Short name of whoever the command runs for, of letters and digits: what was left behind is
    /// found by it.
    pub owner: String,
    /// The best way that may be tried.
    pub best: Way,
    /// Names of programs that may outlive the command.
    pub keep: Vec<String>,
    /// Bytes of memory: of all processes together where they are in a control group that counts it,
    /// else of each.
    pub memory_limit: Option<u64>,
}

/// How processes are held together, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// By their process group: who leaves it is lost.
    ProcessGroup,
    /// By looking for descendants, sessions and marks of the environment, in a table that has every
    /// process; whoever loses its parent falls to this program, see [`super::adopt_orphans`].
    ProcessTable,
    /// By a control group, which nobody leaves by accident.
    ControlGroup,
}

/// The way that this machine bears, and why it bears no better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borne {
    /// The best one.
    pub way: Way,
    /// What is in the way of a control group.
    pub because: Option<String>,
}

impl Way {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProcessGroup => "process_group",
            Self::ProcessTable => "process_table",
            Self::ControlGroup => "control_group",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProcessGroup => "a process group and a session for each command",
            Self::ProcessTable => {
                "a search by descent, session and environment, orphans fall to wt-orch"
            }
            Self::ControlGroup => "a control group for each command",
        })
    }
}

/// Asks the system, by making a control group and taking it away.
pub fn load_borne() -> Borne {
    match cgroup::home() {
        Ok(_) => Borne { way: Way::ControlGroup, because: None },
        Err(why) => {
            let table = cfg!(target_os = "linux");
            let way = if table { Way::ProcessTable } else { Way::ProcessGroup };
            Borne { way, because: Some(why.to_string()) }
        }
    }
}
