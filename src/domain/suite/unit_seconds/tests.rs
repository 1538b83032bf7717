use super::*;
use crate::domain::suite::{SuiteEnd, SuiteSaid, read_suite};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/test_results/", $name))
    };
}

const FAILED: SuiteEnd = SuiteEnd::Code { code: 1 };

fn seconds(
    kind: ModuleKind,
    units: &[&str],
    (end, log, report): (SuiteEnd, &str, Option<&str>),
) -> Vec<(String, f64)> {
    let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
    let found = unit_seconds(kind, &units, &read_suite(&SuiteSaid { end, log, report }));
    // Whole milliseconds: sums of floats are not what they look like.
    found.into_iter().map(|(unit, time)| (unit, (time * 1000.0).round() / 1000.0)).collect()
}

fn owned<const N: usize>(expected: [(&str, f64); N]) -> Vec<(String, f64)> {
    expected.map(|(unit, seconds)| (unit.to_owned(), seconds)).into()
}

#[test]
fn targets_of_cargo_take_what_they_say_also_where_they_fail() {
    let units = ["bins", "doc", "lib", "test it", "test other"];
    let found = seconds(ModuleKind::Cargo, &units, (FAILED, fixture!("cargo.txt"), None));
    assert_eq!(found, owned([("bins", 0.0), ("doc", 0.05), ("lib", 0.0), ("test it", 0.01)]));
    // `-q` does not say which target it is.
    let quiet = (FAILED, fixture!("cargo-quiet.txt"), None);
    assert_eq!(seconds(ModuleKind::Cargo, &units, quiet), []);
}

#[test]
fn a_target_is_known_by_the_folder_of_its_file() {
    let of = |target| cargo_unit(target).unwrap_or_default();
    assert_eq!(of("a src/main.rs"), "bins");
    assert_eq!(of("tool src/bin/tool/main.rs"), "bins");
    assert_eq!(of("e examples/e.rs"), "example e");
    assert_eq!(of("b benches/b.rs"), "bench b");
    assert_eq!(of("doc a_lib"), "doc");
    assert_eq!((of("moved elsewhere/moved.rs"), of("alone")), (String::new(), String::new()));
}

#[test]
fn packages_of_go_are_known_by_the_end_of_their_path() {
    let units = ["a", "e", "m/a"];
    let found = seconds(ModuleKind::Go, &units, (FAILED, fixture!("go-verbose.txt"), None));
    assert_eq!(found, owned([("m/a", 0.002)]), "what came from a cache took no time to speak of");
    let top = BTreeSet::from(["", "x"]);
    assert_eq!(go_unit("example.com/m", &top), Some(String::new()));
    assert_eq!(go_unit("example.com/m/x", &top), Some("x".to_owned()));
    assert_eq!(go_unit("example.com/m/y", &BTreeSet::from(["x"])), None);
}

#[test]
fn files_of_pytest_take_the_sum_of_their_tests() {
    let units = ["tests/test_a.py", "tests/test_ok.py", "tests/test_gone.py"];
    let report = Some(fixture!("junit-pytest.xml"));
    let found = seconds(ModuleKind::Pytest, &units, (FAILED, "", report));
    assert_eq!(found, owned([("tests/test_a.py", 0.004), ("tests/test_ok.py", 0.0)]));
    let files: Vec<String> = units.map(str::to_owned).into();
    let files = Files::of(&files);
    assert_eq!(files.of_test("tests/test_a.py::TestC::test_m"), Some("tests/test_a.py"));
    assert_eq!(files.of_test("tests.test_a.TestC test_m"), Some("tests/test_a.py"));
    assert_eq!(files.of_test("own name tests.test_a test_m"), None);
    assert_eq!(files.of_test("pytest tests.test_ab test_m"), None);
}

#[test]
fn nothing_is_learned_of_a_suite_that_was_stopped() {
    let report = Some(fixture!("junit-pytest.xml"));
    let stopped = (SuiteEnd::TimedOut, "", report);
    assert_eq!(seconds(ModuleKind::Pytest, &["tests/test_a.py"], stopped), []);
}
