//! Names that say nothing, and files that hold too much.

use super::Fault;
use super::source::{Kind, Source};

/// Most lines of a file, tests as well.
const LONGEST: usize = 400;

const BANNED_MODULES: [&str; 12] = [
    "common",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "imp",
    "manager",
    "managers",
    "misc",
    "util",
    "utilities",
    "utils",
];
const BANNED_ENDINGS: [&str; 8] =
    ["_common", "_handler", "_helper", "_helpers", "_manager", "_misc", "_util", "_utils"];
const BANNED_PREFIXES: [&str; 4] = ["do_", "get_", "handle_", "process_"];

/// Files, folders, modules and functions with a name that says nothing.
pub(crate) fn names(source: &Source) -> Vec<Fault> {
    let mut faults: Vec<Fault> = source
        .path
        .trim_end_matches(".rs")
        .split('/')
        .filter(|part| is_banned(part))
        .map(|part| Fault::new(source, 1, "name", format!("`{part}` does not say what it owns")))
        .collect();
    for fact in &source.facts {
        match &fact.kind {
            Kind::Module { name, inline: true } if is_banned(name) => {
                let message = format!("`{name}` does not say what it owns");
                faults.push(Fault::new(source, fact.line, "name", message));
            }
            Kind::Function(name) if BANNED_PREFIXES.iter().any(|p| name.starts_with(p)) => {
                let message = format!("`{name}` starts with a word that says nothing");
                faults.push(Fault::new(source, fact.line, "name", message));
            }
            Kind::Module { .. }
            | Kind::Function(_)
            | Kind::Own(_)
            | Kind::Path(_)
            | Kind::Macro(_) => {}
        }
    }
    faults
}

fn is_banned(name: &str) -> bool {
    BANNED_MODULES.contains(&name) || BANNED_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Files that are too long.
pub(crate) fn length(source: &Source) -> Option<Fault> {
    let message = format!("{} lines, {LONGEST} are allowed", source.lines);
    (source.lines > LONGEST).then(|| Fault::new(source, LONGEST + 1, "length", message))
}

#[test]
fn a_name_that_says_nothing_is_a_fault() {
    super::planted("src/engine/utils.rs", "", &["1 name utils"]);
    super::planted("src/adapters/git/misc/mod.rs", "", &["1 name misc"]);
    super::planted("src/adapters/git/string_util.rs", "", &["1 name string_util"]);
    super::planted("tests/it/common.rs", "", &["1 name common"]);
    super::planted("src/cli/mod.rs", "\nmod helpers {}", &["2 name helpers"]);
    super::planted("src/cli/mod.rs", "#[cfg(test)]\nmod tests { mod imp {} }", &["2 name imp"]);
    super::planted("src/domain/id.rs", "impl A {\n  fn get_b(&self) {} }", &["2 name get_b"]);
    super::planted("src/domain/id.rs", "trait A { fn handle_b(); }", &["1 name handle_b"]);
    super::planted("tests/it/a.rs", "pub async fn process_b() {}", &["1 name process_b"]);
}

#[test]
fn a_trait_of_others_may_name_its_functions() {
    super::planted(
        "src/domain/id.rs",
        "impl<T> A for B<T> where T: for<'a> C<'a> { fn get_b() {} }",
        &[],
    );
    let own = "fn a() -> impl for<'a> C<'a> { fn do_b() {} }";
    super::planted("src/domain/id.rs", own, &["1 name do_b"]);
}

#[test]
fn a_long_file_is_a_fault_and_tests_count() {
    let lines = |count: usize| "const A: u8 = 1;\n".repeat(count);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(300));
    super::planted("src/domain/id.rs", &lines(400), &[]);
    super::planted("src/domain/id.rs", &lines(401), &["401 length 401 lines"]);
    let both = format!("{}{tests}", lines(100));
    super::planted("src/domain/id.rs", &both, &["401 length 403 lines"]);
    super::planted("tests/it/a.rs", &lines(401), &["401 length 401 lines"]);
}

#[test]
fn a_file_for_tests_only_imports_what_it_likes() {
    let upward = "use crate::engine::Driver;\n";
    let (parent, tests) = ("src/domain/task/mod.rs", "src/domain/task/tests.rs");
    let deeper = "src/domain/task/tests/more.rs";
    let marked = "#[cfg(test)]\nmod tests;";
    assert_eq!(super::faults_in(&[(parent, marked), (tests, upward), (deeper, upward)]), []);
    assert_eq!(super::faults_in(&[(parent, "mod tests;"), (tests, upward)]).len(), 1);
}
