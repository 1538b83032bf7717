use crate::domain::suite::find::fixture::{found, module, names, shown, units};

const MEMBER: &str = "[package]\nname = \"NAME\"\nedition = \"2021\"\n";

fn named(name: &str, more: &str) -> String {
    MEMBER.replace("NAME", name) + more
}

#[test]
fn members_are_those_that_cargo_takes_and_use_each_other_as_their_manifests_say() {
    let root = "[workspace]\nmembers = [\"crates/*\", \"tools/gen\"]\nexclude = [\"crates/old\"]\n\
                [workspace.dependencies]\nbase = { path = \"crates/base\" }\n\
                [patch.crates-io]\nforked = { path = \"crates/fork\" }\n\
                [package]\nname = \"app\"\nedition = \"2021\"\n[dependencies]\nhidden = { path = \"lib/hidden\" }\n";
    let api = named(
        "api",
        "[dependencies]\nbase.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\nrenamed = \
         { package = \"gen\", path = \"../../tools/gen\" }\n[build-dependencies]\nforked = \"1\"\n",
    );
    let found = found(&[
        ("Cargo.toml", root),
        ("src/main.rs", ""),
        ("crates/api/Cargo.toml", &api),
        ("crates/api/src/lib.rs", ""),
        ("crates/base/Cargo.toml", &named("base", "")),
        ("crates/base/src/lib.rs", ""),
        ("crates/fork/Cargo.toml", &named("forked", "")),
        ("crates/fork/src/lib.rs", ""),
        ("crates/old/Cargo.toml", &named("old", "")),
        ("crates/old/src/lib.rs", ""),
        ("lib/hidden/Cargo.toml", &named("hidden", "")),
        ("lib/hidden/src/lib.rs", ""),
        ("tools/gen/Cargo.toml", &named("gen", "")),
        ("tools/gen/src/main.rs", ""),
        ("vendor/other/Cargo.toml", &named("other", "")),
        ("tests/data/x/Cargo.toml", "[workspace]\n[package]\nname = \"x\""),
    ]);
    assert_eq!(names(&found), ["app", "api", "base", "forked", "hidden", "gen"]);
    assert_eq!(module(&found, "api").depends_on, ["base", "forked", "gen"]);
    assert_eq!(module(&found, "app").depends_on, ["hidden"]);
    assert_eq!(
        found.notes,
        ["in no cargo workspace and left out: `crates/old/Cargo.toml`; `[test.modules.NAME]` can \
          name them"]
    );
    let api = module(&found, "api");
    assert_eq!(shown(&api.command), "cargo test -p api --no-fail-fast");
    assert_eq!(api.build.as_deref(), Some("cargo:Cargo.toml"));
}

#[test]
fn units_are_what_cargo_test_runs_and_nothing_else() {
    let manifest = named(
        "p",
        "[lib]\ndoctest = false\n[features]\ndefault = [\"on\"]\non = [\"more\"]\nmore = []\noff = []\n\
         [[bin]]\nname = \"p\"\npath = \"src/main.rs\"\ntest = false\n\
         [[test]]\nname = \"a\"\nharness = false\n[[test]]\nname = \"moved\"\npath = \"tests/b.rs\"\n\
         [[test]]\nname = \"on\"\nrequired-features = [\"more\"]\n\
         [[test]]\nname = \"off\"\nrequired-features = [\"off\"]\n\
         [[example]]\nname = \"e\"\ntest = true\n[[bench]]\nname = \"s\"\ntest = true\n",
    );
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", ""),
        ("src/main.rs", ""),
        ("src/bin/tool/main.rs", ""),
        ("src/bin/tool/part.rs", ""),
        ("src/bin/other.rs", ""),
        ("tests/a.rs", ""),
        ("tests/b.rs", ""),
        ("tests/on.rs", ""),
        ("tests/off.rs", ""),
        ("tests/folder/main.rs", ""),
        ("tests/folder/more.rs", ""),
        ("tests/.hidden.rs", ""),
        ("examples/e.rs", ""),
        ("examples/plain.rs", ""),
        ("benches/s.rs", ""),
        ("benches/plain.rs", ""),
    ];
    let found = found(&files);
    let p = module(&found, "p");
    let expected =
        ["lib", "bins", "test a", "test folder", "test moved", "test on", "example e", "bench s"];
    assert_eq!(units(p), expected);
    assert_eq!(p.units[1].words, ["--bin", "other", "--bin", "tool"]);
    assert_eq!(p.units[4].words, ["--test", "moved"]);
    assert_eq!(
        found.notes,
        ["not run, since they need features that `cargo test -p` does not turn on: `p off`"]
    );
}

#[test]
fn keys_that_turn_discovery_off_do() {
    let of = |more: &str| {
        let manifest = named("p", more);
        let files = [
            ("Cargo.toml", &*manifest),
            ("src/lib.rs", ""),
            ("tests/a.rs", ""),
            ("tests/b.rs", ""),
        ];
        let found = found(&files);
        units(module(&found, "p")).join(" ")
    };
    assert_eq!(of(""), "lib test a test b doc");
    assert_eq!(of("autotests = false\n[[test]]\nname = \"b\""), "lib test b doc");
    assert_eq!(of("[lib]\ntest = false"), "test a test b doc");
    assert_eq!(of("[lib]\ncrate-type = [\"cdylib\"]"), "lib test a test b");
    assert_eq!(of("[lib]\nproc-macro = true"), "lib test a test b doc");
    let old = "[package]\nname = \"p\"\n[[test]]\nname = \"b\"";
    let files = [("Cargo.toml", old), ("src/lib.rs", ""), ("tests/a.rs", ""), ("tests/b.rs", "")];
    assert_eq!(units(module(&found(&files), "p")), ["lib", "test b", "doc"]);
}

#[test]
fn features_that_only_cargo_can_tell_keep_a_package_whole() {
    let needs = "[features]\nslow = []\n[[test]]\nname = \"a\"\nrequired-features = [\"slow\"]\n";
    let of = |more: &str, other: &str| {
        let manifest = named("p", &format!("{needs}{more}"));
        let root = "[workspace]\nmembers = [\"p\", \"q\"]";
        let q = named("q", other);
        let files = [
            ("Cargo.toml", root),
            ("p/Cargo.toml", &manifest),
            ("p/src/lib.rs", ""),
            ("p/tests/a.rs", ""),
            ("q/Cargo.toml", &q),
            ("q/src/lib.rs", ""),
        ];
        units(module(&found(&files), "p")).join(" ")
    };
    let uses_q = "[dev-dependencies]\nq = { path = \"../q\" }";
    let uses_p = "[dependencies]\np = { path = \"../p\", features = [\"slow\"] }";
    assert_eq!(of(uses_q, ""), "lib doc");
    assert_eq!(of(uses_q, uses_p), "", "`q` turns the feature on");
    let itself = "[dev-dependencies]\np = { path = \".\", features = [\"slow\"] }";
    assert_eq!(of(itself, ""), "lib test a doc");
}

#[test]
fn a_package_without_tests_hands_what_it_is_made_of_to_those_that_use_it() {
    let uses = |path: &str| format!("[dependencies]\nx = {{ path = \"{path}\" }}");
    let found = found(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"*\"]\nexclude = [\"vendor\"]"),
        ("a/Cargo.toml", &named("a", &uses("../silent"))),
        ("a/src/lib.rs", ""),
        ("c/src/lib.rs", ""),
        (
            "silent/Cargo.toml",
            &named("silent", &format!("[lib]\ntest = false\ndoctest = false\n{}", uses("../c"))),
        ),
        ("silent/src/lib.rs", ""),
        ("vendor/one/Cargo.toml", &named("one", &uses("../two"))),
        ("vendor/two/Cargo.toml", &named("two", "")),
        ("c/Cargo.toml", &named("c", &uses("../vendor/one"))),
    ]);
    assert_eq!(names(&found), ["a", "c"]);
    let c = module(&found, "c");
    assert!(["vendor/one", "vendor/two"].iter().all(|used| c.areas.contains(&(*used).to_owned())));
    let a = module(&found, "a");
    assert_eq!(a.depends_on, ["c"]);
    assert!(a.areas.contains(&"silent".to_owned()), "{:?}", a.areas);
    assert_eq!(found.notes, ["cargo packages without tests: `silent`"]);
}

#[test]
fn several_workspaces_run_in_their_own_folders() {
    let root = "[workspace]\nmembers = [\"x\"]";
    let found = found(&[
        ("one/Cargo.toml", root),
        ("one/x/Cargo.toml", &named("x", "")),
        ("one/x/src/lib.rs", ""),
        ("two/Cargo.toml", root),
        ("two/x/Cargo.toml", &named("x", "")),
        ("two/x/src/lib.rs", ""),
        ("alone/Cargo.toml", &named("alone", "")),
        ("alone/src/lib.rs", ""),
    ]);
    assert_eq!(names(&found), ["x@one/x", "x@two/x", "alone"]);
    assert_eq!(found.notes, ["modules with the name `x` are `x@one/x`, `x@two/x`"]);
    let command = shown(&module(&found, "x@two/x").command);
    assert_eq!(command, r#"sh -c cd "$0" && exec "$@" ./two cargo test -p x --no-fail-fast"#);
}

#[test]
fn what_is_malformed_is_told_with_its_line_and_the_rest_is_found() {
    let found = found(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"b\", \"gone\", \"../out\", \"[\"]\nexclude = 3",
        ),
        ("a/Cargo.toml", "[package]\nname = \"a\"\nedition = = 3\n"),
        ("b/Cargo.toml", &named("b", "")),
        ("b/src/lib.rs", ""),
        ("c/Cargo.toml", "[package]\nname = \"--help\""),
        ("fixtures/broken/Cargo.toml", "="),
    ]);
    assert_eq!(names(&found), ["b"]);
    let told = found.notes.join("\n");
    assert!(told.contains("a/Cargo.toml:3: "), "{told}");
    assert!(told.contains("Cargo.toml: `gone` of `members` has no Cargo.toml"), "{told}");
    assert!(told.contains("`../out` of `members` leads out of the repository"), "{told}");
    assert!(told.contains("`[` of `members` is no glob"), "{told}");
    assert!(told.contains("`exclude` of [workspace] is no list of texts"), "{told}");
    assert!(!told.contains("broken"), "{told}");
}
