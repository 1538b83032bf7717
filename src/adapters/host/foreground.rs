//! A program of the user's, run as they would themselves: in their terminal, with all of their
//! environment, so that it can ask for a pass phrase and run whatever hooks they have.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What to run.
#[derive(Debug)]
pub struct Foreground<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub args: &'a [OsString],
    /// Where.
    pub dir: &'a Path,
    /// The whole environment.
    pub env: &'a [(OsString, OsString)],
    /// Text for its standard input, which is the terminal otherwise.
    pub input: Option<&'a str>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output, where there was an input; else that went to standard error, as results
    /// alone go to ours.
    pub stdout: String,
}

impl Foreground<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// It cannot be started or read.
    pub fn run(&self) -> std::io::Result<Ended> {
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(self.dir).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let Some(input) = self.input else {
            command.stdout(std::io::stderr());
            let code = command.status()?.code();
            return Ok(Ended { code, stdout: String::new() });
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut text = String::new();
        let read = std::thread::scope(|scope| {
            if let Some(mut pipe) = stdin {
                // One that does not read to the end says why on standard error.
                scope.spawn(move || pipe.write_all(input.as_bytes()).is_ok());
            }
            stdout.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut text))
        });
        let code = child.wait()?.code();
        read?;
        Ok(Ended { code, stdout: text })
    }
}

/// The first program of this name on the `PATH` of an environment.
pub fn program_on_path(name: &str, env: &[(OsString, OsString)]) -> Option<PathBuf> {
    let path = env.iter().find(|(variable, _)| variable == "PATH")?.1.as_os_str();
    let is_program = |file: &PathBuf| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let folders = std::env::split_paths::<OsStr>(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(is_program)
}
