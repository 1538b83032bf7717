//! Answers of libgit2, in this process.

use std::path::Path;

use super::{Author, CommitFacts, Reader, is_of_tree};
use crate::adapters::git::diff::{ChangeKind, FileMode, PathChange, RawChange};
use crate::adapters::git::error::{GitError, library};
use crate::adapters::git::head::Head;
use crate::adapters::git::listing::Listing;
use crate::adapters::git::oid::{from_git2, to_git2};
use crate::adapters::git::path::{as_path, quote_path};
use crate::adapters::git::repo::Repo;
use crate::adapters::git::tree_difference::tree_difference;
use crate::domain::id::Oid;

/// A repository that libgit2 can open.
pub(super) struct Library<'a>(pub(super) &'a Repo);

impl Reader for Library<'_> {
    fn resolve_commit(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        use git2::ErrorCode::{Ambiguous, InvalidSpec, NotFound, Peel};
        let repo = self.0.standing()?;
        let found = repo.revparse_single(rev).and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(from_git2(commit.id()))),
            Err(error) if matches!(error.code(), NotFound | InvalidSpec | Ambiguous | Peel) => {
                Ok(None)
            }
            Err(error) => Err(library("resolve a revision")(error)),
        }
    }

    fn ref_target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        use git2::ErrorCode::{InvalidSpec, NotFound};
        let repo = self.0.objects()?;
        match repo.find_reference(name).and_then(|found| found.peel_to_commit()) {
            Ok(commit) => Ok(Some(from_git2(commit.id()))),
            Err(error) if matches!(error.code(), NotFound | InvalidSpec) => Ok(None),
            Err(error) => Err(library("read a ref")(error)),
        }
    }

    fn ref_names(&self, prefix: &str) -> Result<Vec<String>, GitError> {
        let repo = self.0.objects()?;
        let mut refs = repo.references_glob(&format!("{prefix}*")).map_err(library("list refs"))?;
        refs.names().map(|name| name.map(str::to_owned).map_err(library("list refs"))).collect()
    }

    fn refs_below(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let repo = self.0.objects()?;
        let refs = repo.references_glob(&format!("{prefix}*")).map_err(library("list refs"))?;
        let mut found = Vec::new();
        for reference in refs {
            let reference = reference.map_err(library("list refs"))?;
            if let (Ok(name), Ok(commit)) = (reference.name(), reference.peel_to_commit()) {
                found.push((name.to_owned(), from_git2(commit.id())));
            }
        }
        Ok(found)
    }

    fn head_at(&self, git_dir: &Path) -> Result<Head, GitError> {
        let repo = git2::Repository::open(git_dir).map_err(library("open the worktree"))?;
        let head = repo.find_reference("HEAD").map_err(library("read HEAD"))?;
        let Some(target) = head.symbolic_target_bytes() else {
            let tip = head.peel_to_commit().map_err(library("read HEAD"))?;
            return Ok(Head::Detached { tip: from_git2(tip.id()) });
        };
        let full = String::from_utf8_lossy(target).into_owned();
        let name = full.strip_prefix("refs/heads/").unwrap_or(&full).to_owned();
        match repo.find_reference(&full).and_then(|branch| branch.peel_to_commit()) {
            Ok(tip) => Ok(Head::Branch { name, tip: from_git2(tip.id()) }),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(Head::Unborn { name }),
            Err(error) => Err(library("read HEAD's branch")(error)),
        }
    }

    fn commit(&self, commit: Oid) -> Result<CommitFacts, GitError> {
        let repo = self.0.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        let author = commit.author();
        let minutes = author.when().offset_minutes();
        let (sign, zone) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        let seconds = author.when().seconds();
        Ok(CommitFacts {
            tree: from_git2(commit.tree_id()),
            parents: commit.parent_ids().map(from_git2).collect(),
            author: Author {
                name: author.name_bytes().to_vec(),
                address: author.email_bytes().to_vec(),
                date: format!("{seconds} {sign}{:02}{:02}", zone / 60, zone % 60),
            },
        })
    }

    fn listing(&self, commit: Oid) -> Result<Listing, GitError> {
        Listing::load(&self.0.objects()?, commit)
    }

    fn entry_at(&self, commit: Oid, path: &[u8]) -> Result<Option<(FileMode, Oid)>, GitError> {
        let repo = self.0.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        let tree = commit.tree().map_err(library("read a commit's tree"))?;
        if !is_of_tree(path) {
            return Ok(None);
        }
        let entry = match tree.get_path(as_path(path)) {
            Ok(entry) => entry,
            // Also where a file stands for a folder of the path.
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(library("read a commit's tree")(error)),
        };
        let mode = match entry.filemode() & 0o170_000 {
            0o040_000 => return Ok(None),
            0o120_000 => FileMode::Link,
            0o160_000 => FileMode::Submodule,
            _ if entry.filemode() & 0o100 != 0 => FileMode::Executable,
            _ => FileMode::File,
        };
        Ok(Some((mode, from_git2(entry.id()))))
    }

    fn file_count(&self, commit: Oid) -> Result<usize, GitError> {
        let repo = self.0.objects()?;
        let commit = repo.find_commit(to_git2(commit)?).map_err(library("read a commit"))?;
        let mut open = vec![commit.tree().map_err(library("read a tree"))?];
        let mut count = 0;
        // libgit2's own walk fails at a folder whose name is not UTF-8.
        while let Some(tree) = open.pop() {
            for entry in &tree {
                match entry.kind() {
                    Some(git2::ObjectType::Blob) => count += 1,
                    Some(git2::ObjectType::Tree) => {
                        open.push(repo.find_tree(entry.id()).map_err(library("read a tree"))?);
                    }
                    Some(
                        git2::ObjectType::Any | git2::ObjectType::Commit | git2::ObjectType::Tag,
                    )
                    | None => {}
                }
            }
        }
        Ok(count)
    }

    fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> Result<bool, GitError> {
        let repo = self.0.objects()?;
        repo.graph_descendant_of(to_git2(commit)?, to_git2(ancestor)?)
            .map_err(library("compare commits"))
    }

    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        merge_base(&self.0.objects()?, one, two)
    }

    fn commits_between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, GitError> {
        let repo = self.0.objects()?;
        let failed = || library("list commits");
        let mut walk = repo.revwalk().map_err(failed())?;
        walk.push(to_git2(to)?).map_err(failed())?;
        walk.hide(to_git2(from)?).map_err(failed())?;
        let order = git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE;
        walk.set_sorting(order).map_err(failed())?;
        walk.map(|oid| oid.map(from_git2).map_err(failed())).collect()
    }

    fn changed_paths(&self, old: Oid, new: Oid) -> Result<Vec<PathChange>, GitError> {
        let repo = self.0.objects()?;
        let mut diff = diff_of_trees(&repo, old, new)?;
        diff.find_similar(None).map_err(library("find renames"))?;
        let text = |file: git2::DiffFile<'_>| quote_path(file.path_bytes().unwrap_or_default());
        let change = |delta: git2::DiffDelta<'_>| {
            let (path, kind) = match delta.status() {
                git2::Delta::Added | git2::Delta::Copied => (delta.new_file(), ChangeKind::Added),
                git2::Delta::Deleted => (delta.old_file(), ChangeKind::Deleted),
                git2::Delta::Typechange => (delta.new_file(), ChangeKind::TypeChanged),
                git2::Delta::Renamed => {
                    (delta.new_file(), ChangeKind::Renamed { from: text(delta.old_file()) })
                }
                git2::Delta::Modified
                | git2::Delta::Unmodified
                | git2::Delta::Ignored
                | git2::Delta::Untracked
                | git2::Delta::Unreadable
                | git2::Delta::Conflicted => (delta.new_file(), ChangeKind::Modified),
            };
            PathChange { path: text(path), kind }
        };
        Ok(diff.deltas().map(change).collect())
    }

    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        raw_changes(&self.0.objects()?, old, new)
    }

    fn blobs(&self, ids: &[Oid], limit: usize) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let repo = self.0.objects()?;
        let content = |id: &Oid| {
            let blob = repo.find_blob(to_git2(*id).ok()?).ok()?;
            (blob.size() <= limit).then(|| blob.content().to_vec())
        };
        Ok(ids.iter().map(content).collect())
    }
}

/// The best common ancestor, `None` for unrelated histories.
pub(in crate::adapters::git) fn merge_base(
    repo: &git2::Repository,
    one: Oid,
    two: Oid,
) -> Result<Option<Oid>, GitError> {
    match repo.merge_base(to_git2(one)?, to_git2(two)?) {
        Ok(base) => Ok(Some(from_git2(base))),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(library("find a merge base")(error)),
    }
}

/// What `new` changed against `old`, path by path, without guessing renames.
pub(in crate::adapters::git) fn raw_changes(
    repo: &git2::Repository,
    old: Oid,
    new: Oid,
) -> Result<Vec<RawChange>, GitError> {
    tree_difference(repo, &tree_at(repo, old)?, &tree_at(repo, new)?)
}

/// The whole difference of two commits or trees, with contents.
pub(in crate::adapters::git) fn diff_of_trees(
    repo: &git2::Repository,
    old: Oid,
    new: Oid,
) -> Result<git2::Diff<'_>, GitError> {
    let mut options = git2::DiffOptions::new();
    options.include_typechange(true).skip_binary_check(true).ignore_submodules(false);
    repo.diff_tree_to_tree(
        Some(&tree_at(repo, old)?),
        Some(&tree_at(repo, new)?),
        Some(&mut options),
    )
    .map_err(library("compare trees"))
}

/// The tree of a commit, or the tree itself.
fn tree_at(repo: &git2::Repository, oid: Oid) -> Result<git2::Tree<'_>, GitError> {
    let object = repo.find_object(to_git2(oid)?, None);
    object.and_then(|found| found.peel_to_tree()).map_err(library("read a tree"))
}
