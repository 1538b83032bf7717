use super::pnpm_list;
use crate::domain::suite::find::fixture::{found, module, names, shown};

const TESTED: &str = r#"{"name": "NAME", "scripts": {"test": "vitest"}, "dependencies": {USES}}"#;

fn package(name: &str, uses: &str) -> String {
    TESTED.replace("NAME", name).replace("USES", uses)
}

#[test]
fn members_with_a_test_script_are_modules_and_use_their_siblings() {
    let root = r#"{"workspaces": {"packages": ["./packages/*", "!packages/old", "gone"]},
                   "scripts": {"test": "npm test --workspaces"}}"#;
    let found = found(&[
        ("package.json", root),
        ("package-lock.json", ""),
        ("packages/a/package.json", &package("@s/a", r#""silent": "*""#)),
        ("packages/b/package.json", &package("b", "")),
        (
            "packages/c/package.json",
            r#"{"scripts": {"test": "echo \"Error: no test specified\""}}"#,
        ),
        ("packages/silent/package.json", r#"{"name": "silent", "peerDependencies": {"b": "*"}}"#),
        ("packages/old/package.json", &package("old", "")),
        ("tools/apart/package.json", &package("apart", "")),
        ("packages/a/node_modules/x/package.json", &package("x", "")),
        ("packages/a/test/fixtures/x/package.json", &package("x", "")),
    ]);
    // One that is no member is a project of its own, unless the workspace says that it is none.
    assert_eq!(names(&found), ["@s/a", "b", "apart"]);
    let a = module(&found, "@s/a");
    assert_eq!(a.depends_on, ["b"]);
    assert!(a.areas.contains(&"packages/silent".to_owned()), "{:?}", a.areas);
    assert_eq!(shown(&a.command), "npm test --workspace=packages/a");
    assert_eq!(
        found.notes,
        [
            "package.json: `gone` of the workspace has no package.json",
            "package.json: the workspace excludes `packages/old`, which is left out; \
             `[test.modules.NAME]` with `run` tests it nevertheless",
            "package.json: the `test` script runs those of the members and is left out",
            "members of a workspace without a `test` script: `packages/c`, `packages/silent`",
        ]
    );
}

#[test]
fn the_manager_is_the_one_that_is_named_or_whose_lock_is_there() {
    let command = |manager: &str, lock: &str| {
        let root = format!(r#"{{"packageManager": "{manager}", "workspaces": ["p"]}}"#);
        let list = "packages:\n  - p\n";
        let text = if lock == "pnpm-workspace.yaml" { list } else { "" };
        let found = found(&[
            ("w/package.json", &root),
            (&format!("w/{lock}"), text),
            ("w/p/package.json", &package("n", "")),
        ]);
        shown(&module(&found, "n").command).replace(r#"sh -c cd "$0" && exec "$@" ./w "#, "")
    };
    assert_eq!(command("", "package-lock.json"), "npm test --workspace=p");
    assert_eq!(command("", "pnpm-workspace.yaml"), "pnpm --dir p test");
    assert_eq!(command("", "yarn.lock"), "yarn workspace n test");
    assert_eq!(command("npm@10", "yarn.lock"), "npm test --workspace=p");
    assert_eq!(command("yarn@4.1.0+sha", "package-lock.json"), "yarn workspace n test");
}

#[test]
fn a_single_package_is_a_module_unless_its_tests_are_a_placeholder() {
    let single = found(&[("web/package.json", &package("web", ""))]);
    assert_eq!(module(&single, "web").why, "`test` script in `web` (npm)");
    let placeholder = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert_eq!(names(&found(&[("package.json", placeholder)])), [""; 0]);
    assert_eq!(names(&found(&[("package.json", r#"{"scripts": {"test": " "}}"#)])), [""; 0]);
}

#[test]
fn what_is_malformed_is_told_with_its_line_and_the_rest_is_found() {
    let found = found(&[
        ("a/package.json", "{\n  \"name\": \"a\",\n}"),
        (
            "b/package.json",
            "\u{feff}{\"name\": \"b\", \"workspaces\": 3, \"scripts\": {\"test\": \"x\"}}",
        ),
        ("c/package.json", "[]"),
    ]);
    assert_eq!(names(&found), ["b"]);
    let told = found.notes.join("\n");
    assert!(told.contains("a/package.json:3: "), "{told}");
    assert!(told.contains("b/package.json: `workspaces` is no list of texts"), "{told}");
}

#[test]
fn a_list_of_pnpm_is_read_in_its_usual_forms_and_the_rest_is_told() {
    let read = |text: &str| pnpm_list::parse(text).0.join(" ");
    assert_eq!(
        read("packages:\n  # all\n  - 'a/*' # yes\n\n  - \"!b\"\n  - c#d\ncatalog:\n  - no"),
        "a/* !b c#d"
    );
    assert_eq!(read("catalog: {}\npackages:\n- a\n- b\n"), "a b");
    assert_eq!(read("packages: ['a/*', b] # c"), "a/* b");
    assert_eq!(read("packages: [\n  'a',\n  b,\n]\nx: 1"), "a b");
    assert_eq!(read("onlyBuilt: [x]"), "");
    let (patterns, faults) = pnpm_list::parse("packages:\n  - a\n  - *alias\n  - |\n  - b\n");
    assert_eq!(patterns, ["a", "b"]);
    assert_eq!(
        faults,
        ["3: this item of `packages` cannot be read", "4: this item of `packages` cannot be read"]
    );
}
