//! Why a run stops before its end.

use serde::{Deserialize, Serialize};

/// Why a run stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// A signal: what was running starts again on `resume`.
    Interrupted,
    /// `abort`: what has not finished is cancelled.
    Aborted,
}
