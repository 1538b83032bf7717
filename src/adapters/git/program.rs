//! The git program: found on the PATH, run with an environment of ours, retried when locked out.

mod bound;
mod changing;
mod conversation;
mod limited;
mod locked;
mod paths;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

pub(in crate::adapters) use conversation::Conversation;

use self::locked::locked_file;
use super::backoff::Backoff;
use super::error::{GitError, io};
use super::version::GitVersion;
use crate::domain::report::shell_word;

/// How long a command waits for somebody else's lock.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// How often a command is started again that the terminal ended before it had begun.
const INTERRUPTIONS: u32 = 3;

/// `GIT_*` variables of the caller that reach our git: who the user is, which configuration files
/// are theirs, how they reach a server that holds missing objects, and where not to search.
const PASSED: [&str; 16] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_LFS_SKIP_SMUDGE",
];

/// Configuration that every command of ours gets: nothing of the repository's is run behind the
/// user's back, and nothing is tidied up while we work.
const FORCED_CONFIG: [&str; 11] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.safecrlf=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "i18n.commitEncoding=UTF-8",
];

const FORCED_ENV: [(&str, &str); 7] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_EDITOR", "true"),
    ("GIT_SEQUENCE_EDITOR", "true"),
    ("GIT_PAGER", "cat"),
    ("GIT_ADVICE", "0"),
    ("LC_ALL", "C"),
];

/// A git program with the environment its commands run in.
#[derive(Debug, Clone)]
pub struct GitProgram {
    path: PathBuf,
    version: GitVersion,
    env: Arc<[(OsString, OsString)]>,
    lock_wait: Duration,
}

impl GitProgram {
    /// Finds `git` on the PATH in `env`, the environment of the caller.
    ///
    /// # Errors
    /// [`GitError::GitMissing`], or [`GitError::Unsupported`] when it is too old.
    pub fn find(env: Vec<(OsString, OsString)>) -> Result<Self, GitError> {
        let program = Self::on_path(env)?;
        let version = GitVersion::load(&program)?;
        Ok(program.with_version(version))
    }

    /// The same with the oldest version in place of its own.
    pub(super) fn on_path(env: Vec<(OsString, OsString)>) -> Result<Self, GitError> {
        let path = program_on_path(&env).ok_or(GitError::GitMissing)?;
        let env = env.into_iter().filter(|(name, _)| is_passed(name)).collect();
        Ok(Self { path, version: GitVersion::OLDEST, env, lock_wait: LOCK_WAIT })
    }

    pub(super) fn with_version(self, version: GitVersion) -> Self {
        Self { version, ..self }
    }

    /// Its version.
    pub fn version(&self) -> GitVersion {
        self.version
    }

    /// Where it was found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same program with another patience for locks.
    #[must_use]
    pub fn with_lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// A variable of the environment that its commands run in.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    pub(in crate::adapters) fn lock_wait(&self) -> Duration {
        self.lock_wait
    }

    pub(in crate::adapters) fn command(&self, subcommand: &str) -> Invocation<'_> {
        Invocation {
            program: self,
            before: Vec::new(),
            words: vec![subcommand.into()],
            env: Vec::new(),
            dir: None,
            input: Input::Nothing,
            foreground: false,
            bound: false,
            limit: None,
        }
    }
}

fn is_passed(name: &OsStr) -> bool {
    let name = name.as_bytes();
    !name.starts_with(b"GIT_")
        || PASSED.iter().any(|passed| name == passed.as_bytes())
        || [&b"GIT_CONFIG_KEY_"[..], b"GIT_CONFIG_VALUE_"]
            .iter()
            .any(|start| name.starts_with(start))
}

fn program_on_path(env: &[(OsString, OsString)]) -> Option<PathBuf> {
    let path = env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let path = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    std::env::split_paths(path).filter(|folder| folder.is_absolute()).map(|f| f.join("git")).find(
        |file| {
            file.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        },
    )
}

/// What a command ended with.
#[derive(Debug)]
pub(in crate::adapters) struct Answer {
    pub(in crate::adapters) code: Option<i32>,
    pub(in crate::adapters) stdout: Vec<u8>,
    pub(in crate::adapters) stderr: String,
}

#[derive(Debug)]
enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(File),
}

/// One command being put together.
#[derive(Debug)]
pub(in crate::adapters) struct Invocation<'a> {
    program: &'a GitProgram,
    before: Vec<OsString>,
    words: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    input: Input,
    foreground: bool,
    bound: bool,
    limit: Option<Duration>,
}

impl Invocation<'_> {
    /// Runs in this folder.
    pub(in crate::adapters) fn dir(mut self, dir: &Path) -> Self {
        self.dir = Some(dir.to_owned());
        self
    }

    /// Works on this git directory, whatever the folder it runs in belongs to.
    pub(in crate::adapters) fn git_dir(mut self, git_dir: &Path) -> Self {
        self.before.push(joined("--git-dir=", git_dir));
        self
    }

    /// Works on the files below this folder.
    pub(in crate::adapters) fn work_tree(mut self, work_tree: &Path) -> Self {
        self.before.push(joined("--work-tree=", work_tree));
        self
    }

    /// One option that stands before the subcommand.
    pub(in crate::adapters) fn global(mut self, option: impl Into<OsString>) -> Self {
        self.before.push(option.into());
        self
    }

    pub(in crate::adapters) fn config(self, setting: &str) -> Self {
        self.global("-c").global(setting)
    }

    /// Makes what the command writes survive a loss of power.
    pub(in crate::adapters) fn durable(self) -> Self {
        if self.program.version.at_least(2, 36) {
            self.config("core.fsync=committed,loose-object,reference")
                .config("core.fsyncMethod=batch")
        } else {
            self.config("core.fsyncObjectFiles=true")
        }
    }

    pub(in crate::adapters) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    pub(in crate::adapters) fn args<T: AsRef<OsStr>>(
        mut self,
        words: impl IntoIterator<Item = T>,
    ) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    pub(in crate::adapters) fn env(
        mut self,
        name: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub(in crate::adapters) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Input::Bytes(bytes);
        self
    }

    /// Gives the command an open file as standard input, which it keeps open while it lives.
    pub(in crate::adapters) fn input_file(mut self, file: File) -> Self {
        self.input = Input::File(file);
        self
    }

    /// Stays in the terminal's foreground group, for programs that ask for a pass phrase.
    pub(in crate::adapters) fn foreground(mut self) -> Self {
        self.foreground = true;
        self
    }

    /// Runs it; any exit code is an answer, a lock held too long is an error.
    pub(in crate::adapters) fn answer(self) -> Result<Answer, GitError> {
        let mut backoff = Backoff::new(self.program.lock_wait);
        loop {
            let answer = self.run_once()?;
            let lock = match answer.code {
                Some(0) => None,
                _ => locked_file(&answer.stderr),
            };
            let Some(path) = lock else { return Ok(answer) };
            if !backoff.wait() {
                return Err(GitError::Locked { path });
            }
        }
    }

    /// Runs it; anything but exit code 0 is an error. Returns its standard output.
    pub(in crate::adapters) fn output(self) -> Result<Vec<u8>, GitError> {
        let words = self.shown();
        let answer = self.answer()?;
        if answer.code == Some(0) {
            return Ok(answer.stdout);
        }
        Err(GitError::Command { words, code: answer.code, stderr: answer.stderr })
    }

    /// As [`Self::output`], as text without the final line end.
    pub(in crate::adapters) fn text(self) -> Result<String, GitError> {
        let words = self.shown();
        let output = self.output()?;
        String::from_utf8(output)
            .map(|text| text.trim_end_matches('\n').to_owned())
            .map_err(|_| GitError::Answer { words, what: "not UTF-8".to_owned() })
    }

    /// The command's own words, for messages.
    pub(in crate::adapters) fn shown(&self) -> String {
        let words = self.words.iter().map(|word| shell_word(&word.to_string_lossy()));
        let words: Vec<String> = words.collect();
        words.join(" ")
    }

    fn run_once(&self) -> Result<Answer, GitError> {
        for _ in 0..INTERRUPTIONS {
            let (answer, signal) = self.run_to_end()?;
            let terminal = [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP];
            if self.foreground || !signal.is_some_and(|signal| terminal.contains(&signal)) {
                return Ok(answer);
            }
            // The terminal reached it while it was still a copy of us, before it left our group.
        }
        self.run_to_end().map(|(answer, _)| answer)
    }

    /// The command with its words, folder and environment.
    fn prepared(&self) -> Command {
        let program = self.program;
        let mut command = Command::new(&program.path);
        command.env_clear().envs(program.env.iter().map(|(name, value)| (name, value)));
        command.envs(FORCED_ENV).envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args(FORCED_CONFIG.iter().flat_map(|setting| ["-c", setting]));
        command.args(&self.before).args(&self.words);
        command.current_dir(self.dir.as_deref().unwrap_or(Path::new("/")));
        if self.bound {
            bound::bind(&mut command);
        }
        if !self.foreground {
            // The terminal's Ctrl-C is ours to answer; it must not end git half way.
            command.process_group(0);
        }
        command
    }

    /// The answer, and the signal that ended the command.
    fn run_to_end(&self) -> Result<(Answer, Option<i32>), GitError> {
        let program = self.program;
        let mut command = self.prepared();
        let failed = io("run", &program.path);
        let stdin = match &self.input {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) => Stdio::piped(),
            Input::File(file) => file.try_clone().map_err(io("share", &program.path))?.into(),
        };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.crash_point("before");
        let mut child = command.spawn().map_err(failed)?;
        let pipe = child.stdin.take();
        let output = std::thread::scope(|scope| {
            if let (Some(mut pipe), Input::Bytes(bytes)) = (pipe, &self.input) {
                // A command that does not read to the end says why on standard error.
                let write = move || pipe.write_all(bytes).is_ok();
                if let Err(refused) = Builder::new().spawn_scoped(scope, write) {
                    child.kill()?;
                    child.wait()?;
                    return Err(refused);
                }
            }
            limited::output(child, self.limit)
        })
        .map_err(|error| self.ended_early(error))?;
        self.crash_point("after");
        let answer = Answer {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        };
        Ok((answer, output.status.signal()))
    }
}

fn joined(prefix: &str, path: &Path) -> OsString {
    let mut word = OsString::from(prefix);
    word.push(path);
    word
}

#[cfg(test)]
mod tests;
