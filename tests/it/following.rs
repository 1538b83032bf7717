//! Watching and ending a run from another terminal.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::{Output, Repo};
use crate::scene::{go, outcomes, small_repo, tasks};

const WAITING: &str = r#"
    [[task]]
    id = "waiting"
    run = "touch ../begun; until test -e ../go; do sleep 0.02; done; echo done > done"
    check = "true"
    [[task]]
    id = "after"
    depends_on = ["waiting"]
    run = "echo after > after"
    check = "true"
"#;

fn waiting_repo() -> Repo {
    let repo = small_repo();
    tasks(&repo, WAITING);
    repo
}

/// The lines of events among what a run printed.
fn event_lines(output: &str) -> Vec<&str> {
    let is_event = |line: &&str| {
        let first = line.split_whitespace().next();
        first.and_then(|word| word.strip_suffix('s')).is_some_and(|s| s.parse::<f64>().is_ok())
    };
    output.lines().filter(is_event).collect()
}

/// Starts a run, lets another process watch it, and ends it by `end`.
fn watched(repo: &Repo, options: &[&str], end: impl FnOnce(&Repo)) -> (Output, Output) {
    let split = ["split", "tasks.toml", "--parallel=2"];
    let running = repo.command(&[&split[..], options].concat()).start();
    repo.wait_for("begun");
    let watching = repo.command(&[&["status", "--watch"], options].concat()).start();
    end(repo);
    (running.wait(), watching.wait())
}

#[test]
fn who_watches_a_run_sees_the_lines_that_it_prints() {
    for options in [&[][..], &["-v"], &["-q"]] {
        let repo = waiting_repo();
        let (run, watch) = watched(&repo, options, go);
        let told = event_lines(run.exit(0).stderr());
        let seen: Vec<&str> = watch.exit(0).stdout().lines().collect();
        // The run was created before anybody could watch it.
        let created = usize::from(options != ["-q"]);
        assert_eq!(seen[created..], told, "{options:?}");
        assert_eq!(watch.stderr(), "");
        // Later the same again.
        let again = repo.wt_orch(&[&["status", "--watch"], options].concat());
        assert_eq!(again.exit(0).stdout(), watch.stdout());
    }
}

#[test]
fn a_watcher_gets_one_document_when_the_run_is_over() {
    let repo = waiting_repo();
    let (run, watch) = watched(&repo, &["--json"], go);
    let mut seen = watch.exit(0).stdout_json();
    // Only who looks at a run asks git how its branches will merge.
    assert_eq!(seen["matrix"].take()[0]["forecast"], "clean");
    assert_eq!(run.exit(0).stdout_json(), seen);
}

#[test]
fn a_watcher_is_told_when_the_process_that_drives_the_run_is_gone() {
    let repo = waiting_repo();
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    let watching = repo.command(&["status", "--watch"]).start();
    std::thread::sleep(std::time::Duration::from_millis(100));
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
    let output = watching.wait();
    output.exit(0).stdout_has("waiting  started");
    // Before that it may warn of what the warden has not ended yet.
    output.stderr_has(
        "the process that drove run `tasks` is gone\n\
         hint: `wt-orch resume tasks` goes on with it, `wt-orch abort tasks` ends it\n",
    );
    let run = repo.wt_orch(&["status", "--watch", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "interrupted");
}

#[test]
fn on_a_terminal_a_watched_run_is_shown_live_where_stdout_is_one_too() {
    let repo = waiting_repo();
    let running = repo.command(&["split", "tasks.toml", "--parallel=2"]).start();
    repo.wait_for("begun");
    // Here stdout is a pipe: lines for whoever reads it.
    let watching = repo.command(&["status", "--watch"]).on_a_terminal().start();
    go(&repo);
    running.wait().exit(0);
    let output = watching.wait();
    output.exit(0).stdout_has("after    succeeded");
    assert_eq!(output.stderr(), "");
}

const DEAF: &str = r#"
    [[task]]
    id = "deaf"
    run = "trap 'touch ../asked' TERM; touch ../begun; while :; do sleep 0.02; done"
    check = "true"
"#;

#[test]
fn an_abort_can_wait_and_a_second_one_kills() {
    let repo = small_repo();
    tasks(&repo, DEAF);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    let first = repo.command(&["abort", "--wait"]).start();
    repo.wait_for("asked");
    assert_snapshot!(repo.wt_orch(&["abort"]).snapshot(), @"
    $ wt-orch abort
    exit: 0
    --- stderr
    run `tasks` was being aborted already: what still runs is killed
    hint: `wt-orch clean tasks` removes what it left
    ");
    assert_snapshot!(first.wait().snapshot(), @"
    $ wt-orch abort --wait
    exit: 0
    --- stderr
    run `tasks` is being aborted: what runs is asked to stop
    hint: `wt-orch clean tasks` removes what it left
    ");
    // Over for everybody by then.
    let run = repo.wt_orch(&["status", "--json"]).exit(0).stdout_json();
    assert_eq!(run["state"], "aborted");
    let run = running.wait().exit(1).stdout_json();
    assert_eq!(outcomes(&run), ["deaf cancelled: stopped by the user"]);
    assert_eq!(repo.survivors(), [""; 0]);
}

#[test]
fn ctrl_c_hardens_an_abort() {
    let repo = small_repo();
    tasks(&repo, DEAF);
    let running = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]).start();
    repo.wait_for("begun");
    repo.wt_orch(&["abort"]).exit(0);
    repo.wait_for("asked");
    running.signal(Signal::INT);
    let output = running.wait();
    assert_eq!(output.exit(1).stdout_json()["state"], "aborted");
    output.stderr_has("aborted: killing what runs");
}
