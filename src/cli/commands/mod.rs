//! One file per command.

pub(super) mod abort;
pub(super) mod by_hand;
pub(super) mod check;
pub(super) mod clean;
pub(super) mod completions;
pub(super) mod config;
pub(super) mod demo;
pub(super) mod doctor;
pub(super) mod follow;
pub(super) mod forecast;
pub(super) mod history;
pub(super) mod init;
pub(super) mod integrate;
pub(super) mod logs;
pub(super) mod man;
pub(super) mod operations;
pub(super) mod plan;
pub(super) mod publish;
pub(super) mod race;
pub(super) mod report;
pub(super) mod resume;
pub(super) mod retry;
pub(super) mod split;
pub(super) mod status;
pub(super) mod stored;
pub(super) mod undo;
