//! One start of a program, which never blocks a test for good.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::output::Ended;
use super::terminal::Terminal;
use super::{Output, Repo};

/// Time a program may take, on a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(60);

/// A program with arguments, not yet started.
#[must_use]
pub(crate) struct Invocation<'a> {
    repo: &'a Repo,
    program: OsString,
    args: Vec<String>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    input: String,
    terminal: bool,
    limit: Duration,
}

impl<'a> Invocation<'a> {
    pub(super) fn new(repo: &'a Repo, program: &OsStr, args: &[&str]) -> Self {
        Self {
            repo,
            program: program.to_owned(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            folder: repo.path(""),
            environment: repo.environment(),
            input: String::new(),
            terminal: false,
            limit: LIMIT,
        }
    }

    /// Starts in this folder, relative to the one around the repository (`repo/src`).
    pub(crate) fn folder(mut self, path: &str) -> Self {
        self.folder = self.repo.root().join(path);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// What the program reads on stdin; without it, stdin is `/dev/null`.
    pub(crate) fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Gives it a terminal as stdin and stderr, on which the input is typed.
    pub(crate) fn on_a_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Fails the test after this time instead of after a minute.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end.
    #[track_caller]
    pub(crate) fn run(self) -> Output {
        self.start().wait()
    }

    /// Starts in a process group of its own, as a shell does, and returns at once.
    #[track_caller]
    pub(crate) fn start(mut self) -> Running<'a> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.folder).process_group(0);
        command.env_clear().envs(self.environment).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() });
        let terminal = self.terminal.then(Terminal::open);
        if let Some(terminal) = &terminal {
            command.stdin(terminal.theirs.try_clone().unwrap());
            command.stderr(terminal.theirs.try_clone().unwrap());
        }
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{:?}: {e}", self.program));
        let id = Pid::from_child(&child);
        let stdout = read_all(child.stdout.take().unwrap());
        // The command holds the terminal open as long as it lives.
        drop(command);
        let hung_up = terminal.as_ref().map(|terminal| terminal.hung_up.clone());
        let stderr = match terminal {
            Some(terminal) => terminal.answer(std::mem::take(&mut self.input)),
            None => read_all(child.stderr.take().unwrap()),
        };
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input is no reason to fail.
            thread::spawn(move || stdin.write_all(self.input.as_bytes()).ok());
        }
        let name = PathBuf::from(&self.program).file_name().unwrap().display().to_string();
        let line = [vec![name], self.args].concat().join(" ");
        #[expect(clippy::disallowed_methods, reason = "a limit in real time")]
        let deadline = Instant::now() + self.limit;
        let status = await_end(child);
        Running { repo: self.repo, line, id, status, stdout, stderr, hung_up, deadline }
    }
}

/// A program that was started.
#[must_use]
pub(crate) struct Running<'a> {
    repo: &'a Repo,
    line: String,
    id: Pid,
    status: Receiver<ExitStatus>,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    hung_up: Option<Arc<AtomicBool>>,
    deadline: Instant,
}

impl Running<'_> {
    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// Closes its terminal: from here on the program writes to nobody.
    pub(crate) fn hang_up(&self) {
        self.hung_up.as_ref().expect("it has a terminal").store(true, Ordering::Relaxed);
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.id, signal).unwrap();
    }

    /// Sends a signal to the program's group, as the terminal does for Ctrl-C.
    pub(crate) fn signal_group(&self, signal: Signal) {
        rustix::process::kill_process_group(self.id, signal).unwrap();
    }

    /// Waits for the end of the program and of its output.
    ///
    /// # Panics
    ///
    /// When the limit passes first: the program hangs, or something it started holds its output.
    #[track_caller]
    pub(crate) fn wait(self) -> Output {
        let Ok(status) = self.status.recv_timeout(self.left()) else {
            self.signal_group(Signal::KILL);
            self.give_up("still runs");
        };
        let Ok(stdout) = self.stdout.recv_timeout(self.left()) else {
            self.give_up("ended, but something holds its stdout");
        };
        let Ok(stderr) = self.stderr.recv_timeout(self.left()) else {
            self.give_up("ended, but something holds its stderr");
        };
        Output::new(Ended { line: self.line, status, stdout, stderr }, self.repo.root())
    }

    #[track_caller]
    fn give_up(&self, what: &str) -> ! {
        let survivors = self.repo.survivors().join("\n");
        panic!("`{}` {what} when its time is over; running:\n{survivors}", self.line)
    }

    fn left(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "a limit in real time")]
        self.deadline.saturating_duration_since(Instant::now())
    }
}

fn await_end(mut child: Child) -> Receiver<ExitStatus> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait().unwrap()));
    receiver
}

fn read_all(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        sender.send(bytes)
    });
    receiver
}

#[test]
#[should_panic(expected = "still runs when its time is over")]
fn a_program_that_hangs_fails_the_test() {
    let repo = Repo::without_git();
    let limit = Duration::from_millis(50);
    let _unreached = repo.program("sleep", &["1000"]).limit(limit).run();
}

#[test]
#[should_panic(expected = "something holds its stdout")]
fn output_that_stays_open_fails_the_test() {
    let repo = Repo::without_git();
    let limit = Duration::from_millis(100);
    let _unreached = repo.program("sh", &["-c", "sleep 1000 &"]).limit(limit).run();
}

#[test]
fn what_still_runs_is_known_and_ends_with_its_world() {
    let repo = Repo::without_git();
    let script = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!";
    let output = repo.program("sh", &["-c", script]).run();
    let pid: i32 = output.exit(0).stdout().trim().parse().unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(repo.survivors(), [format!("{pid} sleep 1000")]);
    }
    drop(repo);
    if cfg!(target_os = "linux") {
        let alive = || {
            let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
            command.is_ok_and(|command| command.contains("sleep"))
        };
        // A killed process may take a moment to go on a busy machine.
        let gone = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(10));
            !alive()
        });
        assert!(gone);
    }
}

#[test]
fn a_program_gets_its_input_folder_and_variables_and_nothing_of_ours() {
    let repo = Repo::without_git();
    let script = "cat; pwd; echo $GREETING; echo ${CARGO_MANIFEST_DIR-none}";
    let invocation = repo.program("sh", &["-c", script]).input("in\n").env("GREETING", "hello");
    let output = invocation.folder("home").run();
    insta::assert_snapshot!(output.snapshot(), @r"
    $ sh -c cat; pwd; echo $GREETING; echo ${CARGO_MANIFEST_DIR-none}
    exit: 0
    --- stdout
    in
    [TMP]/home
    hello
    none
    ");
}

#[test]
fn a_running_program_can_be_sent_signals_once_it_is_ready() {
    let repo = Repo::without_git();
    let script = "trap 'echo got INT; exit 7' INT; touch ready; while :; do sleep 0.01; done";
    let running = repo.program("sh", &["-c", script]).start();
    repo.wait_for("repo/ready");
    running.signal_group(Signal::INT);
    running.wait().exit(7).stdout_has("got INT");

    let running = repo.program("sleep", &["1000"]).start();
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code(), None);
}
