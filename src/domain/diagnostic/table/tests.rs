use super::*;
use crate::domain::diagnostic::LineIndex;

fn shown(text: &str, problems: Vec<Diagnostic>) -> Vec<String> {
    let index = LineIndex::new(text);
    let mut lines: Vec<_> = problems
        .iter()
        .map(|p| (index.place(text, p.offset()), &p.message))
        .map(|((line, column), message)| format!("{line}:{column} {message}"))
        .collect();
    lines.sort();
    lines
}

#[test]
fn broken_syntax_gives_its_first_fault_only() {
    let text = "a = 1\nb = \"open\nc = = 3\n[[x]\n";
    let first = Document::parse(text).err().expect("a fault");
    assert_eq!(LineIndex::new(text).place(text, first.offset()).0, 2, "{first:?}");
    assert_eq!(first.code, "syntax");
    assert!(Document::parse("a = 1\na = 2\n").is_err());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for text in ["a = ".to_owned() + &"[".repeat(100_000), "a.".repeat(100_000) + "b = 1"] {
        assert!(Document::parse(&text).is_err());
    }
}

#[test]
fn every_value_keeps_its_place() {
    let text = "list = [\"a\", \"é\"]\nmap = { X = \"1\" }\n[[task]]\nid = 'x'\n";
    let problems = Problems::default();
    let document = Document::parse(text).unwrap();
    let mut root = document.root(&problems);
    let list = root.strings("list").unwrap();
    assert_eq!(&text[list.span.clone()], "[\"a\", \"é\"]");
    assert_eq!(&text[list.value[1].span.clone()], "\"é\"");
    let map = root.string_map("map").unwrap();
    assert_eq!(&text[map[0].0.span.clone()], "X");
    let mut task = root.tables("task").remove(0);
    assert_eq!(&text[task.span()], "[[task]]");
    assert_eq!(task.string("id").unwrap().value, "x");
    assert_eq!(task.string("title"), None);
    task.finish();
    root.finish();
    assert_eq!(problems.into_vec(), []);
}

#[test]
fn wrong_types_and_unknown_keys_are_all_reported() {
    let text = "a = 1\nb = [\"x\", 2]\nc = 99999999999999999999999999999999999999999\n\
                d = -1\nnmae = 1\n[t]\n[u]\nx = 1.5\ny = 2026-11-20\n";
    let problems = Problems::default();
    let document = Document::parse(text).unwrap();
    let mut root = document.root(&problems);
    assert_eq!(root.string("a"), None);
    assert_eq!(root.strings("b").unwrap().value.len(), 1);
    assert_eq!(root.integer("c", (0, u64::MAX)), None);
    assert_eq!(root.integer("d", (0, 20)), None);
    assert_eq!(root.string("name"), None);
    assert!(root.tables("t").is_empty());
    assert!(root.integer_map("u", (0, 9)).unwrap().is_empty());
    root.finish();
    let problems = problems.into_vec();
    let unknown = problems.iter().find(|p| p.code == "unknown_key").unwrap();
    assert_eq!(unknown.labels[0].text, "did you mean `name`?");
    assert_eq!(unknown.help.as_deref(), Some("known keys: a, b, c, d, name, t, u"));
    assert_eq!(
        shown(text, problems),
        [
            "1:5 `a` must be a string, not a whole number",
            "2:11 an item of `b` must be a string, not a whole number",
            "3:5 `c` must be 0 or more",
            "4:5 `d` must lie between 0 and 20",
            "5:1 unknown key `nmae`",
            "6:1 `t` must be an array of tables, not a table",
            "8:5 `x` in `u` must be a whole number, not a fraction",
            "9:5 `y` in `u` must be a whole number, not a date or time",
        ]
    );
}
