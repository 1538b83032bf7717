use proptest::prelude::*;

use super::fixture::{found, names};
use super::{go, wanted_manifests};

#[test]
fn only_manifests_are_read_and_sources_of_go_where_there_is_go() {
    let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let some = ["a/Cargo.toml", "b/main.go", "c/node_modules/x/package.json", "d/x.rs", "tox.ini"];
    assert_eq!(wanted_manifests(&paths(&some)), ["a/Cargo.toml", "tox.ini"]);
    let mut with_go = paths(&["go.mod", "b/main.go"]);
    assert_eq!(wanted_manifests(&with_go), ["go.mod", "b/main.go"]);
    with_go.extend((0..go::MOST_FILES).map(|n| format!("{n}.go")));
    assert_eq!(wanted_manifests(&with_go), ["go.mod"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_manifests_say_nothing_panics_and_the_rest_is_found(
        texts in prop::collection::vec(
            "(\\[workspace\\]\n|\\[package\\]\n|name = \"a\"\n|members = \\[\"[*./a{]{0,3}\"\\]\n|\
             \\[lib\\]\n|\\[\\[test\\]\\]\n|path = \"../\"\n|\\PC{0,9}|\\{|\"workspaces\": |packages:|\
             - |module a\n|\\[pytest\\]|testpaths =){0,8}",
            8,
        ),
    ) {
        let names_of = [
            "Cargo.toml", "a/Cargo.toml", "package.json", "b/package.json", "pnpm-workspace.yaml",
            "go.mod", "pytest.ini", "pyproject.toml",
        ];
        let mut files: Vec<(&str, &str)> =
            names_of.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        files.extend([
            ("sound/Cargo.toml", "[workspace]\n[package]\nname = \"sound\""),
            ("sound/src/lib.rs", ""),
            ("src/lib.rs", ""),
            ("x_test.go", ""),
            ("tests/test_a.py", ""),
        ]);
        let found = found(&files);
        prop_assert!(names(&found).iter().any(|name| name.contains("sound")), "{:?}", found);
    }
}
