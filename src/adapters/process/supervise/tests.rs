use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::super::{Exit, MARKERS, is_alive};
use super::*;

const GRACE: Duration = Duration::from_millis(100);

struct Fixture {
    dir: TempDir,
    spec: CommandSpec,
}

impl Fixture {
    /// A shell command in an empty folder, marked as no other test's.
    fn shell(script: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let dir = tempfile::tempdir().unwrap();
        let attempt = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let worktree = dir.path().to_str().unwrap();
        let marks = ["run", "task", &attempt, worktree];
        let mut env: Vec<(OsString, OsString)> =
            MARKERS.iter().zip(marks).map(|(name, mark)| (name.into(), mark.into())).collect();
        env.push(("PATH".into(), "/usr/bin:/bin".into()));
        let spec = CommandSpec {
            argv: ["sh", "-c", script].map(OsString::from).to_vec(),
            cwd: dir.path().to_owned(),
            env,
            log: dir.path().join("logs/r/t.1.log"),
            temporary: None,
            stdout_copy: None,
            agent: None,
            log_limit: 1 << 20,
            timeout: Duration::from_secs(60),
            grace: GRACE,
        };
        Self { dir, spec }
    }

    fn argv(argv: &[&str]) -> Self {
        let mut fixture = Self::shell("");
        fixture.spec.argv = argv.iter().map(OsString::from).collect();
        fixture
    }

    async fn run(&self) -> Result<Finished, SpawnError> {
        let (_requests, receiver) = mpsc::channel(1);
        let (progress, _told) = mpsc::unbounded_channel();
        supervise_draining(self.spec.clone(), receiver, progress, GRACE).await
    }

    async fn finished(&self) -> Finished {
        self.run().await.unwrap()
    }

    /// Sends the request as soon as the command has said something.
    async fn asked(&self, request: Request) -> Finished {
        let (requests, receiver) = mpsc::channel(1);
        let (progress, mut told) = mpsc::unbounded_channel();
        let running = supervise_draining(self.spec.clone(), receiver, progress, GRACE);
        let asking = async {
            while !matches!(told.recv().await.unwrap(), Progress::Line(_)) {}
            requests.send(request).await.unwrap();
        };
        tokio::join!(running, asking).0.unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.spec.log).unwrap()
    }

    /// The process whose number the command wrote into a file.
    fn pid(&self, file: &str) -> u32 {
        fs::read_to_string(self.dir.path().join(file)).unwrap().trim().parse().unwrap()
    }

    fn is_gone(&self, file: &str) -> bool {
        is_gone(self.pid(file))
    }
}

/// Nothing of that number runs; one that only waits to be reaped does not.
fn is_gone(pid: u32) -> bool {
    !is_alive(&ProcessIdentity::load(pid))
}

#[tokio::test]
async fn a_command_ends_with_its_code_or_its_signal() {
    for (script, exit) in [
        ("exit 0", Exit::Code(0)),
        ("exit 7", Exit::Code(7)),
        ("no-such-program", Exit::Code(127)),
        ("kill -9 $$", Exit::Signal(9)),
    ] {
        let finished = Fixture::shell(script).finished().await;
        assert_eq!((finished.exit, finished.ending), (exit, Ending::Exited), "{script}");
        assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false), "{script}");
    }
}

#[tokio::test]
async fn output_is_appended_to_the_log_in_its_order() {
    let fixture = Fixture::shell("echo one; echo two >&2; printf 'three\\377'");
    fs::create_dir_all(fixture.spec.log.parent().unwrap()).unwrap();
    fs::write(&fixture.spec.log, "before\n").unwrap();
    let finished = fixture.finished().await;
    assert_eq!(fs::read(&fixture.spec.log).unwrap(), b"before\none\ntwo\nthree\xff");
    assert_eq!(finished.last_lines, ["one", "two", "three\u{fffd}"]);
    assert_eq!((finished.output_bytes, finished.log_error), (14, None));
}

#[tokio::test]
async fn the_copy_of_stdout_holds_nothing_else() {
    let mut fixture = Fixture::shell("echo result; echo noise >&2");
    let copy = fixture.dir.path().join("results/r.txt");
    fixture.spec.stdout_copy = Some(copy.clone());
    let finished = fixture.finished().await;
    assert_eq!(fs::read_to_string(copy).unwrap(), "result\n");
    let log = fixture.log();
    assert!(log.contains("result\n") && log.contains("noise\n"));
    assert_eq!(finished.output_bytes, 13);
}

#[tokio::test]
async fn a_command_has_nothing_to_read_no_terminal_and_only_the_given_environment() {
    let script = "cat; if (: < /dev/tty) 2> /dev/null; then echo terminal; fi; env | cut -d= -f1";
    let fixture = Fixture::shell(script);
    fixture.finished().await;
    let log = fixture.log();
    let mut names: Vec<&str> =
        log.lines().filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)).collect();
    names.sort_unstable();
    let mut given = MARKERS.to_vec();
    given.push("PATH");
    given.sort_unstable();
    assert_eq!(names, given);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let fixture = Fixture::argv(&["no-such-program"]);
    let error = fixture.run().await.unwrap_err();
    assert_eq!(error.to_string(), "program `no-such-program` not found");

    let fixture = Fixture::argv(&["./script"]);
    let script = fixture.dir.path().join("script");
    assert!(matches!(fixture.run().await, Err(SpawnError::ProgramNotFound { .. })));
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    assert!(matches!(fixture.run().await, Err(SpawnError::NotExecutable { .. })));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    assert!(matches!(fixture.run().await, Err(SpawnError::InterpreterNotFound { .. })));

    let mut fixture = Fixture::argv(&["true"]);
    fixture.spec.cwd = fixture.dir.path().join("gone");
    assert!(matches!(fixture.run().await, Err(SpawnError::FolderMissing { .. })));

    let fixture = Fixture::argv(&[]);
    assert!(matches!(fixture.run().await, Err(SpawnError::Empty)));
    let fixture = Fixture::argv(&["true", &"x".repeat(4 << 20)]);
    assert!(matches!(fixture.run().await, Err(SpawnError::TooLong { .. })));
    let fixture = Fixture::argv(&["true", "a\0b"]);
    assert!(matches!(fixture.run().await, Err(SpawnError::Other { .. })));

    let mut fixture = Fixture::argv(&["true"]);
    fixture.spec.log = Path::new("/dev/null/log").into();
    assert!(matches!(fixture.run().await, Err(SpawnError::Log { .. })));
}

#[tokio::test]
async fn a_command_deaf_to_polite_signals_is_killed_when_its_time_is_up() {
    let mut fixture = Fixture::shell("trap '' TERM; echo $$ > pid; while :; do sleep 60; done");
    fixture.spec.timeout = GRACE;
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::TimedOut, Exit::Signal(9)));
    assert_eq!((finished.leaked_processes, finished.survivors), (0, 0));
    assert!(fixture.is_gone("pid"));
}

#[tokio::test]
async fn a_command_may_clear_up_when_it_is_stopped() {
    let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Stop).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Code(3)));
    assert!(fixture.log().ends_with("bye\n"));
    assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_put_itself_to_sleep_is_stopped_too() {
    let script = "(until grep -q '^State:.T' /proc/$$/status; do sleep 0.01; done; echo asleep) &
        kill -STOP $$; echo awake";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Stop).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(15)));
}

#[tokio::test]
async fn force_does_not_wait_for_the_grace() {
    let mut fixture = Fixture::shell("trap '' TERM; echo ready; while :; do sleep 60; done");
    fixture.spec.grace = Duration::from_secs(3600);
    let finished = fixture.asked(Request::Kill).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(9)));
}

#[tokio::test]
async fn output_held_open_after_the_end_is_a_leak_and_no_hang() {
    let fixture = Fixture::shell("sleep 60 & echo $! > pid; echo done");
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(0)));
    assert!(finished.leaked_output);
    assert_eq!(finished.leaked_processes, 1);
    assert!(fixture.is_gone("pid"));
    assert_eq!(fixture.log(), "done\n");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_daemon_in_a_session_of_its_own_is_found() {
    let script =
        "trap '' TERM; setsid sh -c 'echo $$ > pid; exec sleep 60' < /dev/null > /dev/null 2>&1 &
        while ! [ -s pid ]; do sleep 0.01; done";
    let fixture = Fixture::shell(script);
    let finished = fixture.finished().await;
    assert_eq!((finished.leaked_output, finished.leaked_processes), (false, 1));
    assert_eq!(finished.survivors, 0);
    assert!(fixture.is_gone("pid"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_descendant_without_markers_or_group_dies_with_a_command_that_is_killed() {
    let script = "env -i setsid sh -c 'echo $$ > pid; exec sleep 60' > /dev/null 2>&1 &
        while ! [ -s pid ]; do sleep 0.01; done; echo ready; wait";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Kill).await;
    assert_eq!(finished.ending, Ending::Stopped);
    assert!(fixture.is_gone("pid"));
}

#[tokio::test]
async fn a_log_past_its_limit_keeps_beginning_and_end() {
    let mut fixture =
        Fixture::shell("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done");
    fixture.spec.log_limit = 4096;
    let finished = fixture.finished().await;
    let log = fixture.log();
    assert!(log.starts_with("line 0\n") && log.ends_with("line 2999\n"), "{log}");
    assert!(log.contains("wt-orch left out") && log.len() < 4200);
    assert_eq!(finished.last_lines.last().unwrap(), "line 2999");
    let said = (0..3000).map(|n| format!("line {n}\n").len() as u64).sum::<u64>();
    assert_eq!(finished.output_bytes, said);
}

#[tokio::test]
async fn a_line_without_end_is_kept_short_in_memory() {
    let fixture = Fixture::shell("head -c 3000000 /dev/zero | tr '\\0' x");
    let finished = fixture.finished().await;
    assert_eq!(finished.output_bytes, 3_000_000);
    assert_eq!(finished.last_lines.len(), 1);
    assert!(finished.last_lines[0].len() < 2000);
}

#[tokio::test]
async fn resources_of_the_command_and_its_children_are_counted() {
    let script = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; (i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done)";
    let finished = Fixture::shell(script).finished().await;
    assert!(finished.cpu > Duration::ZERO && finished.wall > Duration::ZERO);
    assert!(finished.peak_rss > 100_000 && finished.peak_rss < 1 << 40, "{}", finished.peak_rss);
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_command_runs_on() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let mut fixture = Fixture::shell("echo lost; : > ran-on");
    fixture.spec.log = "/dev/full".into();
    let finished = fixture.finished().await;
    assert!(finished.log_error.is_some());
    assert_eq!(finished.exit, Exit::Code(0));
    assert!(fixture.dir.path().join("ran-on").exists());
}

#[tokio::test]
async fn a_hundred_commands_at_once_each_get_their_own_end() {
    let fixtures: Vec<Fixture> = (0..100).map(|n| Fixture::shell(&format!("exit {n}"))).collect();
    let mut running = tokio::task::JoinSet::new();
    for (n, fixture) in (0..).zip(fixtures) {
        running.spawn(async move { (n, fixture.finished().await.exit) });
    }
    while let Some(ended) = running.join_next().await {
        let (n, exit) = ended.unwrap();
        assert_eq!(exit, Exit::Code(n));
    }
}

#[tokio::test]
async fn a_command_whose_supervisor_is_dropped_dies_and_is_reaped() {
    let fixture = Fixture::shell("echo ready; sleep 60");
    let (_requests, receiver) = mpsc::channel(1);
    let (progress, mut told) = mpsc::unbounded_channel();
    let running = tokio::spawn(supervise(fixture.spec.clone(), receiver, progress));
    let Some(Progress::Started(identity)) = told.recv().await else { panic!("not started") };
    assert!(is_alive(&identity));
    running.abort();
    running.await.unwrap_err();
    let reaped = async {
        while ProcessIdentity::load(identity.pid).start_time == identity.start_time {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(10), reaped).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_crash_left_running_is_found_by_its_identity_and_by_its_markers() {
    use std::os::unix::process::CommandExt;

    use super::super::{stop_marked, stop_stray};

    let fixture = Fixture::shell("");
    let script = "trap '' TERM; setsid sleep 60 & echo $! > escaped; sleep 60 & echo ready; wait";
    let mut stray = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(fixture.dir.path())
        .envs(fixture.spec.env.clone())
        .stdout(std::process::Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut said = [0; 6];
    std::io::Read::read_exact(stray.stdout.as_mut().unwrap(), &mut said).unwrap();
    let identity = ProcessIdentity::load(stray.id());
    let another = ProcessIdentity { start_time: identity.start_time + 1, ..identity.clone() };
    assert_eq!(stop_stray(&another, GRACE).await, Default::default());
    assert!(is_alive(&identity));

    let cleared = stop_stray(&identity, GRACE).await;
    assert_eq!((cleared.inside + cleared.outside, cleared.survivors), (3, 0));
    assert!(fixture.is_gone("escaped"));
    stray.wait().unwrap();

    let mut stray = std::process::Command::new("sleep")
        .arg("60")
        .envs(fixture.spec.env.clone())
        .process_group(0)
        .spawn()
        .unwrap();
    assert_eq!(stop_marked(&fixture.spec.env, GRACE).await.outside, 1);
    stray.wait().unwrap();
}
