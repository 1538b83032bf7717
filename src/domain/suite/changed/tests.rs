use super::changed;
use crate::domain::suite::find::fixture::{found, found_by};
use crate::domain::suite::{ConfiguredModule, Found, SuiteRules};
use crate::domain::task::Claims;

fn package(name: &str, used: &str) -> String {
    let uses = match used {
        "" => String::new(),
        used => format!("[dependencies]\n{used} = {{ path = \"../{used}\" }}"),
    };
    format!("[package]\nname = \"{name}\"\n{uses}")
}

/// A cargo workspace with a package at the root, and a Python project beside it.
fn several() -> Found {
    let checks = ConfiguredModule {
        run: "true".to_owned(),
        paths: Some(Claims::parse(&["infra/**", "*.sh"]).unwrap()),
        ..ConfiguredModule::default()
    };
    let rules =
        SuiteRules { modules: [("checks".to_owned(), checks)].into(), ..SuiteRules::default() };
    found_by(
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\n[package]\nname = \"app\"\n\
                            [dependencies]\nmid = { path = \"crates/mid\" }",
            ),
            ("src/main.rs", ""),
            ("crates/low/Cargo.toml", &package("low", "")),
            ("crates/low/src/lib.rs", ""),
            ("crates/mid/Cargo.toml", &package("mid", "low")),
            ("crates/mid/src/lib.rs", ""),
            ("crates/far/Cargo.toml", &package("far", "")),
            ("crates/far/src/lib.rs", ""),
            ("py/pyproject.toml", ""),
            ("py/tests/test_a.py", ""),
        ],
        &rules,
    )
}

#[test]
fn a_change_touches_what_it_is_in_and_all_that_uses_that() {
    let found = several();
    let touched = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        changed(&found.modules, &paths).modules.join(" ")
    };
    let all = "app far low mid py/tests checks";
    assert_eq!(touched(&[]), "");
    assert_eq!(touched(&["crates/far/src/lib.rs"]), "far");
    assert_eq!(touched(&["crates/low/deep/README.md"]), "app low mid");
    assert_eq!(touched(&["crates/mid/gone.rs", "crates/far/x"]), "app far mid");
    assert_eq!(touched(&["src/main.rs"]), "app");
    assert_eq!(touched(&["Cargo.lock"]), "app far low mid");
    assert_eq!(touched(&[".cargo/config.toml"]), "app far low mid");
    assert_eq!(touched(&["py/pkg/a.py"]), "py/tests");
    assert_eq!(touched(&["infra/main.tf"]), "checks");
    assert_eq!(touched(&["README.md", "LICENSE-MIT", "docs/guide.rst", ".gitignore"]), "");
    assert_eq!(touched(&[".github/workflows/ci.yml"]), all, "nobody knows who reads it");
    assert_eq!(touched(&["crates/lower"]), all);
    assert_eq!(touched(&["run.sh"]), all, "a glob without a folder says nothing of whose it is");
    assert_eq!(touched(&["requirements.txt"]), all);
}

#[test]
fn settings_of_a_folder_touch_the_workspaces_below_it() {
    let found = found(&[
        ("Cargo.toml", "[workspace]\n[package]\nname = \"outer\""),
        ("src/lib.rs", ""),
        ("in/Cargo.toml", "[workspace]\n[package]\nname = \"inner\""),
        ("in/src/lib.rs", ""),
    ]);
    let touched = |path: &str| changed(&found.modules, &[path.to_owned()]).modules.join(" ");
    assert_eq!(touched(".cargo/config.toml"), "outer inner");
    assert_eq!(touched("in/.cargo/config.toml"), "inner");
    assert_eq!(touched("in/src/lib.rs"), "inner");
    assert_eq!(touched("Cargo.lock"), "outer");
}

#[test]
fn each_module_says_why() {
    let found = several();
    let selection = changed(&found.modules, &["crates/low/a.rs".to_owned()]);
    let why: Vec<String> =
        selection.why.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert_eq!(why, ["app: uses `mid`", "low: `crates/low/a.rs` changed", "mid: uses `low`"]);
    let unknown = changed(&found.modules, &["ci.yml".to_owned()]);
    assert_eq!(unknown.why["far"], "`ci.yml` changed, which is in no module");
}

#[test]
fn a_project_at_the_root_is_touched_by_all_that_may_be_its_source() {
    let found = found(&[
        ("pyproject.toml", ""),
        ("tests/test_a.py", ""),
        ("rust/Cargo.toml", "[package]\nname = \"ext\""),
        ("rust/src/lib.rs", ""),
    ]);
    let touched = |path: &str| changed(&found.modules, &[path.to_owned()]).modules.join(" ");
    assert_eq!(touched("rust/src/lib.rs"), "ext tests");
    assert_eq!(touched("pkg/a.py"), "ext tests");
    assert_eq!(touched("tests/test_a.py"), "tests");
    assert_eq!(touched("README.md"), "");
}
