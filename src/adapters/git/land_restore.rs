//! Putting files back after a landing that went wrong, path by path, so that nothing the user wrote
//! meanwhile is lost.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::diff::{FileMode, RawChange, TreeFile};
use super::error::{GitError, io};
use super::land_session::{Mark, Session, remove_if_there};
use super::path::{as_path, quote_path};
use super::repo::Repo;
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// What was found of an interrupted landing, and done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredLanding {
    /// The branch that was to move.
    pub branch: String,
    /// The worktree.
    pub worktree: PathBuf,
    /// The commit that its files and index are at: the old one or the new one.
    pub at: Oid,
    /// Paths that somebody changed meanwhile; they were left as they are.
    pub kept: Vec<String>,
}

/// Finishes or takes back every landing in this repository whose process died: a worktree follows
/// its branch if that moved, else its files go back. Waits for a landing that is still alive.
///
/// # Errors
/// Git or the file system fails, or a landing lives on ([`GitError::Locked`] names its marker).
pub fn recover_landing(repo: &Repo) -> Result<Vec<RecoveredLanding>, GitError> {
    let mut recovered = Vec::new();
    for info in repo.worktrees()?.into_iter().filter(|info| !info.bare) {
        if let Some(git_dir) = info.git_dir {
            recovered.extend(settle(repo, &info.path, &git_dir)?);
        }
    }
    Ok(recovered)
}

/// The same for one worktree.
pub(super) fn settle(
    repo: &Repo,
    worktree: &Path,
    git_dir: &Path,
) -> Result<Option<RecoveredLanding>, GitError> {
    let Some((mut session, marks)) = Session::adopt(repo, git_dir)? else { return Ok(None) };
    let Some(Mark::Began { branch, old, new, inode }) = marks.first().cloned() else {
        // Died before it had taken anything.
        session.clean_up()?;
        return Ok(None);
    };
    let lock = session.lock_path();
    let has_inode = |path: &Path, inode: u64| path.metadata().is_ok_and(|meta| meta.ino() == inode);
    let done = |at, kept| {
        let worktree = worktree.to_owned();
        Ok(Some(RecoveredLanding { branch: branch.clone(), worktree, at, kept }))
    };
    match marks.last() {
        Some(Mark::Began { .. }) | None => {
            if has_inode(&lock, inode) {
                remove_if_there(&lock)?;
            }
            session.clean_up()?;
            done(old, Vec::new())
        }
        Some(Mark::Releasing { inode }) => {
            if has_inode(&lock, *inode) {
                let index = session.index_path();
                crash_point("landing: index to be replaced again");
                std::fs::rename(&lock, &index).map_err(io("replace", &index))?;
            }
            session.clean_up()?;
            done(new, Vec::new())
        }
        Some(Mark::Discarding { inode }) => {
            if has_inode(&lock, *inode) {
                remove_if_there(&lock)?;
            }
            session.clean_up()?;
            done(old, Vec::new())
        }
        Some(Mark::Written) if has_passed(repo, &branch, old, new)? => {
            session.release_forward(&mut |_| true)?;
            done(new, Vec::new())
        }
        Some(Mark::Locked | Mark::Written) => {
            let changes = repo.raw_changes(old, new)?;
            let kept = if worktree.is_dir() {
                restore(repo, &session, worktree, &changes)?
            } else {
                Vec::new()
            };
            session.release_back()?;
            done(old, kept)
        }
    }
}

/// Whether the branch made the move, also when it went on since.
fn has_passed(repo: &Repo, branch: &str, old: Oid, new: Oid) -> Result<bool, GitError> {
    match repo.branch_tip(branch)? {
        Some(now) if now == new => Ok(true),
        Some(now) => Ok(repo.is_ancestor(new, now)? && !repo.is_ancestor(new, old)?),
        None => Ok(false),
    }
}

/// Writes the old side of every changed path whose file is the new side, half of it, or gone.
/// Returns the paths that are neither: somebody's own work.
pub(super) fn restore(
    repo: &Repo,
    session: &Session,
    worktree: &Path,
    changes: &[RawChange],
) -> Result<Vec<String>, GitError> {
    session.reset_lock(repo)?;
    let place = Place { repo, session, worktree };
    let mut kept = Vec::new();
    // What the old side does not have goes first: it may be a file where a folder must be.
    let (added, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.old.is_none());
    for change in added {
        let path = worktree.join(as_path(&change.path));
        match place.verdict(change)? {
            Verdict::Right => {}
            Verdict::Theirs => kept.push(quote_path(&change.path)),
            Verdict::Wrong => {
                crash_point("landing: a file to be taken back");
                remove_if_there(&path)?;
                let folders = path.ancestors().skip(1).take_while(|folder| *folder != worktree);
                let _emptied = folders.map(std::fs::remove_dir).take_while(Result::is_ok).count();
            }
        }
    }
    let mut written = Vec::new();
    for change in others {
        match place.verdict(change)? {
            Verdict::Right => {}
            Verdict::Theirs => kept.push(quote_path(&change.path)),
            Verdict::Wrong => written.push(change.path.clone()),
        }
    }
    if !written.is_empty() {
        let skipped = place.skipped()?;
        written.retain(|path| !skipped.contains(path));
    }
    if place.write(&written).is_err() {
        // One file that cannot be written must not keep the others from it.
        let mut outcome = Ok(());
        for one in written.chunks(1) {
            outcome = outcome.and(place.write(one));
        }
        outcome?;
    }
    Ok(kept)
}

/// What a path needs.
enum Verdict {
    /// Nothing.
    Right,
    /// To be put back.
    Wrong,
    /// To be left to whoever wrote it.
    Theirs,
}

struct Place<'a> {
    repo: &'a Repo,
    session: &'a Session,
    worktree: &'a Path,
}

impl Place<'_> {
    /// Writes files from the index, through the smudge filters.
    fn write(&self, paths: &[Vec<u8>]) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        let command = self.session.git(self.repo, self.worktree, "checkout-index")?;
        command.args(["--force", "--quiet"]).paths(paths).output().map(|_| ())
    }

    /// Paths that the index leaves out of the worktree, as a sparse checkout does.
    fn skipped(&self) -> Result<BTreeSet<Vec<u8>>, GitError> {
        let command = self.session.git(self.repo, self.worktree, "ls-files")?;
        let listed = command.args(["-z", "-t", "--cached"]).output()?;
        let entries = listed.split(|&byte| byte == 0);
        Ok(entries.filter_map(|entry| entry.strip_prefix(b"S ")).map(<[u8]>::to_vec).collect())
    }

    fn verdict(&self, change: &RawChange) -> Result<Verdict, GitError> {
        let Self { repo, session, worktree } = *self;
        let found = OnDisk::load(repo, session, worktree, &change.path)?;
        let submodule = change.old.is_some_and(|file| file.mode == FileMode::Submodule);
        Ok(match found {
            _ if submodule || found.is(change.old) => Verdict::Right,
            OnDisk::Nothing => Verdict::Wrong,
            // The folder of other files, which are looked at one by one.
            OnDisk::Other if change.old.is_none() => Verdict::Right,
            OnDisk::Other => Verdict::Theirs,
            OnDisk::File { .. } if found.is(change.new) => Verdict::Wrong,
            OnDisk::File { .. } if is_part(repo, session, worktree, change)? => Verdict::Wrong,
            OnDisk::File { .. } => Verdict::Theirs,
        })
    }
}

/// A path as it lies in the worktree.
enum OnDisk {
    Nothing,
    /// The mode is unknown where the file system has none.
    File {
        id: Oid,
        mode: Option<FileMode>,
    },
    Other,
}

impl OnDisk {
    fn load(
        repo: &Repo,
        session: &Session,
        worktree: &Path,
        path: &[u8],
    ) -> Result<Self, GitError> {
        let full = worktree.join(as_path(path));
        let Ok(meta) = full.symlink_metadata() else { return Ok(Self::Nothing) };
        if meta.is_symlink() {
            let target = full.read_link().map_err(io("read", &full))?;
            let content = target.as_os_str().as_bytes().to_vec();
            let id = repo.git("hash-object").arg("--stdin").input(content).oid()?;
            return Ok(Self::File { id, mode: Some(FileMode::Link) });
        }
        if !meta.is_file() {
            return Ok(Self::Other);
        }
        // Through the clean filters, as `git add` would.
        let command = session.git(repo, worktree, "hash-object")?.arg("--").arg(as_path(path));
        let id = command.oid()?;
        let executable = meta.permissions().mode() & 0o100 != 0;
        let mode = match repo.settings().last("core.filemode") {
            Some("false") => None,
            _ if executable => Some(FileMode::Executable),
            _ => Some(FileMode::File),
        };
        Ok(Self::File { id, mode })
    }

    fn is(&self, file: Option<TreeFile>) -> bool {
        match (self, file) {
            (Self::Nothing, None) => true,
            (Self::File { id, mode }, Some(file)) => {
                *id == file.id && mode.is_none_or(|mode| mode == file.mode)
            }
            (Self::Nothing | Self::Other, Some(_)) | (Self::File { .. } | Self::Other, None) => {
                false
            }
        }
    }
}

/// Whether a file is the beginning of what git was writing, cut off by a crash.
fn is_part(
    repo: &Repo,
    session: &Session,
    worktree: &Path,
    change: &RawChange,
) -> Result<bool, GitError> {
    let Some(file) = change.new.filter(|file| file.mode != FileMode::Submodule) else {
        return Ok(false);
    };
    let full = worktree.join(as_path(&change.path));
    let found = std::fs::read(&full).map_err(io("read", &full))?;
    let mut path = std::ffi::OsString::from("--path=");
    path.push(as_path(&change.path));
    let command = session.git(repo, worktree, "cat-file")?.arg("--filters").arg(path);
    // What cannot be made cannot be compared either, and is left alone.
    let answer = command.arg(file.id.to_string()).answer()?;
    Ok(answer.code == Some(0) && answer.stdout.starts_with(&found))
}
