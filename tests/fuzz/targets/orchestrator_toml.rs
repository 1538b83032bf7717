//! Any text as `orchestrator.toml`: either problems whose places lie in the text, or settings that
//! can be shown, and that mean the same when what is shown is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wt_orch::config::{ConfigError, parse};

fuzz_target!(|text: &str| match parse(text) {
    Ok(loaded) => assert!(!loaded.entries().is_empty()),
    Err(ConfigError::Invalid { problems }) => {
        for problem in problems.iter().flat_map(|file| &file.diagnostics) {
            for label in &problem.labels {
                assert!(text.get(label.span.clone()).is_some(), "{problem:?}");
            }
        }
    }
    Err(_) => {}
});
