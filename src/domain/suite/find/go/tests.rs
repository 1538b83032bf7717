use super::{MOST_FILES, group_of};
use crate::domain::suite::find::fixture::{found, module, names, shown, units};

const MANIFEST: &str = "// a\nmodule example.com/proj/v2 // b\n\ngo 1.21\n";

#[test]
fn packages_are_grouped_by_the_folders_at_the_top() {
    for (folder, group) in [
        ("", ""),
        ("a", "a"),
        ("a/b/c", "a"),
        ("internal/x/y", "internal/x"),
        ("internal", "internal"),
        ("cmd/tool", "cmd/tool"),
    ] {
        assert_eq!(group_of(folder), group);
    }
    let found = found(&[
        ("go.mod", MANIFEST),
        ("main.go", "package main\nimport (\n\t\"example.com/proj/v2/silent\"\n)"),
        ("main_test.go", "package main"),
        ("a/a.go", "package a"),
        ("a/deep/x_test.go", "package deep"),
        ("a/deep/more/x_test.go", "package more"),
        ("internal/x/x.go", "package x\nimport y `example.com/proj/v2/a/deep`"),
        ("internal/x/x_test.go", "package x"),
        ("silent/s.go", "package s\nimport \"example.com/proj/v2/internal/x\""),
        ("vendor/v/v_test.go", "package v"),
        ("a/testdata/t_test.go", "broken"),
        ("_tools/t_test.go", "package t"),
        ("nested/go.mod", "module \"example.com/nested\""),
        (
            "nested/n_test.go",
            "package n\nimport \"example.com/proj/v2x\"\n// example.com/proj/v2/a",
        ),
    ]);
    assert_eq!(names(&found), ["proj", "a", "internal/x", "nested"]);
    assert_eq!(units(module(&found, "a")), ["a/deep", "a/deep/more"]);
    assert_eq!(module(&found, "a").depends_on, [""; 0]);
    assert_eq!(module(&found, "internal/x").depends_on, ["a"]);
    assert_eq!(module(&found, "proj").depends_on, ["internal/x"]);
    assert_eq!(module(&found, "nested").depends_on, [""; 0]);
    assert_eq!(shown(&module(&found, "proj").command), "go test -v .");
    assert_eq!(shown(&module(&found, "a").command), "go test -v ./a/...");
    let nested = r#"sh -c cd "$0" && exec "$@" ./nested go test -v ."#;
    assert_eq!(shown(&module(&found, "nested").command), nested);
    assert_eq!(found.notes, [""; 0]);
}

#[test]
fn without_the_imports_every_group_uses_every_other() {
    let mut files = vec![("go.mod", MANIFEST), ("a/a_test.go", ""), ("b/b_test.go", "")];
    let many: Vec<String> = (0..MOST_FILES).map(|n| format!("b/f{n}.go")).collect();
    files.extend(many.iter().map(|path| (path.as_str(), "")));
    let found = found(&files);
    assert_eq!(module(&found, "a").depends_on, ["b"]);
    assert_eq!(module(&found, "b").depends_on, ["a"]);
    assert!(found.notes[0].contains("count as using all others"), "{:?}", found.notes);
}

#[test]
fn a_manifest_without_a_module_is_told() {
    let found = found(&[("go.mod", "go 1.21\n"), ("a_test.go", "")]);
    assert_eq!(names(&found), [""; 0]);
    assert_eq!(found.notes, ["go.mod:1: no line names the module"]);
}
