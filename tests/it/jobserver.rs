//! Builds that share the cores: a builder of shell, which takes tokens as GNU make and cargo do.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::thread::available_parallelism;

use rustix::process::Signal;

use crate::scene::{outcomes, small_repo, tasks};

/// Six jobs that note when they begin and end: beside others where there is a token, else one after
/// another as the command's first process, which needs none.
const BUILDER: &str = r#"
set -eu
log=$1
pool=${CARGO_MAKEFLAGS##*--jobserver-auth=fifo:}
echo "$pool" > "$log.pool"
job() { echo begins >> "$log"; sleep 0.03; echo ends >> "$log"; }
for number in 1 2 3 4 5 6; do
    token=$(dd if="$pool" iflag=nonblock bs=1 count=1 2> /dev/null || true)
    if [ -n "$token" ]; then
        (job; printf + > "$pool") &
    else
        job
    fi
done
wait
echo "$GOMAXPROCS $RUST_TEST_THREADS" > threads
"#;

/// The most that ran at once.
fn most(log: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for line in log.lines() {
        now = if line == "begins" { now + 1 } else { now - 1 };
        most = most.max(now);
    }
    most
}

#[test]
fn builds_of_all_worktrees_together_never_start_more_than_there_are_cores() {
    let repo = small_repo();
    repo.file("build.sh", BUILDER).file("orchestrator.toml", "[run]\njobserver = true\n");
    repo.commit("builder");
    let log = repo.root().join("log");
    let build = |id: &str| {
        let log = log.display();
        format!("[[task]]\nid = '{id}'\nrun = 'sh build.sh {log}'\ncheck = 'sh build.sh {log}'\n")
    };
    let text = ["one", "two", "three"].map(build).concat();
    tasks(&repo, &format!("[defaults]\nenv = {{ GOMAXPROCS = '7' }}\n{text}"));
    let output = repo.wt_orch(&["split", "tasks.toml", "--parallel=3", "--json"]);
    let run = output.exit(0).stdout_json();
    assert_eq!(outcomes(&run)[0], "one succeeded: changed 1 path");
    let noted = std::fs::read_to_string(&log).unwrap();
    assert_eq!(noted.lines().count(), 3 * 2 * 6 * 2, "all jobs of tasks and checks ran");
    let cores = available_parallelism().unwrap().get();
    assert!(most(&noted) <= cores, "{} at once on {cores} cores", most(&noted));
    let threads = repo.git(&["show", "feature/one:threads"]);
    assert_eq!(threads.trim(), format!("7 {}", (cores / 3).max(1)), "the task's own word counts");
    let pool = std::fs::read_to_string(log.with_extension("pool")).unwrap();
    assert!(!Path::new(pool.trim()).parent().unwrap().exists(), "nothing of it is left: {pool}");
}

#[test]
fn the_pool_of_a_run_that_was_killed_goes_with_whatever_ends_the_run() {
    for ends in [&["resume"][..], &["clean", "--force"]] {
        let repo = small_repo();
        repo.file("orchestrator.toml", "[run]\njobserver = true\n").commit("settings");
        let run = "echo \"${CARGO_MAKEFLAGS##*fifo:}\" > ../pool; touch ../begun
            until test -e ../go; do sleep 0.02; done; echo a > a";
        tasks(&repo, &format!("[[task]]\nid = 'a'\ncheck = 'true'\nrun = '''{run}'''\n"));
        let running = repo.command(&["split", "tasks.toml", "--parallel=1"]).start();
        repo.wait_for("begun");
        running.signal(Signal::KILL);
        assert_eq!(running.wait().code(), None);
        let pool = std::fs::read_to_string(repo.root().join("pool")).unwrap();
        let pool = Path::new(pool.trim());
        assert!(pool.metadata().unwrap().file_type().is_fifo(), "nobody took it away");
        std::fs::write(repo.root().join("go"), "").unwrap();
        repo.wt_orch(ends).exit(0);
        assert!(!pool.parent().unwrap().exists(), "{ends:?} leaves {}", pool.display());
    }
}

#[test]
fn doctor_says_who_can_share_the_cores() {
    let repo = small_repo();
    let doctor = repo.wt_orch(&["doctor"]);
    doctor.exit(0).stdout_has("off (`run.jobserver`); cargo");
}
