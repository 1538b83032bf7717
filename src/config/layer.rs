//! What one place sets, most of it usually unset.

use std::collections::BTreeMap;
use std::time::Duration;

use super::entry::{bare, module_key};
use super::{ColorChoice, Names, Origin, Origins, Persona, Settings, Template};
use crate::domain::integrate::{Resolver, Strategy};
use crate::domain::plan::ReadsRule;
use crate::domain::run::{CacheSharing, Submodules};
use crate::domain::suite::ConfiguredModule;
use crate::domain::task::{Claims, Regenerate, SetupHook};

/// The settings of one place: a file, the environment, the flags.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// `worktree_path`.
    pub worktree_path: Option<Template>,
    /// `branch`.
    pub branch: Option<Template>,
    /// `worktree.submodules`.
    pub submodules: Option<Submodules>,
    /// `worktree.disk_reserve`, in bytes.
    pub disk_reserve: Option<u64>,
    /// `worktree.include`.
    pub include: Option<Vec<String>>,
    /// `worktree.include_limit`, in bytes.
    pub include_limit: Option<u64>,
    /// `worktree.caches`.
    pub caches: Option<Vec<String>>,
    /// `worktree.share_caches`.
    pub share_caches: Option<CacheSharing>,
    /// `worktree.pool`.
    pub pool: Option<u32>,
    /// `[[setup]]`.
    pub setup: Option<Vec<SetupHook>>,
    /// `run.slots`.
    pub slots: Option<u32>,
    /// `run.timeout`.
    pub timeout: Option<Duration>,
    /// `run.grace`.
    pub grace: Option<Duration>,
    /// `run.retries`.
    pub retries: Option<u32>,
    /// `run.stall_timeout`.
    pub stall_timeout: Option<Option<Duration>>,
    /// `run.keep`.
    pub keep: Option<Vec<String>>,
    /// `run.jobserver`.
    pub jobserver: Option<bool>,
    /// `run.share_host`.
    pub share_host: Option<bool>,
    /// `run.log_limit`, in bytes.
    pub log_limit: Option<u64>,
    /// `run.env_deny`.
    pub env_deny: Option<Names>,
    /// `run.env_pass`.
    pub env_pass: Option<Names>,
    /// `capacity.NAME`, each name on its own.
    pub capacity: BTreeMap<String, u32>,
    /// `integrate.strategy`.
    pub strategy: Option<Strategy>,
    /// `integrate.target_retries`.
    pub target_retries: Option<u32>,
    /// `integrate.verify_merge`.
    pub verify_merge: Option<bool>,
    /// `integrate.speculate`.
    pub speculate: Option<bool>,
    /// `integrate.flake_runs`.
    pub flake_runs: Option<u32>,
    /// `integrate.resolver`; empty for none.
    pub resolver: Option<Option<Resolver>>,
    /// `integrate.resolver_timeout`.
    pub resolver_timeout: Option<Duration>,
    /// `integrate.resolver_tries`.
    pub resolver_tries: Option<u32>,
    /// `[[integrate.regenerate]]`.
    pub regenerate: Option<Vec<Regenerate>>,
    /// `integrate.slots`.
    pub validation_slots: Option<u32>,
    /// `integrate.pin`.
    pub pin: Option<bool>,
    /// `integrate.pinned`; without globs nothing is.
    pub pinned: Option<Option<Claims>>,
    /// `integrate.cache`.
    pub cache: Option<bool>,
    /// `plan.draws`.
    pub draws: Option<u32>,
    /// `plan.seed`.
    pub seed: Option<u64>,
    /// `plan.probe`.
    pub probe: Option<bool>,
    /// `plan.serialise`; without globs nothing is.
    pub serialise: Option<Option<Claims>>,
    /// `plan.reads`.
    pub reads: Option<ReadsRule>,
    /// `plan.effort`.
    pub effort: Option<Duration>,
    /// `test.discover`.
    pub discover: Option<bool>,
    /// `test.exclude`.
    pub exclude: Option<Vec<String>>,
    /// `test.modules.NAME`, each name on its own.
    pub modules: BTreeMap<String, ConfiguredModule>,
    /// `persona.NAME`, each name on its own.
    pub personas: BTreeMap<String, Persona>,
    /// `ui.color`.
    pub color: Option<ColorChoice>,
}

impl Layer {
    /// Puts what this layer sets over what lies below.
    pub(super) fn cover(self, settings: &mut Settings, origins: &mut Origins, origin: &Origin) {
        let mut over = Over { origins, origin };
        over.put("worktree_path", self.worktree_path, &mut settings.worktree_path);
        over.put("branch", self.branch, &mut settings.branch);
        let worktree = &mut settings.worktree;
        over.put("worktree.submodules", self.submodules, &mut worktree.submodules);
        over.put("worktree.disk_reserve", self.disk_reserve, &mut worktree.disk_reserve);
        over.put("worktree.include", self.include, &mut worktree.include);
        over.put("worktree.include_limit", self.include_limit, &mut worktree.include_limit);
        over.put("worktree.caches", self.caches, &mut worktree.caches);
        over.put("worktree.share_caches", self.share_caches, &mut worktree.share_caches);
        over.put("worktree.pool", self.pool, &mut worktree.pool);
        over.put("setup", self.setup, &mut settings.setup);
        let run = &mut settings.run;
        over.put("run.slots", self.slots, &mut run.slots);
        over.put("run.timeout", self.timeout, &mut run.timeout);
        over.put("run.grace", self.grace, &mut run.grace);
        over.put("run.retries", self.retries, &mut run.retries);
        over.put("run.stall_timeout", self.stall_timeout, &mut run.stall_timeout);
        over.put("run.keep", self.keep, &mut run.keep);
        over.put("run.jobserver", self.jobserver, &mut run.jobserver);
        over.put("run.share_host", self.share_host, &mut run.share_host);
        over.put("run.log_limit", self.log_limit, &mut run.log_limit);
        over.put("run.env_deny", self.env_deny, &mut run.env_deny);
        over.put("run.env_pass", self.env_pass, &mut run.env_pass);
        let integrate = &mut settings.integrate;
        over.put("integrate.strategy", self.strategy, &mut integrate.strategy);
        over.put("integrate.target_retries", self.target_retries, &mut integrate.target_retries);
        over.put("integrate.verify_merge", self.verify_merge, &mut integrate.verify_merge);
        over.put("integrate.speculate", self.speculate, &mut integrate.speculate);
        over.put("integrate.flake_runs", self.flake_runs, &mut integrate.flake_runs);
        let resolution = &mut integrate.resolution;
        over.put("integrate.resolver", self.resolver, &mut resolution.resolver);
        over.put("integrate.resolver_timeout", self.resolver_timeout, &mut resolution.timeout);
        over.put("integrate.resolver_tries", self.resolver_tries, &mut resolution.tries);
        over.put("integrate.regenerate", self.regenerate, &mut resolution.regenerate);
        over.put("integrate.slots", self.validation_slots, &mut integrate.slots);
        over.put("integrate.pin", self.pin, &mut integrate.pin);
        over.put("integrate.pinned", self.pinned, &mut integrate.pinned);
        over.put("integrate.cache", self.cache, &mut integrate.cache);
        over.put("plan.draws", self.draws, &mut settings.plan.draws);
        over.put("plan.seed", self.seed, &mut settings.plan.seed);
        over.put("plan.probe", self.probe, &mut settings.plan.probe);
        let rules = &mut settings.plan.rules;
        over.put("plan.serialise", self.serialise, &mut rules.serialise);
        over.put("plan.reads", self.reads, &mut rules.reads);
        over.put("plan.effort", self.effort, &mut settings.plan.effort);
        over.put("test.discover", self.discover, &mut settings.test.discover);
        over.put("test.exclude", self.exclude, &mut settings.test.exclude);
        over.put("ui.color", self.color, &mut settings.ui.color);
        for (name, count) in self.capacity {
            over.note(&format!("capacity.{}", bare(&name)));
            settings.capacity.insert(name, count);
        }
        for (name, module) in self.modules {
            over.note(&module_key(&name));
            settings.test.modules.insert(name, module);
        }
        for (name, persona) in self.personas {
            over.note(&format!("persona.{}.prompt", bare(&name)));
            settings.personas.insert(name, persona);
        }
    }
}

struct Over<'a> {
    origins: &'a mut Origins,
    origin: &'a Origin,
}

impl Over<'_> {
    fn put<T>(&mut self, key: &str, value: Option<T>, place: &mut T) {
        if let Some(value) = value {
            *place = value;
            self.note(key);
        }
    }

    fn note(&mut self, key: &str) {
        self.origins.note(key, self.origin.clone());
    }
}
