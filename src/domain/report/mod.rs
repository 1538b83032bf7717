//! Documents made from the state of a run.
