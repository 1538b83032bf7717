//! Predicted conflicts between pairs of branches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What merging a pair is predicted to give. Pairwise clean does not imply clean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForecastKind {
    /// No common path, or a clean merge of different places.
    Clean,
    /// Common paths, clean merge.
    SamePath,
    /// Clean both ways, but the result depends on the order.
    OrderSensitive,
    /// A conflict.
    Conflict,
    /// Could not be predicted.
    Unknown,
}

/// One pair of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    /// The one that stands first in the file.
    pub a: String,
    /// The other.
    pub b: String,
    /// The prediction.
    pub forecast: ForecastKind,
    /// Paths concerned.
    pub paths: Vec<String>,
    /// Why nothing could be predicted.
    pub note: Option<String>,
}
