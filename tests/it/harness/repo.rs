//! A repository in a world of its own.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Invocation, Output};

/// Unix time of the first commit; every later one is a minute younger.
const FIRST_COMMIT: u64 = 1_700_000_000;

const GITCONFIG: &str = "[user]\n\tname = Ann\n\temail = ann@example.org\n\
    [gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n";

/// A temporary folder with a repository, `main` checked out, and all that programs look for in a
/// home. Dropping it stops what still runs there and deletes everything.
///
/// ```text
/// <root>/repo            the repository
/// <root>/repo-<task>     worktrees, where wt-orch makes them unless told otherwise
/// <root>/home            HOME, with .gitconfig and the XDG folders
/// <root>/run             XDG_RUNTIME_DIR
/// <root>/tmp             TMPDIR
/// ```
pub(crate) struct Repo {
    root: PathBuf,
    commits: Cell<u64>,
    /// Variables that tell git the formats of new repositories.
    formats: Vec<(OsString, OsString)>,
    // The last field: deleted after everything else is done.
    _folder: tempfile::TempDir,
}

impl Repo {
    /// A repository without commits.
    pub(crate) fn new() -> Self {
        let repo = Self::without_git();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// The same world with an ordinary folder in place of the repository.
    pub(crate) fn without_git() -> Self {
        let folder = tempfile::Builder::new().prefix("wto").tempdir().unwrap();
        // macOS names its temporary folder through a link; programs print the real path.
        let root = folder.path().canonicalize().unwrap();
        for name in ["repo", "home", "run", "tmp"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::set_permissions(root.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(root.join("home/.gitconfig"), GITCONFIG).unwrap();
        Self { root, commits: Cell::new(0), formats: wanted_formats(), _folder: folder }
    }

    /// A repository without commits whose objects or refs are of a format that git names by such a
    /// variable: `GIT_DEFAULT_REF_FORMAT=reftable`.
    pub(crate) fn of_format(variable: &str, value: &str) -> Self {
        let mut repo = Self::without_git();
        repo.formats = vec![(variable.into(), value.into())];
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// The folder around the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether worktrees beside the repository can share blocks with it.
    pub(crate) fn shares_blocks(&self) -> bool {
        super::sharing::shares_blocks(&self.root)
    }

    /// A path in the repository; `""` is its root.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.join("repo") } else { self.root.join("repo").join(name) }
    }

    /// Writes a file of the repository, with its folders.
    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// The text of a file of the repository, if it is there.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// Commits everything that is there and returns the id. The same calls give the same ids.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Creates a branch at HEAD and checks it out.
    pub(crate) fn branch(&self, name: &str) -> &Self {
        self.git(&["switch", "--quiet", "--create", name]);
        self
    }

    /// Runs git in the repository, expects success and returns its stdout without the line end.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.program("git", args).run();
        output.exit(0).stdout().trim_end().to_owned()
    }

    /// Runs git where failure is an answer too.
    pub(crate) fn try_git(&self, args: &[&str]) -> Output {
        self.program("git", args).run()
    }

    /// Runs the program under test in the repository, without input or terminal.
    pub(crate) fn wt_orch(&self, args: &[&str]) -> Output {
        self.command(args).run()
    }

    /// The program under test, to be given a folder, variables, input or a limit before it runs.
    pub(crate) fn command(&self, args: &[&str]) -> Invocation<'_> {
        self.program(assert_cmd::cargo::cargo_bin!("wt-orch"), args)
    }

    /// Any program, in the same environment.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Invocation<'_> {
        Invocation::new(self, program.as_ref(), args)
    }

    /// Waits until a task has made this file in the repository's surroundings (`repo-a/started`);
    /// the way for a test to know how far a run has come.
    #[track_caller]
    pub(crate) fn wait_for(&self, path: &str) {
        let path = self.root.join(path);
        for _ in 0..6000 {
            if path.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} was not made within a minute", path.display());
    }

    /// The whole environment of every program that is started here.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let at = |name: &str| self.root.join(name).into_os_string();
        let date = OsString::from(format!("{} +0000", FIRST_COMMIT + 60 * self.commits.get()));
        #[expect(
            clippy::disallowed_methods,
            reason = "git and sh are found where the machine has them"
        )]
        let path = std::env::var_os("PATH").unwrap();
        [
            ("PATH", path),
            ("HOME", at("home")),
            ("TMPDIR", at("tmp")),
            ("XDG_CONFIG_HOME", at("home/.config")),
            ("XDG_CACHE_HOME", at("home/.cache")),
            ("XDG_DATA_HOME", at("home/.local/share")),
            ("XDG_STATE_HOME", at("home/.local/state")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CEILING_DIRECTORIES", at("")),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_AUTHOR_DATE", date.clone()),
            ("GIT_COMMITTER_DATE", date),
            // A plan must not depend on how busy the machine is.
            ("WT_ORCH_PLAN_PROBE", "false".into()),
            // Nor a run.
            ("WT_ORCH_RUN_SHARE_HOST", "false".into()),
            ("LC_ALL", "C".into()),
            ("TZ", "UTC".into()),
        ]
        .map(|(name, value)| (name.into(), value))
        .into_iter()
        .chain(self.formats.clone())
        .collect()
    }

    /// Processes that were started here and still run, as `pid command`. Known on Linux only;
    /// elsewhere the list is empty.
    pub(crate) fn survivors(&self) -> Vec<String> {
        self.processes().iter().map(|(pid, command)| format!("{pid} {command}")).collect()
    }

    /// Ids of the wardens of runs in this repository. Known on Linux only.
    pub(crate) fn wardens(&self) -> Vec<i32> {
        let about = self.path(".git/wt-orch");
        let expected = [b"wt-orch-warden\0", about.as_os_str().as_encoded_bytes(), b"\0"].concat();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let numbered = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|found| found == expected)
            });
        numbered.collect()
    }

    /// Kills the wardens, for a test of what happens without.
    pub(crate) fn kill_wardens(&self) {
        for pid in self.wardens().into_iter().filter_map(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
    }

    /// A private HOME marks every process that descends from this world.
    fn processes(&self) -> Vec<(i32, String)> {
        let marker = [b"HOME=", self.root.join("home").as_os_str().as_encoded_bytes()].concat();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let environment = fs::read(entry.path().join("environ")).ok()?;
                let command = fs::read(entry.path().join("cmdline")).ok()?;
                let command = String::from_utf8_lossy(&command).replace('\0', " ");
                environment
                    .split(|byte| *byte == 0)
                    .any(|variable| variable == marker)
                    .then(|| (pid, command.trim_end().to_owned()))
            })
            .collect()
    }
}

/// What the environment says about the formats of new repositories: every test must hold in all of
/// them.
#[expect(clippy::disallowed_methods, reason = "the tests run in every format when asked to")]
fn wanted_formats() -> Vec<(OsString, OsString)> {
    let names = ["GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT"];
    names.into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?))).collect()
}

impl Drop for Repo {
    fn drop(&mut self) {
        for (pid, _) in self.processes() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                // It may be gone already.
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
            }
        }
    }
}

#[test]
fn the_same_calls_give_the_same_commits_whatever_the_machine_is_set_to() {
    let build = || {
        let repo = Repo::new();
        repo.file("src/a", "1\n").commit("first");
        repo.branch("side").file("src/a", "2\n").commit("second")
    };
    let first = build();
    assert_eq!(first, build());
    let id = if first.len() == 40 { "a6c0fad62a1cbbb87ad3c95fdc37f05f037c7171" } else { &first };
    assert_eq!(first, id, "this id is of the object format sha1");
}

#[test]
fn a_folder_without_git_is_in_no_repository() {
    let repo = Repo::without_git();
    repo.file("a", "1\n");
    assert_eq!(repo.read("a").as_deref(), Some("1\n"));
    assert_eq!(repo.read("b"), None);
    repo.try_git(&["status"]).exit(128).stderr_has("not a git repository");
}

#[test]
fn the_program_under_test_is_found() {
    Repo::without_git().wt_orch(&["--version"]).exit(0);
}
