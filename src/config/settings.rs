//! What can be set, and what holds when nothing is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Template;
use crate::domain::integrate::{ResolutionRules, Strategy};
use crate::domain::plan::{OrderRules, ReadsRule};
use crate::domain::run::WorktreeRules;
use crate::domain::suite::SuiteRules;
use crate::domain::task::{ClaimError, Claims, DEFAULT_TIMEOUT, Glob, SetupHook};

/// All settings, none of them unset.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where worktrees are made, relative to the repository's root.
    pub worktree_path: Template,
    /// What their branches are called.
    pub branch: Template,
    /// `[worktree]`.
    pub worktree: WorktreeRules,
    /// `[[setup]]`: hooks that prepare a worktree.
    pub setup: Vec<SetupHook>,
    /// `[run]`.
    pub run: RunSettings,
    /// `[capacity]`: countable things that tasks may use.
    pub capacity: BTreeMap<String, u32>,
    /// `[integrate]`.
    pub integrate: IntegrateSettings,
    /// `[plan]`.
    pub plan: PlanSettings,
    /// `[test]`: modules with test suites.
    pub test: SuiteRules,
    /// `[persona.NAME]`: roles beside the built-in ones.
    pub personas: BTreeMap<String, Persona>,
    /// `[ui]`.
    pub ui: UiSettings,
}

/// How tasks run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// Most tasks at once, 1 or more.
    pub slots: u32,
    /// An attempt is stopped after this time.
    pub timeout: Duration,
    /// From the request to stop until the kill.
    pub grace: Duration,
    /// Further attempts after a failed one.
    pub retries: u32,
    /// An attempt is stopped when it did nothing for this long; `None`: never.
    pub stall_timeout: Option<Duration>,
    /// Names of programs that may outlive the task that started them.
    pub keep: Vec<String>,
    /// Whether builds of all worktrees share the cores by a GNU jobserver.
    pub jobserver: bool,
    /// Whether all runs of this user on this machine share one budget.
    pub share_host: bool,
    /// Most bytes kept of the output of one attempt.
    pub log_limit: u64,
    /// Variables withheld from tasks.
    pub env_deny: Names,
    /// Variables given to tasks although [`RunSettings::env_deny`] names them.
    pub env_pass: Names,
}

impl RunSettings {
    /// Whether a task gets this variable of the caller's environment.
    pub fn passes(&self, variable: &str) -> bool {
        self.env_pass.matches(variable) || !self.env_deny.matches(variable)
    }
}

/// How finished tasks land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrateSettings {
    /// What a landed task looks like in the history.
    pub strategy: Strategy,
    /// Merged and validated again this often when the target moves meanwhile.
    pub target_retries: u32,
    /// Whether each merge of git's is made once more by libgit2 and compared.
    pub verify_merge: bool,
    /// Whether what has succeeded is validated while other tasks still run.
    pub speculate: bool,
    /// Runs of a flaky test, on each side, before it is judged.
    pub flake_runs: u32,
    /// `resolver`, `resolver_timeout`, `resolver_tries`, `regenerate`: what may resolve a conflict.
    pub resolution: ResolutionRules,
    /// Validations at once; 0: as many as there are cores, at most [`RunSettings::slots`].
    pub slots: u32,
    /// Whether `pinned` files are taken from the target while candidates are validated.
    pub pin: bool,
    /// Test configuration and CI files; without globs nothing is pinned.
    pub pinned: Option<Claims>,
    /// Whether a tree that passed a validation passes it again without being run.
    pub cache: bool,
}

/// How the plan is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSettings {
    /// Simulated runs for each width, 1 or more.
    pub draws: u32,
    /// Seed of the random draws.
    pub seed: u64,
    /// Whether the cores that are really there are measured.
    pub probe: bool,
    /// `serialise` and `reads`: order that nobody wrote down.
    pub rules: OrderRules,
    /// How long the search for a better schedule may take.
    pub effort: Duration,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// Put before the prompt of a task with this role.
    pub prompt: String,
}

/// What the user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UiSettings {
    /// Whether colours are used.
    pub color: ColorChoice,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl ColorChoice {
    /// The words of the setting.
    pub const WORDS: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];

    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// Names of variables, by globs that respect case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Vec<Glob>);

impl Names {
    /// Reads one glob.
    pub fn parse_one(text: &str) -> Result<Glob, NameError> {
        if text.contains(['/', '=']) {
            return Err(NameError::Character);
        }
        Glob::parse(text).map_err(NameError::Glob)
    }

    /// Whether one of the globs matches.
    pub fn matches(&self, variable: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(variable))
    }

    /// The globs as written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Glob::as_str)
    }
}

impl FromIterator<Glob> for Names {
    fn from_iter<I: IntoIterator<Item = Glob>>(globs: I) -> Self {
        Self(globs.into_iter().collect())
    }
}

/// Why a text is no glob of names. The message is a fragment that fits after the quoted text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A character that no name of a variable has.
    #[error("has a `/` or `=`, which no name of a variable has")]
    Character,
    /// The glob is malformed.
    #[error(transparent)]
    Glob(ClaimError),
}

/// Credentials for publishing and sockets of agents that sign and log in. A task is given what it
/// needs to build and to ask its model (`ANTHROPIC_API_KEY` and the like are not listed), not what
/// speaks in the user's name.
const ENV_DENY: [&str; 36] = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "HOMEBREW_GITHUB_API_TOKEN",
    "GITLAB_TOKEN",
    "GITLAB_ACCESS_TOKEN",
    "CI_JOB_TOKEN",
    "BITBUCKET_TOKEN",
    "GITEA_TOKEN",
    "ACTIONS_*TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "CARGO_REGISTRIES_*_TOKEN",
    "NPM_TOKEN",
    "NPM_CONFIG_*AUTH*",
    "NODE_AUTH_TOKEN",
    "YARN_NPM_AUTH_TOKEN",
    "PYPI_TOKEN",
    "PYPI_API_TOKEN",
    "TWINE_USERNAME",
    "TWINE_PASSWORD",
    "UV_PUBLISH_*",
    "MATURIN_PYPI_TOKEN",
    "GEM_HOST_API_KEY",
    "DOCKER_PASSWORD",
    "DOCKER_AUTH_CONFIG",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_*SECRET*",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "VAULT_TOKEN",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "GIT_ASKPASS",
    "GPG_AGENT_INFO",
];

/// Schemas and migrations: each counts on the ones before it.
const SERIALISE: [&str; 2] = ["**/migrations/**", "**/*.sql"];

/// Files that say what is tested and how, or what a pipeline does, and nothing else: a manifest such as
/// `pyproject.toml` or `package.json` also says what the code needs, and has to be the candidate's.
const PINNED: [&str; 33] = [
    ".github/**",
    ".gitlab-ci.yml",
    ".gitlab/ci/**",
    ".circleci/**",
    ".buildkite/**",
    ".woodpecker/**",
    ".woodpecker.{yml,yaml}",
    ".drone.yml",
    ".travis.yml",
    ".cirrus.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    "appveyor.yml",
    ".config/nextest.toml",
    "tarpaulin.toml",
    ".tarpaulin.toml",
    "**/pytest.ini",
    "**/tox.ini",
    "**/.coveragerc",
    "**/noxfile.py",
    "**/jest.config.{js,cjs,mjs,ts,cts,json}",
    "**/vitest.config.{js,cjs,mjs,ts,cts,mts}",
    "**/vitest.workspace.{js,ts,json}",
    "**/playwright.config.{js,cjs,mjs,ts,cts,mts}",
    "**/cypress.config.{js,cjs,mjs,ts}",
    "**/karma.conf.{js,cjs,ts}",
    "**/.mocharc.{js,cjs,json,jsonc,yml,yaml}",
    "**/.nycrc",
    "**/.nycrc.json",
    "**/phpunit.xml",
    "**/phpunit.xml.dist",
    "**/.rspec",
];

impl Default for Settings {
    fn default() -> Self {
        let names = |globs: &[&str]| globs.iter().flat_map(|glob| Names::parse_one(glob)).collect();
        Self {
            worktree_path: Template::default_path(),
            branch: Template::default_branch(),
            worktree: WorktreeRules::default(),
            setup: Vec::new(),
            run: RunSettings {
                slots: 8,
                timeout: DEFAULT_TIMEOUT,
                grace: Duration::from_secs(10),
                retries: 0,
                stall_timeout: None,
                keep: Vec::new(),
                jobserver: false,
                share_host: true,
                log_limit: 64 << 20,
                env_deny: names(&ENV_DENY),
                env_pass: Names::default(),
            },
            capacity: BTreeMap::new(),
            integrate: IntegrateSettings {
                strategy: Strategy::Merge,
                target_retries: 3,
                verify_merge: true,
                speculate: false,
                flake_runs: 20,
                resolution: ResolutionRules::default(),
                slots: 0,
                pin: true,
                pinned: Claims::parse(&PINNED).ok(),
                cache: true,
            },
            plan: PlanSettings {
                draws: 400,
                seed: 0,
                probe: true,
                effort: Duration::from_millis(50),
                rules: OrderRules {
                    serialise: Claims::parse(&SERIALISE).ok(),
                    reads: ReadsRule::Order,
                },
            },
            test: SuiteRules::default(),
            personas: BTreeMap::new(),
            ui: UiSettings { color: ColorChoice::Auto },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_get_what_builds_and_models_need_and_nothing_that_publishes() {
        let run = Settings::default().run;
        assert_eq!(run.env_deny.iter().count(), ENV_DENY.len(), "every default is a valid glob");
        let pinned = Settings::default().integrate.pinned.unwrap();
        assert_eq!(pinned.globs().count(), PINNED.len(), "every default is a valid glob");
        for given in ["PATH", "HOME", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "CARGO_HOME", "TERM"] {
            assert!(run.passes(given), "{given}");
        }
        for withheld in
            ["GITHUB_TOKEN", "CARGO_REGISTRIES_MINE_TOKEN", "SSH_AUTH_SOCK", "AZURE_CLIENT_SECRET"]
        {
            assert!(!run.passes(withheld), "{withheld}");
        }
        let passed = RunSettings {
            env_pass: ["GH_*"].iter().flat_map(|g| Names::parse_one(g)).collect(),
            ..run
        };
        assert!(passed.passes("GH_TOKEN") && !passed.passes("GITHUB_TOKEN"));
    }
}
