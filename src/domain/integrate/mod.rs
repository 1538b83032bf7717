//! Which branches land, in what order, and which are left out and why: a state machine over facts
//! ([`IntegrationEvent`]) that asks for one merge, validation or landing at a time.
//!
//! Rules: `research/landing.md`; the ones at work here are 1 (closure), 2 (delta), 10 (baseline),
//! 15 (the later of a set is ejected), 18 to 20 (how it lands).

mod closure;
mod event;
mod matrix;
mod order;
mod state;
#[cfg(test)]
mod state_tests;
mod test_results;

pub use closure::{Member, closed};
pub use event::{
    Ejection, EjectionReason, IntegrationEvent, IntegrationSpec, Refusal, Strategy, ValidationRun,
    ValidationVerdict,
};
pub use matrix::{ForecastKind, MatrixCell};
pub use order::merge_order;
pub use state::{Integration, IntegrationOutcome, Next};
pub use test_results::{
    LEFT_OUT, TestFormat, TestResults, is_cut_short, parse_junit, parse_output,
};
