//! What past runs teach: how long each task takes, how much of that is shared by a whole run, and
//! how far predictions of whole runs are from what happens (`research/scheduling.md` §3 and §7).

mod identity;

pub use identity::{category, work_digest};
