//! F8, F10, F11: disks that are full, read-only, or not ours to write.

use super::confined::{PROGRAM, with_mounts, without_rights};
use crate::harness::{Fingerprint, Repo};
use crate::scene::{content, outcomes, refs, small_repo, tasks};

/// A repository whose files take 400 KiB.
fn bulky() -> Repo {
    let repo = small_repo();
    for file in 0..4 {
        repo.file(&format!("bulk/{file}"), &format!("{file}{}", "x".repeat(100 << 10)));
    }
    repo.file(".gitignore", "junk\n").commit("bulk");
    repo
}

/// A script that puts worktrees on a disk of two mebibytes before it runs the rest.
fn on_a_small_disk(rest: &str) -> String {
    format!(
        "mkdir -p ../disk; mount -t tmpfs -o size=2m tmpfs ../disk
         export WT_ORCH_WORKTREE_PATH='../disk/{{task}}' WT_ORCH_WORKTREE_DISK_RESERVE=1B
         {rest}"
    )
}

#[test]
fn f8_worktrees_that_do_not_fit_are_refused_before_anything_is_made() {
    let repo = bulky();
    let idle = |n| format!("[[task]]\nid = \"t{n}\"\nrun = \"true\"\ncheck = \"true\"\n");
    tasks(&repo, &(0..8).map(idle).collect::<String>());
    let before = Fingerprint::of(&repo);
    let script = on_a_small_disk(&format!(
        "'{PROGRAM}' split tasks.toml --parallel=8 --json || code=$?; ls -A ../disk >&2; exit $code"
    ));
    let Some(output) = with_mounts(&repo, &script) else { return };
    assert_eq!(output.exit(4).stdout_json()["error"]["code"], "disk_full");
    assert!(!output.stderr().contains("t0"), "{}", output.stderr());
    assert_eq!(refs(&repo, "refs/heads/feature"), [""; 0]);
    std::fs::remove_dir(repo.root().join("disk")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn f8_a_disk_that_fills_up_fails_one_task_and_leaves_no_half_of_it() {
    let repo = bulky();
    // What the first one leaves in an ignored file takes the room of the second one.
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"echo a > a; head -c 1500000 /dev/zero > junk\"\ncheck = \"true\"\n\
         [[task]]\nid = \"b\"\ndepends_on = [\"a\"]\nrun = \"cat a > b\"\ncheck = \"true\"\n",
    );
    let script = on_a_small_disk(&format!(
        "'{PROGRAM}' split tasks.toml --parallel=2 --json > ../first && exit 90 || test $? = 1
         test ! -e ../disk/b
         git branch --list 'feature/b' > ../branches
         rm ../disk/a/junk
         '{PROGRAM}' retry tasks --json > ../second"
    ));
    let Some(output) = with_mounts(&repo, &script) else { return };
    output.exit(0);
    let read = |name: &str| std::fs::read_to_string(repo.root().join(name)).unwrap();
    let first: serde_json::Value = serde_json::from_str(&read("first")).unwrap();
    let outcomes = outcomes(&first);
    assert_eq!(outcomes[0], "a succeeded: changed 1 path");
    assert!(outcomes[1].starts_with("b failed: its worktree could not be made"), "{outcomes:?}");
    assert!(outcomes[1].contains("No space left on device"), "{outcomes:?}");
    assert_eq!(read("branches"), "");
    let second: serde_json::Value = serde_json::from_str(&read("second")).unwrap();
    assert_eq!(crate::scene::outcomes(&second)[1], "b succeeded: changed 1 path");
    assert_eq!(content(&repo, "feature/b", "b").unwrap(), "a\n");
}

#[test]
fn f10_a_repository_that_cannot_be_written_is_refused_and_can_be_looked_at() {
    let repo = small_repo();
    tasks(&repo, "[[task]]\nid = \"a\"\nrun = \"echo a > a\"\ncheck = \"true\"\n");
    for place in [".", ".git"] {
        let before = Fingerprint::of(&repo);
        let script = format!(
            "mount --bind {place} {place}; mount -o remount,ro,bind {place} {place}; cd \"$PWD\"
             '{PROGRAM}' plan tasks.toml > /dev/null
             '{PROGRAM}' doctor > /dev/null
             exec '{PROGRAM}' split tasks.toml --parallel=1 --json"
        );
        let Some(output) = with_mounts(&repo, &script) else { return };
        let error = output.exit(4).stdout_json();
        let message = error["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("Read-only file system"), "{place}: {error:#}");
        assert!(error["error"]["hint"].is_string(), "{place}: {error:#}");
        before.assert_identical(&Fingerprint::of(&repo));
    }
}

#[test]
fn f11_a_file_that_cannot_be_read_is_named_and_nothing_is_lost() {
    let repo = small_repo();
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"echo a > a; echo b > closed; chmod 0 closed\"\ncheck = \"true\"\n",
    );
    let script = format!("'{PROGRAM}' split tasks.toml --parallel=1 --json");
    let Some(output) = without_rights(&repo, &script) else { return };
    let run = output.exit(0).stdout_json();
    output.stderr_has("closed is no readable file; it was not committed");
    assert_eq!(outcomes(&run), ["a succeeded: changed 1 path"]);
    let Some(clean) = without_rights(&repo, &format!("'{PROGRAM}' clean tasks")) else { return };
    clean.exit(0).stdout_has("`closed` is not committed");
    assert!(repo.root().join("repo-a/closed").exists());
}

#[test]
fn f11_folders_that_a_task_closed_do_not_hold_up_clean() {
    let repo = small_repo();
    repo.file(".gitignore", "out/\n").commit("ignore");
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"mkdir -p out/deep; echo x > out/deep/f; chmod 500 out/deep out\"\n",
    );
    let script = format!(
        "'{PROGRAM}' split tasks.toml --parallel=1; '{PROGRAM}' clean tasks --force; ls -A .. > ../left"
    );
    let Some(output) = without_rights(&repo, &script) else { return };
    output.exit(0);
    let left = std::fs::read_to_string(repo.root().join("left")).unwrap();
    assert_eq!(left, "home\nleft\nrepo\nrun\ntmp\n");
}
