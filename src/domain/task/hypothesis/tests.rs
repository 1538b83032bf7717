use super::*;
use crate::domain::diagnostic;

#[test]
fn the_number_of_the_arm_is_filled_in_and_nothing_else() {
    let resolved = |text: &str| filled(text, "3", Escapes::Resolved);
    assert_eq!(resolved("try {arm} of 5: {arm}"), "try 3 of 5: 3");
    for same in ["${arm}", "{ arm }", "{arms}", "{id}", "{{id}}", "{", "{}", ""] {
        assert_eq!(resolved(same), same);
    }
    assert_eq!(resolved("{{arm}}x{arm}"), "{arm}x3");
}

#[test]
fn what_is_filled_in_twice_is_what_filling_in_once_gives() {
    let texts = [
        "{arm}",
        "{{arm}}",
        "${arm}",
        "{{{arm}}}",
        "-n{arm}{id}{{id}}",
        "{arm}}",
        "{{arm}",
        "{arm}{arm}",
    ];
    for text in texts {
        let both =
            |name: &str| [("arm", "3"), ("id", "x")].into_iter().find(|v| v.0 == name).map(|v| v.1);
        let later = |name: &str| (name == "id").then_some("x");
        let twice = diagnostic::filled(&filled(text, "3", Escapes::Kept), later);
        assert_eq!(twice, diagnostic::filled(text, both), "{text}");
    }
}
