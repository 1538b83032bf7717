//! Commands that make generated files anew.

use std::time::Duration;

use super::Claims;

/// `[[integrate.regenerate]]`: a command that makes generated files anew where they conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regenerate {
    /// The files, the only ones that it may change.
    pub paths: Claims,
    /// Shell command.
    pub run: String,
    /// Stopped after this time.
    pub timeout: Duration,
}
