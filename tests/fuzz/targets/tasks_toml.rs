//! Any text as `tasks.toml`: either problems whose places lie in the text, or tasks that a plan can
//! be built of.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wt_orch::domain::plan::{PlanRequest, build};
use wt_orch::domain::task::{Known, parse};

/// Tasks a plan is built of at most: planning is meant to take its time for more.
const TASKS_MAX: usize = 40;

fuzz_target!(|text: &str| {
    let paths = ["a.rs", "src/b.rs", "src/deep/c d.rs", "web/index.html"].map(str::to_owned);
    let known = Known { paths: Some(paths.to_vec()), ..Known::default() };
    let parsed = parse(text, &known);
    for problem in &parsed.tasks.problems {
        for label in &problem.labels {
            assert!(text.get(label.span.clone()).is_some(), "{problem:?}");
        }
    }
    let Some(set) = parsed.tasks.value else {
        assert!(!parsed.tasks.problems.is_empty(), "refused without a reason");
        return;
    };
    if set.tasks.len() <= TASKS_MAX
        && let Ok(plan) = build(&PlanRequest::of(&set))
    {
        assert!(plan.tasks.len() >= set.tasks.len());
    }
});
