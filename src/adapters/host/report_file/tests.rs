use std::fs;

use super::*;
use crate::domain::integrate::parse_output;

#[test]
fn of_a_log_that_is_too_long_its_last_lines_are_read_and_a_line_stands_for_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, "one\ntwo\nthree\n").unwrap();
    let end = |most| load_output_end(&log, most).unwrap();
    assert_eq!(end(14), "one\ntwo\nthree\n");
    assert_eq!(end(13), format!("{LEFT_OUT}4 bytes ----\ntwo\nthree\n"));
    assert_eq!(end(10), format!("{LEFT_OUT}4 bytes ----\ntwo\nthree\n"));
    assert_eq!(end(9), format!("{LEFT_OUT}8 bytes ----\nthree\n"));
    assert_eq!(load_output(&log).unwrap(), "one\ntwo\nthree\n");
    // Neither the middle of a character nor a line without an end is trouble.
    fs::write(&log, "ä".repeat(9)).unwrap();
    assert_eq!(end(3), format!("{LEFT_OUT}14 bytes ----\nää"));
    assert_eq!(load_output_end(&folder.path().join("none"), 3), None);
}

#[test]
fn a_log_is_read_piece_by_piece_from_its_end_and_every_line_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let pieces = |text: &str, most| {
        fs::write(&log, text).unwrap();
        OutputPieces::open(&log, most).unwrap().collect::<Vec<String>>()
    };
    assert_eq!(pieces("one\ntwo\nthree\n", 10), ["two\nthree\n", "one\n"]);
    assert_eq!(pieces("", 10), [""; 0]);
    for most in 1..20 {
        let mut read = pieces("a line\n\nanother that is long\nend", most);
        read.reverse();
        assert_eq!(read.concat(), "a line\n\nanother that is long\nend", "{most}");
    }
}

#[test]
fn results_in_the_end_of_a_log_are_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let run = "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; \
               0 measured; 0 filtered out; finished in 0.00s\n";
    fs::write(&log, format!("{}{run}", "noise\n".repeat(100))).unwrap();
    let read = |most| parse_output(&load_output_end(&log, most).unwrap()).unwrap();
    assert!(read(1 << 20).complete);
    let cut = read(run.len() as u64 + 100);
    assert!(!cut.complete && cut.passed.len() == 1, "{cut:?}");
}

#[test]
fn what_is_no_file_is_no_report_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("mine.xml"), "<testsuites/>").unwrap();
    std::os::unix::fs::symlink(at("mine.xml"), at("link.xml")).unwrap();
    fs::create_dir(at("folder.xml")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.xml"), rustix::fs::Mode::RWXU).unwrap();
    fs::write(at("bytes.xml"), [0xff, 0xfe]).unwrap();
    let load = |name: &str| load_report(&at(name));
    assert_eq!(load("mine.xml").unwrap().unwrap(), "<testsuites/>");
    assert_eq!(load("none.xml").unwrap(), None);
    assert_eq!(load("link.xml").unwrap_err(), "it is a symbolic link");
    assert_eq!(load("folder.xml").unwrap_err(), "it is a folder");
    assert_eq!(load("pipe.xml").unwrap_err(), "it is a pipe");
    assert_eq!(load("bytes.xml").unwrap_err(), "it is no text in UTF-8");
}
