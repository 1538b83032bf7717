use crate::domain::suite::find::fixture::{found, module, names, shown, units};

#[test]
fn a_folder_of_tests_is_one_module_and_its_files_are_units() {
    let found = found(&[
        ("pyproject.toml", "[project]\nname = \"lib\""),
        ("src/lib/thing.py", ""),
        ("tests/conftest.py", ""),
        ("tests/test_a.py", ""),
        ("tests/sub/b_test.py", ""),
        ("tests/sub/plain.py", ""),
        ("tests/fixtures/proj/pyproject.toml", ""),
        ("tests/fixtures/proj/test_no.py", ""),
        ("build/lib/test_no.py", ""),
        (".hidden/test_no.py", ""),
        ("venv/lib/test_no.py", ""),
    ]);
    assert_eq!(names(&found), ["tests"]);
    let tests = module(&found, "tests");
    assert_eq!(units(tests), ["tests/sub/b_test.py", "tests/test_a.py"]);
    assert_eq!(shown(&tests.command), "python3 -m pytest --junitxml={report} tests");
    assert_eq!(tests.report, None);
}

#[test]
fn a_folder_that_only_sorts_tests_is_a_module_for_each_of_its_own() {
    let found = found(&[
        ("setup.py", ""),
        ("tests/conftest.py", ""),
        ("tests/unit/test_a.py", ""),
        ("tests/unit/more/test_c.py", ""),
        ("tests/integration/test_b.py", ""),
        ("pkg/tests/test_d.py", ""),
    ]);
    assert_eq!(names(&found), ["pkg/tests", "tests/integration", "tests/unit"]);
    assert_eq!(units(module(&found, "tests/unit")).len(), 2);
}

#[test]
fn settings_say_where_tests_are() {
    let files = |settings: (&'static str, &'static str)| {
        let found = found(&[
            settings,
            ("p/checks/check_a.py", ""),
            ("p/spec/test_b.py", ""),
            ("p/deep/er/test_c.py", ""),
        ]);
        let units: Vec<String> =
            found.modules.iter().flat_map(|m| m.units.iter().map(|u| u.name.clone())).collect();
        (names(&found).join(" "), units.join(" "))
    };
    let owned = |names: &str, units: &str| (names.to_owned(), units.to_owned());
    let plain = owned("p/deep p/spec", "deep/er/test_c.py spec/test_b.py");
    assert_eq!(files(("p/setup.cfg", "[metadata]\nname = x")), plain);
    assert_eq!(
        files((
            "p/pytest.ini",
            "[pytest]\npython_files = check_*.py\n  test_*.py\ntestpaths: checks spec"
        )),
        owned("p/checks p/spec", "checks/check_a.py spec/test_b.py")
    );
    let toml = "[tool.pytest.ini_options]\ntestpaths = [\"deep/*\"]\n";
    assert_eq!(files(("p/pyproject.toml", toml)), owned("p/deep/er", "deep/er/test_c.py"));
    let entered = "[tool:pytest]\nnorecursedirs = deep {x}\n[pytest]\ntestpaths = no";
    assert_eq!(files(("p/setup.cfg", entered)), owned("p/spec", "spec/test_b.py"));
}

#[test]
fn a_nested_project_runs_in_its_own_folder() {
    let found = found(&[
        ("py/pyproject.toml", ""),
        ("py/test_top.py", ""),
        ("py/tests/test_a.py", ""),
        ("alone/conftest.py", ""),
        ("alone/test_x.py", ""),
        ("scripts/test_of_nothing.py", ""),
    ]);
    assert_eq!(names(&found), ["py", "py/tests", "alone"]);
    let shown = |name| shown(&module(&found, name).command);
    let start = r#"sh -c cd "$0" && exec "$@" ./"#;
    assert_eq!(
        shown("py"),
        format!("{start}py python3 -m pytest --junitxml={{report}} test_top.py")
    );
    assert_eq!(shown("alone"), format!("{start}alone python3 -m pytest --junitxml={{report}}"));
}

#[test]
fn settings_that_are_malformed_are_told_and_the_rest_is_found() {
    let found = found(&[("pyproject.toml", "[project]\nname =\n"), ("tests/test_a.py", "")]);
    assert_eq!(names(&found), ["tests"]);
    assert!(found.notes[0].starts_with("pyproject.toml:2: "), "{:?}", found.notes);
}

#[test]
fn tests_are_found_without_settings() {
    let found = found(&[
        ("requirements.txt", "pytest"),
        ("test_top.py", ""),
        ("tests/test_a.py", ""),
        ("tests/helper.py", ""),
        ("svc/a/test/deep/tests/b_test.py", ""),
        ("node_modules/x/tests/test_no.py", ""),
        ("env/lib/site-packages/x/tests/test_no.py", ""),
        ("target/tests/test_no.py", ""),
        ("web/tests/test_no.js", ""),
    ]);
    assert_eq!(names(&found), ["pytest", "tests", "svc/a/test"]);
    assert_eq!(found.notes, [""; 0]);
    let shown = |name| shown(&module(&found, name).command);
    assert_eq!(shown("tests"), "python3 -m pytest --junitxml={report} tests");
    // All of the repository is not what it stands for.
    assert_eq!(shown("pytest"), "python3 -m pytest --junitxml={report} test_top.py");
    assert_eq!(units(module(&found, "svc/a/test")), ["test/deep/tests/b_test.py"]);
}

#[test]
fn what_may_belong_to_another_language_is_left_out_and_told() {
    let found = found(&[
        ("Cargo.toml", "[package]\nname = \"r\"\nversion = \"0.1.0\""),
        ("scripts/test_x.py", ""),
        ("tests/test_input.py", ""),
        ("py/tests/test_y.py", ""),
        ("js/package.json", "{}"),
        ("js/requirements.txt", ""),
        ("js/test/test_z.py", ""),
    ]);
    assert_eq!(names(&found), ["js/test", "py/tests"]);
    assert_eq!(
        found.notes[1..],
        ["test files of Python in no Python project are left out: `scripts/test_x.py`, \
          `tests/test_input.py`; an empty `pytest.ini` in their folder makes it one"]
    );
}
