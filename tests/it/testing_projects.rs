//! `wt-orch test` in projects with runners of their own: it counts what these count.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Invocation, Output, Repo};
use crate::json::document;
use crate::scene::ordinary_repo;

/// With the cargo that builds this test, without a network.
fn with_cargo<'r>(invocation: Invocation<'r>) -> Invocation<'r> {
    let folder = Path::new(env!("CARGO")).parent().unwrap().to_str().unwrap();
    let own = std::env::vars().find(|(name, _)| name == "PATH").unwrap().1;
    invocation.env("PATH", format!("{folder}:{own}")).env("CARGO_NET_OFFLINE", "true")
}

fn sum(document: &Value, field: &str) -> u64 {
    let modules = document["modules"].as_array().unwrap();
    modules.iter().map(|module| module[field].as_u64().unwrap()).sum()
}

fn field<'d>(document: &'d Value, module: &str, field: &str) -> &'d Value {
    let modules = document["modules"].as_array().unwrap();
    &modules.iter().find(|found| found["name"] == module).unwrap()[field]
}

/// Whether a question to the machine was answered well; says so where it was not.
fn is_there(what: &str, asked: &Output) -> bool {
    let there = asked.code() == Some(0);
    if !there {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests is to know")]
        {
            eprintln!("left out, as {what} does not run here:\n{asked}");
        }
    }
    there
}

#[test]
fn a_cargo_workspace_has_the_tests_that_cargo_counts() {
    let repo = Repo::new();
    repo.file(".gitignore", "target/\n")
        .file("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n");
    for (at, name) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
        let mut manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        manifest.push_str("[lib]\ndoctest = false\n");
        if name == "b" {
            manifest.push_str("[dependencies]\na = { path = \"../a\" }\n");
        }
        let tests: String = (0..=at).map(|n| format!("#[test]\nfn t{n}() {{}}\n")).collect();
        let red = if name == "f" { "#[test]\nfn red() { assert_eq!(1, 2); }\n" } else { "" };
        repo.file(&format!("crates/{name}/Cargo.toml"), &manifest)
            .file(&format!("crates/{name}/src/lib.rs"), &format!("{tests}{red}"));
    }
    with_cargo(repo.program("cargo", &["generate-lockfile"])).run().exit(0);
    repo.commit("workspace");
    let native = with_cargo(repo.program("cargo", &["test", "--workspace", "--no-fail-fast"]));
    let native = native.env("CARGO_TARGET_DIR", repo.root().join("target")).run();
    let counted =
        |line: &str| line.strip_prefix("running ")?.split(' ').next()?.parse::<u64>().ok();
    let native: u64 = native.exit(101).stdout().lines().filter_map(counted).sum();
    let output = with_cargo(repo.command(&["test", "--json"])).run();
    let told = document(&output, 1, "test");
    assert_eq!(told["modules"].as_array().unwrap().len(), 6, "{output}");
    assert_eq!((sum(&told, "tests"), sum(&told, "failures")), (native, 1), "{output}");
    assert_eq!(field(&told, "f", "reason"), "1 test failed");
    output.stderr_has("1 of 7 tests failed");
    repo.file("crates/a/src/lib.rs", "fn x( {\n").commit("broken");
    let told = with_cargo(repo.command(&["test", "--changed=HEAD~1", "--json"])).run();
    let told = document(&told, 1, "test");
    let names = told["modules"].as_array().unwrap();
    assert_eq!(names.iter().map(|m| m["name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let reason = field(&told, "a", "reason").as_str().unwrap();
    assert!(reason.starts_with("it could not be built: "), "{reason}");
}

#[test]
fn an_npm_workspace_has_the_tests_that_node_counts() {
    let repo = ordinary_repo();
    let node = "npm --version && node -e 'process.exit(parseInt(process.versions.node) < 20)'";
    if !is_there("npm with node 20", &repo.program("sh", &["-c", node]).run()) {
        return;
    }
    repo.file(
        "package.json",
        "{\"name\": \"all\", \"private\": true, \"workspaces\": [\"p/*\"]}\n",
    );
    let test = |n: usize, body: &str| format!("test('t{n}', () => {{ {body} }});\n");
    for (name, count) in [("one", 2), ("two", 3)] {
        let mut text = "const test = require('node:test');\n".to_owned();
        (0..count).for_each(|n| text += &test(n, ""));
        if name == "two" {
            text += &test(9, "throw new Error('not so');");
        }
        let manifest =
            json!({"name": name, "version": "1.0.0", "scripts": {"test": "node --test"}});
        repo.file(&format!("p/{name}/package.json"), &manifest.to_string())
            .file(&format!("p/{name}/a.test.js"), &text);
    }
    repo.commit("workspace");
    let output = repo.wt_orch(&["test", "--json"]);
    let told = document(&output, 1, "test");
    let native = repo.program("npm", &["test", "--workspaces"]).run();
    let counted = |line: &str| {
        let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        line.strip_prefix("tests ")?.parse::<u64>().ok()
    };
    let native: u64 = native.stdout().lines().filter_map(counted).sum();
    assert_eq!((sum(&told, "tests"), sum(&told, "failures")), (native, 1), "{output}");
    assert_eq!(native, 6);
}

#[test]
fn a_go_module_has_the_tests_that_go_counts() {
    let repo = ordinary_repo();
    if !is_there("go", &repo.program("go", &["version"]).run()) {
        return;
    }
    repo.file("go.mod", "module example.org/shop\n\ngo 1.18\n");
    for (name, red) in [("cart", ""), ("mail", "t.Fatal(\"not so\")")] {
        let text = format!(
            "package {name}\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {{\n\tfor _, n := \
             range []string{{\"a\", \"b\"}} {{\n\t\tt.Run(n, func(t *testing.T) {{}})\n\t}}\n}}\n\n\
             func TestRed(t *testing.T) {{\n\t{red}\n}}\n\nfunc TestLater(t *testing.T) {{\n\t\
             t.Skip(\"later\")\n}}\n"
        );
        repo.file(&format!("internal/{name}/{name}_test.go"), &text);
    }
    repo.commit("module");
    let cache = repo.path("go-cache").to_str().unwrap().to_owned();
    let output = repo.command(&["test", "--json"]).env("GOCACHE", &cache).run();
    let told = document(&output, 1, "test");
    let native = repo.program("go", &["test", "-v", "./..."]).env("GOCACHE", &cache).run();
    let counted = |result: &str| {
        let of = |line: &&str| line.trim_start().starts_with(result);
        u64::try_from(native.stdout().lines().filter(of).count()).unwrap()
    };
    let native = ["--- ", "--- FAIL", "--- SKIP"].map(counted);
    assert_eq!(["tests", "failures", "skipped"].map(|name| sum(&told, name)), native, "{output}");
    assert_eq!((native, told["modules"].as_array().unwrap().len()), ([10, 1, 2], 2));
}

#[test]
fn packages_that_are_installed_go_along_and_are_never_those_of_yesterday() {
    let repo = ordinary_repo();
    if !is_there("npm", &repo.program("npm", &["--version"]).run()) {
        return;
    }
    let script = "node -e \"process.exit(require('left') === 1 ? 0 : 3)\"";
    repo.file("package.json", &json!({"name": "all", "scripts": {"test": script}}).to_string())
        .file(".gitignore", "node_modules/\n")
        .file("orchestrator.toml", "[worktree]\npool = 1\n")
        .commit("package");
    let missing = repo.wt_orch(&["test"]);
    missing.exit(1).stdout_has("left");
    repo.file("node_modules/left/index.js", "module.exports = 1;\n");
    repo.wt_orch(&["test"]).exit(0);
    // The worktree waits with what it got, and gets the other one all the same.
    repo.file("node_modules/left/index.js", "module.exports = 22;\n");
    repo.wt_orch(&["test"]).exit(1);
    assert_eq!(repo.read("node_modules/left/index.js").unwrap(), "module.exports = 22;\n");
    // A hook that installs is asked in place of the checkout.
    let hook = "[[setup]]\nrun = \"mkdir -p node_modules/left && echo 'module.exports = 1' > \
                node_modules/left/index.js\"\n";
    repo.file("orchestrator.toml", hook);
    repo.wt_orch(&["--yes", "test"]).exit(0);
}

#[test]
fn a_python_project_has_the_tests_that_pytest_counts() {
    let repo = ordinary_repo();
    #[expect(clippy::disallowed_methods, reason = "pytest may lie where only this says")]
    let path = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let asked =
        repo.program("python3", &["-m", "pytest", "--version"]).env("PYTHONPATH", &path).run();
    if !is_there("pytest", &asked) {
        return;
    }
    repo.file("pyproject.toml", "[tool.pytest.ini_options]\n")
        .file(
            "tests/unit/test_a.py",
            "def test_a():\n    assert 1 == 1\n\ndef test_b():\n    pass\n",
        )
        .file(
            "tests/integration/test_c.py",
            "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef \
               test_c(n):\n    assert n == 1\n@pytest.mark.skip\ndef test_d():\n    pass\n",
        )
        .commit("project");
    let output = repo.command(&["test", "--json"]).env("PYTHONPATH", &path).run();
    let told = document(&output, 1, "test");
    let counts = ["tests", "failures", "skipped"].map(|name| sum(&told, name));
    assert_eq!((counts, told["modules"].as_array().unwrap().len()), ([5, 1, 1], 2), "{output}");
    let native = repo.program("python3", &["-m", "pytest", "-q"]).env("PYTHONPATH", &path).run();
    native.exit(1).stdout_has("1 failed, 3 passed, 1 skipped");
}

#[test]
fn an_interrupted_test_run_goes_on_and_prints_the_result_of_tests() {
    let repo = ordinary_repo();
    let script = "touch ../../began; test -e ../../go || sleep 60";
    let modules =
        format!("[test.modules.a]\nrun = \"true\"\n[test.modules.b]\nrun = \"{script}\"\n");
    repo.file("orchestrator.toml", &modules).commit("modules");
    let running = repo.command(&["--yes", "test", "--sequential", "--json"]).start();
    repo.wait_for("began");
    running.signal(Signal::INT);
    let told = document(&running.wait(), 5, "test");
    assert_eq!(
        (field(&told, "a", "outcome"), field(&told, "b", "outcome")),
        (&json!("passed"), &json!("skipped"))
    );
    fs::write(repo.root().join("go"), "").unwrap();
    let resumed = document(&repo.wt_orch(&["resume", "--json"]), 0, "test");
    assert_eq!(field(&resumed, "b", "outcome"), "passed");
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
}
