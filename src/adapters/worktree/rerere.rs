//! Resolutions that git recorded, replayed without a trace: the cache of them is the user's, and git
//! would note new conflicts in it and touch what it used.

use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use crate::adapters::git::{GitError, Repo, as_path, io, unquote_path};

/// The git directory of our own in which git replays, within the worktree's.
const OWN: &str = "wt-orch-rerere";

impl Checkout {
    /// Those of these paths in conflict that a recorded resolution resolved; their files are written,
    /// the index stays. Nothing where git records none.
    ///
    /// # Errors
    /// Git or the file system fails.
    pub fn replay_recorded(&self, paths: &[String]) -> Result<Vec<String>, GitError> {
        if !self.repo.has_recorded_resolutions() {
            return Ok(Vec::new());
        }
        let recorded = cache(&self.repo);
        let git_dir = self.whole_git_dir()?;
        let own = Own::make(&self.repo, git_dir.join(OWN))?;
        let content = |path: &String| {
            std::fs::read(self.path.join(as_path(&unquote_path(path)))).unwrap_or_default()
        };
        let before: Vec<Vec<u8>> = paths.iter().map(content).collect();
        // Without a recording this names the conflicts only.
        own.replay(self, git_dir)?;
        if !own.borrow(&recorded)? {
            return Ok(Vec::new());
        }
        own.replay(self, git_dir)?;
        let changed = paths.iter().zip(before).filter(|(path, before)| content(path) != *before);
        Ok(changed.map(|(path, _)| path.clone()).collect())
    }
}

impl Repo {
    /// Whether git would replay resolutions that it recorded: by the setting, else where there are any
    /// (git-rerere(1)).
    pub fn has_recorded_resolutions(&self) -> bool {
        let settings = self.settings();
        let enabled =
            settings.last("rerere.enabled").is_none() || settings.is_true("rerere.enabled");
        enabled && cache(self).is_dir()
    }
}

fn cache(repo: &Repo) -> PathBuf {
    repo.common_dir().join("rr-cache")
}

/// Taken away when dropped.
struct Own {
    path: PathBuf,
}

impl Own {
    fn make(repo: &Repo, path: PathBuf) -> Result<Self, GitError> {
        delete(&path)?;
        let own = Self { path };
        for folder in ["objects", "refs"] {
            let folder = own.path.join(folder);
            std::fs::create_dir_all(&folder).map_err(io("create", &folder))?;
        }
        let format = repo.settings().last("extensions.objectformat");
        let extension = format.map_or_else(String::new, |format| {
            format!("[extensions]\n\tobjectformat = {format}\n")
        });
        let config = format!(
            "[core]\n\trepositoryformatversion = {}\n\tbare = false\n{extension}",
            u8::from(format.is_some())
        );
        for (name, text) in [("config", config.as_str()), ("HEAD", "ref: refs/heads/none\n")] {
            let file = own.path.join(name);
            std::fs::write(&file, text).map_err(io("write", &file))?;
        }
        Ok(own)
    }

    fn replay(&self, checkout: &Checkout, git_dir: &Path) -> Result<(), GitError> {
        let known = self.path.join("MERGE_RR");
        match std::fs::remove_file(&known) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("delete", &known)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let command = checkout.repo.git_in("rerere", &self.path, &checkout.path);
        let command = command.config("rerere.enabled=true").config("rerere.autoUpdate=false");
        let command = command
            .env("GIT_INDEX_FILE", git_dir.join("index"))
            .env("GIT_OBJECT_DIRECTORY", checkout.repo.common_dir().join("objects"));
        command.output().map(|_| ())
    }

    /// Copies what the user's cache has of the conflicts that were named; whether it has anything.
    fn borrow(&self, recorded: &Path) -> Result<bool, GitError> {
        let named = self.path.join("rr-cache");
        let Ok(entries) = named.read_dir() else { return Ok(false) };
        let mut any = false;
        for entry in entries.flatten() {
            let theirs = recorded.join(entry.file_name());
            let Ok(files) = theirs.read_dir() else { continue };
            delete(&entry.path())?;
            std::fs::create_dir_all(entry.path()).map_err(io("create", &entry.path()))?;
            for file in files.flatten() {
                let to = entry.path().join(file.file_name());
                std::fs::copy(file.path(), &to).map_err(io("copy", &file.path()))?;
                any = true;
            }
        }
        Ok(any)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It lies in the worktree's git directory and goes with it at the latest.
        let _gone = delete(&self.path).is_ok();
    }
}

fn delete(folder: &Path) -> Result<(), GitError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("delete", folder)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
