//! Which branches land, in what order, and which are left out and why: a state machine over facts
//! ([`IntegrationEvent`]) that asks for merges, validations and the landing.
//!
//! Rules: `research/landing.md`. 1 (closure) and 15 (who is left out) are in `closure` and
//! `failing_set`, 8, 10 and 12 (what counts as a failure) in `validation`, `assess` and `statistics`, 14
//! (who is blamed) in `isolate`.

mod assess;
mod candidate;
mod closure;
mod ejection;
mod event;
mod failing_set;
mod isolate;
mod matrix;
mod next;
mod order;
mod outright;
mod requests;
mod resolution;
mod state;
mod statistics;
mod terms;
mod test_results;
mod validation;
mod verdict;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod trains;

pub use candidate::Candidate;
pub use closure::{Member, closed};
pub use ejection::{Ejection, EjectionReason, Refusal};
pub use event::{IntegrationEvent, IntegrationSpec, MergeRemarks, Strategy};
pub use failing_set::FailingSet;
pub use matrix::{ForecastKind, MatrixCell};
pub use next::{MergeRequest, Next, ValidationRequest};
pub use order::merge_order;
pub use resolution::{
    DEFAULT_RESOLVER_TIMEOUT, DEFAULT_RESOLVER_TRIES, FileVersions, PathResolution, Question,
    QuestionFile, QuestionTask, ResolutionLabel, ResolutionRules, Resolver, Side, SideLoss,
    outside,
};
pub use state::{Integration, IntegrationOutcome};
pub use statistics::Rates;
pub use terms::{Contradiction, Terms};
pub(in crate::domain) use test_results::plain;
pub use test_results::{
    LEFT_OUT, Tally, TestFormat, TestReading, TestResults, ToldCase, Trouble, is_cut_short,
    parse_junit, parse_output, read_junit, read_output, trouble_in,
};
pub use validation::{Failure, ValidationRun, ValidationVerdict};
pub use verdict::ValidationSummary;
