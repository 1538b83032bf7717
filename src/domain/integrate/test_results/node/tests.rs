use super::super::tests::{output, real};
use super::super::{read_output, tests::shown};

#[test]
fn tap_names_every_test() {
    insta::assert_snapshot!(output(real!("node-tap.txt")), @"
    Node, complete
    + adds
    + adds #2
    + basket › is empty
    + with parts › one
    - basket › holds
    - basket › inner › is deep
    - rounds # half up
    - with parts › two
    o later
    o someday
    ");
}

#[test]
fn the_spec_reporter_says_the_same() {
    let [tap, spec] =
        [real!("node-tap.txt"), real!("node-spec.txt")].map(|text| read_output(text).unwrap());
    assert_eq!(shown(&spec.results), shown(&tap.results));
    assert_eq!(spec.tally, tap.tally);
    assert_eq!(spec.outputs.keys().collect::<Vec<_>>(), tap.outputs.keys().collect::<Vec<_>>());
    let deep = &spec.outputs["basket › inner › is deep"];
    assert!(deep.starts_with("Error: boom\nin two lines\n"), "{deep}");
    assert!(tap.outputs["basket › inner › is deep"].contains("boom\n  in two lines\n"));
    assert_eq!(spec.durations.len(), 10);
    assert_eq!(tap.durations.len(), 10);
}

#[test]
fn a_file_that_cannot_be_run_leaves_results_incomplete() {
    insta::assert_snapshot!(output(real!("node-broken.txt")), @"
    Node, incomplete
    + adds
    - /home/me/shop/test/broken.test.js
    - /home/me/shop/test/quits.test.js
    ");
}

#[test]
fn workspaces_one_after_another_are_counted_together() {
    let one = read_output(real!("node-tap.txt")).unwrap();
    let two = read_output(&format!("{0}\n> b@1.0.0 test\n{0}", real!("node-tap.txt"))).unwrap();
    assert!(two.results.complete, "{}", shown(&two.results));
    assert_eq!(two.tally.tests(), 2 * one.tally.tests());
    assert_eq!(two.results.failed.len(), 2 * one.results.failed.len());
}

#[test]
fn a_run_without_its_numbers_or_with_others_is_incomplete() {
    let tap = real!("node-tap.txt");
    for text in [
        tap.replace("# tests 11", "# tests 12"),
        tap.replace("# fail 5", "# fail 9"),
        tap.replace("# cancelled 0", "# cancelled 1"),
        tap.replace("# duration_ms", "# duration"),
        real!("node-spec.txt").replace("ℹ pass 4", "ℹ pass 9"),
    ] {
        assert!(!read_output(&text).unwrap().results.complete, "{text}");
    }
}

#[test]
fn a_hook_that_fails_is_a_failure_of_its_group() {
    let text = "TAP version 13\n# Subtest: g\n    # Subtest: a\n    ok 1 - a\n      ---\n      ...\n    1..1\n\
        not ok 1 - g\n  ---\n  type: 'suite'\n  failureType: 'hookFailed'\n  error: 'no'\n  ...\n1..1\n\
        # tests 1\n# suites 1\n# pass 1\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 1\n";
    insta::assert_snapshot!(output(text), @"
    Node, complete
    + g › a
    - g
    ");
}
