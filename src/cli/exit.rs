//! Exit codes (DESIGN.md §4).

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Ran; some task or check failed.
    Failed,
    /// Wrong usage, or an invalid tasks file or configuration.
    Usage,
    /// Something that was ready did not land.
    NotLanded,
    /// Refused, or nothing to do.
    Refused,
    /// Interrupted, resumable.
    Interrupted,
    /// A bug in wt-orch.
    Bug,
    /// Interrupted before anything was stored.
    Cancelled,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotLanded => 3,
            Self::Refused => 4,
            Self::Interrupted => 5,
            Self::Bug => 70,
            Self::Cancelled => 130,
        }
    }

    /// Of two exits of one command the one that counts: the first of 5, 4, 3, 1, 0.
    pub(super) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Done => 0,
            Self::Failed => 1,
            Self::NotLanded => 3,
            Self::Refused => 4,
            Self::Interrupted => 5,
            Self::Usage | Self::Cancelled => 6,
            Self::Bug => 7,
        };
        if weight(self) >= weight(other) { self } else { other }
    }
}
