//! What all worktrees of a repository share beside its objects: settings, hooks, files of `info/`,
//! refs, the stash, the list of worktrees and where their HEADs are. Read before and after something
//! runs in a worktree, so that what it did to others can be told, and what runs programs put back.
//!
//! Not looked at: settings and hooks outside the repository's own folder (the user's `.gitconfig`, a
//! folder that `core.hooksPath` names), hooks behind links, logs of refs other than the stash's, and,
//! where refs are not files, HEADs and entries of the stash below the first.

mod config;
mod config_lock;
mod executable;
mod hooks;
mod programs;
mod refs;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use self::config::{ConfigChange, load};
use self::executable::shown;
use self::hooks::Hooks;
use super::error::{GitError, io};
use super::repo::Repo;
use super::worktrees::admin_dirs;
use crate::adapters::host::crash_point::crash_point;

pub use self::programs::{ProgramChange, SharedPrograms};
pub use self::refs::{RefChange, Refs};

/// Files below the common directory that change what git sees.
const FILES: [&str; 6] = [
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "info/sparse-checkout",
    "objects/info/alternates",
    "shallow",
];

/// Largest copy of one of [`FILES`].
const KEPT: u64 = 1 << 20;

/// The files of git's that worktrees share, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFiles {
    /// Files of settings; `None` where there is none.
    configs: BTreeMap<PathBuf, Option<Vec<u8>>>,
    hooks: Hooks,
    /// By name below the common directory.
    files: BTreeMap<&'static str, Vec<u8>>,
    /// HEAD of every worktree, by its git directory.
    heads: BTreeMap<PathBuf, String>,
    /// Folders of the linked worktrees.
    worktrees: BTreeSet<PathBuf>,
}

/// What became of files that a killed process left beside files of settings.
#[derive(Debug, Default)]
pub struct SettledSettings {
    /// Files of settings whose lock of git's is free again.
    pub freed: Vec<PathBuf>,
    /// Files that a process left and that could not be taken away, and why.
    pub stuck: Vec<(PathBuf, GitError)>,
}

/// What differs between two moments in what worktrees share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedChange {
    /// Settings that run programs, of one file.
    ExecutableSettings {
        /// The file.
        file: PathBuf,
        /// Their names, fit to be shown.
        names: Vec<String>,
        /// The file was gone, or git could not read it any more.
        damaged: bool,
        /// Commands that set them again as they were found, where nothing in them may be secret.
        commands: Vec<String>,
    },
    /// Other settings of one file.
    Settings {
        /// The file.
        file: PathBuf,
        /// Their names, fit to be shown.
        names: Vec<String>,
    },
    /// A hook that git would run, or would have run.
    Hook {
        /// Its path below the folder of hooks; empty for the folder itself.
        name: PathBuf,
    },
    /// Another file, below the common directory.
    File {
        /// Its name there.
        name: &'static str,
        /// Lines that it did not have before.
        added: Vec<String>,
    },
    /// HEAD of a worktree names something else.
    Head {
        /// Folder of the worktree.
        worktree: PathBuf,
        /// What it said before: a branch, or a commit.
        old: String,
        /// What it says.
        new: String,
    },
    /// A worktree came or went.
    Worktree {
        /// Its folder.
        path: PathBuf,
        /// It came.
        added: bool,
    },
}

impl Repo {
    /// Takes away git's locks of shared files of settings that a process of this program left when
    /// it was killed.
    ///
    /// # Errors
    /// The list of worktrees cannot be read.
    pub fn settle_settings(&self) -> Result<SettledSettings, GitError> {
        let (common, mut settled) = (self.common_dir(), SettledSettings::default());
        for file in config_files(common, &admin_dirs(common)?) {
            match config_lock::settle(&file) {
                Ok(true) => settled.freed.push(file),
                Ok(false) => {}
                Err(why) => settled.stuck.push((config_lock::leftover(&file), why)),
            }
        }
        Ok(settled)
    }

    /// Reads the files. Runs no program.
    ///
    /// # Errors
    /// The file system.
    pub fn shared_files(&self) -> Result<SharedFiles, GitError> {
        let common = self.common_dir();
        let linked = admin_dirs(common)?;
        let mut configs = BTreeMap::new();
        for path in config_files(common, &linked) {
            configs.insert(path.clone(), load(&path)?);
        }
        let mut heads = BTreeMap::new();
        heads.extend(head(common));
        heads.extend(linked.values().filter_map(|git_dir| head(git_dir)));
        let mut files = BTreeMap::new();
        for name in FILES {
            let path = common.join(name);
            if path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= KEPT) {
                files.insert(name, std::fs::read(&path).map_err(io("read", &path))?);
            }
        }
        let hooks = Hooks::load(&common.join("hooks"));
        let worktrees = linked.into_keys().collect();
        Ok(SharedFiles { configs, hooks, files, heads, worktrees })
    }
}

impl SharedFiles {
    /// What differs in `after`.
    ///
    /// # Errors
    /// Git cannot read what settings were before.
    pub fn changes(&self, after: &Self, repo: &Repo) -> Result<Vec<SharedChange>, GitError> {
        let mut changes = Vec::new();
        for change in self.changed_configs(after) {
            let difference = change.difference(repo)?;
            let names = |names: &[String]| names.iter().map(|name| shown(name)).collect();
            let file = change.file.clone();
            if difference.damaged || !difference.executable.is_empty() {
                let commands = change.commands(repo, &difference.executable);
                let (names, damaged) = (names(&difference.executable), difference.damaged);
                let file = file.clone();
                changes.push(SharedChange::ExecutableSettings { file, names, damaged, commands });
            }
            if !difference.plain.is_empty() {
                changes.push(SharedChange::Settings { file, names: names(&difference.plain) });
            }
        }
        let hooks = self.hooks.changed(&after.hooks).into_iter();
        changes.extend(hooks.map(|name| SharedChange::Hook { name }));
        changes.extend(FILES.iter().filter_map(|name| self.changed_file(after, name)));
        for (git_dir, old) in &self.heads {
            let new = after.heads.get(git_dir);
            if let Some(new) = new.filter(|new| *new != old) {
                let worktree = worktree_of(repo, git_dir);
                changes.push(SharedChange::Head { worktree, old: old.clone(), new: new.clone() });
            }
        }
        let worktree =
            |added| move |path: &PathBuf| SharedChange::Worktree { path: path.clone(), added };
        changes.extend(after.worktrees.difference(&self.worktrees).map(worktree(true)));
        changes.extend(self.worktrees.difference(&after.worktrees).map(worktree(false)));
        Ok(changes)
    }

    /// Whether settings and hooks are the same.
    pub fn has_programs_of(&self, other: &Self) -> bool {
        self.configs == other.configs && self.hooks == other.hooks
    }

    /// What the file of settings or the hook held that a change is about.
    pub fn held(&self, change: &SharedChange) -> Option<&[u8]> {
        match change {
            SharedChange::ExecutableSettings { file, .. } => self.configs.get(file)?.as_deref(),
            SharedChange::Hook { name } => self.hooks.bytes(name),
            SharedChange::Settings { .. }
            | SharedChange::File { .. }
            | SharedChange::Head { .. }
            | SharedChange::Worktree { .. } => None,
        }
    }

    /// Makes settings of `file` that run programs again what they were.
    ///
    /// # Errors
    /// Somebody holds git's lock of the file, or it cannot be written.
    pub fn put_back_settings(
        &self,
        after: &Self,
        repo: &Repo,
        file: &Path,
        aside: &Path,
    ) -> Result<(), GitError> {
        let Some(change) = self.changed_configs(after).find(|change| change.file == file) else {
            return Ok(());
        };
        if let Some(found) = &change.after {
            write_private(aside, found)?;
            crash_point("settings: copied");
        }
        change.put_back(repo, &change.difference(repo)?, &draft_beside(aside))
    }

    /// Makes a hook again what it was; what was found is moved to `aside`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn put_back_hook(&self, repo: &Repo, name: &Path, aside: &Path) -> Result<(), GitError> {
        make_folder_of(aside)?;
        let folder = repo.common_dir().join("hooks");
        self.hooks.put_back(&folder, name, aside, &draft_beside(aside))
    }

    /// Of worktrees that are in both: what came with a new one is nobody's doing.
    fn changed_configs<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = ConfigChange> + 'a {
        self.configs.iter().filter_map(|(file, before)| {
            let now = after.configs.get(file)?;
            let change =
                || ConfigChange { file: file.clone(), before: before.clone(), after: now.clone() };
            (before != now).then(change)
        })
    }

    fn changed_file(&self, after: &Self, name: &'static str) -> Option<SharedChange> {
        let (old, new) = (self.files.get(name), after.files.get(name));
        if old == new {
            return None;
        }
        let lines = |bytes: Option<&Vec<u8>>| -> Vec<String> {
            let text = String::from_utf8_lossy(bytes.map_or(&[][..], Vec::as_slice)).into_owned();
            text.lines().map(str::to_owned).collect()
        };
        let known = lines(old);
        let added = lines(new).into_iter().filter(|line| !known.contains(line)).collect();
        Some(SharedChange::File { name, added })
    }
}

/// The repository's, and those of its linked worktrees.
fn config_files(common: &Path, linked: &HashMap<PathBuf, PathBuf>) -> Vec<PathBuf> {
    let own = ["config", "config.worktree"].map(|name| common.join(name));
    own.into_iter().chain(linked.values().map(|dir| dir.join("config.worktree"))).collect()
}

/// A name for what is to take the place of what is kept at `aside`.
fn draft_beside(aside: &Path) -> PathBuf {
    let mut name = aside.as_os_str().to_owned();
    name.push(".before");
    name.into()
}

/// Whether a folder of copies of what was put back has one of these bytes.
pub fn holds_copy(folder: &Path, held: &[u8]) -> bool {
    let is_copy = |path: PathBuf| {
        let same =
            path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == held.len() as u64);
        same && std::fs::read(path).is_ok_and(|copy| copy == held)
    };
    folder.read_dir().into_iter().flatten().flatten().any(|entry| is_copy(entry.path()))
}

/// Writes a file that only its owner may read, as settings may hold passwords, and its folder.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), GitError> {
    make_folder_of(path)?;
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(io("write", path))
}

fn make_folder_of(file: &Path) -> Result<(), GitError> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).map_err(io("create", folder))
}

/// The branch or commit that a HEAD names; nothing where refs are not files.
fn head(git_dir: &Path) -> Option<(PathBuf, String)> {
    let text = std::fs::read_to_string(git_dir.join("HEAD")).ok()?;
    let text = text.trim_end();
    let name = text.strip_prefix("ref: ").unwrap_or(text);
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    (name != ".invalid").then(|| (git_dir.to_owned(), name.to_owned()))
}

/// The folder that a git directory serves.
fn worktree_of(repo: &Repo, git_dir: &Path) -> PathBuf {
    if git_dir == repo.common_dir() {
        return repo.root().to_owned();
    }
    let linked = admin_dirs(repo.common_dir()).unwrap_or_default();
    let found = linked.into_iter().find(|(_, known)| known == git_dir);
    found.map_or_else(|| git_dir.to_owned(), |(folder, _)| folder)
}
