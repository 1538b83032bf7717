//! F12, F14: too few handles and processes, too much output.

use super::confined::{PROGRAM, without_rights};
use crate::scene::{beside, content, outcomes, refs, small_repo, task, tasks};

fn idle(count: usize) -> String {
    let task = |n| format!("[[task]]\nid = \"t{n}\"\nrun = \"echo {n} > {n}\"\ncheck = \"true\"\n");
    (0..count).map(task).collect()
}

#[test]
fn f12_with_few_file_handles_everything_still_runs_and_lands() {
    let repo = small_repo();
    tasks(&repo, &idle(8));
    let script =
        format!("ulimit -n 64; exec '{PROGRAM}' split tasks.toml --parallel=8 --integrate --json");
    let run = repo.program("sh", &["-c", &script]).run().exit(0).stdout_json();
    assert_eq!(run["width"], 8);
    assert_eq!(run["integration"]["merged"].as_array().unwrap().len(), 8);
}

#[test]
fn f12_too_few_file_handles_are_named_with_the_way_to_more_and_cost_nothing() {
    // From too few for git itself to enough for one task after another.
    for most in [12, 20, 32] {
        let repo = small_repo();
        tasks(&repo, &idle(6));
        let script =
            format!("ulimit -n {most}; exec '{PROGRAM}' split tasks.toml --parallel=6 --json");
        let output = repo.program("sh", &["-c", &script]).run();
        let text = format!("{most}: {output}");
        match output.code() {
            Some(0) => {}
            Some(1) => {
                let lines = outcomes(&output.stdout_json());
                let is_told = |line: &String| line.contains("Too many open files");
                assert!(lines.iter().all(|l| l.contains(" succeeded") || is_told(l)), "{text}");
                output.stderr_has("`ulimit -n 1024` raises it");
            }
            Some(4) => {
                let error = output.stdout_json();
                assert!(error.to_string().contains("Too many open files"), "{text}");
                let hint = error["error"]["hint"].as_str().unwrap();
                assert!(hint.contains("`ulimit -n 1024` raises it"), "{text}");
                assert_eq!(refs(&repo, "refs/heads/feature"), [""; 0], "{text}");
                assert_eq!(beside(&repo), [""; 0], "{text}");
                continue;
            }
            _ => panic!("{text}"),
        }
        // What it made is whole: with enough of them, the rest is done.
        repo.wt_orch(&["retry"]).code().unwrap();
        repo.wt_orch(&["integrate"]).exit(0);
        for n in 0..6 {
            assert_eq!(repo.read(&n.to_string()).unwrap(), format!("{n}\n"), "{text}");
        }
    }
}

#[test]
fn f12_what_lacks_handles_side_by_side_goes_on_one_after_another() {
    // How many that are depends on what is open already, here and in git.
    let fell_back = (24..40).any(|most| {
        let repo = small_repo();
        tasks(&repo, &idle(6).replace("run = \"", "run = \"sleep 0.2; "));
        let script = format!("ulimit -n {most}; exec '{PROGRAM}' split tasks.toml --parallel=6");
        let output = repo.program("sh", &["-c", &script]).run();
        let told = "at most 1 at once from here on: file handles ran out while `";
        output.code() == Some(0) && output.stderr().contains(told)
    });
    assert!(fell_back);
}

#[test]
fn f12_a_machine_that_starts_no_more_processes_loses_nothing_and_says_so() {
    // From no thread at all to room for everything.
    for most in [1, 7, 8, 9, 10, 12, 16] {
        let repo = small_repo();
        tasks(&repo, &idle(4));
        let script = format!(
            "prlimit --nproc={most} '{PROGRAM}' split tasks.toml --parallel=4 --json && code=0 || code=$?
             git for-each-ref refs/heads/feature > ../branches
             '{PROGRAM}' resume > ../resumed 2>&1 || true
             exit $code"
        );
        let Some(output) = without_rights(&repo, &script) else { return };
        let document = output.stdout_json();
        let is_told = |text: &str| {
            ["cannot start another process", "Resource temporarily unavailable"]
                .iter()
                .any(|words| text.contains(words))
        };
        match output.code() {
            Some(0) => {}
            Some(1) => {
                let lines = outcomes(&document);
                let succeeded = |line: &str| line.contains("succeeded");
                assert!(lines.iter().all(|l| is_told(l) || succeeded(l)), "{most}: {lines:?}");
            }
            Some(4) => {
                let message = document["error"]["message"].as_str().unwrap();
                assert!(is_told(message), "{most}: {document:#}");
                let branches = std::fs::read_to_string(repo.root().join("branches")).unwrap();
                assert_eq!(branches, "", "{most}");
            }
            other => panic!("{most}: {other:?} {document:#}"),
        }
    }
}

#[test]
fn f14_output_without_end_or_line_breaks_is_cut_in_the_middle() {
    let repo = small_repo();
    let line = "head -c 20000000 /dev/zero | tr '\\\\0' x";
    tasks(
        &repo,
        &format!(
            "[[task]]\nid = \"a\"\nrun = \"echo first; {line}; echo; echo last; echo a > a\"\ncheck = \"true\"\n"
        ),
    );
    let output = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]);
    let run = output.env("WT_ORCH_RUN_LOG_LIMIT", "64KiB").run().exit(0).stdout_json();
    let log = std::fs::read_to_string(task(&run, "a")["log"].as_str().unwrap()).unwrap();
    assert!(log.len() < 70_000, "{}", log.len());
    assert!(log.starts_with("first\n") && log.ends_with("\nlast\n"));
    assert!(log.contains("wt-orch left out "));
    assert_eq!(content(&repo, "feature/a", "a").unwrap(), "a\n");
}
