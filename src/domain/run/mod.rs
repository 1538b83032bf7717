//! One execution of a plan: facts ([`Event`]), the state folded from them ([`RunState`]) and the
//! pure function that decides what happens next ([`step`]).

mod action;
mod admission;
mod agent_output;
mod agent_report;
mod brought;
mod check_run;
mod envelope;
mod event;
mod fold;
mod foresight;
mod handling;
mod kind;
mod landings;
mod leak;
mod observe;
mod outcome;
mod patterns;
mod reason;
mod replanning;
mod setup_end;
mod shared_finding;
mod shortage;
mod spec;
mod start_merge;
mod start_point;
mod state;
mod step;
#[cfg(test)]
mod step_tests;
mod stop_reason;
mod surroundings;
mod task_state;
mod throttle;
mod time_limits;
mod train;
mod width;
mod worktree_rules;

pub use action::{Action, Input, Step};
pub use admission::{Admission, HostReading, LoadReading, MemoryReading, Room, RunUse};
pub use agent_output::{AgentExit, AgentOutput};
pub use agent_report::{AgentReport, RateLimit, Tokens};
pub use brought::Brought;
pub use check_run::{CheckEvidence, CheckRun, FailingTests};
pub use envelope::{Envelope, FIRST_SEQ, JOURNAL_VERSION, JournalError};
pub use event::Event;
pub use fold::IllegalEvent;
pub use foresight::{Collision, Comparison, Foreseen, MOST_COMPARED};
pub use handling::{Handling, handling};
pub use kind::RunKind;
pub use leak::Leak;
pub use observe::{already_observed, observe, run_number};
pub use outcome::{
    AttemptEnd, ChangeKind, Ending, Outcome, PathChange, ProcessStamp, ProvisionFailure, Usage,
};
pub use patterns::Halt;
pub use reason::Reason;
pub use setup_end::SetupEnd;
pub use shared_finding::SharedFinding;
pub use shortage::Shortage;
pub use spec::{Limits, RunSpec, TaskPlace};
pub use start_merge::StartMerge;
pub use state::{RunPhase, RunState, TaskRecord};
pub use step::step;
pub use stop_reason::StopReason;
pub use surroundings::{
    TASK_PORTS, compose_project, jobs_name, port_candidates, run_mark, temporary_name,
};
pub use task_state::{IllegalTransition, TaskState};
pub use throttle::{Narrowed, Throttle};
pub use time_limits::Expiry;
pub use train::{Train, TrainEnd, Trains};
pub use width::WidthCause;
pub use worktree_rules::{CacheSharing, Submodules, WorktreeRules};
