//! What the user asks for: a valid set of tasks.

mod claim;
mod model;

pub use claim::Claims;
pub use model::{
    Command, DEFAULT_TIMEOUT, Demand, Gate, PERSONAS, Priority, Task, TaskSet, Validation, Work,
};
