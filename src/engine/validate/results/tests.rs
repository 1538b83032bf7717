use std::fs;

use super::*;
use crate::domain::integrate::TestFormat;
use crate::domain::run::Usage;

const JUNIT: &str = r#"<testsuites><testsuite name="s" tests="2" failures="1">
<testcase classname="m" name="good"/>
<testcase classname="m" name="bad"><failure message="no"/></testcase>
</testsuite></testsuites>"#;

const CARGO: &str = "
     Running unittests src/lib.rs (target/debug/deps/it-0)

running 2 tests
test good ... ok
test bad ... FAILED

failures:

---- bad stdout ----
no

failures:
    bad

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `--lib`
error: 1 target failed:
    `--lib`
";

fn end(ending: Ending, trouble: &[&str]) -> AttemptEnd {
    AttemptEnd {
        ending,
        usage: Usage::default(),
        leaked_output: false,
        leaked_processes: 0,
        out_of_memory: false,
        last_lines: Vec::new(),
        trouble: trouble.iter().map(|&text| text.to_owned()).collect(),
        agent: None,
    }
}

#[test]
fn rule_10_the_report_counts_else_the_output_and_neither_when_it_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, CARGO).unwrap();
    let report = folder.path().join("report.xml");
    let load = |end: &AttemptEnd| {
        let sources = Sources { worktree: folder.path(), report: Some("report.xml"), log: &log };
        load_results(&sources, end)
    };
    let red = end(Ending::Code { code: 1 }, &[]);
    // No report.
    let (results, note) = load(&red);
    let results = results.unwrap();
    assert!(results.complete && note.is_none(), "{results:?}");
    assert!(results.failed.iter().all(|name| name.ends_with("bad")), "{results:?}");
    // One that cannot be read.
    fs::write(&report, "<testsuites><testsu").unwrap();
    let (results, note) = load(&red);
    assert_eq!(results.unwrap().failed.len(), 1);
    assert!(note.unwrap().contains("`report.xml` is of no use"));
    // One that can.
    fs::write(&report, JUNIT).unwrap();
    let (results, note) = load(&red);
    let results = results.unwrap();
    assert!(results.complete && note.is_none());
    assert!(results.failed.iter().all(|name| name.contains('m')), "{results:?}");
    // A command that was ended did not say all.
    assert!(!load(&end(Ending::TimedOut, &[])).0.unwrap().complete);
    fs::remove_file(&report).unwrap();
    let cut = end(Ending::Code { code: 1 }, &["its output is not complete: no space"]);
    assert!(!load(&cut).0.unwrap().complete);
    // Nothing at all.
    fs::write(&log, "no test says anything\n").unwrap();
    assert_eq!(load(&red), (None, None));
}

#[test]
fn a_report_may_be_a_link_within_the_worktree_and_what_never_was_one_makes_no_note() {
    let folder = tempfile::tempdir().unwrap();
    let worktree = folder.path().join("worktree");
    fs::create_dir_all(worktree.join("folder.xml")).unwrap();
    fs::write(worktree.join("at-12.xml"), JUNIT).unwrap();
    fs::write(folder.path().join("log"), CARGO).unwrap();
    std::os::unix::fs::symlink("at-12.xml", worktree.join("latest.xml")).unwrap();
    std::os::unix::fs::symlink("../log", worktree.join("out.xml")).unwrap();
    let load = |report: &str| {
        let log = folder.path().join("log");
        let sources = Sources { worktree: &worktree, report: Some(report), log: &log };
        let (results, note) = load_results(&sources, &end(Ending::Code { code: 1 }, &[]));
        (results.unwrap().format == TestFormat::Junit, note)
    };
    assert_eq!(load("latest.xml"), (true, None));
    assert_eq!(load("folder.xml"), (false, None));
    let (reported, note) = load("out.xml");
    assert!(
        !reported && note.unwrap().ends_with("outside of its worktree, behind a symbolic link")
    );
}
