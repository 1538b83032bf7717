//! Merges by the git program, whose objects go to a store that is deleted with this.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use tempfile::TempDir;

use super::Merger;
use super::pair::{Outcome, Pair};
use crate::adapters::git::diff::RawChange;
use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::hunks::Stages;
use crate::adapters::git::merge::MergeRequest;
use crate::adapters::git::merge_git::{Merged, merged};
use crate::adapters::git::path::as_path;
use crate::adapters::git::program::Invocation;
use crate::adapters::git::read::{self, Reader};
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// What git itself calls such a store; `git gc` deletes one that a killed process left.
const PREFIX: &str = "tmp_objdir-wt-orch-";

/// Longest that one merge of a pair may take: a forecast is asked for many pairs.
const LIMIT: Duration = Duration::from_secs(10);

/// A repository with an object store in front of its own.
pub(super) struct Program<'a> {
    repo: &'a Repo,
    reader: Box<dyn Reader + 'a>,
    store: TempDir,
    limit: Duration,
}

impl<'a> Program<'a> {
    pub(super) fn open(repo: &'a Repo) -> Result<Self, GitError> {
        let objects = repo.common_dir().join("objects");
        let store = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&objects);
        let store = store.map_err(io("create a folder in", &objects))?;
        Ok(Self { repo, reader: repo.reader(), store, limit: LIMIT })
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

impl Program<'_> {
    fn merge(&self, ours: Oid, theirs: Oid) -> Result<Merged, GitError> {
        let request = MergeRequest { base: None, ours, theirs };
        let command = self.git("merge-tree").at_most(self.limit);
        merged(command, self.repo.program().version(), request)
    }
}

impl Merger for Program<'_> {
    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        self.reader.raw_changes(old, new)
    }

    fn merge_bases(&self, one: Oid, two: Oid) -> Result<Vec<Oid>, GitError> {
        // Git merges against all of them by itself.
        self.reader.merge_base(one, two).map(|base| base.into_iter().collect())
    }

    fn obstacle(&self, _: &Pair<'_>) -> Result<Option<String>, GitError> {
        Ok(None)
    }

    fn deputy(&self) -> Result<Option<Program<'_>>, GitError> {
        Ok(None)
    }

    fn outcome(&self, pair: &Pair<'_>, both_ways: bool) -> Result<Outcome, GitError> {
        let (ours, theirs) = (pair.ours.0, pair.theirs.0);
        let forth = match self.merge(ours, theirs)? {
            Merged::Tree(tree) => tree,
            Merged::Conflict(stages) => return Ok(Outcome::Conflict(paths(stages))),
        };
        if !both_ways {
            return Ok(Outcome::Clean);
        }
        let different = match self.merge(theirs, ours)? {
            Merged::Conflict(stages) => paths(stages),
            Merged::Tree(back) if back == forth => return Ok(Outcome::Clean),
            Merged::Tree(back) => {
                let changes = read::raw_changes_by(self.git("diff-tree"), forth, back)?;
                changes.into_iter().map(|change| change.path).collect()
            }
        };
        Ok(Outcome::ByOrder(different))
    }

    fn stages(&self, pair: &Pair<'_>) -> Result<Vec<(Vec<u8>, Stages)>, GitError> {
        Ok(match self.merge(pair.ours.0, pair.theirs.0)? {
            Merged::Tree(_) => Vec::new(),
            Merged::Conflict(stages) => stages,
        })
    }
}

fn paths(stages: Vec<(Vec<u8>, Stages)>) -> Vec<Vec<u8>> {
    stages.into_iter().map(|(path, _)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Forecast, ForecastRequest, ForecastTip, matrix};
    use super::*;
    use crate::adapters::git::fixture::{Sandbox, make_executable, write};

    #[test]
    fn a_pair_whose_merge_takes_too_long_is_unknown_and_says_so() {
        let sandbox = Sandbox::ordinary(&[("f", "1")]);
        let base = sandbox.rev("HEAD");
        let tips = [("ours", "2"), ("theirs", "3")].map(|(name, text)| ForecastTip {
            start: None,
            tip: sandbox.branch(name, base, &[("f", text)]),
        });
        let script = "#!/bin/sh\nPATH=${PATH#*:}\nfor w; do [ \"$w\" = merge-tree ] && exec sleep \
                      60; done\nexec git \"$@\"\n";
        write(&sandbox.path("bin/git"), script);
        make_executable(&sandbox.path("bin/git"));
        let mut env = sandbox.env();
        for (_, value) in env.iter_mut().filter(|(name, _)| name == "PATH") {
            let mut path = sandbox.path("bin").into_os_string();
            path.push(":");
            path.push(&*value);
            *value = path;
        }
        let repo = Repo::discover(&sandbox.root(), env).unwrap();
        let limit = Duration::from_millis(30);
        let request = ForecastRequest { tips: &tips, pairs: &[(0, 1)], enough: &|| false };
        let told = matrix(&request, || Ok(Program { limit, ..Program::open(&repo)? })).unwrap();
        let [Forecast::Unknown { reason }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(reason, "git had not merged them after 0 s");
    }

    #[test]
    fn a_folder_with_a_colon_stays_one_member_of_a_list() {
        assert_eq!(listed(b"/a/b c"), "/a/b c");
        assert_eq!(listed(b"/a:b\"c\\d"), "\"/a:b\\\"c\\\\d\"");
    }
}
