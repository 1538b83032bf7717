use std::fs;

use super::*;
use crate::config::ColorChoice;
use crate::domain::diagnostic::LineIndex;
use crate::domain::integrate::{Resolver, Strategy};
use crate::domain::task::Claims;

const EXAMPLE: &str = include_str!("../../../orchestrator.toml.example");

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn environment(&self, variables: &[(&str, &str)]) -> Environment {
        let home = self.0.path().join("home");
        let pairs = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        pairs.chain([("HOME".to_owned(), home.to_str().unwrap().to_owned())]).collect()
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        self.load_with(variables, None, Layer::default())
    }

    fn load_with(
        &self,
        variables: &[(&str, &str)],
        given: Option<&Path>,
        flags: Layer,
    ) -> Result<Loaded, ConfigError> {
        let environment = self.environment(variables);
        let repo = self.0.path().join("repo");
        load(LoadRequest { environment: &environment, repo_root: Some(&repo), given, flags })
    }
}

/// `name:line:column code message | label | help` of all problems.
fn shown(problems: &[FileProblem]) -> Vec<String> {
    let line = |file: &FileProblem, d: &Diagnostic| {
        let (line, column) = LineIndex::new(&file.text).place(&file.text, d.offset());
        let name = file.name.rsplit('/').next().unwrap_or_default();
        let label = d.labels.first().map_or("", |label| label.text.as_str());
        let help = d.help.as_deref().unwrap_or("");
        format!("{name}:{line}:{column} {}: {} | {label} | {help}", d.code, d.message)
    };
    problems.iter().flat_map(|file| file.diagnostics.iter().map(move |d| line(file, d))).collect()
}

fn invalid(result: Result<Loaded, ConfigError>) -> Vec<String> {
    match result {
        Err(ConfigError::Invalid { problems }) => shown(&problems),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_files_everything_is_built_in() {
    let loaded = Place::new().load(&[]).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.entries().iter().all(|entry| entry.origin == Origin::Default));
}

#[test]
fn the_example_equals_the_defaults_and_has_every_key() {
    let place = Place::new();
    let path = place.file("example.toml", EXAMPLE);
    let loaded = place.load_with(&[], Some(&path), Layer::default()).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    let unset: Vec<_> =
        loaded.entries().into_iter().filter(|entry| entry.origin == Origin::Default).collect();
    assert_eq!(unset, [], "keys that the example lacks");
    let of_a_module = |line: &str| {
        let keys =
            ["[test.modules", "run = \"make check", "report =", "paths = [\"docs", "depends_on ="];
        keys.iter().any(|key| line.starts_with(key))
    };
    // What has no default stands there in a comment that works once the `# ` is gone.
    let sample: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with("[persona.") || rest.starts_with("gpu =") => rest,
            Some(rest) if rest.starts_with("prompt =") => rest,
            Some(rest) if of_a_module(rest) => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let path = place.file("sample.toml", sample);
    let loaded = place.load_with(&[], Some(&path), Layer::default()).unwrap();
    assert_eq!(loaded.settings.capacity["gpu"], 1);
    assert!(loaded.settings.personas.contains_key("reviewer"));
    let docs = &loaded.settings.test.modules["docs"];
    assert_eq!((docs.report.as_deref(), docs.depends_on.len()), (Some("build/docs.xml"), 1));
}

#[test]
fn later_layers_count_and_every_value_knows_its_origin() {
    let place = Place::new();
    let user = place.file(
        "home/.config/wt-orch/config.toml",
        "branch = 'u/{task}'\n[run]\nslots = 2\nretries = 2\ntimeout = '2m'\ngrace = '2s'\n[capacity]\ngpu = 2\n",
    );
    let repo = place.file(
        "repo/orchestrator.toml",
        "[run]\nslots = 3\nretries = 3\ntimeout = '3m'\n[capacity]\ngpu = 3\ntpu = 3\n[integrate]\nstrategy = 'squash'\n",
    );
    let given = place.file("given.toml", "run.slots = 5\n");
    let variables = [("WT_ORCH_RUN_SLOTS", "4"), ("WT_ORCH_RUN_RETRIES", "4")];
    let flags = Layer { color: Some(ColorChoice::Never), ..Layer::default() };
    let loaded = place.load_with(&variables, Some(&given), flags).unwrap();
    let origin = |key| loaded.origins.of(key).clone();
    let settings = &loaded.settings;
    assert_eq!((settings.run.slots, origin("run.slots")), (5, Origin::Given(given)));
    assert_eq!((settings.run.retries, origin("run.retries")), (4, Origin::Environment));
    assert_eq!(settings.run.timeout.as_secs(), 180);
    assert_eq!(origin("run.timeout"), Origin::Repository(repo.clone()));
    assert_eq!(
        (settings.run.grace.as_secs(), origin("run.grace")),
        (2, Origin::User(user.clone()))
    );
    assert_eq!(settings.branch.as_str(), "u/{task}");
    assert_eq!((settings.capacity["gpu"], settings.capacity["tpu"]), (3, 3));
    assert_eq!(origin("capacity.gpu"), Origin::Repository(repo));
    assert_eq!(settings.integrate.strategy, Strategy::Squash);
    assert_eq!((settings.ui.color, origin("ui.color")), (ColorChoice::Never, Origin::Flag));
    assert_eq!(origin("plan.seed"), Origin::Default);
    assert!(loaded.entries().iter().any(|e| e.to_string() == "run.retries = 4  # environment"));
}

#[test]
fn the_listing_is_a_file_with_the_same_settings() {
    let place = Place::new();
    let text = "worktree_path = '/w/{run}/{task}'\n[run]\nlog_limit = '1.5MiB'\ngrace = '250ms'\n\
                env_pass = ['GH_*']\n[capacity]\n'gpu.a' = 2\n[persona.qa]\nprompt = \"a\\\"b\\nc\"\n\
                [[setup]]\nname = 'deps'\nrun = \"npm ci\\necho\"\nwhen = ['a', 'b/**']\ntimeout = '2m'\n\
                [[setup]]\nrun = 'true'\nwhen = 'c'\n\
                [integrate]\nresolver = 'fix \"it\"'\nresolver_timeout = '90s'\nresolver_tries = 3\n\
                [[integrate.regenerate]]\npaths = ['*.lock', 'gen/**']\nrun = 'make gen'\n\
                [[integrate.regenerate]]\npaths = 'api.json'\nrun = 'true'\ntimeout = '1s'\n\
                [test]\ndiscover = false\nexclude = ['a', '@s/b']\n[test.modules.'@s/x y']\nrun = \"a\\nb\"\n\
                paths = 'x/**'\nreport = 'r.xml'\ndepends_on = ['z']\n[test.modules.z]\nrun = 'true'\n";
    let loaded = place.load_with(&[], Some(&place.file("a.toml", text)), Layer::default()).unwrap();
    let line = |entry: Entry| format!("{} = {}\n", entry.key, entry.value);
    let listing: String = loaded.entries().into_iter().map(line).collect();
    let again =
        place.load_with(&[], Some(&place.file("b.toml", listing)), Layer::default()).unwrap();
    assert_eq!(again.settings, loaded.settings);
    assert!(again.entries().iter().all(|entry| entry.origin != Origin::Default));
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    let place = Place::new();
    place.file("home/.config/wt-orch/config.toml", "[run]\nslots = 0\n[plan\n");
    place.file(
        "repo/orchestrator.toml",
        "worktree_path = '../{repo}'\nbrnach = 'x'\nbranch = 'f x/{task}'\n[run]\nslots = '4'\n\
         timeout = 'soon'\nlog_limit = '10B'\nenv_deny = ['A/B', '[', 'OK']\nsolts = 1\n\
         [capacity]\nGPU = 1\ncpu = -1\n[integrate]\nstrategy = 'sqash'\n\
         [persona.qa]\nprompt = ''\nname = 'x'\n[iu]\ncolor = 'auto'\n[ui]\ncolor = 'blue'\n[persona.sre]\n",
    );
    insta::assert_snapshot!(invalid(place.load(&[("WT_ORCH_RUN_SLOTS", "four")])).join("\n"), @r"
    config.toml:3:6 syntax: unclosed table, expected `]` |  | 
    orchestrator.toml:1:17 bad_template: `../{repo}` has no `{task}`, so two tasks would get the same name |  | 
    orchestrator.toml:2:1 unknown_key: unknown key `brnach` | did you mean `branch`? | known keys: worktree_path, branch, setup, worktree, run, capacity, integrate, plan, persona, test, ui
    orchestrator.toml:3:10 bad_template: `f x/{task}` has a space, a control character or one of `~^:?*[\`, which git does not allow in a branch name |  | 
    orchestrator.toml:5:9 wrong_type: `slots` must be a whole number, not a string |  | leave out the quotes
    orchestrator.toml:6:11 bad_duration: `soon` is no duration; write it like `90s`, `10m` or `1h 30m` |  | 
    orchestrator.toml:7:13 bad_size: `10B` is too little: a log keeps at least `1KiB` |  | 
    orchestrator.toml:8:13 bad_glob: the glob `A/B` has a `/` or `=`, which no name of a variable has |  | 
    orchestrator.toml:8:20 bad_glob: the glob `[` is malformed: unclosed character class; missing ']' |  | 
    orchestrator.toml:9:1 unknown_key: unknown key `solts` in `[run]` | did you mean `slots`? | known keys: slots, timeout, grace, retries, stall_timeout, keep, jobserver, share_host, log_limit, env_deny, env_pass
    orchestrator.toml:11:1 bad_name: the name `GPU` has `G` where only a-z, 0-9, `.`, `_` and `-` may stand |  | 
    orchestrator.toml:12:7 out_of_range: `cpu` must lie between 0 and 4294967295 |  | 
    orchestrator.toml:14:12 unknown_choice: unknown strategy `sqash` | did you mean `squash`? | known: merge, squash, rebase
    orchestrator.toml:16:10 empty: `prompt` is empty |  | 
    orchestrator.toml:17:1 unknown_key: unknown key `name` in `[persona.qa]` |  | known keys: prompt
    orchestrator.toml:18:2 unknown_key: unknown key `iu` | did you mean `ui`? | known keys: worktree_path, branch, setup, worktree, run, capacity, integrate, plan, persona, test, ui
    orchestrator.toml:21:9 unknown_choice: unknown color `blue` |  | known: auto, always, never
    orchestrator.toml:22:1 missing_key: `prompt` is missing here |  | 
    environment:1:19 out_of_range: `four` must be a whole number between 1 and 1024 |  |
    ");
}

#[test]
fn variables_are_settings_and_those_of_tasks_are_left_alone() {
    let place = Place::new();
    let loaded = place
        .load(&[
            ("WT_ORCH_BRANCH", "w/{task}"),
            ("WT_ORCH_RUN_ENV_PASS", "GH_TOKEN, SSH_*,"),
            ("WT_ORCH_CAPACITY_GPU", "2"),
            ("WT_ORCH_PERSONA_REVIEWER_PROMPT", "p"),
            ("WT_ORCH_PLAN_SEED", "7"),
            ("WT_ORCH_RUN", "r"),
            ("WT_ORCH_TASK", "t"),
            ("WT_ORCH_YES", "1"),
            ("WT_ORCH_RUN_SLOTS", ""),
            ("GIT_DIR", "/nowhere"),
        ])
        .unwrap();
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.settings.branch.as_str(), "w/{task}");
    assert_eq!(loaded.settings.run.env_pass.iter().collect::<Vec<_>>(), ["GH_TOKEN", "SSH_*"]);
    assert_eq!((loaded.settings.capacity["gpu"], loaded.settings.plan.seed), (2, 7));
    assert_eq!(loaded.settings.personas["reviewer"].prompt, "p");
    assert_eq!(loaded.settings.run.slots, 8);
}

#[test]
fn an_unknown_variable_of_ours_is_a_warning() {
    let loaded = Place::new().load(&[("WT_ORCH_RUN_SLOT", "4"), ("WT_ORCH_ZZZZZZ", "1")]).unwrap();
    assert_eq!(
        shown(&loaded.problems),
        [
            "environment:1:1 unknown_variable: `WT_ORCH_RUN_SLOT` is no setting and has no effect \
             | did you mean `WT_ORCH_RUN_SLOTS`? | ",
            "environment:2:1 unknown_variable: `WT_ORCH_ZZZZZZ` is no setting and has no effect \
             |  | `wt-orch config` lists all settings",
        ]
    );
}

#[test]
fn variables_with_bad_values_are_errors_at_the_value() {
    let variables = [
        ("WT_ORCH_RUN_ENV_DENY", "A, B/C"),
        ("WT_ORCH_RUN_SLOTS", "four"),
        ("WT_ORCH_RUN_TIMEOUT", "soon"),
        ("WT_ORCH_UI_COLOR", "nevr"),
    ];
    let found = invalid(Place::new().load(&variables));
    let places: Vec<_> =
        found.iter().map(|line| line.split(':').take(3).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(
        places,
        [
            "environment:1:25 bad_glob",
            "environment:2:19 out_of_range",
            "environment:3:21 bad_duration",
            "environment:4:18 unknown_choice",
        ]
    );
}

#[test]
fn files_that_can_not_be_read_are_named() {
    let place = Place::new();
    let gone = place.0.path().join("gone.toml");
    let error = place.load_with(&[], Some(&gone), Layer::default()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("gone.toml"), "{error}");
    let binary = place.file("binary.toml", [0xff, 0xfe]);
    let error = place.load_with(&[], Some(&binary), Layer::default()).unwrap_err();
    assert!(matches!(error, ConfigError::NotText { .. }), "{error}");
    let large = place.file("large.toml", "#".repeat((1 << 20) + 1));
    let error = place.load_with(&[], Some(&large), Layer::default()).unwrap_err();
    assert!(matches!(error, ConfigError::TooLarge { .. }), "{error}");
    fs::create_dir_all(place.0.path().join("repo/orchestrator.toml")).unwrap();
    assert!(matches!(place.load(&[]).unwrap_err(), ConfigError::Unreadable { .. }));
}

#[test]
fn the_defaults_withhold_and_pin_what_the_documentation_lists() {
    let Settings { run, integrate, .. } = Settings::default();
    let pinned = integrate.pinned.iter().flat_map(Claims::globs).count();
    assert_eq!(
        EXAMPLE.lines().filter(|line| line.starts_with("    \"")).count(),
        run.env_deny.iter().count() + pinned
    );
}

#[test]
fn what_resolves_conflicts_is_read_and_what_cannot_is_named() {
    let place = Place::new();
    let text = "[integrate]\nresolver = 'claude'\nresolver_tries = 0\n\
                [[integrate.regenerate]]\nrun = 'true'\n\
                [[integrate.regenerate]]\npaths = []\nrun = ''\ntimeuot = '1s'\n";
    let refused = place.load_with(&[], Some(&place.file("a.toml", text)), Layer::default());
    let Err(ConfigError::Invalid { problems }) = refused else { panic!("{refused:?}") };
    let codes: Vec<&str> =
        problems.iter().flat_map(|file| &file.diagnostics).map(|d| d.code).collect();
    assert_eq!(codes, ["out_of_range", "missing_key", "empty", "empty", "unknown_key"]);
    let variables = [("WT_ORCH_INTEGRATE_RESOLVER", "claude")];
    let loaded = place.load_with(&variables, None, Layer::default()).unwrap();
    let resolver = loaded.settings.integrate.resolution.resolver.unwrap();
    assert!(matches!(resolver, Resolver::Agent(preset) if preset.name == "claude"));
}

#[test]
fn modules_with_tests_are_read_and_what_cannot_is_named() {
    let place = Place::new();
    let text = "[test]\nexclude = [1]\n[test.modules.a]\nreport = '../x'\n\
                [test.modules.b]\nrun = ' '\n[test.modules.c]\nrun = 'x'\npaths = ['/c']\nruns = 1\n\
                [test.modules.\"\\n\"]\nrun = 'x'\nreport = ''\n";
    let refused = place.load_with(&[], Some(&place.file("a.toml", text)), Layer::default());
    let Err(ConfigError::Invalid { problems }) = refused else { panic!("{refused:?}") };
    let codes: Vec<&str> =
        problems.iter().flat_map(|file| &file.diagnostics).map(|d| d.code).collect();
    let expected =
        ["wrong_type", "missing_key", "empty", "bad_glob", "unknown_key", "bad_name", "bad_path"];
    assert_eq!(codes, expected);
    let variables = [("WT_ORCH_TEST_EXCLUDE", "a, b"), ("WT_ORCH_TEST_DISCOVER", "false")];
    let test = place.load_with(&variables, None, Layer::default()).unwrap().settings.test;
    assert_eq!((test.exclude.len(), test.discover), (2, false));
}
