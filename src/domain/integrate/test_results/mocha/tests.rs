use super::super::tests::{output, real};
use super::super::{Tally, read_output};

#[test]
fn the_tree_names_every_test() {
    insta::assert_snapshot!(output(real!("mocha.txt")), @"
    Mocha, complete
    + basket › same
    + basket › same #2
    + cart › adds
    + cart › inner › adds
    + cart › waits
    + stands alone
    - cart › inner › is deep
    - cart › rounds
    o cart › is for later
    ");
}

#[test]
fn dots_name_only_what_failed_and_count_all() {
    let dots = read_output(real!("mocha-dot.txt")).unwrap();
    insta::assert_snapshot!(output(real!("mocha-dot.txt")), @"
    Mocha, incomplete
    - cart › inner › is deep
    - cart › rounds
    ");
    assert_eq!(dots.tally, Tally { passed: 6, failed: 2, skipped: 1 });
    assert_eq!(dots.outputs, read_output(real!("mocha.txt")).unwrap().outputs);
}

#[test]
fn a_hook_that_fails_is_named_and_leaves_tests_out() {
    insta::assert_snapshot!(output(real!("mocha-hooks.txt")), @r#"
    Mocha, incomplete
    + after fails › ran one
    + afterEach fails › ran one
    - after fails › "after all" hook for "ran one"
    - afterEach fails › "after each" hook for "ran one"
    - before fails › "before all" hook for "never one"
    - beforeEach fails › "before each" hook: connects for "never one"
    "#);
}

#[test]
fn each_failure_has_its_own_output() {
    let outputs = read_output(real!("mocha.txt")).unwrap().outputs;
    let deep = &outputs["cart › inner › is deep"];
    assert!(
        deep.starts_with("Error: boom\n  in two lines\n at Context.<anonymous> (test/cart.js:9:")
    );
    assert!(outputs["cart › rounds"].contains("\n2 !== 3\n"), "{outputs:?}");
}

const RUN: &str = "

  group
    ✓ works (45ms)
    ✓ ends (300ms)
    1) breaks
    ✓ goes on


  3 passing (1s)
  1 failing

  1) group breaks:
     Error: no
      at Context.<anonymous> (a.js:3:4)



";

#[test]
fn older_ones_tell_a_path_in_one_line() {
    let reading = read_output(RUN).unwrap();
    insta::assert_snapshot!(output(RUN), @"
    Mocha, complete
    + group › ends
    + group › goes on
    + group › works
    - group › breaks
    ");
    assert_eq!(reading.durations["group › works"].as_millis(), 45);
    assert!(reading.outputs["group › breaks"].starts_with("Error: no\n"));
}

#[test]
fn what_tests_print_does_not_change_the_numbers() {
    let printed = "    ✓ goes on\n\n  7 passing (3ms)\n  2 failing\n\n  1) group\n       nothing:\n     Error: x\n";
    let reading = read_output(&RUN.replace("    ✓ goes on\n", &format!("{printed}    ✓ more\n")));
    let numbers = reading.map(|reading| reading.tally).unwrap();
    assert_eq!(numbers, Tally { passed: 3, failed: 1, skipped: 0 });
    let fits = RUN.replace("    ✓ goes on\n", printed);
    let reading = read_output(&fits).unwrap();
    assert_eq!(reading.tally, Tally { passed: 3, failed: 1, skipped: 0 });
    assert_eq!(reading.results.failed.len(), 1, "{:?}", reading.results);
}

#[test]
fn one_run_behind_another_is_counted_with_it() {
    // As newer ones and node tick.
    let run = RUN.replace('✓', "✔");
    let one = read_output(&run).unwrap();
    let node = real!("node-spec.txt");
    let other = read_output(node).unwrap();
    let all = format!(
        "> a@1.0.0 test\n> mocha\n{run}npm error code 1\n\n> b@1.0.0 test\n> mocha\n{run}{node}{run}"
    );
    let all = read_output(&all).unwrap();
    assert!(all.results.complete, "{:?}", all.results);
    assert_eq!(all.tally.tests(), 3 * one.tally.tests() + other.tally.tests());
    assert_eq!(all.results.failed.len(), 3 + other.results.failed.len());
}

#[test]
fn what_does_not_fit_leaves_results_incomplete() {
    for (from, to) in [
        ("3 passing", "4 passing"),
        ("1 failing", "2 failing"),
        // It may have stopped there.
        ("    ✓ goes on\n\n\n  3", "\n\n  2"),
        ("1) breaks", "1) \"before each\" hook for \"breaks\""),
        ("1) group breaks:", "1) another:"),
        ("works", &"x".repeat(5000)),
    ] {
        let text = output(&RUN.replace(from, to));
        assert!(text.starts_with("Mocha, incomplete\n"), "{text}");
    }
    assert_eq!(output(&RUN.replace("3 passing (1s)", "3 passing")), "nothing");
    let cut_off = format!("{RUN}\n  group\n    ✓ works\n");
    assert!(output(&cut_off).starts_with("Mocha, incomplete\n"));
}
