//! The worktrees of a repository.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backoff::Backoff;
use super::error::{GitError, io};
use super::progress::Progress;
use super::repo::Repo;
use crate::domain::id::Oid;

/// How long an entry may be half made.
const HALF_MADE_WAIT: Duration = Duration::from_millis(500);

/// One worktree, or the bare repository in the place of the main one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeInfo {
    /// Its folder; the repository itself when `bare`.
    pub path: PathBuf,
    /// Where git keeps its HEAD and index; `None` when the entry is damaged.
    pub git_dir: Option<PathBuf>,
    /// Its commit, `None` when unborn or bare.
    pub head: Option<Oid>,
    /// Its branch, also while a rebase or bisect has detached HEAD from it.
    pub branch: Option<String>,
    /// There are no files here.
    pub bare: bool,
    /// Guarded against removal, with the reason where one was given.
    pub locked: Option<String>,
    /// Git would drop the entry, with its reason (the folder is gone).
    pub prunable: Option<String>,
    /// What is half done there.
    pub in_progress: Option<Progress>,
}

impl Repo {
    /// All worktrees, the main one (or the bare repository) first.
    ///
    /// # Errors
    /// `git worktree list` fails or the entries cannot be read.
    pub fn worktrees(&self) -> Result<Vec<WorktreeInfo>, GitError> {
        let terminated = self.program().version().at_least(2, 36);
        let list = || {
            let command = self.git("worktree").args(["list", "--porcelain"]);
            command.args(terminated.then_some("-z")).output()
        };
        // Git gives up over an entry that another git is just writing.
        let mut backoff = Backoff::new(HALF_MADE_WAIT);
        let output = loop {
            match list() {
                Err(GitError::Command { .. }) if backoff.wait() => {}
                result => break result?,
            }
        };
        let end = if terminated { 0 } else { b'\n' };
        let admin = admin_dirs(self.common_dir())?;
        let lines: Vec<&[u8]> = output.split(|&byte| byte == end).collect();
        let mut found = Vec::new();
        for block in lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
            let mut info = parse_block(block);
            if found.is_empty() {
                info.git_dir = Some(self.common_dir().to_owned());
                info.path = self.root().to_owned();
            } else {
                info.git_dir = admin.get(&info.path).cloned();
            }
            if let Some(git_dir) = info.git_dir.as_deref().filter(|_| !info.bare) {
                info.in_progress = self.in_progress(git_dir)?;
                info.branch = info.branch.or_else(|| interrupted_branch(git_dir));
            }
            found.push(info);
        }
        Ok(found)
    }

    /// Folders of all worktrees, also of those that are gone, read without the help of git: it gives
    /// up over entries that another git is just writing.
    ///
    /// # Errors
    /// The entries cannot be read.
    pub(in crate::adapters) fn worktree_folders(&self) -> Result<Vec<PathBuf>, GitError> {
        let main = (!self.is_bare()).then(|| self.root().to_owned());
        Ok(main.into_iter().chain(admin_dirs(self.common_dir())?.into_keys()).collect())
    }

    /// The worktree at this place. A link that stands there leads nowhere: what it leads to has a
    /// place of its own.
    ///
    /// # Errors
    /// As [`Self::worktrees`].
    pub fn worktree_at(&self, path: &Path) -> Result<Option<WorktreeInfo>, GitError> {
        Ok(worktree_among(&self.worktrees()?, path).cloned())
    }
}

/// The worktree of a listing that is at this place, as [`Repo::worktree_at`] finds it.
pub fn worktree_among<'a>(known: &'a [WorktreeInfo], path: &Path) -> Option<&'a WorktreeInfo> {
    let place = real_place(path);
    known.iter().filter(|info| !info.bare).find(|info| real_place(&info.path) == place)
}

/// The real path of a folder, or of its parent with the last name added when it is gone.
pub(in crate::adapters) fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => {
            parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(name)
        }
        _ => path.to_owned(),
    })
}

/// A place by the real path of its parent, whatever stands there: a link is not followed.
pub(in crate::adapters) fn real_place(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => {
            parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(name)
        }
        _ => real_path(path),
    }
}

fn parse_block(block: &[&[u8]]) -> WorktreeInfo {
    let mut info = WorktreeInfo {
        path: PathBuf::new(),
        git_dir: None,
        head: None,
        branch: None,
        bare: false,
        locked: None,
        prunable: None,
        in_progress: None,
    };
    for line in block {
        let at = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (key, value) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        let text = String::from_utf8_lossy(value).into_owned();
        match key {
            b"worktree" => info.path = PathBuf::from(OsStr::from_bytes(value)),
            b"HEAD" => info.head = text.parse().ok().filter(|oid: &Oid| *oid != oid.zero()),
            b"branch" => {
                info.branch = Some(text.strip_prefix("refs/heads/").unwrap_or(&text).to_owned());
            }
            b"bare" => info.bare = true,
            b"locked" => info.locked = Some(text),
            b"prunable" => info.prunable = Some(text),
            _ => {}
        }
    }
    info
}

/// The git directories of linked worktrees, by the folder each one serves.
pub(in crate::adapters) fn admin_dirs(
    common_dir: &Path,
) -> Result<HashMap<PathBuf, PathBuf>, GitError> {
    let folder = common_dir.join("worktrees");
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(io("list", &folder)(error)),
    };
    let mut dirs = HashMap::new();
    for entry in entries {
        let admin = entry.map_err(io("list", &folder))?.path();
        let Ok(mut file) = std::fs::read(admin.join("gitdir")) else { continue };
        while file.last().is_some_and(u8::is_ascii_whitespace) {
            file.pop();
        }
        let path = admin.join(OsStr::from_bytes(&file));
        let served = path.parent().unwrap_or(&path).to_owned();
        let relative = !Path::new(OsStr::from_bytes(&file)).is_absolute();
        dirs.insert(if relative { real_path(&served) } else { served }, admin);
    }
    Ok(dirs)
}

/// The branch that a rebase or bisect took HEAD away from.
fn interrupted_branch(git_dir: &Path) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(git_dir.join(name)).ok();
    let rebased = read("rebase-merge/head-name").or_else(|| read("rebase-apply/head-name"));
    if let Some(name) = rebased {
        return name.trim().strip_prefix("refs/heads/").map(str::to_owned);
    }
    let bisected = read("BISECT_START")?.trim().to_owned();
    let name = bisected.strip_prefix("refs/heads/").unwrap_or(&bisected).to_owned();
    name.parse::<Oid>().is_err().then_some(name)
}
