mod ends;
#[cfg(target_os = "linux")]
mod held;
#[cfg(target_os = "linux")]
mod housekeeping;
mod leftovers;
mod output;
mod stalling;
mod stopping;
mod suspending;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::super::{Containment, Exit, MARKERS, ProcessIdentity, Warden, Way, is_alive};
use super::*;

const GRACE: Duration = Duration::from_millis(100);
const SHORT: Drain = Drain { limit: GRACE, silence: GRACE };

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
            stall_timeout: None,
            grace: GRACE,
            warden: Warden::default(),
            late_output: LateOutput::Awaited,
            containment: Containment {
                owner: "test".into(),
                best: Way::ControlGroup,
                keep: Vec::new(),
                memory_limit: None,
            },
        };
        Self { dir, spec }
    }

    fn argv(argv: &[&str]) -> Self {
        let mut fixture = Self::shell("");
        fixture.spec.argv = argv.iter().map(OsString::from).collect();
        fixture
    }

    /// The same, held in no better way than this.
    fn held_by(mut self, way: Way) -> Self {
        self.spec.containment.best = way;
        self
    }

    async fn run(&self) -> Result<Finished, SpawnError> {
        let (_requests, receiver) = mpsc::channel(1);
        let (progress, _told) = mpsc::unbounded_channel();
        supervise_draining(self.spec.clone(), receiver, progress, SHORT).await
    }

    async fn finished(&self) -> Finished {
        self.run().await.unwrap()
    }

    /// Sends the request as soon as the command has said something.
    async fn asked(&self, request: Request) -> Finished {
        let (requests, receiver) = mpsc::channel(1);
        let (progress, mut told) = mpsc::unbounded_channel();
        let running = supervise_draining(self.spec.clone(), receiver, progress, SHORT);
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
