//! What is told about plans, runs and integrations: JSON documents with fixed field names, and
//! reports as data that the text and Markdown printers of `render` share.
//!
//! Times come from the state, never from a clock: a report of the same journal is the same report.

mod advice;
mod agent_entry;
mod agent_section;
mod clean_document;
mod conflict_section;
mod document;
mod failure_section;
mod forecast_document;
mod forecast_section;
mod foreseen_section;
mod headline;
mod history_document;
mod history_exchange;
mod history_report;
mod integrate_document;
mod integration_section;
mod layout;
mod log_path;
mod narrowing;
mod optimization;
mod plan_answer;
mod plan_document;
mod plan_facts;
mod plan_patterns;
mod plan_report;
mod plan_risk;
mod prediction;
mod prose;
mod race_document;
mod race_facts;
mod race_section;
mod remaining;
mod run_document;
mod run_report;
mod scenario_section;
#[cfg(test)]
mod scripted_integration;
#[cfg(test)]
pub(crate) mod scripted_run;
mod section;
mod status_report;
mod suite_cases;
mod suite_facts;
mod suite_headline;
mod suite_report;
mod suite_section;
mod task_cases;
mod task_section;
mod test_document;
mod test_list_document;
mod timeline;

pub use super::task::shell_word;
pub use advice::{integrate_command, next_steps, ways_to_the_end};
pub use agent_entry::AgentEntry;
pub use clean_document::{CleanDocument, CleanEntry, LostCommit, SkippedRun};
pub use conflict_section::ejection_sentence;
pub use document::{
    ErrorBody, ErrorDocument, OperationEntry, OperationsDocument, SCHEMA, UndoDocument, schemas,
};
pub use forecast_document::{ForecastBranch, ForecastDocument};
pub use forecast_section::forecast_report;
pub use foreseen_section::collision_sentences;
pub use headline::{chosen_interval, counts};
pub use history_document::{
    ComparedEntry, HistoryDocument, HistoryForgetDocument, HistoryImportDocument,
    HistoryWrittenDocument, ObservationsEntry, PredictionsEntry, TaskHistoryEntry, WorkflowEntry,
    from_observations, known_workflows,
};
pub use history_exchange::{
    AttemptRecord, HistoryExport, ImportProblem, RunRecord, parse_history_export,
};
pub use history_report::history_report;
pub use integrate_document::{
    EjectedEntry, IntegrateDocument, IntegrationResult, MatrixEntry, Publication, ValidationEntry,
    from_integration,
};
pub use integration_section::{
    against_section, integration_headline, integration_sections, integration_steps,
};
pub use log_path::{LogPaths, log_path, output_path};
pub use optimization::{Optimization, optimization_report};
pub use plan_answer::PlanAnswer;
pub use plan_document::{
    ClaimEntry, EstimateEntry, PlanDocument, PlanTaskEntry, PredictedEntry, from_plan,
};
pub use plan_facts::{SQUEEZES, Squeeze};
pub use plan_report::{Detail, plan_report};
pub use prose::{Line, Mark, Span};
pub use race_document::{
    ArmEntry, ArmFacts, ArmVerdict, ControlEntry, ControlFacts, ControlOutcome, EvidenceEntry,
    MetricInterval, RaceDocument, RaceFacts, RateEntry, from_race,
};
pub use race_facts::{race_facts, race_winner};
pub use race_section::{race_headline, race_sections};
pub use remaining::remaining_s;
pub use run_document::{
    ConflictEntry, RunDocument, RunStateWord, TaskEntry, TaskStateWord, from_run,
};
pub use run_report::{ReportPlaces, result_report, run_report};
pub use section::{Align, Block, Column, Fact, Report, Section, Step, Table};
pub use status_report::{live_forecast, live_status_report, status_report, warn_of_strays};
pub use suite_cases::part_cases;
pub use suite_facts::{modules_of, suite_summary};
pub use suite_report::suite_report;
pub use suite_section::{ModuleOutcome, ModuleResult, SuiteSummary, saved_line, suite_sections};
pub use task_cases::task_cases;
pub use test_document::{ModuleEntry, TestDocument, from_suites, nothing_tested};
pub use test_list_document::{ListedModule, TestListDocument, from_modules, listed_modules};
pub use timeline::{Bar, BarKind, Timeline};
