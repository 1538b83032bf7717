//! What every task has for itself: a port, a folder for temporary files, a name for containers.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::harness::Repo;
use crate::scene::{content, small_repo, split, split_in_one_lane, tasks};

/// Two tasks that tell in a file what they were given.
const TOLD: &str = r#"
    [[setup]]
    run = "echo setup $WT_ORCH_PORT >> ../$WT_ORCH_TASK.ports"
    [defaults]
    check = "echo check $WT_ORCH_PORT >> ../$WT_ORCH_TASK.ports; test -d \"$TMPDIR\""
    [[task]]
    id = "a"
    argv = ["sh", "-c", "echo $0 > port; echo $COMPOSE_PROJECT_NAME > project; touch $TMPDIR/x $TMP/y; mkfifo $TEMP/z; ls $TMPDIR > tmp; echo $TMPDIR > ../tmp-a", "{port}"]
    [[task]]
    id = "b.x"
    run = "echo $WT_ORCH_PORT > port; echo $COMPOSE_PROJECT_NAME > project; echo $TMPDIR > ../tmp-b"
    env = { COMPOSE_PROJECT_NAME = "mine" }
"#;

fn port(repo: &Repo, branch: &str) -> u16 {
    content(repo, branch, "port").unwrap().trim().parse().unwrap()
}

fn temporary(repo: &Repo, task: &str) -> PathBuf {
    let told = std::fs::read_to_string(repo.root().join(format!("tmp-{task}"))).unwrap();
    PathBuf::from(told.trim())
}

/// What is left in the folders for temporary files.
fn left(repo: &Repo) -> Vec<PathBuf> {
    let Ok(users) = std::fs::read_dir(repo.root().join("tmp")) else { return Vec::new() };
    let folders = users.flatten().filter(|entry| entry.path().is_dir());
    folders
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|entry| entry.path())
        .collect()
}

#[test]
fn every_task_has_a_port_a_folder_and_a_project_of_its_own() {
    for arm in [split, split_in_one_lane] {
        let repo = small_repo();
        arm(&repo, TOLD, &[]).exit(0);
        let ports = [port(&repo, "feature/a"), port(&repo, "feature/b.x")];
        assert_ne!(ports[0], ports[1]);
        assert!(ports.iter().all(|port| (20_000..=29_999).contains(port)), "{ports:?}");
        let told = std::fs::read_to_string(repo.root().join("a.ports")).unwrap();
        assert!(told.ends_with(&format!("check {}\n", ports[0])), "{told}");
        assert_eq!(content(&repo, "feature/a", "project").unwrap(), "repo-a\n");
        assert_eq!(content(&repo, "feature/b.x", "project").unwrap(), "mine\n");
        assert_eq!(content(&repo, "feature/a", "tmp").unwrap(), "x\ny\nz\n");
        let folders: BTreeSet<_> = ["a", "b"].map(|task| temporary(&repo, task)).into();
        assert_eq!(folders.len(), 2);
        for folder in folders {
            assert!(folder.starts_with(repo.root().join("tmp")) && !folder.exists());
        }
        assert_eq!(left(&repo), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_port_stays_a_tasks_own_from_run_to_run_unless_somebody_has_it() {
    let repo = small_repo();
    split(&repo, TOLD, &[]).exit(0);
    let before = port(&repo, "feature/a");
    repo.wt_orch(&["retry", "a"]).exit(0);
    assert_eq!(port(&repo, "feature/a"), before);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    split(&repo, TOLD, &[]).exit(0);
    assert_eq!(port(&repo, "feature/a"), before);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    let _listener = TcpListener::bind(("127.0.0.1", before)).unwrap();
    split(&repo, TOLD, &[]).exit(0);
    assert_ne!(port(&repo, "feature/a"), before);
}

#[test]
fn two_runs_that_may_go_on_never_have_the_same_port() {
    let repo = small_repo();
    let settings = "branch = \"{run}/{task}\"\nworktree_path = \"../{run}-{task}\"\n";
    repo.file("orchestrator.toml", settings);
    let slow = "[[task]]\nid = \"a\"\ncheck = \"true\"\n\
                run = \"echo $WT_ORCH_PORT >> ../ports; touch ../begun; \
                until test -e ../go; do sleep 0.05; done\"\n";
    tasks(&repo, slow);
    repo.file("again.toml", slow);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
    repo.wait_for("begun");
    running.signal(Signal::INT);
    running.wait().exit(5);
    std::fs::write(repo.root().join("go"), "").unwrap();
    repo.wt_orch(&["split", "again.toml", "--parallel=1"]).exit(0);
    repo.wt_orch(&["resume", "tasks"]).exit(0);
    let told = std::fs::read_to_string(repo.root().join("ports")).unwrap();
    let ports: Vec<&str> = told.lines().collect();
    assert_eq!(ports[0], ports[2], "the one that goes on keeps its port");
    assert_ne!(ports[0], ports[1]);
}

#[test]
fn temporary_files_go_with_every_end_of_an_attempt() {
    let repo = small_repo();
    let text = r#"
        [[task]]
        id = "fails"
        run = "touch $TMPDIR/$WT_ORCH_ATTEMPT; ls $TMPDIR >> ../seen; exit 3"
        retries = 1
        check = "true"
        [[task]]
        id = "late"
        run = "touch $TMPDIR/x; mkdir $TMPDIR/locked; touch $TMPDIR/locked/y; chmod a-w $TMPDIR/locked; sleep 100"
        timeout = "100ms"
        check = "true"
    "#;
    split(&repo, text, &[]).exit(1);
    assert_eq!(left(&repo), Vec::<PathBuf>::new());
    let seen = std::fs::read_to_string(repo.root().join("seen")).unwrap();
    assert_eq!(seen, "1\n2\n", "each attempt begins with an empty one");
}

#[test]
fn temporary_files_of_an_interrupted_or_crashed_run_go_as_well() {
    let slow = "[[task]]\nid = \"a\"\ncheck = \"true\"\n\
                run = \"touch $TMPDIR/x ../begun; until test -e ../go; do sleep 0.05; done\"\n";
    let ended_by = |signal| {
        let repo = small_repo();
        tasks(&repo, slow);
        let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
        repo.wait_for("begun");
        assert_eq!(left(&repo).len(), 1);
        running.signal(signal);
        let _ended_by_the_signal = running.wait();
        repo
    };
    assert_eq!(left(&ended_by(Signal::INT)), Vec::<PathBuf>::new());
    let ways = [&["abort"][..], &["clean", "--force"], &["resume"]];
    for way in ways {
        let repo = ended_by(Signal::KILL);
        assert_eq!(left(&repo).len(), 1);
        std::fs::write(repo.root().join("go"), "").unwrap();
        // Not where the folder is, but where it was when the run was made.
        repo.command(way).env("TMPDIR", repo.root().join("home")).run().exit(0);
        assert_eq!(left(&repo), Vec::<PathBuf>::new(), "{way:?}");
    }
}
