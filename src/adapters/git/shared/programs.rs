//! What ran programs for all worktrees at one moment, stored for whoever looks after a crash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::ConfigChange;
use super::executable::shown;
use super::stored::{Bytes, Room, Stored, StoredHooks};
use super::{SharedChange, SharedFiles, make_folder_of, write_private};
use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::land_session::remove_if_there;
use crate::adapters::git::repo::Repo;
use crate::domain::report::shell_word;

/// Files of settings, and hooks; digests of those that do not fit in 256 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPrograms {
    /// By their paths.
    configs: Vec<(Bytes, Option<Stored>)>,
    hooks: StoredHooks,
}

/// Something that runs programs and is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramChange {
    /// What: [`SharedChange::ExecutableSettings`] or [`SharedChange::Hook`].
    pub what: SharedChange,
    /// Commands that make it again what it was, where these can be told.
    pub undo: Vec<String>,
    /// A copy of what it was, where the commands are not enough.
    pub copy: Option<PathBuf>,
}

impl ProgramChange {
    /// Of a file of settings of which only a digest is known.
    fn unknown(file: PathBuf) -> Self {
        let (names, commands) = (Vec::new(), Vec::new());
        let what = SharedChange::ExecutableSettings { file, names, damaged: true, commands };
        Self { what, undo: Vec::new(), copy: None }
    }

    /// Of a file of settings that was not there, if something in it runs programs.
    fn made(repo: &Repo, file: &Path, text: &[u8]) -> Result<Option<Self>, GitError> {
        let (file, text) = (file.to_owned(), Some(text.to_vec()));
        let made = ConfigChange { file: file.clone(), before: None, after: text.clone() };
        let found = made.difference(repo)?;
        if found.executable.is_empty() && !found.damaged {
            return Ok(None);
        }
        let undo = if found.only_executable || found.damaged {
            vec![format!("rm {}", shell_word(&file.display().to_string()))]
        } else {
            let away = ConfigChange { file: file.clone(), before: text, after: None };
            away.commands(repo, &found.executable)
        };
        let names = found.executable.iter().map(|name| shown(name)).collect();
        let (damaged, commands) = (found.damaged, Vec::new());
        let what = SharedChange::ExecutableSettings { file, names, damaged, commands };
        Ok(Some(Self { what, undo, copy: None }))
    }
}

impl SharedPrograms {
    /// What of these files runs programs.
    pub fn of(files: &SharedFiles) -> Self {
        let mut room = Room::default();
        let mut stored = |text: &Option<Vec<u8>>| Some(Stored::of(text.as_ref()?, &mut room));
        let configs = files.configs.iter().map(|(path, text)| (Bytes::of_path(path), stored(text)));
        let configs = configs.collect();
        Self { configs, hooks: StoredHooks::of(&files.hooks, &mut room) }
    }

    /// Writes it to a file in one step. It need not survive a loss of power: what runs does not
    /// either.
    ///
    /// # Errors
    /// The file system.
    pub fn store(&self, path: &Path) -> Result<(), GitError> {
        let draft = path.with_extension("draft");
        let text = serde_json::to_vec(self)
            .map_err(|error| io("write", &draft)(std::io::Error::other(error)))?;
        write_private(&draft, &text)?;
        std::fs::rename(&draft, path).map_err(io("replace", path))
    }

    /// Reads it; `None` where there is none, or half of one.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Takes it away.
    ///
    /// # Errors
    /// The file system.
    pub fn remove(path: &Path) -> Result<(), GitError> {
        remove_if_there(path)
    }

    /// What is not so any more. `aside` names a file that is not there for a copy of each.
    ///
    /// # Errors
    /// Git cannot read the settings, or the file system.
    pub fn changes(
        self,
        repo: &Repo,
        mut aside: impl FnMut(&str) -> PathBuf,
    ) -> Result<Vec<ProgramChange>, GitError> {
        let now = repo.shared_files()?;
        let (mut configs, mut changes) = (BTreeMap::new(), Vec::new());
        for (path, stored) in self.configs {
            let path = path.path();
            let Some(found) = now.configs.get(&path) else { continue };
            match stored.map(|stored| stored.bytes(found.as_deref())).transpose() {
                Ok(text) => {
                    configs.insert(path, text);
                }
                Err(_size) => changes.push(ProgramChange::unknown(path)),
            }
        }
        let hooks = self.hooks.restored(&now.hooks);
        let before = SharedFiles { configs, hooks, ..now.clone() };
        // The other way round, so that the commands lead back.
        for what in now.changes(&before, repo)? {
            let (undo, copy) = match &what {
                SharedChange::ExecutableSettings { file, .. }
                    if before.configs.get(file) == Some(&None) =>
                {
                    let text = now.configs.get(file).and_then(Option::as_deref);
                    changes.extend(ProgramChange::made(repo, file, text.unwrap_or_default())?);
                    continue;
                }
                SharedChange::ExecutableSettings { file, names, commands, .. } => {
                    let copy = (commands.len() < names.len())
                        .then(|| before.copy_settings(file, aside("config.before")))
                        .transpose()?;
                    (commands.clone(), copy.flatten())
                }
                // It is gone, and never ran.
                SharedChange::Hook { name }
                    if !before.hooks.runs(name) && !now.hooks.runs(name) =>
                {
                    continue;
                }
                SharedChange::Hook { name } => {
                    let label = name.to_string_lossy().replace('/', "-");
                    (before.undo_hook(repo, name, &aside(&format!("{label}.before")))?, None)
                }
                SharedChange::Settings { .. }
                | SharedChange::File { .. }
                | SharedChange::Head { .. }
                | SharedChange::Worktree { .. } => continue,
            };
            changes.push(ProgramChange { what, undo, copy });
        }
        Ok(changes)
    }
}

impl SharedFiles {
    /// `None` where the file was not there.
    fn copy_settings(&self, file: &Path, copy: PathBuf) -> Result<Option<PathBuf>, GitError> {
        let Some(Some(text)) = self.configs.get(file) else { return Ok(None) };
        write_private(&copy, text)?;
        Ok(Some(copy))
    }

    /// Commands that make a hook again what it is here, of which a copy is made for them; none where
    /// it was too large to be kept.
    fn undo_hook(&self, repo: &Repo, name: &Path, copy: &Path) -> Result<Vec<String>, GitError> {
        let folder = repo.common_dir().join("hooks");
        let is_folder = name.as_os_str().is_empty();
        let path = if is_folder { folder } else { folder.join(name) };
        let word = |path: &Path| shell_word(&path.display().to_string());
        let (path, from) = (word(&path), word(copy));
        make_folder_of(copy)?;
        match self.hooks.write_draft(name, copy) {
            Ok(true) if is_folder => {
                Ok(vec![format!("mv {path} {path}.found"), format!("mv {from} {path}")])
            }
            Ok(true) => Ok(vec![format!("mv -f {from} {path}")]),
            Ok(false) => Ok(vec![format!("rm {path}")]),
            Err(GitError::Mismatch { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
