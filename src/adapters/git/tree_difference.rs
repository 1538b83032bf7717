//! Where two trees differ, file by file. Folders that are the same are not even opened: libgit2 would
//! read all of them.

use std::cmp::Ordering;

use super::diff::{FileMode, RawChange, TreeFile};
use super::error::{GitError, library};
use super::oid::from_git2;

/// Files that differ between two trees, in the order of git's index.
pub(super) fn tree_difference(
    repo: &git2::Repository,
    old: &git2::Tree<'_>,
    new: &git2::Tree<'_>,
) -> Result<Vec<RawChange>, GitError> {
    let mut found = Vec::new();
    let mut walk = Walk { repo, found: &mut found };
    walk.folders(b"", Some(old), Some(new))?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

struct Walk<'a> {
    repo: &'a git2::Repository,
    found: &'a mut Vec<RawChange>,
}

impl Walk<'_> {
    fn folders(
        &mut self,
        prefix: &[u8],
        old: Option<&git2::Tree<'_>>,
        new: Option<&git2::Tree<'_>>,
    ) -> Result<(), GitError> {
        let (old, new) = (entries(old), entries(new));
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.name_bytes().cmp(other.name_bytes()),
            };
            let before = if order.is_le() { old.next() } else { None };
            let after = if order.is_ge() { new.next() } else { None };
            self.pair(prefix, before, after)?;
        }
    }

    /// What stands under one name on either side.
    fn pair(
        &mut self,
        prefix: &[u8],
        old: Option<&git2::TreeEntry<'_>>,
        new: Option<&git2::TreeEntry<'_>>,
    ) -> Result<(), GitError> {
        let same = |one: &git2::TreeEntry<'_>, other: &git2::TreeEntry<'_>| {
            one.id() == other.id() && one.filemode() == other.filemode()
        };
        if old.zip(new).is_some_and(|(old, new)| same(old, new)) {
            return Ok(());
        }
        let name = old.or(new).map_or(&[][..], |entry| entry.name_bytes());
        let path = [prefix, name].concat();
        let files = (old.and_then(file), new.and_then(file));
        let repo = self.repo;
        let trees = (tree(repo, old)?, tree(repo, new)?);
        if files.0.is_some() || files.1.is_some() {
            self.found.push(RawChange { path: path.clone(), old: files.0, new: files.1 });
        }
        match trees {
            (None, None) => Ok(()),
            (old, new) => {
                let prefix = [path.as_slice(), b"/"].concat();
                self.folders(&prefix, old.as_ref(), new.as_ref())
            }
        }
    }
}

fn tree<'a>(
    repo: &'a git2::Repository,
    entry: Option<&git2::TreeEntry<'_>>,
) -> Result<Option<git2::Tree<'a>>, GitError> {
    let folder = entry.filter(|entry| entry.kind() == Some(git2::ObjectType::Tree));
    let found = folder.map(|entry| repo.find_tree(entry.id()));
    found.transpose().map_err(library("read a tree"))
}

/// The entries of a folder by name; git's own order puts folders where their `/` belongs.
fn entries<'t>(tree: Option<&'t git2::Tree<'_>>) -> Vec<git2::TreeEntry<'t>> {
    let mut entries: Vec<_> = tree.into_iter().flat_map(git2::Tree::iter).collect();
    entries.sort_by(|one, other| one.name_bytes().cmp(other.name_bytes()));
    entries
}

fn file(entry: &git2::TreeEntry<'_>) -> Option<TreeFile> {
    let mode = match entry.filemode() {
        0o040_000 => return None,
        0o100_755 => FileMode::Executable,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Submodule,
        _ => FileMode::File,
    };
    Some(TreeFile { mode, id: from_git2(entry.id()) })
}

#[cfg(test)]
mod tests {
    use crate::adapters::git::fixture::{Sandbox, make_executable};

    /// Paths with what git says about them: `A`, `D`, `M`, `T`.
    fn by_git(sandbox: &Sandbox, old: &str, new: &str) -> Vec<String> {
        let listed = sandbox.git(&["diff-tree", "-r", "--no-renames", old, new]);
        listed.lines().map(|line| line.split(' ').skip(4).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn differences_are_those_that_git_finds() {
        let sandbox = Sandbox::with(&[
            ("same/deep/file", "1\n"),
            ("d", "a file\n"),
            ("e/x", "1\n"),
            ("e.c", "1\n"),
            ("mode", "1\n"),
            ("link", "target\n"),
            ("gone/all/of/it", "1\n"),
        ]);
        let old = sandbox.rev("main");
        sandbox.git(&["switch", "-q", "-c", "next"]);
        sandbox.git(&["rm", "-q", "-r", "d", "e", "gone", "link"]);
        for (path, text) in [("d/in/side", "1\n"), ("e", "a file\n"), ("e.c", "2\n"), ("z", "1\n")]
        {
            sandbox.write(path, text);
        }
        std::os::unix::fs::symlink("target", sandbox.root().join("link")).unwrap();
        make_executable(&sandbox.root().join("mode"));
        let new = sandbox.commit_all();
        for (old, new) in [(old, new), (new, old), (old, old)] {
            let found = sandbox.repo().raw_changes(old, new).unwrap();
            let told: Vec<String> = found
                .iter()
                .map(|change| {
                    let kind = match (change.old, change.new) {
                        (None, _) => 'A',
                        (_, None) => 'D',
                        (Some(old), Some(new)) => {
                            let link = |mode| mode == super::FileMode::Link;
                            if link(old.mode) == link(new.mode) { 'M' } else { 'T' }
                        }
                    };
                    format!("{kind}\t{}", String::from_utf8_lossy(&change.path))
                })
                .collect();
            assert_eq!(told, by_git(&sandbox, &old.to_string(), &new.to_string()));
        }
    }
}
