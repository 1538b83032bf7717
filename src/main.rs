//! wt-orch.
fn main() {}
