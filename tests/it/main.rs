//! Integration tests: the rules of the source tree, and the program as its users meet it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up fails by panicking, in a helper as in the test itself"
)]

mod adopting;
mod agents;
mod approval;
mod architecture;
mod branches;
mod carrying;
mod carrying_again;
mod cleaning;
mod culprits;
mod damaged;
mod destroying;
mod faults;
mod finding_modules;
mod following;
mod forecasting;
mod formats;
mod gates;
mod harness;
mod history;
mod hypotheses;
mod input;
mod integrating;
mod interrupted;
mod interrupted_validation;
mod jobserver;
mod json;
mod junit;
mod landing;
mod landing_branch;
mod landing_cut_off;
mod landing_publish;
mod landing_race;
mod lane;
mod limits;
mod measured;
mod merge_traps;
mod occupied;
mod patterns;
mod places;
mod plan_script;
mod planning;
mod pooling;
mod provisioning;
mod readme;
mod refusals;
mod replanning;
mod reports;
mod resolving;
mod resolving_by_hand;
mod resolving_recorded;
mod resolving_starts;
mod rules;
mod running;
mod scene;
mod settings;
mod setup;
mod setup_leftovers;
mod sharing_host;
mod standing_starts;
mod starting;
mod surroundings;
mod sweeping;
mod test_worktrees;
mod undoing;
mod untouched;
mod validating;
mod validating_ahead;
mod validating_hidden;
mod validation_leftovers;
mod validation_logs;
mod validation_worktrees;
