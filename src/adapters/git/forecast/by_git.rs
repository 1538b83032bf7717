//! Merges by the git program, whose objects go to a store that is deleted with this.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use tempfile::TempDir;

use super::{Delta, Merger};
use crate::adapters::git::diff::RawChange;
use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::merge::MergeRequest;
use crate::adapters::git::merge_git::{Merged, merged};
use crate::adapters::git::path::{as_path, quote_path};
use crate::adapters::git::program::Invocation;
use crate::adapters::git::read::{self, Reader};
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// What git itself calls such a store; `git gc` deletes one that a killed process left.
const PREFIX: &str = "tmp_objdir-wt-orch-";

/// A repository with an object store in front of its own.
pub(super) struct Program<'a> {
    repo: &'a Repo,
    reader: Box<dyn Reader + 'a>,
    store: TempDir,
}

impl<'a> Program<'a> {
    pub(super) fn open(repo: &'a Repo) -> Result<Self, GitError> {
        let objects = repo.common_dir().join("objects");
        let store = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&objects);
        let store = store.map_err(io("create a folder in", &objects))?;
        Ok(Self { repo, reader: repo.reader(), store })
    }

    fn git(&self, subcommand: &str) -> Invocation<'a> {
        let behind = self.repo.common_dir().join("objects");
        let command = self.repo.git(subcommand).env("GIT_OBJECT_DIRECTORY", self.store.path());
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", listed(behind.as_os_str().as_bytes()))
    }
}

/// A path as one of a list whose members colons part.
fn listed(path: &[u8]) -> OsString {
    if !path.contains(&b':') && !path.starts_with(b"\"") {
        return as_path(path).as_os_str().to_owned();
    }
    let escaped = path.iter().flat_map(|&byte| match byte {
        b'"' | b'\\' => vec![b'\\', byte],
        _ => vec![byte],
    });
    let quoted: Vec<u8> = [b'"'].into_iter().chain(escaped).chain([b'"']).collect();
    as_path(&quoted).as_os_str().to_owned()
}

impl Merger for Program<'_> {
    /// A tree.
    type Merged = Oid;

    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        self.reader.raw_changes(old, new)
    }

    fn contains(&self, outer: Oid, inner: Oid) -> Result<bool, GitError> {
        self.reader.is_ancestor(inner, outer)
    }

    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        self.reader.merge_base(one, two)
    }

    fn obstacle(&self, _: &Delta, _: &Delta) -> Result<Option<String>, GitError> {
        Ok(None)
    }

    fn merged(&self, ours: Oid, theirs: Oid) -> Result<Result<Oid, Vec<Vec<u8>>>, GitError> {
        let request = MergeRequest { base: None, ours, theirs };
        Ok(match merged(self.git("merge-tree"), self.repo.program().version(), request)? {
            Merged::Tree(tree) => Ok(tree),
            Merged::Conflict(stages) => Err(stages.into_iter().map(|(path, _)| path).collect()),
        })
    }

    fn differences(&self, one: &Oid, two: &Oid) -> Result<Vec<String>, GitError> {
        if one == two {
            return Ok(Vec::new());
        }
        let changes = read::raw_changes_by(self.git("diff-tree"), *one, *two)?;
        Ok(changes.iter().map(|change| quote_path(&change.path)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_colon_stays_one_member_of_a_list() {
        assert_eq!(listed(b"/a/b c"), "/a/b c");
        assert_eq!(listed(b"/a:b\"c\\d"), "\"/a:b\\\"c\\\\d\"");
    }
}
