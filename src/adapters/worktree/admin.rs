//! Git's entry for a worktree (gitrepository-layout(5), `worktrees/`): made complete under another
//! name and then renamed in, so that no git ever reads half of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::batch::Wanted;
use super::delete::delete_tree;
use super::lock::RepoLock;
use crate::adapters::git::{GitError, Repo, io};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// Reason of the lock that keeps a worktree from being pruned while its files are written.
pub(super) const MAKING: &str = "wt-orch: its files are being written";

/// How often an entry is renamed again when git removes the folder of all entries meanwhile.
const TRIES: u32 = 100;

/// Makes the entry, locked, and returns its folder. The branch must be there.
///
/// # Errors
/// The file system.
pub(super) fn register(
    repo: &Repo,
    wanted: &Wanted,
    commit: Oid,
    // Only one at a time can put an entry together.
    _lock: &RepoLock,
) -> Result<PathBuf, GitError> {
    let draft = repo.common_dir().join("wt-orch/tmp-worktree");
    // Left by a process that was killed: whoever is at work holds the lock.
    delete_tree(&draft)?;
    let made = write_draft(wanted, commit, &draft).and_then(|()| move_in(repo, wanted, &draft));
    if made.is_err() {
        let _removed = delete_tree(&draft).is_ok();
    }
    made
}

/// Makes the folder of all entries, so that a repository that cannot be written is found before its
/// branches are made.
///
/// # Errors
/// The file system.
pub(super) fn prepare(repo: &Repo) -> Result<(), GitError> {
    let folder = repo.common_dir().join("worktrees");
    std::fs::create_dir_all(&folder).map_err(io("create", &folder))
}

/// Takes the lock of [`register`] away, or puts the wanted one in its place.
///
/// # Errors
/// The file system.
pub(super) fn unlock(git_dir: &Path, reason: Option<&str>) -> Result<(), GitError> {
    let file = git_dir.join("locked");
    match reason {
        Some(reason) => std::fs::write(&file, reason).map_err(io("write", &file)),
        None => match std::fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io("delete", &file)(error)),
            Ok(()) | Err(_) => Ok(()),
        },
    }
}

/// Whether a worktree's files were still being written when it was left.
pub(super) fn is_half_made(git_dir: &Path) -> bool {
    std::fs::read_to_string(git_dir.join("locked")).is_ok_and(|reason| reason.trim_end() == MAKING)
}

fn write_draft(wanted: &Wanted, commit: Oid, draft: &Path) -> Result<(), GitError> {
    let logs = draft.join("logs");
    std::fs::create_dir_all(&logs).map_err(io("create", &logs))?;
    let mut gitdir = wanted.path.join(".git").into_os_string().into_encoded_bytes();
    gitdir.push(b'\n');
    let head = match &wanted.branch {
        Some(branch) => format!("ref: refs/heads/{branch}\n"),
        None => format!("{commit}\n"),
    };
    let zero = commit.zero();
    let log =
        format!("{zero} {commit} wt-orch <wt-orch@localhost> {} +0000\twt-orch: made\n", now());
    let files: [(&str, &[u8]); 5] = [
        ("HEAD", head.as_bytes()),
        ("commondir", b"../..\n"),
        ("gitdir", &gitdir),
        ("locked", MAKING.as_bytes()),
        ("logs/HEAD", log.as_bytes()),
    ];
    for (name, content) in files {
        let file = draft.join(name);
        crash_point("worktree: a part of its entry");
        std::fs::write(&file, content).map_err(io("write", &file))?;
    }
    crash_point("worktree: entry drafted");
    Ok(())
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a reflog has the time of the system's clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Renames the draft to the first free name, as git would choose it.
fn move_in(repo: &Repo, wanted: &Wanted, draft: &Path) -> Result<PathBuf, GitError> {
    let folder = repo.common_dir().join("worktrees");
    let name = entry_name(&wanted.path);
    let mut number = 0;
    let mut races = 0;
    while races < TRIES {
        match std::fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(io("create", &folder)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let entry = match number {
            0 => folder.join(&name),
            number => folder.join(format!("{name}{number}")),
        };
        match rename_to_free(draft, &entry) {
            Ok(()) => return Ok(entry),
            Err(Errno::EXIST | Errno::NOTEMPTY) => number += 1,
            // A `git worktree prune` has just removed the last entry and the folder with it.
            Err(Errno::NOENT) if draft.is_dir() => races += 1,
            Err(error) => return Err(io("rename", draft)(error.into())),
        }
    }
    Err(io("create an entry in", &folder)(ErrorKind::AlreadyExists.into()))
}

fn rename_to_free(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows how; our own lock then is all that guards the name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match to.symlink_metadata() {
            Ok(_) => Err(Errno::EXIST),
            Err(_) => rustix::fs::rename(from, to),
        },
        result => result,
    }
}

/// A name for an entry: the folder's, as far as git allows it as part of a ref.
fn entry_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let mut name: String = name.chars().map(allowed).collect();
    while name.contains("..") {
        name = name.replace("..", ".");
    }
    let name = name.trim_matches(['.', '-']).trim_end_matches(".lock");
    if name.is_empty() { "worktree".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_for_its_folder_as_git_allows() {
        let named = |path: &str| entry_name(Path::new(path));
        assert_eq!(named("/a/repo-task.1"), "repo-task.1");
        assert_eq!(named("/a/.hidden..x y.lock"), "hidden.x-y");
        assert_eq!(named("/a/..."), "worktree");
    }
}
