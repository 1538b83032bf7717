//! Texts as a whole: broken, empty, long, and any at all.

use proptest::prelude::*;

use super::*;

#[test]
fn an_unknown_base_joins_the_other_problems() {
    let mut parsed = parse("base = 'gone'\n[[task]]\nid = 'a'\nrun = 'x'\n", &known());
    assert!(parsed.tasks.value.is_some());
    let span = parsed.base.unwrap().span;
    parsed.tasks.add(Diagnostic::error("unknown_base", span, "git knows no `gone`"));
    assert!(parsed.tasks.value.is_none());
    let codes: Vec<_> = parsed.tasks.problems.iter().map(|p| p.code).collect();
    assert_eq!(codes, ["unknown_base", "not_testable"]);
}

#[test]
fn broken_syntax_is_reported_alone() {
    let found = problems("[[task]]\nid = \"a\"\nrun = cargo test\nbad = = 1\n[[task\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("3:7 syntax: "), "{found:?}");
}

#[test]
fn a_file_without_tasks_is_an_error_of_the_whole_file() {
    for text in ["", "name = 'x'\n", "task = []\n", "# only this\n"] {
        let found = problems(text);
        assert!(found.len() == 1 && found[0].starts_with("no_tasks: "), "{text:?}: {found:?}");
    }
    let found = problems("[task]\nid = 'a'\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("write the header as `[[task]]`"), "{found:?}");
}

#[test]
fn many_tasks_in_one_long_chain_are_read() {
    let mut text = String::new();
    for n in 0..5_000 {
        let before = if n == 0 { String::new() } else { format!("depends_on = ['t{}']\n", n - 1) };
        let _ = write!(
            text,
            "[[task]]\nid = 't{n}'\nrun = 'x'\ncheck = 'x'\nowns = ['src/{n}/**']\n{before}"
        );
    }
    let set = parse(&text, &known()).tasks.value.unwrap();
    assert_eq!(set.tasks.len(), 5_000);
    // All of them wrong: duplicates, unknown names, one ring.
    let wrong = text.replace("id = 't1", "id = 'T1").replace("owns = [", "owns = ['/', ");
    assert!(parse(&wrong, &known()).tasks.problems.len() > 5_000);
    let same = text.replace("id = 't", "id = 'T #").replace("depends_on = ['t", "depends_on = ['u");
    assert!(parse(&same, &known()).tasks.problems.len() > 9_000);
    let ring = text.replacen("run = 'x'", "run = 'x'\ndepends_on = ['t4999']", 1);
    let found = problems(&ring);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("… → t1 → t0 (5000 tasks)"), "{}", found[0]);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(cut in 0..FULL.len(), insert in "[\\[\\]{}\"'=,.a-z0-9 \n\\\\é\u{0}-]{0,12}", skip in 0..40usize) {
        let from = FULL.floor_char_boundary(cut);
        let to = FULL.ceil_char_boundary((cut + skip).min(FULL.len()));
        let text = [&FULL[..from], &insert, &FULL[to..]].concat();
        for problem in &parse(&text, &known()).tasks.problems {
            for label in &problem.labels {
                prop_assert!(text.get(label.span.clone()).is_some(), "{:?}", problem);
            }
        }
        problems(&text);
    }

    #[test]
    fn any_dependencies_are_either_acyclic_or_reported(
        edges in prop::collection::vec((0..8usize, 0..8usize), 0..14),
    ) {
        let mut text = String::new();
        for n in 0..8 {
            let on: Vec<_> =
                edges.iter().filter(|e| e.0 == n).map(|e| format!("'t{}'", e.1)).collect();
            let _ = write!(text, "[[task]]\nid = 't{n}'\nrun = 'x'\ncheck = 'x'\ndepends_on = [{}]\n", on.join(","));
        }
        // Independent judge: take away tasks without open dependencies until none is left.
        let mut open: Vec<_> = edges.clone();
        loop {
            let before = open.len();
            let waiting: Vec<_> = open.iter().map(|e| e.0).collect();
            open.retain(|e| waiting.contains(&e.1));
            if open.len() == before {
                break;
            }
        }
        prop_assert_eq!(problems(&text).is_empty(), open.is_empty(), "{}", text);
    }
}
