//! wt-orch splits work across git worktrees only when it pays.

pub mod adapters;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod render;
