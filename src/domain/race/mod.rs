//! Competing hypotheses: which arm goes on, which is proved, which wins, and how sure that is.
//!
//! [`goes_on`], [`standing`] and [`reproduction`] drive a race; [`rank`], [`luck`], [`miss`],
//! [`pass_rate`] and [`evidence`] say what came out. None keeps anything: each is a function of the
//! results so far, so that a report of the same journal says the same.

mod arms;
mod binomial;
mod certainty;
mod changes;
mod evidence;
#[cfg(test)]
pub(in crate::domain) mod fixture;
mod metric;
mod named;
mod ranking;
#[cfg(test)]
mod simulation_tests;
mod spec;
mod tally;

pub use arms::{CONTROL, control_id, race_tasks};
pub use certainty::{Luck, Miss, RateBounds, luck, miss, pass_rate};
pub use changes::Changes;
pub use evidence::{CheckOutput, Evidence, Shown, evidence};
pub(in crate::domain) use metric::metric_text;
pub use metric::{MetricSummary, metric_in};
pub use named::named_paths;
pub use ranking::{Contender, Place, Ranking, rank};
pub use spec::{Arm, RaceSpec};
pub use tally::{Reproduction, Standing, Tally, goes_on, reproduction, standing};
