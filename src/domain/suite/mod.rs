//! Test suites of modules: which there are, which to run, and what they said.

mod module;
mod results;
mod spec;

pub use module::{Module, ModuleKind, Unit};
pub use results::{
    CaseOutcome, CaseResult, FailedTry, FailureCause, Place, SlowTest, SuiteEnd, SuiteReading,
    SuiteResults, SuiteSaid, TestFailure, cases, merge_attempts, merge_parts, message_in,
    read_suite,
};
pub use spec::{Part, SuiteSpec};
