//! What the tests of a module said: read from how its command ended, its log and its report.
//!
//! The exit code decides whether a module passed. What is read beside it says which tests failed, or
//! that none did and why the module failed all the same.

mod attempts;
mod cases;
mod cause;
mod excerpt;
mod message;
mod place;
mod read;
mod report_trouble;
mod summary;

pub use attempts::{merge_attempts, merge_parts};
pub use cases::{CaseOutcome, CaseResult, FailedTry, cases};
pub use cause::{FailureCause, SuiteEnd};
pub use message::message_in;
pub use place::Place;
pub use read::{SuiteReading, SuiteSaid, read_suite};
pub use report_trouble::{ReportSource, ReportTrouble};
pub use summary::{SlowTest, SuiteResults, TestFailure};
