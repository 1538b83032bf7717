//! Commands that make generated files anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Claims;
use crate::domain::time::millis;

/// `[[integrate.regenerate]]`: a command that makes generated files anew where they conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regenerate {
    /// The files, the only ones that it may change.
    pub paths: Claims,
    /// Shell command.
    pub run: String,
    /// Stopped after this time.
    #[serde(with = "millis")]
    pub timeout: Duration,
}
