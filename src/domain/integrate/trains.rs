//! Integrations in a scripted world.

mod accounts;
mod many;
mod outright;
mod rules;
mod world;
