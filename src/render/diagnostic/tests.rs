use proptest::prelude::*;

use super::*;
use crate::domain::task::{Known, parse};

fn shown(text: &str, problems: &[Diagnostic], style: Style) -> String {
    let mut out = Vec::new();
    write_diagnostics(&mut out, "tasks.toml", text, problems, style).unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: Style = Style { color: false, width: 80 };

const MANY: &str = r#"[defaults]
timeout = "1 fortnight"

[[task]]
id = "api"
rnu = "x"
depends_on = ["web", "schem"]

[[task]]
id = "web"
	run = """
make
"""
depends_on = ["api"]
owns = ["../é"]
check = "true"

[[task]]
id = "api"
run = "true"
check = "true"
"#;

#[test]
fn every_problem_is_drawn_at_its_place() {
    let problems = parse(MANY, &Known::default()).tasks.problems;
    insta::assert_snapshot!(shown(MANY, &problems, PLAIN), @r#"
    error[bad_duration]
      x `1 fortnight` is no duration; write it like `90s`, `10m` or `1h 30m`
       ,-[tasks.toml:2:11]
     1 | [defaults]
     2 | timeout = "1 fortnight"
       :           ^^^^^^^^^^^^^
     3 |
       `----

    warning[not_testable]
      ! task `api` can't be tested on its own
       ,-[tasks.toml:5:6]
     4 | [[task]]
     5 | id = "api"
       :      ^^^^^
     6 | rnu = "x"
       `----
      help: add a `check` to the task, or a `[[validate]]` to the file: without
            either nothing tells whether the work is right

    error[unknown_key]
      x unknown key `rnu` in `[[task]]`
       ,-[tasks.toml:6:1]
     5 | id = "api"
     6 | rnu = "x"
       : ^|^
       :  `-- did you mean `run`?
     7 | depends_on = ["web", "schem"]
       `----
      help: known keys: id, title, run, argv, agent, prompt, persona, depends_on,
            foreach, reduce, when, owns, reads, read_only, estimate, priority,
            phase, group, locks, cpus, memory, uses, timeout, retries,
            stall_timeout, memory_limit, retry_on, check, env

    error[cycle]
      x tasks wait for each other: api → web → api
       ,-[tasks.toml:7:15]
     6 | rnu = "x"
     7 | depends_on = ["web", "schem"]
       :               ^^|^^
       :                 `-- `api` waits for `web`
     8 |
       `----
        ,-[tasks.toml:14:15]
     13 | """
     14 | depends_on = ["api"]
        :               ^^|^^
        :                 `-- `web` waits for `api`
     15 | owns = ["../é"]
        `----
      help: remove one of these dependencies

    error[unknown_dependency]
      x task `api` depends on the unknown task `schem`
       ,-[tasks.toml:7:22]
     6 | rnu = "x"
     7 | depends_on = ["web", "schem"]
       :                      ^^^^^^^
     8 |
       `----
      help: `depends_on` lists ids of tasks of this file

    error[bad_glob]
      x the glob `../é` has a `..` component; paths are relative to the
      | repository's root
        ,-[tasks.toml:15:9]
     14 | depends_on = ["api"]
     15 | owns = ["../é"]
        :         ^^^^^^
     16 | check = "true"
        `----
      help: a task can't own what lies outside of its worktree

    error[duplicate_id]
      x the id `api` is used twice
       ,-[tasks.toml:5:6]
     4 | [[task]]
     5 | id = "api"
       :      ^^|^^
       :        `-- first used here
     6 | rnu = "x"
       `----
        ,-[tasks.toml:19:6]
     18 | [[task]]
     19 | id = "api"
        :      ^^|^^
        :        `-- used again here
     20 | run = "true"
        `----
      help: rename one of them, to `api-2` say

    6 errors, 1 warning in tasks.toml
    "#);
}

#[test]
fn colour_brings_escape_codes_and_box_drawing_and_its_absence_neither() {
    let problems = parse(MANY, &Known::default()).tasks.problems;
    let plain = shown(MANY, &problems, PLAIN);
    let from_file = |c: char| MANY.contains(c) || "…→".contains(c);
    assert!(plain.chars().all(|c| c.is_ascii() || from_file(c)), "{plain}");
    assert!(!plain.contains('\u{1b}'));
    let colored = shown(MANY, &problems, Style { color: true, width: 80 });
    assert!(colored.contains("\u{1b}[31m×") && colored.contains('╭'), "{colored}");
}

#[test]
fn nothing_is_written_when_nothing_is_wrong() {
    assert_eq!(shown("", &[], PLAIN), "");
}

#[test]
fn a_problem_of_the_whole_file_needs_no_snippet() {
    let problem = Diagnostic::error("no_tasks", 0..0, "nothing to do").without_place();
    insta::assert_snapshot!(shown("", &[problem.help("add one")], PLAIN), @r"
    error[no_tasks]
      x nothing to do
      help: add one

    1 error in tasks.toml
    ");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let text = "a = '\u{1b}[2J\u{7}\u{9b}\u{202e}x'\r\nb = 1\r\n";
    let problem = Diagnostic::error("c", 4..14, "bad `\u{1b}]0;x\u{7}\n`").labelled("\u{9b}");
    let mut out = Vec::new();
    write_diagnostics(&mut out, "a\u{1b}b", text, &[problem.help("\u{202e}")], PLAIN).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(!out.chars().any(|c| is_control(c) && c != '\n'), "{out:?}");
    assert!(out.contains(r"bad `\u{1b}]0;x\u{7}\n`"), "{out}");
    assert!(out.ends_with("1 error in a\\u{1b}b\n"), "{out}");
}

#[test]
fn long_lines_are_cut_and_their_labels_stay() {
    let text = format!("prompt = '{}'", "x".repeat(5_000));
    let problem = Diagnostic::error("c", 9..text.len(), "long").labelled("this one");
    let out = shown(&text, &[problem], PLAIN);
    assert!(out.contains("this one") && out.contains('…'));
    assert!(out.lines().all(|line| line.chars().count() <= LONGEST_LINE + 1), "{out}");
}

proptest! {
    #[test]
    fn no_place_makes_the_drawing_fail(
        text in "[a\u{e9}\u{65e5}\t\r\n\u{1b} ]{0,40}",
        spans in prop::collection::vec((0..60usize, 0..60usize), 1..4),
    ) {
        let mut problem = Diagnostic::error("c", spans[0].0..spans[0].1, "m");
        for span in &spans[1..] {
            problem = problem.also(span.0..span.1, "also");
        }
        for color in [false, true] {
            shown(&text, &[problem.clone()], Style { color, width: 0 });
        }
    }
}
