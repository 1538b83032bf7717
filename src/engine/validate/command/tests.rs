use std::time::Duration;

use super::*;

#[test]
fn chosen_tests_are_named_as_one_word_each() {
    let validation = Validation {
        name: "unit".to_owned(),
        run: "make check".to_owned(),
        report: None,
        rerun: Some("make check T={tests}; echo {tests}".to_owned()),
        locks: Vec::new(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(1),
    };
    let only = ["a::b".to_owned(), "it's; rm -rf".to_owned()];
    let words = r"a::b 'it'\''s; rm -rf'";
    assert_eq!(command_text(&validation, &only), format!("make check T={words}; echo {words}"));
    assert_eq!(command_text(&validation, &[]), "make check");
    let whole = Validation { rerun: None, ..validation };
    assert_eq!(command_text(&whole, &only), "make check");
}
