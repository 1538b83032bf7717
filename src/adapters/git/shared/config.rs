//! Files of settings that all worktrees read: what changed in them, and putting back what runs
//! programs.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::config_lock::{Replacement, replace};
use super::executable::{is_executable, shown};
use super::write_private;
use crate::adapters::git::backoff::Backoff;
use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::repo::Repo;
use crate::adapters::git::settings::Settings;
use crate::adapters::host::crash_point::crash_point;
use crate::domain::report::shell_word;

/// How often a file that others change meanwhile is edited.
const ATTEMPTS: usize = 5;

/// One setting with its values in their order; a key without value has none.
type Entry = (String, Option<String>);

/// A file of settings before and after; `None` where it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfigChange {
    pub(super) file: PathBuf,
    pub(super) before: Option<Vec<u8>>,
    pub(super) after: Option<Vec<u8>>,
}

/// What differs between two readings of a file of settings.
#[derive(Debug, Default)]
pub(super) struct ConfigDifference {
    /// Keys that run programs and have other values than before.
    pub(super) executable: Vec<String>,
    /// Other keys with other values.
    pub(super) plain: Vec<String>,
    /// The file is gone, or git cannot read it any more.
    pub(super) damaged: bool,
    /// No other key differs, not even one that is not worth telling.
    pub(super) only_executable: bool,
}

impl ConfigChange {
    /// # Errors
    /// Git cannot read what the file held before.
    pub(super) fn difference(&self, repo: &Repo) -> Result<ConfigDifference, GitError> {
        let before = entries(repo, self.before.as_deref())?;
        if self.after.is_none() && !before.is_empty() {
            return Ok(ConfigDifference { damaged: true, ..ConfigDifference::default() });
        }
        let after = match entries(repo, self.after.as_deref()) {
            Ok(after) => after,
            Err(GitError::Command { .. }) => {
                return Ok(ConfigDifference { damaged: true, ..ConfigDifference::default() });
            }
            Err(error) => return Err(error),
        };
        let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        let mut found = ConfigDifference { only_executable: true, ..ConfigDifference::default() };
        for name in names {
            if values(&before, name).eq(values(&after, name)) {
                continue;
            }
            if is_executable(name, values(&before, name).chain(values(&after, name))) {
                found.executable.push(name.clone());
                continue;
            }
            found.only_executable = false;
            // A submodule that is initialised leaves its address here, whoever does it.
            if !name.starts_with("submodule.") || values(&before, name).next().is_some() {
                found.plain.push(name.clone());
            }
        }
        Ok(found)
    }

    /// Gives keys that run programs the values again that they had, in one step and under git's own
    /// lock; the whole file where nothing else differs or git cannot read it. `draft` names a file
    /// that is not there, for what is to come.
    ///
    /// # Errors
    /// Somebody holds the lock or keeps changing the file, or it cannot be written.
    pub(super) fn put_back(
        &self,
        repo: &Repo,
        difference: &ConfigDifference,
        draft: &Path,
    ) -> Result<(), GitError> {
        if difference.damaged || difference.only_executable {
            return self.replace(repo, self.after.as_deref(), self.before.as_deref());
        }
        let mut left = ATTEMPTS;
        loop {
            let found = load(&self.file)?;
            let wanted = self.edited(repo, found.as_deref(), &difference.executable, draft)?;
            crash_point("settings: drafted");
            left -= 1;
            match self.replace(repo, found.as_deref(), Some(&wanted)) {
                // Whatever else was set meanwhile is to stay.
                Err(GitError::Mismatch { .. }) if left > 0 => {}
                replaced => return replaced,
            }
        }
    }

    /// What the file is to hold, with these keys as they were before. Git edits a copy: between the
    /// edits of the file itself the user's values would be nowhere.
    fn edited(
        &self,
        repo: &Repo,
        found: Option<&[u8]>,
        names: &[String],
        draft: &Path,
    ) -> Result<Vec<u8>, GitError> {
        write_private(draft, found.unwrap_or_default())?;
        let before = entries(repo, self.before.as_deref())?;
        let git = || repo.program().command("config").arg("--file").arg(draft);
        for name in names {
            let unset = git().args(["--unset-all", name.as_str()]);
            let words = unset.shown();
            let answer = unset.answer()?;
            // 5: it was not there.
            if !matches!(answer.code, Some(0 | 5)) {
                return Err(GitError::Command { words, code: answer.code, stderr: answer.stderr });
            }
            for value in values(&before, name) {
                git().args(["--add", name, value.unwrap_or("true")]).output()?;
            }
        }
        let edited = std::fs::read(draft).map_err(io("read", draft))?;
        std::fs::remove_file(draft).map_err(io("delete", draft))?;
        Ok(edited)
    }

    fn replace(
        &self,
        repo: &Repo,
        found: Option<&[u8]>,
        wanted: Option<&[u8]>,
    ) -> Result<(), GitError> {
        let budget = Backoff::new(repo.program().lock_wait());
        replace(&self.file, &Replacement { found, wanted }, budget)
    }

    /// Commands that give the keys the values again that they had after, for people: values that may
    /// be secret are left out.
    pub(super) fn commands(&self, repo: &Repo, names: &[String]) -> Vec<String> {
        const LONGEST: usize = 120;
        let known = |text: &Option<Vec<u8>>| entries(repo, text.as_deref()).unwrap_or_default();
        let (before, after) = (known(&self.before), known(&self.after));
        let command = match self.file.file_name() {
            Some(name) if name == "config" => "git config".to_owned(),
            _ => format!("git config --file {}", shell_word(&self.file.display().to_string())),
        };
        let of = |name: &String| {
            let word = Some(shell_word(name)).filter(|_| *name == shown(name))?;
            match values(&after, name).collect::<Vec<_>>().as_slice() {
                [] => Some(format!("{command} --unset-all {word}")),
                [Some(value)] if value.len() <= LONGEST && !name.starts_with("credential.") => {
                    let all = if values(&before, name).count() > 1 { " --replace-all" } else { "" };
                    Some(format!("{command}{all} {word} {}", shell_word(value)))
                }
                _ => None,
            }
        };
        names.iter().filter_map(of).collect()
    }
}

/// The bytes of a file that may not be there.
pub(super) fn load(path: &Path) -> Result<Option<Vec<u8>>, GitError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(io("read", path)(error)),
    }
}

fn entries(repo: &Repo, bytes: Option<&[u8]>) -> Result<Vec<Entry>, GitError> {
    let Some(bytes) = bytes else { return Ok(Vec::new()) };
    // Outside of the repository, whose own settings may be what cannot be read.
    let command = repo.program().command("config").args(["--file", "-", "--list", "-z"]);
    Ok(Settings::parse(&command.input(bytes.to_vec()).output()?).into_entries())
}

fn values<'a>(entries: &'a [Entry], name: &'a str) -> impl Iterator<Item = Option<&'a str>> {
    entries.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_deref())
}
