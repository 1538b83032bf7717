//! Choosing the files: what git ignores in the checkout, held against the patterns.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::patterns::{Lines, Patterns, Wish};
use super::record::Stamp;
use super::skipped::{Skipped, Why};
use crate::adapters::git::{GitError, Repo, as_path, quote_path, real_path};
use crate::domain::run::{CacheSharing, WorktreeRules};

/// The checkout that files are brought from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Its folder.
    pub checkout: &'a Path,
    /// Where git keeps its index.
    pub git_dir: &'a Path,
}

/// What was chosen in a checkout, for any number of worktrees.
#[derive(Debug, Clone)]
pub struct Selection {
    pub(super) checkout: PathBuf,
    pub(super) git_dir: PathBuf,
    pub(super) limit: u64,
    pub(super) items: Vec<Item>,
    /// What the patterns named; items point into it.
    pub(super) roots: Vec<Root>,
    pub(super) notes: Vec<String>,
    /// Packages are asked for, whether there are any or not.
    pub(super) packages: bool,
}

/// One thing to be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Relative to the checkout.
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// Index of what named it.
    pub(super) root: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File { bytes: u64 },
    Link { target: PathBuf },
}

/// How something is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// File by file: each is remembered, and brought again where it changed.
    Named,
    /// As one, where blocks can be shared: build products, the worktree's own from then on.
    Cache,
    /// As one, copied where blocks cannot be shared, and again when the checkout's changed: packages
    /// that are installed.
    Installed,
}

/// A file or folder that a pattern names, with all that is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) path: Vec<u8>,
    pub(super) is_folder: bool,
    pub(super) nature: Nature,
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Seconds and nanoseconds at which the youngest of its files was written.
    pub(super) newest: (i64, i64),
}

impl Root {
    /// As people read it; a folder ends with `/`.
    pub(super) fn shown(&self) -> String {
        let slash = if self.is_folder { "/" } else { "" };
        format!("{}{slash}", quote_path(&self.path))
    }

    /// Whether it is brought as one and then the worktree's own, so that what is in it is not
    /// remembered.
    pub(super) fn is_whole(&self) -> bool {
        match self.nature {
            Nature::Named => false,
            Nature::Cache | Nature::Installed => true,
        }
    }

    /// What changes when something else is in it.
    pub(super) fn stamp(&self) -> Stamp {
        let (seconds, nanoseconds) = self.newest;
        Stamp { size: self.bytes, seconds, nanoseconds }
    }
}

/// Chooses what new worktrees get: files that git ignores in the checkout and that
/// `.worktreeinclude` or `include` names, installed packages, and the caches where they are to be
/// shared. Never a tracked file, nothing behind a link, no repository inside. Folders of `caches` are
/// searched only for lines that name a place in them, and packages count only where git ignores them
/// for themselves: those in what a build left are no packages of the project.
///
/// # Errors
/// Git cannot list the ignored files, or `.worktreeinclude` cannot be read.
pub fn select(
    repo: &Repo,
    origin: Origin<'_>,
    rules: &WorktreeRules,
) -> Result<Selection, GitError> {
    let Origin { checkout, git_dir } = origin;
    let mut selection = Selection {
        checkout: real_path(checkout),
        git_dir: git_dir.to_owned(),
        limit: rules.include_limit,
        items: Vec::new(),
        roots: Vec::new(),
        notes: Vec::new(),
        packages: !rules.installed.is_empty(),
    };
    let ignore_case = repo.settings().is_true("core.ignorecase");
    let lines =
        Lines { include: &rules.include, installed: &rules.installed, caches: &rules.caches };
    let patterns = Patterns::load(checkout, lines, ignore_case, &mut selection.notes)?;
    let share = rules.share_caches == CacheSharing::Reflink;
    if patterns.wants_nothing() && !share {
        return Ok(selection);
    }
    let command = repo.git_in("ls-files", git_dir, checkout).args(["-z", "--others", "--ignored"]);
    let listed = command.args(["--exclude-standard", "--directory"]).output()?;
    let worktrees = repo.worktrees()?.iter().map(|known| real_path(&known.path)).collect();
    let mut walk =
        Walk { patterns: &patterns, share, worktrees, selection, skipped: Skipped::default() };
    let entries = || listed.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
    // Git lists a folder of ignored files and then some of these files again.
    let folders: HashSet<&[u8]> = entries().filter(|entry| entry.ends_with(b"/")).collect();
    let is_again = |entry: &[u8]| {
        let above = (0..entry.len() - 1).filter(|&at| entry[at] == b'/');
        above.into_iter().any(|at| folders.contains(&entry[..=at]))
    };
    for entry in entries().filter(|entry| !is_again(entry)) {
        let path = entry.strip_suffix(b"/").unwrap_or(entry);
        let above = walk.above(path);
        walk.enter(path, above);
    }
    let Walk { mut selection, skipped, .. } = walk;
    selection.notes.extend(skipped.notes());
    selection.items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(selection)
}

/// What happens to a path of which no line speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Left,
    /// As `Left`, in a folder that git ignores as a whole.
    Inner,
    /// As `Left`, in a cache that stays behind: looked into only where a line names a place.
    Cold,
    /// A line names its parent, but nothing below was chosen so far.
    Wanted,
    /// It belongs to this root.
    Taken(usize),
}

struct Walk<'a> {
    patterns: &'a Patterns,
    share: bool,
    worktrees: HashSet<PathBuf>,
    selection: Selection,
    skipped: Skipped,
}

impl Walk<'_> {
    /// What the lines say about the nearest parent that they name.
    fn above(&self, path: &[u8]) -> Fate {
        let parents = (0..path.len()).filter(|&at| path[at] == b'/').map(|at| &path[..at]);
        parents.fold(Fate::Left, |fate, parent| match self.patterns.wish(parent, true) {
            Wish::Include { .. } => Fate::Wanted,
            Wish::Leave => Fate::Left,
            // A folder with tracked files in it is no cache.
            Wish::Installed | Wish::Cache | Wish::Silent => fate,
        })
    }

    fn enter(&mut self, path: &[u8], above: Fate) {
        let whole = self.selection.checkout.join(as_path(path));
        let Ok(meta) = whole.symlink_metadata() else { return };
        let wish = self.patterns.wish(path, meta.is_dir());
        let in_cache = above == Fate::Cold || self.in_cache(above);
        let fate = match (wish, above) {
            // A line such as `.env` does not mean the files of that name in a cache.
            (Wish::Include { placed: false }, above) if in_cache => above,
            // Below something that is brought anyway its own line adds nothing.
            (Wish::Include { .. }, Fate::Taken(root)) if !in_cache => Fate::Taken(root),
            (Wish::Include { .. }, _)
            | (Wish::Silent | Wish::Installed | Wish::Cache, Fate::Wanted) => {
                self.root(path, &meta, Nature::Named)
            }
            (Wish::Leave, _) => Fate::Left,
            (Wish::Installed, Fate::Left) => self.root(path, &meta, Nature::Installed),
            (Wish::Cache, Fate::Left | Fate::Inner) if self.share => {
                self.root(path, &meta, Nature::Cache)
            }
            (Wish::Cache, Fate::Left | Fate::Inner) => Fate::Cold,
            (Wish::Installed | Wish::Cache | Wish::Silent, above) => above,
        };
        if meta.is_dir() {
            self.enter_folder(path, &whole, fate);
        } else if let Fate::Taken(root) = fate {
            self.take(path, &meta, root);
        }
    }

    fn root(&mut self, path: &[u8], meta: &Metadata, nature: Nature) -> Fate {
        let (path, is_folder, newest) = (path.to_vec(), meta.is_dir(), (0, 0));
        self.selection.roots.push(Root { path, is_folder, nature, files: 0, bytes: 0, newest });
        Fate::Taken(self.selection.roots.len() - 1)
    }

    fn in_cache(&self, fate: Fate) -> bool {
        matches!(fate, Fate::Taken(root) if self.selection.roots[root].is_whole())
    }

    fn enter_folder(&mut self, path: &[u8], whole: &Path, fate: Fate) {
        let taken = matches!(fate, Fate::Taken(_));
        let foreign =
            if whole.join(".git").symlink_metadata().is_ok() || self.worktrees.contains(whole) {
                Some(Why::Repository)
            } else if self.in_cache(fate) && whole.join("pyvenv.cfg").exists() {
                Some(Why::Environment)
            } else {
                None
            };
        if let Some(why) = foreign {
            if taken {
                self.skipped.add(why, path);
            }
            return;
        }
        let searched = match fate {
            Fate::Left | Fate::Inner => self.share || !self.patterns.includes_nothing(),
            Fate::Cold => self.patterns.reach_below(path),
            Fate::Wanted | Fate::Taken(_) => true,
        };
        if !searched {
            return;
        }
        let Ok(entries) = whole.read_dir() else {
            if taken {
                self.skipped.add(Why::Unreadable, path);
            }
            return;
        };
        if let Fate::Taken(root) = fate {
            self.selection.items.push(Item { path: path.to_vec(), kind: Kind::Folder, root });
        }
        for entry in entries.flatten() {
            let name = entry.file_name();
            let below = if fate == Fate::Left { Fate::Inner } else { fate };
            self.enter(&[path, b"/", name.as_bytes()].concat(), below);
        }
    }

    fn take(&mut self, path: &[u8], meta: &Metadata, root: usize) {
        let kind = if meta.is_file() {
            Kind::File { bytes: meta.len() }
        } else if !meta.is_symlink() {
            return self.skipped.add(Why::Special, path);
        } else {
            match inner_target(&self.selection.checkout, path) {
                Some(target) => Kind::Link { target },
                None => return self.skipped.add(Why::LeadsOut, path),
            }
        };
        let named = &mut self.selection.roots[root];
        named.files += 1;
        named.newest = named.newest.max((meta.mtime(), meta.mtime_nsec()));
        named.bytes += if let Kind::File { bytes } = kind { bytes } else { 0 };
        self.selection.items.push(Item { path: path.to_vec(), kind, root });
    }
}

impl Selection {
    /// The same with the sizes that the files have by now.
    pub(super) fn measured_again(&self) -> Self {
        let mut again = self.clone();
        let Self { checkout, items, roots, .. } = &mut again;
        roots.iter_mut().for_each(|root| root.bytes = 0);
        for Item { path, kind, root } in items {
            if let (Kind::File { bytes }, Ok(meta)) =
                (kind, checkout.join(as_path(path)).symlink_metadata())
            {
                *bytes = meta.len();
                roots[*root].bytes += meta.len();
            }
        }
        again
    }
}

/// Where a link points, when that is inside the tree by its words and, where its end exists, in fact.
fn inner_target(checkout: &Path, path: &[u8]) -> Option<PathBuf> {
    let whole = checkout.join(as_path(path));
    let target = std::fs::read_link(&whole).ok()?;
    let mut depth = path.iter().filter(|&&byte| byte == b'/').count();
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => depth = depth.checked_sub(1)?,
            Component::Normal(name) if name.eq_ignore_ascii_case(".git") => return None,
            Component::Normal(_) => depth += 1,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    // What leads nowhere leads nowhere else.
    whole.canonicalize().map_or(true, |end| end.starts_with(checkout)).then_some(target)
}
