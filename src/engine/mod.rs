//! Carries decisions out: owns the journal, drives a run, performs its actions, integrates and
//! cleans up. Decides nothing; publishes to subscribers and knows no renderer.
//!
//! Order is fixed (DESIGN.md §1): events are stored, folded, published, and only then are the
//! actions performed that they ask for.

mod ahead;
mod attempt;
mod between_steps;
mod candidates;
mod carry;
mod clean;
mod commit;
mod containment;
mod costs;
mod create;
mod cut_off;
mod driver;
mod earlier_attempt;
mod environment;
mod error;
mod forecast;
mod foresee;
mod guard;
mod hypotheses;
mod integrate;
mod jobs;
mod journal;
mod landing;
mod later_runs;
mod making;
mod merging;
mod observations;
mod occupied;
mod open;
mod own_starts;
mod provision;
mod prune;
mod reins;
mod reserve;
mod resolve;
mod risk;
mod scratch;
mod set_aside;
mod setup;
mod site;
mod space;
mod start_commit;
mod strays;
mod subscriber;
mod suite_memory;
mod suite_results;
mod suites;
mod test_places;
mod test_reports;
mod undo;
mod validate;
mod validation_places;
mod working_tree;

pub use carry::plan_carry;
pub use clean::{
    CleanItem, CleanKind, CleanMode, CleanReport, CleanRequest, Fate, Loss, clean, clean_leftovers,
    load_left_by_tests,
};
pub use costs::{KnownCost, known_costs, load_costs, load_test_costs, observe_removal};
pub use create::{CreateRequest, Obstacle, create, placed};
pub use cut_off::cut_off_operations;
pub use driver::{DriveRequest, drive};
pub use error::EngineError;
pub use forecast::{NamedTip, forecast_against, forecast_all, forecast_run};
pub use guard::unwatched_changes;
pub use hypotheses::Hypotheses;
pub use integrate::{IntegrateRefusal, IntegrateRequest, early_refusal, integrate};
pub use jobs::{Jobs, jobserver_text};
pub use journal::Journal;
pub use landing::recover;
pub use observations::load_history;
pub use occupied::Occupied;
pub use open::{
    Opened, abort_idle, follow, is_driven, load_events_after, load_run, open_for_writing,
    reconcile, remove_deserted_socket, send_abort,
};
pub use own_starts::hold_starts_again;
pub use prune::{
    Deserted, GivenUp, deserted_test_runs, give_up_test_runs, is_test_run, prune_test_runs,
};
pub use resolve::{ByHand, Taken, abort_by_hand, left_by_hand, take_by_hand, terms_by_hand};
pub use risk::load_risk;
pub use set_aside::{SetAside, set_database_aside};
pub use site::Site;
pub use space::Shortage;
pub use strays::strays;
pub use subscriber::Subscriber;
pub use suite_memory::load_suite_memory;
pub use suite_results::load_suite_readings;
pub use suites::load_suites;
pub use undo::{UndoOutcome, undo};
pub use validate::{Pins, ValidateRules, clear_validations};
pub use working_tree::{Snapshot, snapshot_working_tree};
