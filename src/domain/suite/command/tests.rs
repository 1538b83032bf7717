use super::command_of;
use crate::domain::suite::Module;
use crate::domain::suite::find::fixture::{found, module};
use crate::domain::task::Command;

fn package() -> Module {
    let found = found(&[
        ("w/Cargo.toml", "[workspace]\n[package]\nname = \"p\"\nedition = \"2021\""),
        ("w/src/lib.rs", ""),
        ("w/tests/it's.rs", ""),
    ]);
    module(&found, "p").clone()
}

fn shown(units: &[&str]) -> Command {
    let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
    command_of(&package(), &units)
}

#[test]
fn units_share_one_command_unless_one_of_them_stands_alone() {
    let whole = package().command;
    assert_eq!(shown(&[]), whole);
    assert_eq!(shown(&["lib", "gone"]), whole, "no test is left out for a name that is not known");
    let words = |command: Command| match command {
        Command::Argv(words) => words[5..].join(" "),
        Command::Shell(text) => panic!("{text}"),
    };
    assert_eq!(
        words(shown(&["lib", "test it's"])),
        "cargo test -p p --no-fail-fast --lib --test it's".split_once(' ').unwrap().1
    );
    assert_eq!(words(shown(&["doc"])), "test -p p --no-fail-fast --doc");
    let start = r#"sh -c 'cd "$0" && exec "$@"' ./w cargo test -p p --no-fail-fast"#;
    assert_eq!(
        shown(&["test it's", "doc"]),
        Command::Shell(format!(
            "s=\n{start} --test 'it'\\''s' || s=${{s:-$?}}\n{start} --doc || s=${{s:-$?}}\nexit ${{s:-0}}"
        ))
    );
}
