//! What a repository's own file asks for that nobody gets by merely cloning it: commands that run,
//! and a say about credentials.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entry::module_key;
use super::{Loaded, Names, Origin, Template};
use crate::domain::integrate::Resolver;
use crate::domain::task::{Regenerate, SetupHook};

/// What needs the user's approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `setup`: commands.
    pub setup: Vec<SetupHook>,
    /// `integrate.resolver`, a command or an agent.
    pub resolver: Option<Resolver>,
    /// `integrate.regenerate`: commands as well.
    pub regenerate: Vec<Regenerate>,
    /// `test.modules.NAME`: the command of each by its name.
    pub tests: BTreeMap<String, String>,
    /// `run.env_pass`, where it differs from what the user's own settings say.
    pub env_pass: Option<Names>,
    /// `run.env_deny`, likewise.
    pub env_deny: Option<Names>,
    /// `worktree_path`, where it leads to other places than beside the repository: files of a clone
    /// could stand where some program looks for its own.
    pub worktree_path: Option<Template>,
}

impl Asked {
    /// What the repository's file asks for in `loaded`. `own` are the settings without that file.
    pub fn by_repository(loaded: &Loaded, own: &Loaded) -> Self {
        let from_repository = |key| matches!(loaded.origins.of(key), Origin::Repository(_));
        let differing = |key, said: &Names, own: &Names| {
            (from_repository(key) && said != own).then(|| said.clone())
        };
        let path = &loaded.settings.worktree_path;
        let leads_away = from_repository("worktree_path")
            && *path != own.settings.worktree_path
            && !path.stays_beside();
        let resolution = &loaded.settings.integrate.resolution;
        let own_rules = &own.settings.integrate.resolution;
        let resolver =
            from_repository("integrate.resolver") && resolution.resolver != own_rules.resolver;
        let regenerate = from_repository("integrate.regenerate")
            && resolution.regenerate != own_rules.regenerate;
        let tests = tests(loaded, own);
        let (run, own) = (&loaded.settings.run, &own.settings.run);
        let setup = &loaded.settings.setup;
        Self {
            setup: if from_repository("setup") { setup.clone() } else { Vec::new() },
            resolver: if resolver { resolution.resolver.clone() } else { None },
            regenerate: if regenerate { resolution.regenerate.clone() } else { Vec::new() },
            tests,
            env_pass: differing("run.env_pass", &run.env_pass, &own.env_pass),
            env_deny: differing("run.env_deny", &run.env_deny, &own.env_deny),
            worktree_path: leads_away.then(|| path.clone()),
        }
    }

    /// Whether something of it may resolve conflicts.
    pub fn resolves(&self) -> bool {
        self.resolver.is_some() || !self.regenerate.is_empty()
    }

    /// Whether there is nothing to approve.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A text that is the same for the same content and for no other: commands in their order, each
    /// with its `when` or paths, the two lists, and the place of worktrees.
    pub fn canonical(&self) -> String {
        let hooks = self.setup.iter().map(|hook| {
            let when = hook.when.as_ref().map(|when| when.globs().collect::<Vec<_>>());
            json!({ "run": hook.run, "when": when })
        });
        let names = |names: &Names| names.iter().collect::<Value>();
        let mut content = json!({
            "setup": hooks.collect::<Value>(),
            "env_pass": self.env_pass.as_ref().map(names),
            "env_deny": self.env_deny.as_ref().map(names),
        });
        if let Some(path) = &self.worktree_path {
            content["worktree_path"] = json!(path.as_str());
        }
        // Only where there are any, so that what was approved before stays approved.
        if let Some(resolver) = &self.resolver {
            content["resolver"] = json!(resolver.as_str());
        }
        if !self.regenerate.is_empty() {
            let rules = self.regenerate.iter();
            let rules = rules.map(
                |rule| json!({ "run": rule.run, "paths": rule.paths.globs().collect::<Vec<_>>() }),
            );
            content["regenerate"] = rules.collect::<Value>();
        }
        if !self.tests.is_empty() {
            content["test"] = json!(self.tests);
        }
        content.to_string()
    }
}

/// Commands of modules that the user's own settings don't have as they are.
fn tests(loaded: &Loaded, own: &Loaded) -> BTreeMap<String, String> {
    let from_repository =
        |name: &str| matches!(loaded.origins.of(&module_key(name)), Origin::Repository(_));
    let same = |name: &str, run: &str| {
        own.settings.test.modules.get(name).is_some_and(|module| module.run == run)
    };
    let modules = loaded.settings.test.modules.iter();
    let asked = modules.filter(|(name, module)| from_repository(name) && !same(name, &module.run));
    asked.map(|(name, module)| (name.clone(), module.run.clone())).collect()
}
