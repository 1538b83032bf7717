//! What a task starts ends with it, whatever it does to escape: F13, F23 to F26, F35.
//!
//! Each holds with control groups, where the machine has them, and without: there they are hidden
//! from the program.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::confined::in_own_mounts;
use crate::harness::{Invocation, Repo};
use crate::scene::{content, outcomes, small_repo, task, tasks};

/// Mounts something else over the control groups of version 2.
const HIDE: &str = "while read -r _ _ _ _ place rest; do
    case \"$rest\" in *' - cgroup2 '*) mount -t tmpfs none \"$place\" || exit 99;; esac
    done < /proc/self/mountinfo; exec \"$@\"";

/// Starts a process that sheds session, parent, environment and output, and waits for its number.
const SHED: &str = "(setsid env -i sh -c 'sh -c \"echo \\$\\$ > ../daemon; exec sleep 60\" &' \
    > /dev/null 2>&1 &); until [ -s ../daemon ]; do sleep 0.01; done; echo done > work";

/// What holds processes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    ByControlGroups,
    ByTheProcessTable,
}

impl Held {
    /// The ways that can be tried on this machine.
    #[expect(clippy::print_stdout, reason = "says what was not tried")]
    fn ways() -> Vec<Self> {
        let repo = small_repo();
        [Self::ByControlGroups, Self::ByTheProcessTable]
            .into_iter()
            .filter(|way| {
                let doctor = way.command(&repo, &["doctor", "--json"]).run();
                let found = (doctor.code() == Some(0))
                    .then(|| doctor.stdout_json()["containment"]["way"].clone());
                let fits = found.as_ref().and_then(Value::as_str) == Some(way.word());
                if !fits {
                    println!("not tried {way:?}: this machine does not allow it");
                }
                fits
            })
            .collect()
    }

    fn word(self) -> &'static str {
        match self {
            Self::ByControlGroups => "control_group",
            Self::ByTheProcessTable => "process_table",
        }
    }

    fn command<'a>(self, repo: &'a Repo, args: &[&str]) -> Invocation<'a> {
        let command = match self {
            Self::ByControlGroups => repo.command(args),
            Self::ByTheProcessTable => {
                let program = assert_cmd::cargo::cargo_bin!("wt-orch").to_str().unwrap();
                in_own_mounts(repo, &[&["sh", "-c", HIDE, "sh", program], args].concat())
            }
        };
        command.env("WT_ORCH_RUN_GRACE", "200ms")
    }

    /// `split` with these tasks, as JSON.
    fn split<'a>(self, repo: &'a Repo, text: &str) -> Invocation<'a> {
        tasks(repo, text);
        self.command(repo, &["split", "tasks.toml", "--parallel=2", "--json"])
    }
}

/// The number in a file beside the repository.
fn pid(repo: &Repo, name: &str) -> i32 {
    fs::read_to_string(repo.root().join(name)).unwrap().trim().parse().unwrap()
}

fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Control groups of the run of `tasks.toml`, wherever they are.
fn groups(repo: &Repo) -> Vec<String> {
    let common = repo.path(".git");
    let mark = wt_orch::domain::run::run_mark(common.to_str().unwrap(), "tasks");
    let mut found = Vec::new();
    let mut unseen = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = unseen.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name.contains(&mark) {
                found.push(name);
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                unseen.push(entry.path());
            }
        }
    }
    found
}

#[track_caller]
fn assert_nothing_left(repo: &Repo) {
    assert_eq!(repo.survivors(), [""; 0]);
    assert_eq!(groups(repo), [""; 0]);
}

fn one_task(run: &str, more: &str) -> String {
    format!("[[task]]\nid = \"odd\"\ncheck = \"true\"\n{more}\nrun = '''{run}'''\n")
}

#[test]
fn f23_a_daemon_that_sheds_everything_ends_with_its_task_and_is_told_of() {
    for held in Held::ways() {
        let repo = small_repo();
        let run = held.split(&repo, &one_task(SHED, "")).run().exit(0).stdout_json();
        assert!(!runs(pid(&repo, "daemon")), "{held:?}");
        assert_nothing_left(&repo);
        assert_eq!(outcomes(&run), ["odd succeeded: changed 1 path"]);
        assert_eq!(task(&run, "odd")["leaked"], json!({ "output": false, "processes": 1 }));
        for command in ["status", "report"] {
            let told = repo.wt_orch(&[command]);
            told.exit(0).stdout_has("succeeded, leaked");
            told.stdout_has("left 1 process behind, which was ended");
        }
        let told = repo.wt_orch(&["report"]);
        told.stdout_has("█!| ").stdout_has("!: it left something behind, see Notes");
    }
}

#[test]
fn f24_a_task_that_ignores_the_request_to_end_is_killed_after_the_grace() {
    let run = "trap '' TERM; (trap '' TERM; setsid sleep 60) & while :; do sleep 60; done";
    for held in Held::ways() {
        let repo = small_repo();
        let run = held.split(&repo, &one_task(run, "timeout = \"300ms\"")).run();
        let run = run.exit(1).stdout_json();
        assert_eq!(task(&run, "odd")["outcome"], "timed_out");
        assert_nothing_left(&repo);
    }
}

#[test]
fn f25_a_task_that_stops_itself_reaches_its_timeout_all_the_same() {
    for held in Held::ways() {
        let repo = small_repo();
        let run = "kill -STOP $$; touch awake";
        let run = held.split(&repo, &one_task(run, "timeout = \"300ms\"")).run();
        let run = run.exit(1).stdout_json();
        assert_eq!(task(&run, "odd")["outcome"], "timed_out");
        assert_nothing_left(&repo);
    }
}

#[test]
fn f25_a_fork_bomb_is_ended_as_a_whole() {
    // A user that nobody else is, so that the bound counts the bomb alone.
    let user = 1_000_000 + std::process::id();
    // Whoever became their parent may not have noticed yet that they ended.
    let is_of_it = |entry: &fs::DirEntry| {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        entry.metadata().is_ok_and(|found| found.uid() == user) && pid.is_some_and(runs)
    };
    let bomb = "setsid sh ../bomb & setsid sh ../bomb & exec sleep 60";
    let run = format!(
        "setpriv --reuid={user} --clear-groups prlimit --nproc=40 sh ../bomb 2> /dev/null & sleep 60"
    );
    for held in Held::ways() {
        let repo = small_repo();
        let probe = repo.program("setpriv", &[&format!("--reuid={user}"), "true"]).run();
        if probe.code() != Some(0) {
            println!("not tried: no right to become another user");
            return;
        }
        open_to_all(repo.root());
        fs::write(repo.root().join("bomb"), bomb).unwrap();
        let run =
            held.split(&repo, &one_task(&run, "timeout = \"1s\"")).run().exit(1).stdout_json();
        assert_eq!(task(&run, "odd")["outcome"], "timed_out", "{run:#}");
        let left = fs::read_dir("/proc").unwrap().flatten().filter(is_of_it).count();
        assert_eq!((left, held), (0, held));
        assert_nothing_left(&repo);
    }
}

/// Another user has to find its way to the script.
fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn f26_output_that_is_held_open_ends_the_task_and_is_told_of() {
    for held in Held::ways() {
        let repo = small_repo();
        let run = "sleep 60 & echo $! > ../holder; touch work";
        let run = held.split(&repo, &one_task(run, "")).run().exit(0).stdout_json();
        assert!(!runs(pid(&repo, "holder")));
        assert_eq!(task(&run, "odd")["leaked"], json!({ "output": true, "processes": 1 }));
        repo.wt_orch(&["status"]).exit(0).stdout_has("its output was held open");
        assert_nothing_left(&repo);
    }
}

#[test]
fn a_program_that_may_stay_outlives_its_task_and_is_no_leak() {
    for held in Held::ways() {
        let repo = small_repo();
        let run = "cp /bin/sleep ../keeper; setsid ../keeper 60 & echo $! > ../kept; touch work
            until grep -q keeper /proc/$(cat ../kept)/comm; do :; done";
        let invocation = held.split(&repo, &one_task(run, ""));
        let run = invocation.env("WT_ORCH_RUN_KEEP", "keeper").run().exit(0).stdout_json();
        let kept = pid(&repo, "kept");
        assert!(runs(kept), "{held:?}");
        kill_process(Pid::from_raw(kept).unwrap(), Signal::KILL).unwrap();
        assert_eq!(task(&run, "odd")["leaked"], Value::Null);
        assert_eq!(groups(&repo), [""; 0]);
    }
}

#[test]
fn what_git_tidies_up_in_the_background_is_no_leak_and_leaves_no_lock() {
    for held in Held::ways() {
        let repo = small_repo();
        for commit in ["second", "third"] {
            repo.git(&["repack", "--quiet"]);
            repo.file(commit, commit).commit(commit);
        }
        for (name, value) in
            [("maintenance.auto", "true"), ("gc.auto", "1"), ("gc.autoPackLimit", "1")]
        {
            repo.git(&["config", name, value]);
        }
        let run = "echo work > work; git add work; git commit --quiet --message work";
        let invocation = held.split(&repo, &one_task(run, "")).env("WT_ORCH_RUN_GRACE", "60s");
        let run = invocation.run().exit(0).stdout_json();
        assert_eq!(task(&run, "odd")["leaked"], Value::Null, "{held:?}");
        let packs = repo.git(&["count-objects", "--verbose"]);
        assert!(packs.contains("packs: 1\n"), "it had the time that it took: {packs}");
        let locks = ["gc.pid", "gc.pid.lock", "objects/maintenance.lock", "packed-refs.lock"];
        assert!(locks.iter().all(|lock| !repo.path(".git").join(lock).exists()));
        assert_nothing_left(&repo);
    }
}

#[test]
fn f13_a_task_that_wants_too_much_memory_fails_and_goes_before_wt_orch() {
    let run =
        "cat /proc/self/oom_score_adj > adj; head -c 300m /dev/zero | tail -c 300m | wc -c > size
        [ $(cat size) = 314572800 ]";
    for held in Held::ways() {
        let repo = small_repo();
        let text = one_task(run, "memory_limit = \"256MiB\"");
        let text = format!("{text}[[task]]\nid = \"other\"\ncheck = \"true\"\nrun = \"touch o\"\n");
        let run = held.split(&repo, &text).run().exit(1).stdout_json();
        assert_eq!(task(&run, "odd")["outcome"], "failed", "{run:#}");
        assert_eq!(task(&run, "other")["outcome"], "succeeded");
        let own = fs::read_to_string("/proc/self/oom_score_adj").unwrap();
        let sacrifice = (own.trim().parse::<i32>().unwrap() + 500).min(1000);
        let kept = "refs/wt-orch/tasks/odd/attempt-1";
        assert_eq!(content(&repo, kept, "adj").unwrap(), format!("{sacrifice}\n"));
        assert_nothing_left(&repo);
    }
}

#[test]
fn f35_a_task_that_asks_gets_no_answer_and_no_terminal() {
    let run =
        "read answer; echo \"$? $answer\" > said; (: < /dev/tty) 2> /dev/null || echo none >> said";
    for held in Held::ways() {
        let repo = small_repo();
        held.split(&repo, &one_task(run, "")).on_a_terminal().input("yes\n").run().exit(0);
        assert_eq!(content(&repo, "feature/odd", "said").unwrap(), "1 \nnone\n");
    }
}

#[test]
fn a_run_inside_of_a_task_is_held_together_like_any_other() {
    let program = assert_cmd::cargo::cargo_bin!("wt-orch").display().to_string();
    let run = format!(
        "set -e; git init -q \"$TMPDIR/inner\"; cd \"$TMPDIR/inner\"; echo a > a; git add a
        git commit -qm first; cp \"$OLDPWD/../inner.toml\" tasks.toml
        {program} split tasks.toml --parallel=2 --json > \"$OLDPWD/inner.json\""
    );
    for held in Held::ways() {
        let repo = small_repo();
        let inner = one_task(&SHED.replace("../daemon", "../../../daemon"), "");
        let inner =
            inner.replace("../../../daemon", &repo.root().join("daemon").display().to_string());
        fs::write(repo.root().join("inner.toml"), inner).unwrap();
        held.split(&repo, &one_task(&run, "")).run().exit(0);
        let inner = content(&repo, "feature/odd", "inner.json").unwrap();
        let inner: Value = serde_json::from_str(&inner).unwrap();
        assert_eq!(task(&inner, "odd")["leaked"], json!({ "output": false, "processes": 1 }));
        assert!(!runs(pid(&repo, "daemon")), "{held:?}");
        assert_nothing_left(&repo);
    }
}

/// A run whose task has shed a daemon and waits; wt-orch is killed, and its warden too unless it is
/// to do its work.
fn killed(repo: &Repo, warden: bool) {
    let run = format!("{SHED}; touch ../shed; sleep 60");
    let running = Held::ByControlGroups.split(repo, &one_task(&run, "")).start();
    repo.wait_for("shed");
    assert_eq!(groups(repo).len(), 1);
    if !warden {
        repo.kill_wardens();
    }
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code(), None);
}

#[test]
fn what_a_killed_run_left_in_control_groups_is_ended_by_its_warden() {
    if Held::ways().contains(&Held::ByControlGroups) {
        let repo = small_repo();
        killed(&repo, true);
        for _ in 0..500 {
            if groups(&repo).is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(!runs(pid(&repo, "daemon")));
        assert_nothing_left(&repo);
    }
}

#[test]
fn what_a_killed_run_left_in_control_groups_is_ended_by_whoever_takes_the_run_up() {
    let commands: [&[&str]; 3] = [&["abort"], &["clean", "--force"], &["resume", "--json"]];
    for command in commands {
        if Held::ways().contains(&Held::ByControlGroups) {
            let repo = small_repo();
            killed(&repo, false);
            let daemon = pid(&repo, "daemon");
            assert!(runs(daemon), "nothing but its control group tells whose it is");
            let invocation = Held::ByControlGroups.command(&repo, command);
            if command[0] == "resume" {
                // The task would wait again.
                let resumed = invocation.start();
                fs::remove_file(repo.root().join("shed")).unwrap();
                repo.wait_for("shed");
                resumed.signal(Signal::INT);
                resumed.wait().exit(5);
            } else {
                invocation.run().exit(0);
            }
            assert!(!runs(daemon), "{command:?}");
            assert_nothing_left(&repo);
        }
    }
}
