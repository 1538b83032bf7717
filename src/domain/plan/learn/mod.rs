//! What past runs teach: how long each task takes, how much of that is shared by a whole run, and
//! how far predictions of whole runs are from what happens (`research/scheduling.md` §3 and §7).

mod accuracy;
mod calibration;
mod durations;
mod effects;
mod identity;
mod level;
mod observations;
mod sampler;
mod solo;
mod student;
mod tail;
mod warmth;

pub use accuracy::Accuracy;
pub use calibration::Calibration;
pub use durations::{Durations, RunEffect};
pub use identity::{category, work_digest};
pub use sampler::{Sampler, median_and_spread};
