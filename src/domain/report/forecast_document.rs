//! The JSON document of `forecast`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::SCHEMA;
use super::integrate_document::MatrixEntry;
use crate::domain::id::Oid;

/// What `forecast` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastDocument {
    /// Always 1.
    pub schema: u32,
    /// What merged in memory.
    pub engine: String,
    /// What was compared, in the order in which it was named.
    pub branches: Vec<ForecastBranch>,
    /// Every pair of them.
    pub matrix: Vec<MatrixEntry>,
}

/// A branch, tag or commit that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForecastBranch {
    /// As `matrix` names it.
    pub name: String,
    /// Its commit.
    pub tip: Oid,
}

impl ForecastDocument {
    /// The document of a comparison.
    pub fn new(engine: String, branches: Vec<ForecastBranch>, matrix: Vec<MatrixEntry>) -> Self {
        Self { schema: SCHEMA, engine, branches, matrix }
    }
}
