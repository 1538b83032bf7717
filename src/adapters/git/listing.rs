//! The files of a commit in the order of an index, with their folders.

use super::diff::FileMode;
use super::error::{GitError, library};
use super::oid::{from_git2, to_git2};
use super::repo::Repo;
use crate::domain::id::Oid;

/// Everything that a checkout of a commit is made of.
#[derive(Debug, Clone, Default)]
pub(in crate::adapters) struct Listing {
    /// Folders, each after the one it lies in; the first is the root.
    pub(in crate::adapters) folders: Vec<ListedFolder>,
    /// Files, links and submodules, sorted by path as an index wants them.
    pub(in crate::adapters) files: Vec<ListedFile>,
}

/// A folder of a commit.
#[derive(Debug, Clone)]
pub(in crate::adapters) struct ListedFolder {
    /// Path from the root without a final slash; empty for the root.
    pub(in crate::adapters) path: Vec<u8>,
    /// Its tree.
    pub(in crate::adapters) tree: Oid,
    /// Steps from the root.
    pub(in crate::adapters) depth: usize,
    /// The folder it lies in; `None` for the root.
    pub(in crate::adapters) parent: Option<usize>,
    /// Files in it and below.
    pub(in crate::adapters) files: usize,
}

/// A file of a commit.
#[derive(Debug, Clone)]
pub(in crate::adapters) struct ListedFile {
    /// Path from the root.
    pub(in crate::adapters) path: Vec<u8>,
    /// Where its own name begins in the path.
    pub(in crate::adapters) name_at: usize,
    /// The folder it lies in.
    pub(in crate::adapters) folder: usize,
    /// What it is.
    pub(in crate::adapters) mode: FileMode,
    /// Its content.
    pub(in crate::adapters) id: Oid,
}

impl ListedFile {
    /// Its name within its folder.
    pub(in crate::adapters) fn name(&self) -> &[u8] {
        &self.path[self.name_at..]
    }
}

impl Listing {
    /// Reads the trees of a commit.
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub(in crate::adapters) fn load(repo: &Repo, commit: Oid) -> Result<Self, GitError> {
        let git = repo.objects()?;
        let failed = library("read a commit's tree");
        let tree = git.find_commit(to_git2(commit)?).and_then(|commit| commit.tree());
        let mut walk = Walk { git: &git, listing: Self::default() };
        walk.folder(&tree.map_err(failed)?, Vec::new(), None)?;
        Ok(walk.listing)
    }

    /// Whether a checkout needs submodules.
    pub(in crate::adapters) fn has_submodules(&self) -> bool {
        self.files.iter().any(|file| file.mode == FileMode::Submodule)
    }
}

struct Walk<'a> {
    git: &'a git2::Repository,
    listing: Listing,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        tree: &git2::Tree<'_>,
        path: Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), GitError> {
        let at = self.listing.folders.len();
        let before = self.listing.files.len();
        let depth = parent.map_or(0, |parent| self.listing.folders[parent].depth + 1);
        let listed = ListedFolder {
            path: path.clone(),
            tree: from_git2(tree.id()),
            depth,
            parent,
            files: 0,
        };
        self.listing.folders.push(listed);
        // A tree sorts a folder as if its name ended with a slash: the order of an index.
        for entry in tree {
            let mut below = path.clone();
            if !below.is_empty() {
                below.push(b'/');
            }
            let name_at = below.len();
            below.extend_from_slice(entry.name_bytes());
            let mode = match entry.filemode() & 0o170_000 {
                0o040_000 => {
                    let tree =
                        self.git.find_tree(entry.id()).map_err(library("read a commit's tree"))?;
                    self.folder(&tree, below, Some(at))?;
                    continue;
                }
                0o120_000 => FileMode::Link,
                0o160_000 => FileMode::Submodule,
                _ if entry.filemode() & 0o100 != 0 => FileMode::Executable,
                _ => FileMode::File,
            };
            let id = from_git2(entry.id());
            self.listing.files.push(ListedFile { path: below, name_at, folder: at, mode, id });
        }
        self.listing.folders[at].files = self.listing.files.len() - before;
        Ok(())
    }
}
