//! The files of a commit in the order of an index, with their folders.

use std::collections::{HashMap, HashSet};

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
    /// A tree is not as git makes them: out of order, a name twice, a mode that does not exist.
    pub(in crate::adapters) malformed: bool,
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

impl Repo {
    /// The files of a commit.
    ///
    /// # Errors
    /// There is no such commit, or a tree of it is missing.
    pub(in crate::adapters) fn listing(&self, commit: Oid) -> Result<Listing, GitError> {
        self.reader().listing(commit)
    }
}

impl Listing {
    /// Whether a checkout needs submodules.
    pub(in crate::adapters) fn has_submodules(&self) -> bool {
        self.files.iter().any(|file| file.mode == FileMode::Submodule)
    }

    /// Reads the trees with libgit2.
    pub(super) fn load(git: &git2::Repository, commit: Oid) -> Result<Self, GitError> {
        let failed = library("read a commit's tree");
        let tree = git.find_commit(to_git2(commit)?).and_then(|commit| commit.tree());
        let mut walk = Walk { git, listing: Self::default() };
        walk.folder(&tree.map_err(failed)?, Vec::new(), None)?;
        Ok(walk.listing)
    }

    /// Reads what `git ls-tree -r -t -z --full-tree` wrote of the tree `root`; `None` when it is
    /// something else.
    pub(super) fn parse(root: Oid, listed: &[u8]) -> Option<Self> {
        let top = ListedFolder { path: Vec::new(), tree: root, depth: 0, parent: None, files: 0 };
        let mut listing = Self { folders: vec![top], ..Self::default() };
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::from([(Vec::new(), 0)]);
        for entry in listed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
            let tab = entry.iter().position(|&byte| byte == b'\t')?;
            let mut words = std::str::from_utf8(&entry[..tab]).ok()?.split(' ');
            let (mode, id) = (words.next()?, words.nth(1)?.parse().ok()?);
            let path = entry[tab + 1..].to_vec();
            let name_at = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
            let folder = *numbers.get(&path[..name_at.saturating_sub(1)])?;
            let mode = match mode {
                "040000" => {
                    let depth = listing.folders[folder].depth + 1;
                    numbers.insert(path.clone(), listing.folders.len());
                    let parent = Some(folder);
                    listing.folders.push(ListedFolder { path, tree: id, depth, parent, files: 0 });
                    continue;
                }
                "120000" => FileMode::Link,
                "160000" => FileMode::Submodule,
                "100755" => FileMode::Executable,
                _ => FileMode::File,
            };
            listing.files.push(ListedFile { path, name_at, folder, mode, id });
            let mut above = Some(folder);
            while let Some(at) = above {
                listing.folders[at].files += 1;
                above = listing.folders[at].parent;
            }
        }
        Some(listing)
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
        let mut last: Vec<u8> = Vec::new();
        let mut names = HashSet::new();
        for entry in tree {
            let slash: &[u8] = if entry.filemode() == 0o040_000 { b"/" } else { b"" };
            let sorted = [entry.name_bytes(), slash].concat();
            self.listing.malformed |= sorted <= last || !names.insert(entry.name_bytes().to_vec());
            last = sorted;
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
                0o100_000 if entry.filemode() & 0o100 != 0 => FileMode::Executable,
                0o100_000 => FileMode::File,
                _ => {
                    self.listing.malformed = true;
                    FileMode::File
                }
            };
            let id = from_git2(entry.id());
            self.listing.files.push(ListedFile { path: below, name_at, folder: at, mode, id });
        }
        self.listing.folders[at].files = self.listing.files.len() - before;
        Ok(())
    }
}
