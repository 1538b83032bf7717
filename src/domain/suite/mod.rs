//! Test suites of modules: which there are, which to run, and what they said.

mod balance;
mod changed;
mod command;
mod demand;
mod find;
mod installed;
mod memory;
mod module;
mod parts;
mod results;
mod rules;
mod shard;
mod spec;
mod split;
mod tasks;
mod unit_seconds;

pub use changed::{Selection, changed};
pub use command::{command_of, reporting_to, takes_report};
pub use demand::wanted_cpu;
pub use find::{Found, find, part_task_id, task_id, wanted_manifests};
pub use installed::installed;
pub use memory::{SuiteMemory, SuiteSample};
pub use module::{Module, ModuleKind, Unit};
pub use parts::parts;
pub use results::{
    CaseOutcome, CaseResult, FailedTry, FailureCause, Place, ReportSource, ReportTrouble, SlowTest,
    SuiteEnd, SuiteReading, SuiteResults, SuiteSaid, TestFailure, cases, merge_attempts,
    merge_parts, message_in, read_suite,
};
pub use rules::{ConfiguredModule, SuiteRules};
pub use shard::shard;
pub use spec::{Part, SuiteSpec};
pub use split::{SplitTerms, split};
pub use tasks::{SuiteTasks, SuiteTerms, suite_tasks};
pub use unit_seconds::unit_seconds;
