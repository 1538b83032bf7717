//! What `plan` answers.

use crate::domain::plan::{Compared, Deadline, Plan};

/// A plan with what was asked beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanAnswer {
    /// The plan of things as they are.
    pub plan: Plan,
    /// `--what-if`: things as they are, then every scenario; empty when nothing was asked.
    pub scenarios: Vec<Compared>,
    /// `--deadline`.
    pub deadline: Option<Deadline>,
}

impl From<Plan> for PlanAnswer {
    fn from(plan: Plan) -> Self {
        Self { plan, scenarios: Vec::new(), deadline: None }
    }
}
