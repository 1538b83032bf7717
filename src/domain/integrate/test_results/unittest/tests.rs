use super::super::tests::{output, real};
use super::super::{Tally, read_output};

#[test]
fn verbose_lines_name_every_test() {
    insta::assert_snapshot!(output(real!("unittest-verbose.txt")), @"
    Unittest, complete
    + tests.test_cart.CartTest.test_adds
    - tests.test_cart.CartTest.test_fixed
    - tests.test_cart.CartTest.test_holds
    - tests.test_cart.CartTest.test_parts
    o tests.test_cart.CartTest.test_known
    o tests.test_cart.CartTest.test_later
    ");
}

#[test]
fn dots_name_only_what_failed() {
    insta::assert_snapshot!(output(real!("unittest.txt")), @"
    Unittest, incomplete
    - tests.test_cart.Broken.test_never
    - tests.test_cart.CartTest.test_fixed
    - tests.test_cart.CartTest.test_holds
    - tests.test_cart.CartTest.test_parts
    - tests.test_tax
    ");
}

#[test]
fn numbers_are_those_of_the_last_lines() {
    // 8 tests: failures=2, errors=2, skipped=1, expected failures=1, unexpected successes=1.
    let told = read_output(real!("unittest.txt")).unwrap().tally;
    assert_eq!(told, Tally { passed: 1, failed: 5, skipped: 2 });
}

#[test]
fn what_is_told_of_a_failure_belongs_to_its_test() {
    let outputs = read_output(real!("unittest-verbose.txt")).unwrap().outputs;
    let holds = &outputs["tests.test_cart.CartTest.test_holds"];
    assert!(holds.starts_with("Carts hold what was put in.\nTraceback "), "{holds}");
    assert!(holds.contains("+ [1, 3]\n?     ^"), "{holds}");
    assert_eq!(outputs.len(), 2);
}

#[test]
fn ids_of_old_versions_are_the_same() {
    let old = "test_a (tests.A) ... ok\n\n----------------------------------------------------------------------\n\
        Ran 1 test in 0.000s\n\nOK\n";
    assert_eq!(output(old), "Unittest, complete\n+ tests.A.test_a\n");
    assert_eq!(output(&old.replace("tests.A)", "tests.A.test_a)")), output(old));
}
