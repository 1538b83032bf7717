use super::super::tests::{output, real};
use super::super::{Tally, read_output};

#[test]
fn verbose_and_tree_name_every_test() {
    insta::assert_snapshot!(output(real!("vitest-verbose.txt")), @"
    Vitest, complete
    + src/cart.test.ts › cart › adds
    + src/cart.test.ts › cart › inner › adds
    + src/cart.test.ts › cart › waits
    + src/cart.test.ts › stands alone
    + src/flaky.test.ts › flaky
    - src/cart.test.ts › cart › inner › is › deep
    - src/cart.test.ts › cart › rounds
    o src/cart.test.ts › cart › is for later
    o src/cart.test.ts › cart › is skipped
    ");
    assert_eq!(output(real!("vitest-tree.txt")), output(real!("vitest-verbose.txt")));
}

#[test]
fn by_default_some_are_named_and_all_are_counted() {
    insta::assert_snapshot!(output(real!("vitest.txt")), @"
    Vitest, incomplete
    + src/cart.test.ts › cart › adds
    + src/cart.test.ts › cart › inner › adds
    + src/cart.test.ts › cart › waits
    + src/cart.test.ts › stands alone
    - src/cart.test.ts › cart › inner › is › deep
    - src/cart.test.ts › cart › rounds
    - src/hook.test.ts › db
    o src/cart.test.ts › cart › is for later
    o src/cart.test.ts › cart › is skipped
    o src/hook.test.ts › db › reads
    ");
    let tally = read_output(real!("vitest.txt")).unwrap().tally;
    assert_eq!(tally, Tally { passed: 5, failed: 2, skipped: 3 });
}

#[test]
fn each_failure_has_its_own_output() {
    let outputs = read_output(real!("vitest.txt")).unwrap().outputs;
    let deep = &outputs["src/cart.test.ts › cart › inner › is › deep"];
    assert!(deep.starts_with("Error: boom\n  in two lines\n ❯ src/cart.test.ts:9:35\n"), "{deep}");
    assert!(outputs["src/hook.test.ts › db"].starts_with("Error: no database\n"));
    assert_eq!(outputs.len(), 3);
}

#[test]
fn times_and_tests_that_passed_again_are_told() {
    let reading = read_output(real!("vitest-tree.txt")).unwrap();
    assert!(reading.durations["src/cart.test.ts › cart › waits"].as_millis() >= 350);
    assert_eq!(reading.flaky.first().map(String::as_str), Some("src/flaky.test.ts › flaky"));
}

const RUN: &str = "
 RUN  v1.6.1 /home/me/shop

 ❯ src/a.test.ts  (3 tests | 2 failed) 12ms
   ❯ src/a.test.ts > one
     → no
   ❯ src/a.test.ts > two
     → no

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 2 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/a.test.ts > one
 FAIL  src/a.test.ts > two
Error: no
 ❯ src/a.test.ts:4:20

⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/1]⎯

 Test Files  1 failed (1)
      Tests  2 failed | 1 passed (3)
   Start at  10:21:42
   Duration  1.05s (transform 55ms)

";

#[test]
fn failures_of_one_reason_share_its_output() {
    let reading = read_output(RUN).unwrap();
    let why = "Error: no\n ❯ src/a.test.ts:4:20";
    assert_eq!(reading.outputs["src/a.test.ts › one"], why);
    assert_eq!(reading.outputs["src/a.test.ts › two"], why);
}

/// Three tests of one title, of which the second and the third failed.
const TABLE: &str = "
 RUN  v3.2.7 /home/me/shop

 ✓ src/a.test.ts > adds 1ms
 × src/a.test.ts > adds 2ms
   → two
 × src/a.test.ts > adds 3ms
   → three

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 2 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/a.test.ts > adds
Error: two

⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/2]⎯

 FAIL  src/a.test.ts > adds
Error: three

⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[2/2]⎯

 Test Files  1 failed (1)
      Tests  2 failed | 1 passed (3)
   Start at  10:21:42
   Duration  1.05s (transform 55ms)

";

#[test]
fn tests_of_one_title_are_told_apart() {
    insta::assert_snapshot!(output(TABLE), @"
    Vitest, complete
    + src/a.test.ts › adds
    - src/a.test.ts › adds #2
    - src/a.test.ts › adds #3
    ");
    let reading = read_output(TABLE).unwrap();
    assert_eq!(reading.outputs["src/a.test.ts › adds #2"], "Error: two");
    assert_eq!(reading.outputs["src/a.test.ts › adds #3"], "Error: three");
    assert_eq!(reading.durations["src/a.test.ts › adds #3"].as_millis(), 3);
}

#[test]
fn where_the_tests_are_not_named_those_of_one_title_leave_results_incomplete() {
    let named = |line: &&str| !line.starts_with(" ✓") && !line.starts_with(" ×");
    let dots = TABLE.lines().filter(named).collect::<Vec<_>>().join(
        "
",
    );
    let dots = dots.replace("2 failed | 1 passed (3)", "2 failed (2)");
    insta::assert_snapshot!(output(&dots), @"
    Vitest, incomplete
    - src/a.test.ts › adds
    ");
}

#[test]
fn a_file_that_cannot_be_run_is_listed_as_failed() {
    let broken = RUN
        .replace("Failed Tests 2", "Failed Suites 1")
        .replace(
            " FAIL  src/a.test.ts > one\n FAIL  src/a.test.ts > two",
            " FAIL  src/b.test.ts [ src/b.test.ts ]",
        )
        .replace("   ❯ src/a.test.ts > one\n     → no\n   ❯ src/a.test.ts > two\n     → no\n", "")
        .replace("2 failed | 1 passed (3)", "3 passed (3)");
    insta::assert_snapshot!(output(&broken), @"
    Vitest, incomplete
    - src/b.test.ts
    ");
    assert_eq!(read_output(&broken).unwrap().tally, Tally { passed: 3, failed: 0, skipped: 0 });
}

#[test]
fn numbers_that_tests_print_are_not_the_runs() {
    let printed = " Test Files  9 passed (9)\n      Tests  9 passed (9)\n   Start at  10:00:00\n\n";
    let text = RUN.replacen(" ❯ src/a.test.ts  (", &format!("{printed} ❯ src/a.test.ts  ("), 1);
    assert_eq!(read_output(&text).unwrap().tally, read_output(RUN).unwrap().tally);
}

#[test]
fn one_run_behind_another_is_counted_with_it() {
    let all = format!(
        "{}{}{}",
        real!("vitest-verbose.txt"),
        real!("jest-verbose.txt"),
        real!("vitest-tree.txt")
    );
    let all = read_output(&all).unwrap();
    assert!(all.results.complete, "{:?}", all.results);
    assert_eq!(all.tally, Tally { passed: 5 + 5 + 5, failed: 2 + 1 + 2, skipped: 2 + 2 + 2 });
}

#[test]
fn what_does_not_fit_leaves_results_incomplete() {
    let complete = real!("vitest-verbose.txt");
    let caught = "Vitest caught 1 unhandled error during the test run.\n";
    let coverage = "ERROR: Coverage for lines (50%) does not meet global threshold (80%)\n";
    let crashed = " RUN  v3.2.7 /home/me/shop\n\n ✓ src/a.test.ts > one 1ms\n";
    for text in [
        complete.replace("| 5 passed", "| 6 passed"),
        complete.replace(" (9)\n", " (10)\n"),
        complete.replace("1 passed (2)", "1 passed (5)"),
        complete.replace(" Test Files  1 failed", &format!("{caught} Test Files  1 failed")),
        format!("{complete}{coverage}"),
        format!("{complete}{crashed}"),
    ] {
        assert_ne!(text, complete);
        let text = output(&text);
        assert!(text.starts_with("Vitest, incomplete\n"), "{text}");
    }
    assert_eq!(output(crashed), "nothing");
}
