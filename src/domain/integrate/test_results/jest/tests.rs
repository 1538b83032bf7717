use super::super::read_output;
use super::super::tests::{output, real};

#[test]
fn the_tree_names_every_test() {
    insta::assert_snapshot!(output(real!("jest-verbose.txt")), @"
    Jest, complete
    + math.test.js › adds › deep › works ✓
    + math.test.js › adds › one and one
    + math.test.js › top level
    + sub.test.js › passes
    + sub.test.js › passes #2
    - math.test.js › adds › deep › breaks › here
    o math.test.js › adds › later
    o math.test.js › adds › write me
    ");
}

#[test]
fn the_document_says_the_same() {
    assert_eq!(output(real!("jest-json.txt")), output(real!("jest-verbose.txt")));
}

#[test]
fn without_the_tree_only_what_failed_is_named() {
    insta::assert_snapshot!(output(real!("jest.txt")), @"
    Jest, incomplete
    - math.test.js › adds › deep › breaks › here
    ");
}

#[test]
fn suites_that_cannot_be_loaded_leave_results_incomplete() {
    insta::assert_snapshot!(output(real!("jest-broken.txt")), @"
    Jest, incomplete
    + math.test.js › adds › deep › works ✓
    + math.test.js › adds › one and one
    + math.test.js › top level
    + sub.test.js › passes
    + sub.test.js › passes #2
    - math.test.js › adds › deep › breaks › here
    o math.test.js › adds › later
    o math.test.js › adds › write me
    ");
}

#[test]
fn without_the_text_files_keep_their_whole_path() {
    let document = real!("jest-json.txt").lines().find(|line| line.starts_with('{')).unwrap();
    let text = output(document);
    assert!(text.starts_with("Jest, complete\n+ /home/me/"), "{text}");
}

const PASSING: &str = "\
PASS src/a.test.js (5.2 s)
  a group
    √ works (1.5 s)
      deeper
        √ works
  √ works

Test Suites: 1 passed, 1 total
Tests:       3 passed, 3 total
Snapshots:   0 total
Time:        0.2 s
";

#[test]
fn groups_end_where_the_tree_says() {
    insta::assert_snapshot!(output(PASSING), @"
    Jest, complete
    + src/a.test.js › a group › deeper › works
    + src/a.test.js › a group › works
    + src/a.test.js › works
    ");
}

/// Three tests of one title, of which the second and the third failed.
const TABLE: &str = "\
FAIL src/a.test.js
  sum
    ✓ adds (1 ms)
    ✕ adds (2 ms)
    ✕ adds (3 ms)

  ● sum › adds

    two

  ● sum › adds

    three

Summary of all failing tests
FAIL src/a.test.js
  ● sum › adds

    two

  ● sum › adds

    three


Test Suites: 1 failed, 1 total
Tests:       2 failed, 1 passed, 3 total
";

#[test]
fn tests_of_one_title_are_told_apart() {
    insta::assert_snapshot!(output(TABLE), @"
    Jest, complete
    + src/a.test.js › sum › adds
    - src/a.test.js › sum › adds #2
    - src/a.test.js › sum › adds #3
    ");
    let outputs = read_output(TABLE).unwrap().outputs;
    assert!(outputs["src/a.test.js › sum › adds #2"].starts_with("two"), "{outputs:?}");
    assert!(outputs["src/a.test.js › sum › adds #3"].starts_with("three"), "{outputs:?}");
    let test = |status: &str| {
        format!(r#"{{"ancestorTitles":["sum"],"title":"adds","status":"{status}"}}"#)
    };
    let tests = [test("passed"), test("failed"), test("failed")].join(",");
    let document = format!(
        r#"{{"numTotalTestSuites":1,"numTotalTests":3,"testResults":[{{"name":"/x/src/a.test.js","assertionResults":[{tests}]}}]}}"#
    );
    assert_eq!(
        output(&format!(
            "FAIL src/a.test.js
{document}
"
        )),
        output(TABLE)
    );
}

#[test]
fn what_does_not_fit_leaves_results_incomplete() {
    for (from, to) in [
        ("1 passed, 1 total", "1 failed, 1 of 3 total"),
        ("3 passed", "4 passed"),
        ("√ works (1.5 s)", "? works"),
        ("Time:", "Jest: \"global\" coverage threshold for lines (80%) not met: 70%\nTime:"),
        ("Time:", "PASS src/b.test.js\nTime:"),
    ] {
        let text = output(&PASSING.replace(from, to));
        assert!(text.starts_with("Jest, incomplete\n"), "{text}");
    }
}
