//! What is in a worktree's folder, as a tree: staged in an index of our own, so that the worktree's
//! index, its flags and its locks neither matter nor change.

use std::ffi::OsStr;
use std::fs::{File, FileTimes};
use std::path::Path;

use tempfile::TempPath;

use super::carry::Record;
use super::checkout::Checkout;
use super::prepared::LeftBySetup;
use super::suspects::{all_listed, suspects, unlike_the_index};
use super::whole_file::{delete_deserted, temporary_file};
use crate::adapters::git::{
    Expected, GitError, NewCommit, RefOutcome, RefUpdate, Repo, StatusEntry, StatusKind, as_path,
    io,
};
use crate::adapters::git::{Invocation, Progress};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::id::Oid;

/// A commit kept under a ref of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Full name of the ref.
    pub name: String,
    /// The commit.
    pub commit: Oid,
}

/// What was found when everything in the folder was staged.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) tree: Oid,
    /// Files that were not tracked.
    pub(super) untracked: Vec<Vec<u8>>,
    /// Repositories inside, which a commit cannot hold.
    pub(super) nested: Vec<Vec<u8>>,
    /// Pipes, sockets, devices and unreadable files.
    pub(super) skipped: Vec<Vec<u8>>,
    /// Files brought from the user's checkout that had been added to the index; they are not in the
    /// tree.
    pub(super) carried: Vec<Vec<u8>>,
    /// Paths of which git knows several versions, and nobody has said which is right.
    pub(super) conflicted: Vec<Vec<u8>>,
    /// The worktree's own index says something else.
    pub(super) stale: bool,
}

/// A copy of a worktree's index without flags and times that hide changes; deleted when dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: TempPath,
}

impl Scratch {
    pub(super) fn of(checkout: &Checkout, git_dir: &Path) -> Result<Self, GitError> {
        delete_deserted(git_dir);
        let path = temporary_file(git_dir)?.into_temp_path();
        let scratch = Self { path };
        copy_index(&git_dir.join("index"), &scratch.path)?;
        if scratch.clear_flags(checkout, git_dir).is_err() {
            // A missing or damaged index: begin with HEAD's tree.
            std::fs::remove_file(&scratch.path).map_err(io("delete", &scratch.path))?;
            if let Some(tip) = checkout.repo.head_at(git_dir)?.tip() {
                let command = scratch.git("read-tree", checkout, git_dir);
                command.arg(tip.to_string()).output()?;
            }
            return Ok(scratch);
        }
        scratch.forget_suspects(checkout, git_dir)?;
        Ok(scratch)
    }

    /// Has git read the files of which times and size do not tell whether they changed.
    fn forget_suspects(&self, checkout: &Checkout, git_dir: &Path) -> Result<(), GitError> {
        let known = suspects(&git_dir.join("index"), &self.path, &checkout.path);
        let suspects = match known {
            Some(suspects) => suspects,
            None => {
                let listing = self.git("ls-files", checkout, git_dir).args(["-v", "-s", "-z"]);
                all_listed(&listing.output()?)
            }
        };
        let lines = unlike_the_index(&checkout.path, &suspects);
        if lines.is_empty() {
            return Ok(());
        }
        let command = self.git("update-index", checkout, git_dir).args(["-z", "--index-info"]);
        command.input(lines).output().map(|_| ())
    }

    /// Makes this the worktree's index, in which no changed file passes for unchanged: what git
    /// writes after that, it writes wherever a file is another one.
    pub(super) fn install_read(self, checkout: &Checkout, git_dir: &Path) -> Result<(), GitError> {
        // Its answer says only whether some file differs.
        self.git("update-index", checkout, git_dir).args(["-q", "--refresh"]).answer()?;
        self.install(git_dir)
    }

    fn git<'a>(&self, subcommand: &str, checkout: &'a Checkout, git_dir: &Path) -> Invocation<'a> {
        let command = checkout.repo.git_in(subcommand, git_dir, &checkout.path);
        command.env("GIT_INDEX_FILE", OsStr::new(&*self.path))
    }

    /// What differs from HEAD, without what setup hooks left and nobody changed since.
    pub(super) fn status(
        &self,
        checkout: &Checkout,
        git_dir: &Path,
    ) -> Result<Vec<StatusEntry>, GitError> {
        let mut found =
            checkout.repo.status_at(git_dir, &checkout.path, Some(&self.path), "all")?;
        let left = LeftBySetup::load(git_dir);
        found.retain(|entry| {
            entry.kind != StatusKind::Untracked
                || !left.holds_unchanged(&checkout.path, &entry.path)
        });
        Ok(found)
    }

    /// Stages everything that is not ignored and was not brought from the user's checkout.
    pub(super) fn stage(&self, checkout: &Checkout, git_dir: &Path) -> Result<Staged, GitError> {
        let mut untracked_files = Vec::new();
        let mut nested = Vec::new();
        let mut skipped = Vec::new();
        let mut changed = Vec::new();
        let mut removed = Vec::new();
        let mut carried = Vec::new();
        let mut conflicted = Vec::new();
        let record = Record::load(git_dir)?;
        for entry in self.status(checkout, git_dir)? {
            let untracked = entry.kind == StatusKind::Untracked;
            if entry.kind == StatusKind::Conflicted {
                conflicted.push(entry.path.clone());
            }
            if entry.is_new() && record.holds(&entry.path) {
                if !untracked {
                    carried.push(entry.path);
                }
            } else if is_behind_link(&checkout.path, &entry.path) {
                removed.push(entry.path);
            } else if untracked && entry.path.ends_with(b"/") {
                nested.push(entry.path);
            } else if is_committable(&checkout.path.join(as_path(&entry.path))) {
                untracked_files.extend(untracked.then(|| entry.path.clone()));
                changed.push(entry.path);
            } else {
                if !untracked {
                    removed.push(entry.path.clone());
                }
                skipped.push(entry.path);
            }
        }
        self.update(checkout, git_dir, &["--force-remove"], &[&removed[..], &carried].concat())?;
        self.update(checkout, git_dir, &["--add", "--remove", "--replace"], &changed)?;
        let stale = !(changed.is_empty() && removed.is_empty() && carried.is_empty());
        let tree = self.write_tree(checkout, git_dir)?;
        let untracked = untracked_files;
        Ok(Staged { tree, untracked, nested, skipped, carried, conflicted, stale })
    }

    /// Stages what happened to tracked files and returns the tree.
    pub(super) fn stage_tracked(
        &self,
        checkout: &Checkout,
        git_dir: &Path,
    ) -> Result<Oid, GitError> {
        let tracked =
            |entry: StatusEntry| (entry.kind != StatusKind::Untracked).then_some(entry.path);
        let entries = self.status(checkout, git_dir)?;
        let (changed, removed) =
            entries.into_iter().filter_map(tracked).partition::<Vec<_>, _>(|path| {
                is_committable(&checkout.path.join(as_path(path)))
                    && !is_behind_link(&checkout.path, path)
            });
        self.update(checkout, git_dir, &["--force-remove"], &removed)?;
        self.update(checkout, git_dir, &["--add", "--remove", "--replace"], &changed)?;
        self.write_tree(checkout, git_dir)
    }

    /// Makes this the worktree's index.
    pub(super) fn install(self, git_dir: &Path) -> Result<(), GitError> {
        let index = git_dir.join("index");
        crash_point("worktree: before its index");
        self.path.persist(&index).map_err(|error| io("replace", &index)(error.error))
    }

    fn update(
        &self,
        checkout: &Checkout,
        git_dir: &Path,
        options: &[&str],
        paths: &[Vec<u8>],
    ) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        let command = self.git("update-index", checkout, git_dir).durable();
        command.args(options).paths(paths).output().map(|_| ())
    }

    fn write_tree(&self, checkout: &Checkout, git_dir: &Path) -> Result<Oid, GitError> {
        self.git("write-tree", checkout, git_dir).durable().oid()
    }

    /// Takes back `--assume-unchanged`, and `--skip-worktree` unless sparse checkout set it.
    fn clear_flags(&self, checkout: &Checkout, git_dir: &Path) -> Result<(), GitError> {
        let sparse = checkout.repo.settings().is_true("core.sparsecheckout")
            || git_dir.join("info/sparse-checkout").exists();
        let listed = self.git("ls-files", checkout, git_dir).args(["-v", "-z"]).output()?;
        let (mut assumed, mut skipped) = (Vec::new(), Vec::new());
        for line in listed.split(|&byte| byte == 0) {
            let [tag, b' ', path @ ..] = line else { continue };
            if tag.is_ascii_lowercase() {
                assumed.push(path.to_vec());
            }
            if tag.eq_ignore_ascii_case(&b'S') && !sparse {
                skipped.push(path.to_vec());
            }
        }
        self.update(checkout, git_dir, &["--no-assume-unchanged"], &assumed)?;
        self.update(checkout, git_dir, &["--no-skip-worktree"], &skipped)
    }
}

/// Copies an index with its modification time: git takes files as new as the index for suspects,
/// and a later copy would hide them.
fn copy_index(from: &Path, to: &Path) -> Result<(), GitError> {
    let copied = std::fs::copy(from, to).and_then(|_| {
        let times = FileTimes::new().set_modified(from.metadata()?.modified()?);
        File::options().write(true).open(to)?.set_times(times)
    });
    match copied {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("copy", from)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether git can take the path in: gone, a folder, a link, or a file that can be read.
fn is_committable(path: &Path) -> bool {
    match path.symlink_metadata() {
        Err(_) => true,
        Ok(meta) if meta.is_file() => File::open(path).is_ok(),
        Ok(meta) => meta.is_dir() || meta.is_symlink(),
    }
}

/// Whether a link stands where a folder above the path was: the path is gone, whatever it leads to.
fn is_behind_link(worktree: &Path, path: &[u8]) -> bool {
    let mut above = (0..path.len()).filter(|&end| path[end] == b'/');
    above.any(|end| worktree.join(as_path(&path[..end])).is_symlink())
}

impl Checkout {
    /// Makes a commit of a staged tree and of everything an unfinished operation holds on to.
    pub(super) fn snapshot(
        &self,
        tree: Oid,
        parents: Vec<Oid>,
        message: &str,
    ) -> Result<Oid, GitError> {
        let message = message.to_owned();
        self.repo.commit_tree(&NewCommit { tree, parents, message, author_of: None })
    }

    /// Keeps a commit under `name`, or under `name-2` and so on where that holds other work.
    pub(super) fn keep(&self, name: &str, commit: Oid) -> Result<Saved, GitError> {
        let mut attempt = name.to_owned();
        for number in 2.. {
            let update = RefUpdate {
                name: attempt.clone(),
                new: Some(commit),
                expected: Expected::Absent,
                message: "wt-orch: leftovers".to_owned(),
            };
            match self.repo.update_ref(&update)? {
                RefOutcome::Moved | RefOutcome::Lost { now: None } => break,
                RefOutcome::Lost { now: Some(now) } if self.is_same_work(now, commit)? => {
                    return Ok(Saved { name: attempt, commit: now });
                }
                RefOutcome::Lost { now: Some(_) } => attempt = format!("{name}-{number}"),
            }
        }
        Ok(Saved { name: attempt, commit })
    }

    /// Whether two commits differ in nothing but their time and message.
    fn is_same_work(&self, one: Oid, other: Oid) -> Result<bool, GitError> {
        Ok(one == other
            || (self.repo.tree_of(one)? == self.repo.tree_of(other)?
                && self.repo.parents(one)? == self.repo.parents(other)?))
    }
}

/// Commits that only an unfinished operation's files name.
pub(super) fn held_commits(checkout: &Checkout, git_dir: &Path) -> Result<Vec<Oid>, GitError> {
    let files = [
        "MERGE_HEAD",
        "CHERRY_PICK_HEAD",
        "REVERT_HEAD",
        "MERGE_AUTOSTASH",
        "rebase-merge/orig-head",
        "rebase-merge/autostash",
        "rebase-apply/orig-head",
        "rebase-apply/autostash",
    ];
    let stored = checkout.repo.stored_root_refs(git_dir, &files)?;
    let texts = files.map(|file| std::fs::read_to_string(git_dir.join(file)).unwrap_or_default());
    let listed = texts.iter().flat_map(|text| text.lines());
    let listed = listed.filter_map(|line| line.trim().parse::<Oid>().ok());
    let mut commits = Vec::new();
    for oid in listed.chain(stored.into_iter().map(|(_, oid)| oid)) {
        if checkout.repo.resolve_commit(&oid.to_string())?.is_some() && !commits.contains(&oid) {
            commits.push(oid);
        }
    }
    Ok(commits)
}

/// Removes what git keeps about an unfinished operation.
pub(super) fn forget_progress(
    repo: &Repo,
    git_dir: &Path,
    progress: Progress,
) -> Result<(), GitError> {
    let files: &[&str] = match progress {
        Progress::Merge => &["MERGE_HEAD", "MERGE_MODE", "MERGE_MSG", "MERGE_AUTOSTASH"],
        Progress::Rebase | Progress::Am => {
            &["rebase-merge", "rebase-apply", "REBASE_HEAD", "MERGE_MSG"]
        }
        Progress::CherryPick | Progress::Revert => {
            &["CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer", "MERGE_MSG"]
        }
        Progress::Bisect => &[
            "BISECT_LOG",
            "BISECT_START",
            "BISECT_NAMES",
            "BISECT_TERMS",
            "BISECT_EXPECTED_REV",
            "BISECT_ANCESTORS_OK",
            "BISECT_FIRST_PARENT",
            "BISECT_RUN",
            "BISECT_HEAD",
            "refs/bisect",
        ],
    };
    let names = [files, &["AUTO_MERGE", "SQUASH_MSG"]].concat();
    for path in names.iter().map(|name| git_dir.join(name)) {
        let removed = match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(&path),
            Ok(_) => std::fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        removed.map_err(io("delete", &path))?;
    }
    repo.delete_stored_root_refs(git_dir, &names)
}
