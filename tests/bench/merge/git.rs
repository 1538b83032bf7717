//! The git program as users run it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::Failure;

/// Any exit code is an answer.
pub(crate) fn answer(dir: &Path, words: &[&str]) -> Result<Output, Failure> {
    let mut command = command(dir, words);
    Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?.wait_with_output()?)
}

/// What it prints.
pub(crate) fn git(dir: &Path, words: &[&str]) -> Result<String, Failure> {
    let output = answer(dir, words)?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("git {}: {error}", words.join(" ")).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// The same with something to read.
pub(crate) fn git_reads(dir: &Path, words: &[&str], input: &[u8]) -> Result<(), Failure> {
    let mut child = command(dir, words).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input)?;
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(format!("git {} failed", words.join(" ")).into()),
    }
}

fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(words).current_dir(dir).stdin(Stdio::null());
    let user = ["NAME", "EMAIL"].iter().flat_map(|part| {
        ["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_{part}"), "bench@example.org"))
    });
    command.envs(user);
    command
}
