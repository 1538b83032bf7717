//! Every rule of landing has a test that names it: `rule_12_…`, `rule_7_and_9_…`.

use std::collections::BTreeSet;
use std::path::Path;

/// The rules that comments and tests speak of; they stand in the page of the library.
const RULES: u32 = 22;

#[test]
fn every_rule_of_landing_has_a_test_that_names_it() {
    let mut named = BTreeSet::new();
    for folder in ["src", "tests/it"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut named);
    }
    let missing: Vec<u32> = (1..=RULES).filter(|rule| !named.contains(rule)).collect();
    assert_eq!(missing, [0; 0], "rules without a test");
}

/// Numbers in names of test functions.
fn collect(folder: &Path, named: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let after_test = text.split("#[test]").skip(1);
            let names = after_test.filter_map(|rest| rest.split_once("fn rule_"));
            // The function right behind the attribute, not one further down.
            let near = names.filter(|(before, _)| !before.contains("fn "));
            named.extend(near.flat_map(|(_, name)| numbers(name)));
        }
    }
}

/// `7_and_9_files_of`: those in front.
fn numbers(name: &str) -> impl Iterator<Item = u32> + '_ {
    let words = name.split('_').map(|word| (word, word.parse().ok()));
    words.take_while(|(word, number)| *word == "and" || number.is_some()).filter_map(|(_, n)| n)
}
