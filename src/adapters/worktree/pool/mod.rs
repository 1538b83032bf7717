//! Worktrees kept for later tasks, with their warm build products: each on no branch, in a hidden
//! folder beside where it stood, locked with a reason of ours. A task gets one back by a rename and
//! by writing the files in which its start differs; whatever is odd about one is removed instead.
//!
//! ```text
//! ../repo-task            a worktree whose task is done
//! ../.repo-pool-…/1      the same, waiting
//! ../repo-other           the same, at another commit on another branch
//! ```
//!
//! Build products survive the move where they name files relative to the worktree, as cargo's do. A
//! Python environment names itself by its whole path, so it is kept only for a task at the same path.

mod caches;
mod hand_back;
mod keep;
mod record;
mod take;
mod test_folder;
mod test_place;
mod trim;
mod update;

use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use super::lock::RepoLock;
use super::objection::{KeptReason, as_committed, examine};
use super::remove::discarded;
use super::trash::{Trash, discarded_folder, is_begun};
use super::whole_file::write_whole;
use crate::adapters::git::{GitError, Repo, WorktreeInfo, real_path};
use crate::domain::id::stable_hash;

pub(super) use caches::CacheLines;
pub use hand_back::{HandedBack, hand_back};
pub use keep::Keeping;
pub(super) use keep::is_fit;
pub use take::{take, take_all};
pub(super) use test_folder::is_test_folder;
pub use test_folder::{forget_test_folder, left_by_tests, test_folder_name};
pub use test_place::{clear_test_place, free_test_place, test_place_taken};
pub use trim::trim;

use record::{Hold, PoolRecord};

/// Why git must leave them alone.
const REASON: &str = "wt-orch pool";

/// Those of the repository's worktrees that wait for a task.
pub fn pooled<'a>(repo: &Repo, known: &'a [WorktreeInfo]) -> Vec<&'a Path> {
    known.iter().filter(|info| is_pooled(repo, info)).map(|info| info.path.as_path()).collect()
}

/// Hands every worktree that waits for a task to the trash, but for one that a task is just getting;
/// also what a killed process left half in the pools of these folders. Returns their paths.
///
/// # Errors
/// The worktrees cannot be read, or a folder cannot be renamed.
pub fn empty_pool(
    repo: &Repo,
    parents: &[PathBuf],
    trash: &Trash,
) -> Result<EmptiedPool, GitError> {
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    if !is_begun(repo) {
        return Ok(EmptiedPool { gone, kept });
    }
    let _lock = RepoLock::acquire(repo)?;
    let known = repo.worktrees()?;
    let mut pools = Vec::new();
    for orphan in orphans(repo, parents, &known) {
        trash.add(discarded_folder(repo, &orphan)?);
        gone.push(orphan);
    }
    for info in known.iter().filter(|info| is_pooled(repo, info)) {
        pools.extend(info.path.parent().map(Path::to_owned));
        let held = info.git_dir.as_deref().map(Hold::of);
        if matches!(held, Some(Hold::Busy)) {
            continue;
        }
        match left_to_its_author(repo, info, &known)? {
            Some(reason) => kept.push((info.path.clone(), reason)),
            None => {
                trash.add(discarded(repo, &info.path, &known)?);
                gone.push(info.path.clone());
            }
        }
    }
    pools.extend(parents.iter().map(|parent| folder_in(repo, parent)));
    pools.iter().for_each(|pool| forget_if_empty(pool));
    Ok(EmptiedPool { gone, kept })
}

/// What was handed to the trash, and what was not because somebody has worked there.
#[derive(Debug, Default)]
pub struct EmptiedPool {
    /// Folders on their way out.
    pub gone: Vec<PathBuf>,
    /// Folders that stay, with what would be lost.
    pub kept: Vec<(PathBuf, KeptReason)>,
}

/// What somebody has done in a waiting worktree, if anything. It then waits no more: it is theirs.
fn left_to_its_author(
    repo: &Repo,
    info: &WorktreeInfo,
    known: &[WorktreeInfo],
) -> Result<Option<KeptReason>, GitError> {
    let Some(entry) = &info.git_dir else { return Ok(None) };
    // Only somebody's own commands write a log: it was removed when the worktree was put here.
    let moved = entry.join("logs/HEAD").exists();
    let of_tests = PoolRecord::load(entry).is_some_and(|record| record.repositories);
    let checkout = Checkout::listed(repo, info);
    if of_tests && !moved && as_committed(&checkout, entry).is_ok_and(|ignored| ignored.is_some()) {
        // The repositories in its caches are what tests made.
        return Ok(None);
    }
    let is_work = |reason: &KeptReason| moved || !matches!(reason, KeptReason::Unreachable { .. });
    let found = match examine(repo, info, known) {
        Ok(examined) => examined.objections.into_iter().find(is_work),
        Err(error) => {
            let why = format!("it cannot be looked at: {error}");
            Some(KeptReason::Stuck { why })
        }
    };
    if found.is_some() {
        write_whole(&entry.join("locked"), b"wt-orch: somebody has worked in this worktree")?;
    }
    Ok(found)
}

/// The pool of worktrees whose folders lie in `parent`.
pub(super) fn folder_in(repo: &Repo, parent: &Path) -> PathBuf {
    beside(repo, parent).join(name_for(repo, "pool"))
}

/// Where the hidden folders of ours lie: around `folder` if it is one of them, else in it.
pub fn beside<'a>(repo: &Repo, folder: &'a Path) -> &'a Path {
    folder.parent().filter(|_| is_hidden(repo, folder)).unwrap_or(folder)
}

/// Whether a folder has the name of a hidden one of ours.
pub(super) fn is_hidden(repo: &Repo, folder: &Path) -> bool {
    is_pool(repo, folder) || is_test_folder(repo, folder)
}

/// Whether a hidden folder of ours is there and is one: where a link leads, nothing of ours waits, and
/// nothing is put, taken or deleted.
pub(super) fn stands(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// What stands in the place of the pool for worktrees whose folders lie in `parent`: a link, or another
/// thing that is no folder. As long as it does, no worktree waits there.
pub fn pool_taken(repo: &Repo, parent: &Path) -> Option<PathBuf> {
    let pool = folder_in(repo, parent);
    (pool.symlink_metadata().is_ok() && !stands(&pool)).then_some(pool)
}

/// Several repositories of one name may have their worktrees in one folder.
fn name_for(repo: &Repo, what: &str) -> String {
    let bytes = repo.common_dir().as_os_str().as_encoded_bytes();
    format!(".{}-{what}-{:08x}", repo.name(), stable_hash(&[bytes]) >> 32)
}

/// Whether a folder lies where worktrees of this repository wait.
pub fn holds(repo: &Repo, path: &Path) -> bool {
    path.parent().is_some_and(|folder| is_pool(repo, folder))
}

/// Whether a folder is one in which worktrees of this repository wait.
pub(super) fn is_pool(repo: &Repo, folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| *name == *name_for(repo, "pool"))
}

fn is_pooled(repo: &Repo, info: &WorktreeInfo) -> bool {
    let inside = info.path.parent().is_some_and(|folder| is_pool(repo, folder) && stands(folder));
    inside && info.locked.as_deref() == Some(REASON)
}

/// Folders in the pools of these folders that were worktrees of this repository and that git does not
/// know; needs the repository's lock.
pub(super) fn orphans(repo: &Repo, parents: &[PathBuf], known: &[WorktreeInfo]) -> Vec<PathBuf> {
    let numbered = |entry: &std::fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok())
    };
    let pools = parents.iter().map(|parent| folder_in(repo, parent)).filter(|pool| stands(pool));
    let pools = pools.filter_map(|pool| pool.read_dir().ok());
    let folders = pools.flatten().flatten().filter(numbered).map(|entry| entry.path());
    let known: Vec<PathBuf> = known.iter().map(|info| real_path(&info.path)).collect();
    let unknown = |path: &PathBuf| !known.contains(&real_path(path)) && leads_to(repo, path);
    folders.filter(unknown).collect()
}

/// Whether the `.git` of a folder names an entry of this repository, which may be gone.
fn leads_to(repo: &Repo, folder: &Path) -> bool {
    let Ok(link) = std::fs::read_to_string(folder.join(".git")) else { return false };
    let target = link.strip_prefix("gitdir: ").map(|target| target.trim_end_matches('\n'));
    let entries = repo.common_dir().join("worktrees");
    target.is_some_and(|target| real_path(Path::new(target)).starts_with(entries))
}

/// Takes away the pool when nothing waits in it.
pub(super) fn forget_if_empty(pool: &Path) {
    // Not empty means that worktrees wait there.
    let _emptied = std::fs::remove_dir(pool).is_ok();
}

#[cfg(test)]
mod tests;
