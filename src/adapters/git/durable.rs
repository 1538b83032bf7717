//! Making stored objects survive a loss of power, many at once.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use super::error::{GitError, io};
use super::repo::Repo;
use crate::domain::id::Oid;

/// File systems write together what is asked for at once: one after another, each waits for the
/// disk alone.
const AT_ONCE: usize = 16;

impl Repo {
    /// Makes what is reachable from `new` and from none of `known` survive a loss of power, whoever
    /// wrote it. Packs are left out: git makes none that would not. Returns how many objects lay in
    /// files of their own.
    ///
    /// # Errors
    /// Git or the file system fails.
    pub fn sync_objects(&self, new: Oid, known: &[Oid]) -> Result<usize, GitError> {
        let mut command = self.git("rev-list").args(["--objects", "--no-object-names"]);
        if self.settings().has_promisor() {
            command = command.arg("--exclude-promisor-objects");
        }
        command = command.arg(new.to_string()).arg("--not");
        let listed = command.args(known.iter().map(Oid::to_string)).arg("--").text()?;
        let store = self.common_dir().join("objects");
        let place = |id: &str| id.split_at_checked(2).map(|(dir, name)| store.join(dir).join(name));
        let files: Vec<PathBuf> = listed.lines().filter_map(place).collect();
        let synced = sync_all(&files)?;
        // A file is found again only by the entry of its folder.
        let folders: BTreeSet<&Path> = synced.iter().filter_map(|file| file.parent()).collect();
        sync_all(&folders.into_iter().chain([&*store]).collect::<Vec<_>>())?;
        Ok(synced.len())
    }
}

/// Those that were there.
fn sync_all<T: AsRef<Path> + Sync>(paths: &[T]) -> Result<Vec<&T>, GitError> {
    let sync = |path: &T| {
        let path = path.as_ref();
        match File::open(path).and_then(|file| file.sync_all()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io("write to the disk", path)(error)),
        }
    };
    let share = paths.len().div_ceil(AT_ONCE).max(1);
    let there = |share: &'_ [T]| share.iter().map(sync).collect::<Result<Vec<bool>, GitError>>();
    let there: Vec<bool> = std::thread::scope(|scope| {
        let there = &there;
        let begun = paths.chunks(share).map(|share| {
            // Where there is no room for another thread, this one does it.
            Builder::new().spawn_scoped(scope, move || there(share)).map_err(|_| share)
        });
        let begun: Vec<_> = begun.collect();
        let ended = begun.into_iter().map(|thread| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(share) => there(share),
        });
        Ok::<_, GitError>(ended.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    })?;
    Ok(paths.iter().zip(there).filter(|(_, there)| *there).map(|(path, _)| path).collect())
}

#[cfg(test)]
mod tests {
    use crate::adapters::git::fixture::Sandbox;

    #[test]
    fn rule_18_every_object_that_is_new_is_written_out_and_what_is_packed_is_left_alone() {
        let sandbox = Sandbox::with(&[("a/f", "1"), ("g", "1")]);
        let base = sandbox.rev("HEAD");
        let tip = sandbox.branch("side", base, &[("a/f", "2")]);
        let repo = sandbox.repo();
        // A commit, two trees and a file.
        assert_eq!(repo.sync_objects(tip, &[base]).unwrap(), 4);
        assert_eq!(repo.sync_objects(tip, &[tip]).unwrap(), 0);
        sandbox.git(&["repack", "-adq"]);
        assert_eq!(repo.sync_objects(tip, &[base]).unwrap(), 0);
    }
}
