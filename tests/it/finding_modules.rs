//! Which modules of a commit have tests, held against what cargo says and runs.

use std::collections::BTreeSet;
use std::path::Path;

use wt_orch::adapters::git::Repo as Git;
use wt_orch::domain::suite::{Found, Module, SuiteRules, command_of};
use wt_orch::domain::task::Command;
use wt_orch::engine::load_suites;

use crate::harness::{Output, Repo};
use crate::scene::{small_repo, tasks};

fn found(repo: &Repo) -> Found {
    let path = std::env::vars_os().filter(|(name, _)| name == "PATH").collect();
    let git = Git::discover(&repo.path(""), path).unwrap();
    let head = git.resolve_commit("HEAD").unwrap().unwrap();
    load_suites(&git, head, &SuiteRules::default()).unwrap()
}

fn names(found: &Found) -> BTreeSet<&str> {
    found.modules.iter().map(|module| module.name.as_str()).collect()
}

/// The cargo that builds this test, with its compiler, without a network.
fn cargo(repo: &Repo, command: &Command) -> Output {
    let folder = Path::new(env!("CARGO")).parent().unwrap().to_str().unwrap();
    let own = std::env::vars().find(|(name, _)| name == "PATH").unwrap().1;
    let path = format!("{folder}:{own}");
    let words: Vec<&str> = match command {
        Command::Argv(words) => words.iter().map(String::as_str).collect(),
        Command::Shell(text) => vec!["sh", "-c", text],
    };
    let run =
        repo.program(words[0], &words[1..]).env("PATH", path).env("CARGO_NET_OFFLINE", "true");
    run.env("CARGO_TARGET_DIR", repo.root().join("target")).run()
}

/// What `running 3 tests` adds up to.
fn tests_run(output: &Output) -> usize {
    let counted =
        |line: &str| line.strip_prefix("running ")?.split(' ').next()?.parse::<usize>().ok();
    output.exit(0).stdout().lines().filter_map(counted).sum::<usize>()
}

/// A workspace with every kind of target.
fn workspace() -> Repo {
    let repo = Repo::new();
    let test = "#[test]\nfn t() {}\n";
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
    };
    repo.file("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/out\"]\nresolver = \"2\"\n")
        .file("crates/a/Cargo.toml", &(package("a") + "[[example]]\nname = \"e\"\ntest = true\n\
            [features]\noff = []\n[[test]]\nname = \"needy\"\nrequired-features = [\"off\"]\n"))
        .file("crates/a/src/lib.rs", &format!("//! ```\n//! assert!(true);\n//! ```\n{test}"))
        .file("crates/a/src/main.rs", &format!("fn main() {{}}\n{test}"))
        .file("crates/a/src/bin/other.rs", &format!("fn main() {{}}\n{test}{}", test.replace("t()", "u()")))
        .file("crates/a/tests/one.rs", test)
        .file("crates/a/tests/two/main.rs", test)
        .file("crates/a/tests/needy.rs", "compile_error!();")
        .file("crates/a/examples/e.rs", &format!("fn main() {{}}\n{test}"))
        .file("crates/a/examples/plain.rs", &format!("fn main() {{}}\n{test}"))
        .file("crates/b/Cargo.toml", &(package("b") + "[lib]\ndoctest = false\n[dev-dependencies]\nhidden = { path = \"../../lib/hidden\" }\n"))
        .file("crates/b/src/lib.rs", test)
        .file("lib/hidden/Cargo.toml", &package("hidden"))
        .file("lib/hidden/src/lib.rs", "/// ```\n/// hidden::f();\n/// ```\npub fn f() {}\n")
        .file("crates/out/Cargo.toml", &package("out"))
        .file("crates/out/src/lib.rs", test)
        .commit("workspace");
    repo
}

#[test]
fn modules_are_the_members_of_cargo_and_their_units_run_the_same_tests_as_the_whole() {
    let repo = workspace();
    let found = found(&repo);
    let words = "cargo metadata --no-deps --offline --format-version 1".split(' ');
    let metadata = cargo(&repo, &Command::Argv(words.map(str::to_owned).collect()));
    let metadata: serde_json::Value = serde_json::from_str(metadata.exit(0).stdout()).unwrap();
    let members = metadata["packages"].as_array().unwrap().iter();
    assert_eq!(names(&found), members.map(|package| package["name"].as_str().unwrap()).collect());

    let all =
        |module: &Module| module.units.iter().map(|unit| unit.name.clone()).collect::<Vec<_>>();
    let a = found.modules.iter().find(|module| module.name == "a").unwrap();
    assert_eq!(all(a), ["lib", "bins", "test one", "test two", "example e", "doc"]);
    let whole: Vec<usize> =
        found.modules.iter().map(|module| tests_run(&cargo(&repo, &module.command))).collect();
    let split = |module: &Module| {
        let parts = [&all(module)[..1], &all(module)[1..]].map(<[String]>::to_vec);
        let parts = parts.iter().filter(|part| !part.is_empty());
        parts.map(|part| tests_run(&cargo(&repo, &command_of(module, part)))).sum::<usize>()
    };
    assert_eq!(found.modules.iter().map(split).collect::<Vec<_>>(), whole);
    let native = "cargo test --workspace --no-fail-fast".split(' ').map(str::to_owned).collect();
    assert_eq!(tests_run(&cargo(&repo, &Command::Argv(native))), whole.iter().sum::<usize>());
}

#[test]
fn what_is_committed_counts_and_what_no_manifest_is_does_not() {
    let repo = Repo::new();
    let tested =
        |name: &str| format!("{{\"name\": \"{name}\", \"scripts\": {{\"test\": \"true\"}}}}");
    repo.file("a/package.json", &tested("a")).file("large/package.json", &" ".repeat(2 << 20));
    std::fs::create_dir(repo.path("linked")).unwrap();
    std::os::unix::fs::symlink("../a/package.json", repo.path("linked/package.json")).unwrap();
    std::fs::create_dir(repo.path("bytes")).unwrap();
    std::fs::write(repo.path("bytes/package.json"), b"{\"name\": \"\xff\"}").unwrap();
    repo.commit("packages");
    repo.file("late/package.json", &tested("late"));
    let found = found(&repo);
    assert_eq!(names(&found), ["a"].into());
    assert_eq!(
        found.notes,
        [
            "`large/package.json`: larger than 1 MiB, or not here, and not read",
            "`bytes/package.json`: no text"
        ]
    );
}

#[test]
fn a_command_that_a_clone_tests_with_runs_only_after_approval() {
    let repo = small_repo();
    let settings = "[test.modules.\"@s/docs\"]\nrun = \"make docs\\nmake more\"\n";
    repo.file("orchestrator.toml", settings).commit("settings");
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"true\"\ncheck = \"true\"\n");
    let refused = repo.wt_orch(&["split", "tasks.toml", "-q"]);
    refused.exit(4).stderr_has("a command that tests the module `@s/docs`:\n      make docs\n");
    repo.wt_orch(&["config", "approve"]).exit(0);
    repo.file("orchestrator.toml", &settings.replace("more", "other"));
    repo.wt_orch(&["config"]).exit(0).stderr_has("are not used until");
}
