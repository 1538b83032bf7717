use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{part_task_id, task_id};
use crate::domain::suite::find::fixture::{found, found_by, module, names};
use crate::domain::suite::{ConfiguredModule, SuiteRules};
use crate::domain::task::Claims;

const TESTED: &str = r#"{"name": "NAME", "scripts": {"test": "vitest"}}"#;

fn npm(name: &str) -> String {
    TESTED.replace("NAME", name)
}

fn cargo(name: &str) -> String {
    format!("[package]\nname = \"{name}\"")
}

#[test]
fn names_that_would_be_one_task_are_told_apart_in_sight() {
    let found = found(&[
        ("a/Cargo.toml", &cargo("core")),
        ("a/src/lib.rs", ""),
        ("b/package.json", &npm("Core")),
        ("c/package.json", &npm("@s/x")),
        ("d/package.json", &npm("s-x")),
        ("e/package.json", &npm("other.part2")),
    ]);
    assert_eq!(names(&found), ["cargo:core", "npm:Core", "@s/x@c", "s-x@d", "npm:other.part2-2"]);
    assert_eq!(
        found.notes,
        [
            "modules with the name `core` are `cargo:core`, `npm:Core`",
            "modules with the name `@s/x` are `@s/x@c`, `s-x@d`"
        ]
    );
    let ids: BTreeSet<String> =
        found.modules.iter().map(|m| task_id(&m.name).unwrap().to_string()).collect();
    assert_eq!(ids.len(), found.modules.len());
}

#[test]
fn names_in_the_settings_that_would_be_one_task_are_told_apart_as_well() {
    let run = || ConfiguredModule { run: "true".to_owned(), ..ConfiguredModule::default() };
    let named = ["A", "a", "ñ", "🙂"].map(|name| (name.to_owned(), run()));
    let rules = SuiteRules { modules: named.into(), ..SuiteRules::default() };
    let found = found_by(&[], &rules);
    assert_eq!(names(&found), ["A", "a-2", "ñ", "🙂-2"]);
    assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
    let ids: BTreeSet<String> =
        found.modules.iter().map(|m| task_id(&m.name).unwrap().to_string()).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn what_the_settings_name_takes_over_and_what_they_exclude_goes() {
    let run = |depends_on: &[&str]| ConfiguredModule {
        run: "make check".to_owned(),
        depends_on: depends_on.iter().map(|name| (*name).to_owned()).collect(),
        ..ConfiguredModule::default()
    };
    let infra = ConfiguredModule {
        paths: Some(Claims::parse(&["infra/**"]).unwrap()),
        report: Some("out.xml".to_owned()),
        ..run(&["nobody"])
    };
    let rules = SuiteRules {
        exclude: vec!["mid".to_owned(), "none".to_owned()],
        modules: [("Low", run(&[])), ("e2e", run(&["top"])), ("infra", infra)]
            .map(|(name, module)| (name.to_owned(), module))
            .into(),
        ..SuiteRules::default()
    };
    let uses = |name: &str, used: &str| {
        format!("{}\n[dependencies]\nx = {{ path = \"../{used}\" }}", cargo(name))
    };
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"*\"]"),
        ("low/Cargo.toml", &*cargo("low")),
        ("low/src/lib.rs", ""),
        ("mid/Cargo.toml", &*uses("mid", "low")),
        ("mid/src/lib.rs", ""),
        ("top/Cargo.toml", &*uses("top", "mid")),
        ("top/src/lib.rs", ""),
    ];
    let found = found_by(&files, &rules);
    assert_eq!(names(&found), ["top", "Low", "e2e", "infra"]);
    let top = module(&found, "top");
    assert_eq!(top.depends_on, ["Low"], "through what is left out");
    assert!(top.areas.contains(&"mid".to_owned()));
    let low = module(&found, "Low");
    assert_eq!((low.folder.as_str(), low.command.display().as_str()), ("low", "make check"));
    assert_eq!(
        low.why,
        "`[test.modules.Low]` instead of the package of the cargo workspace at the root"
    );
    assert_eq!(module(&found, "e2e").depends_on, ["top"]);
    assert_eq!(module(&found, "infra").report.as_deref(), Some("out.xml"));
    assert_eq!(
        found.notes,
        [
            "`test.exclude` has `none`, which is no module",
            "`[test.modules.infra]` depends on `nobody`, which is no module"
        ]
    );
    let only = SuiteRules { discover: false, ..rules };
    assert_eq!(names(&found_by(&files, &only)), ["Low", "e2e", "infra"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_name_has_an_id_and_its_parts_have_others(name in "\\PC{0,90}", number in 1usize..999) {
        let whole = task_id(&name).unwrap();
        prop_assert_ne!(part_task_id(&name, number).unwrap(), whole);
    }

    #[test]
    fn modules_that_are_found_together_have_tasks_of_their_own(
        given in prop::collection::vec("[aA@/.-]{1,4}|a{60,70}|(a\\.part[12])", 1..8),
    ) {
        let files: Vec<(String, String)> = given
            .iter()
            .enumerate()
            .map(|(at, name)| (format!("d{at}/package.json"), npm(name)))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (&**p, &**t)).collect();
        let found = found(&files);
        prop_assert_eq!(found.modules.len(), given.len());
        let mut ids = BTreeSet::new();
        for module in &found.modules {
            prop_assert!(ids.insert(task_id(&module.name).unwrap()), "{:?}", names(&found));
        }
        for module in &found.modules {
            prop_assert!(ids.insert(part_task_id(&module.name, 1).unwrap()), "{:?}", names(&found));
        }
    }
}
