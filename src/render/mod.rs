//! What people read: plans, reports and results as text and Markdown, and the course of a run as
//! plain lines or live progress. Everything is told from `domain` types; nothing here decides.

mod blocks;
pub mod diagnostic;
mod error_text;
mod event_line;
mod github;
mod integration_line;
mod json;
mod junit;
mod operations_text;
mod plain;
mod plan_mermaid;
mod plan_shell;
mod progress;
mod report_markdown;
mod report_text;
#[cfg(test)]
mod scenarios_tests;
mod style;
mod subscriber;
mod table;
mod terminal;
mod text;
mod train_line;

pub use error_text::{error_text, hint_text, warning_text};
pub use event_line::{Verbosity, event_lines};
pub use github::{
    ANNOTATIONS_MAX, Annotation, GuardedOutput, Level, annotation_line, annotations, step_summary,
    without_commands,
};
pub use json::json_text;
pub use junit::{JunitRun, JunitSuite, junit_xml};
pub use operations_text::operations_text;
pub use plain::{PlainLines, ReplayError, replay};
pub use plan_mermaid::plan_mermaid;
pub use plan_shell::{ShellPlan, plan_shell};
pub use progress::Progress;
pub use report_markdown::report_markdown;
pub use report_text::{
    forecast_integrate_text, history_text, integrate_text, live_status_text, plan_text,
    report_text, status_text,
};
pub use style::Style;
pub use subscriber::Subscriber;
pub use table::key_value_text;
pub use text::{columns, cut, pad, stripped, visible};
