//! The beginning of an attempt. Whoever starts a command sleeps until that is a program of its own, and
//! to enter a control group can take the kernel longer than a short command takes, so every attempt
//! begins in a thread of its own: the others go on, and those that wait for the kernel wait together.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

use super::stopwatch::Stopwatch;
use crate::adapters::process::capture::{Capture, Files};
use crate::adapters::process::cgroup::Leaf;
use crate::adapters::process::group::Family;
use crate::adapters::process::spawn::{SpawnError, program, spawn};
use crate::adapters::process::used::load_own_memory;
use crate::adapters::process::wait::Leader;
use crate::adapters::process::warden::Watched;
use crate::adapters::process::{CommandSpec, ProcessIdentity};

/// A command that runs. Dropped, it is killed first and then given up by the warden.
pub(super) struct Begun {
    pub(super) leader: Leader,
    pub(super) family: Family,
    pub(super) capture: Capture,
    pub(super) identity: ProcessIdentity,
    /// See [`Used`](crate::adapters::process::Used).
    pub(super) own_memory: u64,
    pub(super) watch: Stopwatch,
    pub(super) watched: Watched,
}

impl Begun {
    /// Starts the command. Nobody has to wait for it: one that starts all the same is killed.
    pub(super) async fn begin(spec: CommandSpec) -> Result<Self, SpawnError> {
        let name = program(&spec);
        match spawn_blocking(move || Self::start(spec)).await {
            Ok(begun) => begun,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(cancelled) => Err(SpawnError::Lost {
                    program: name,
                    source: std::io::Error::other(cancelled),
                }),
            },
        }
    }

    fn start(mut spec: CommandSpec) -> Result<Self, SpawnError> {
        let watched = spec.warden.clone().watch(&mut spec.env, &spec.containment.keep);
        let files = Files::open(&spec)?;
        let own_memory = load_own_memory();
        // A short command is over before anybody is told that it has begun.
        let watch = Stopwatch::start();
        let spawned = spawn(&spec)?;
        let leader =
            Leader::watch(spawned.pid).map_err(|source| SpawnError::OutOfResources { source })?;
        let identity = spawned.identity;
        watched.leads(&identity, spawned.bonds.leaf.as_ref().map(Leaf::folder));
        let family = Family::of_child(identity.clone(), &spec.env, spawned.bonds);
        let capture = Capture::new(spawned.pipes, files, spec.agent)
            .map_err(|source| SpawnError::Lost { program: program(&spec), source })?;
        Ok(Self { leader, family, capture, identity, own_memory, watch, watched })
    }
}
