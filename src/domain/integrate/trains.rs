//! Integrations in a scripted world.

mod accounts;
mod many;
mod rules;
mod world;
