use std::fmt::Write;

use super::*;

fn output<'a>(text: &'a str, worktree: &'a str) -> CheckOutput<'a> {
    CheckOutput { exit_code: Some(101), text, worktree }
}

const CONTROL: &str = "\
running 2 tests
test ends ... FAILED
test begins ... ok

failures:

---- ends stdout ----

thread 'ends' (4711) panicked at /w/control/tests/regression.rs:4:5:
assertion `left == right` failed
  left: 3
 right: 4

failures:
    ends

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.03s
";

#[test]
fn patterns_of_what_changes_from_run_to_run_are_all_there() {
    assert_eq!(UNSTEADY.len(), 8);
    for (line, expected) in [
        ("2026-11-20T09:38:00.123Z start", "DATE start"),
        ("at 09:38:00,5 again", "at TIME again"),
        ("finished in 0.03s", "finished in DURATION"),
        ("--- FAIL: TestX (0.00s)", "--- FAIL: TestX (DURATION)"),
        ("    PASS [   0.004s] a b", "    PASS [   DURATION] a b"),
        ("expected 5s, found 4s", "expected 5s, found 4s"),
        ("<Foo at 0x7f00deadbeef>", "<Foo at ADDRESS>"),
        ("deps/it-0123456789abcdef)", "deps/it-HASH)"),
        ("no file /tmp/x1b/y: gone", "no file TEMPORARY: gone"),
        ("thread 'main' (12) panicked", "thread 'main' NUMBER panicked"),
        ("ok  \tpkg/a\t0.012s", "ok  \tpkg/a\tNUMBER"),
        ("id 01234567-89ab-cdef-0123-456789abcdef", "id UUID"),
    ] {
        assert_eq!(steady(line), expected);
    }
}

#[test]
fn the_difference_to_the_control_shows_what_the_arm_changed_and_no_noise() {
    let arm = CONTROL
        .replace("/w/control", "/w/arms/a")
        .replace("4711", "815")
        .replace("0.03s", "0.11s")
        .replace("left: 3", "left: 5");
    let found = evidence(output(&arm, "/w/arms/a/"), Some(output(CONTROL, "/w/control")));
    assert_eq!((found.exit_code, &found.failing[..]), (Some(101), &["ends".to_owned()][..]));
    let Shown::Diff { lines, more: 0 } = found.shown else { panic!("{:?}", found.shown) };
    insta::assert_snapshot!(lines.join("\n"), @"
     thread 'ends' (815) panicked at WORKTREE/tests/regression.rs:4:5:
     assertion `left == right` failed
    -  left: 3
    +  left: 5
      right: 4
     
    ");
    let same = arm.replace("left: 5", "left: 3");
    let found = evidence(output(&same, "/w/arms/a"), Some(output(CONTROL, "/w/control")));
    assert_eq!(found.shown, Shown::Same);
}

#[test]
fn without_a_control_the_end_of_the_output_is_shown() {
    let Shown::End { lines } = evidence(output("\u{1b}[31mred\u{1b}[0m\nend\n", ""), None).shown
    else {
        panic!("no end")
    };
    assert_eq!(lines, ["red", "end"]);
}

#[test]
fn what_is_shown_is_bounded_in_lines_and_in_their_length() {
    let mut long = String::new();
    for line in 0..5000 {
        writeln!(long, "{line} {}", "ä".repeat(500)).unwrap();
    }
    let found = evidence(output(&long, ""), Some(output("short\n", "")));
    let Shown::Diff { lines, more } = found.shown else { panic!("{:?}", found.shown) };
    assert_eq!((lines.len(), more), (LINES_SHOWN, LINES_COMPARED + 1 - LINES_SHOWN));
    assert!(lines.iter().all(|line| line.chars().count() <= LINE_LENGTH + 2));
}

#[test]
fn the_frames_of_a_panic_are_left_out() {
    let frames = |line: u32| {
        format!(
            "thread 'ends' panicked at a.rs:1:2:\nsaid\nstack backtrace:\n   0: std::panicking\n\
             \x20            at /rustc/0/panicking.rs:{line}:5\n   1: window::ends\nnote: Some details are \
             omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n  2: of a test\n"
        )
    };
    let [arm, control] = [frames(7), frames(9)];
    assert_eq!(evidence(output(&arm, ""), Some(output(&control, ""))).shown, Shown::Same);
    let Shown::End { lines } = evidence(output(&arm, ""), None).shown else { panic!() };
    assert_eq!(lines, ["thread 'ends' panicked at a.rs:1:2:", "said", "  2: of a test"]);
}
