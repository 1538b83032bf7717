//! Test suites of modules: which there are, which to run, and what they said.

mod module;
mod spec;

pub use module::{Module, ModuleKind, Unit};
pub use spec::{Part, SuiteSpec};
