//! F9: the disk is full when the journal or a log is written. A small file system of its own stands
//! in for it, in a mount namespace that ends with its commands.

use super::confined::{PROGRAM, with_mounts};
use crate::harness::{Output, Repo};
use crate::scene::{small_repo, tasks};

/// Runs commands where this folder of the repository is a file system of so many bytes. `None`
/// where the system does not allow that.
fn on_a_small_disk(repo: &Repo, folder: &str, size: &str, script: &str) -> Option<Output> {
    std::fs::create_dir_all(repo.path(folder)).unwrap();
    let script = format!(
        "set +e; wt_orch={PROGRAM}; cp -a {folder} ../before
         mount -t tmpfs -o size={size},mode=755 tmpfs {folder} || exit 99
         cp -a ../before/. {folder}/; rm -rf ../before; {script}"
    );
    with_mounts(repo, &script)
}

#[test]
fn f9_a_run_whose_journal_finds_no_room_stops_and_goes_on_when_there_is_some() {
    let repo = small_repo();
    // The one that is at work when there is no room for what the other one did must not go on.
    let text = r#"
        [[task]]
        id = "fills"
        run = "test -e ../go || cat /dev/zero > ../repo/.git/wt-orch/filler; echo a > a"
        check = "true"
        [[task]]
        id = "waits"
        run = "touch ../waiting; until test -e ../go; do sleep 0.02; done; echo b > b"
        check = "true"
    "#;
    tasks(&repo, text);
    let script = "
        $wt_orch split tasks.toml --parallel=2 > ../first 2>&1; echo first $?
        rm -f .git/wt-orch/filler
        touch ../go
        $wt_orch resume > ../second 2>&1; echo second $?
        $wt_orch integrate > ../third 2>&1; echo third $?
        git show main:a main:b
        $wt_orch report --json > ../report; echo report $?
    ";
    let Some(output) = on_a_small_disk(&repo, ".git", "4m", script) else { return };
    let said = |name: &str| std::fs::read_to_string(repo.root().join(name)).unwrap_or_default();
    let all = format!("{output}{}{}{}", said("first"), said("second"), said("third"));
    assert_eq!(output.stdout(), "first 5\nsecond 0\nthird 0\na\nb\nreport 0\n", "{all}");
    assert!(said("first").contains("no space left to write "), "{all}");
    assert!(said("first").contains("`df -h "), "{all}");
    assert!(said("first").contains("`wt-orch resume tasks` goes on when"), "{all}");
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn f9_a_log_that_finds_no_room_does_not_fail_its_task_and_the_report_says_so() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"talks\"\ncheck = \"true\"\n\
        run = \"head -c 300000 /dev/zero | tr '\\\\\\\\0' x; echo; echo done > done\"\n";
    tasks(&repo, text);
    let script = "
        $wt_orch split tasks.toml --parallel=1 > ../first 2>&1; echo first $?
        $wt_orch report --json
    ";
    let Some(output) = on_a_small_disk(&repo, ".git/wt-orch/logs", "64k", script) else { return };
    let first = std::fs::read_to_string(repo.root().join("first")).unwrap();
    let document = output.stdout().strip_prefix("first 0\n").unwrap_or_else(|| {
        panic!("{output}{first}");
    });
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["tasks"][0]["outcome"], "succeeded");
    assert!(first.contains("its output is not complete"), "{first}");
}
