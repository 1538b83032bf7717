//! Where all refs are, and what the stash holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use crate::adapters::git::error::{GitError, io};
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// Refs below these belong to one worktree or to wt-orch.
const NOT_SHARED: [&str; 4] =
    ["refs/bisect/", "refs/rewritten/", "refs/worktree/", "refs/wt-orch/"];

/// Before the name of another ref, in the file of one that stands for that.
const SYMBOLIC: &str = "ref:";

/// All refs at one moment, and the stash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refs {
    /// Those that have no file of their own.
    packed: Arc<Packed>,
    /// What the files of the others say, which counts before that.
    loose: BTreeMap<String, String>,
    stash: Vec<Oid>,
}

/// One ref per line: its object, a blank, its name.
#[derive(Debug, PartialEq, Eq)]
struct Packed {
    file: Option<FileStamp>,
    text: Vec<u8>,
}

/// Tells a file from one that was put in its place or written again.
#[derive(Debug, PartialEq, Eq)]
struct FileStamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// A ref that is elsewhere than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// Full name; `stash@{…}` for an entry of the stash below the first.
    pub name: String,
    /// Where it was; `None` when it is new.
    pub old: Option<Oid>,
    /// Where it is; `None` when it is gone.
    pub new: Option<Oid>,
}

impl Repo {
    /// Reads all refs, without any program where git keeps them in files. What has not changed since
    /// an earlier reading is taken from there.
    ///
    /// # Errors
    /// The file system, or git cannot list them.
    pub fn all_refs(&self, earlier: Option<&Refs>) -> Result<Refs, GitError> {
        let common = self.common_dir();
        let mut loose = BTreeMap::new();
        let packed = if common.join("reftable").is_dir() {
            let command = self.git("for-each-ref").arg("--format=%(objectname) %(refname)");
            Arc::new(Packed { file: None, text: command.output()? })
        } else {
            // In this order: what git packs meanwhile is in one of both.
            load_loose(&common.join("refs"), "refs", &mut loose)?;
            load_packed(&common.join("packed-refs"), earlier)?
        };
        let log = std::fs::read(common.join("logs/refs/stash")).unwrap_or_default();
        let entries = String::from_utf8_lossy(&log).into_owned();
        let stash = entries.lines().filter_map(|line| line.split(' ').nth(1)?.parse().ok());
        Ok(Refs { packed, loose, stash: stash.collect() })
    }
}

/// The refs in files below a folder, whose name as part of a ref is `below`.
fn load_loose(
    folder: &Path,
    below: &str,
    found: &mut BTreeMap<String, String>,
) -> Result<(), GitError> {
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io("read", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(io("read", folder))?;
        let Ok(part) = entry.file_name().into_string() else { continue };
        let name = format!("{below}/{part}");
        if NOT_SHARED.iter().any(|prefix| prefix.trim_end_matches('/') == name)
            || name.ends_with(".lock")
        {
            continue;
        }
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            load_loose(&path, &name, found)?;
        } else if kind.is_file() || path.metadata().is_ok_and(|meta| meta.is_file()) {
            // One that is gone was packed or deleted meanwhile.
            found.extend(first_bytes(&path).ok().map(|text| (name, text.trim_end().to_owned())));
        }
    }
    Ok(())
}

/// No ref takes more.
fn first_bytes(path: &Path) -> std::io::Result<String> {
    const LONGEST: u64 = 8192;
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn load_packed(path: &Path, earlier: Option<&Refs>) -> Result<Arc<Packed>, GitError> {
    let nothing = || Arc::new(Packed { file: None, text: Vec::new() });
    loop {
        let Some(file) = stamp(path)? else { return Ok(nothing()) };
        if let Some(known) = earlier.filter(|refs| refs.packed.file.as_ref() == Some(&file)) {
            return Ok(known.packed.clone());
        }
        let text = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(nothing()),
            text => text.map_err(io("read", path))?,
        };
        if stamp(path)?.as_ref() == Some(&file) {
            return Ok(Arc::new(Packed { file: Some(file), text }));
        }
    }
}

fn stamp(path: &Path) -> Result<Option<FileStamp>, GitError> {
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path)(error)),
        Ok(meta) => {
            let changed = (meta.ctime(), meta.ctime_nsec());
            Ok(Some(FileStamp { inode: meta.ino(), size: meta.len(), changed }))
        }
    }
}

impl Refs {
    /// Refs that are elsewhere in `after`, sorted; those of single worktrees and of wt-orch are left
    /// out.
    pub fn changes(&self, after: &Self) -> Vec<RefChange> {
        if self == after {
            return Vec::new();
        }
        let mut names: BTreeSet<&str> =
            self.loose.keys().chain(after.loose.keys()).map(String::as_str).collect();
        names.retain(|name| self.loose.get(*name) != after.loose.get(*name));
        // Both files of a branch that moved say where it was and is.
        let tells = |refs: &Self, name: &str| {
            refs.loose.get(name).is_some_and(|text| !text.starts_with(SYMBOLIC))
        };
        let told = |name: &&str| tells(self, name) && tells(after, name);
        let unpacked = Arc::ptr_eq(&self.packed, &after.packed) && names.iter().all(told);
        let (before, now) = if unpacked {
            (BTreeMap::new(), BTreeMap::new())
        } else {
            (self.packed.by_name(), after.packed.by_name())
        };
        let differs = |name: &&str| before.get(*name) != now.get(*name);
        names.extend(before.keys().chain(now.keys()).copied().filter(differs));
        let change = |name: &str| RefChange {
            name: name.to_owned(),
            old: self.at(name, &before),
            new: after.at(name, &now),
        };
        let mut changes: Vec<RefChange> =
            names.into_iter().map(change).filter(|change| change.old != change.new).collect();
        changes.extend(self.dropped(after));
        changes
    }

    /// Entries of the stash that are gone; the first is a ref, the others are only in its log.
    fn dropped<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = RefChange> + 'a {
        let first = |refs: &Self| {
            let loose = refs.loose.get("refs/stash").and_then(|text| text.parse().ok());
            loose.or_else(|| refs.packed.by_name().remove("refs/stash"))
        };
        let gone = self.stash.iter().filter(|entry| !after.stash.contains(entry));
        let gone: Vec<Oid> = gone.copied().collect();
        let ends = if gone.is_empty() { [None; 2] } else { [first(self), first(after)] };
        let below = gone.into_iter().filter(move |entry| !ends.contains(&Some(*entry)));
        below.map(|entry| RefChange { name: "stash@{…}".to_owned(), old: Some(entry), new: None })
    }

    /// Where a ref is, with what is packed.
    fn at(&self, name: &str, packed: &BTreeMap<&str, Oid>) -> Option<Oid> {
        const DEEPEST: usize = 5;
        let mut name = name;
        for _ in 0..DEEPEST {
            let Some(text) = self.loose.get(name) else { return packed.get(name).copied() };
            match text.strip_prefix(SYMBOLIC) {
                Some(other) => name = other.trim(),
                None => return text.parse().ok(),
            }
        }
        None
    }

    /// Whether one of them is at an object.
    pub fn has(&self, object: Oid) -> bool {
        let mut loose = self.loose.values().filter_map(|text| text.parse().ok());
        let packed = || {
            let packed = self.packed.by_name().into_iter();
            packed.filter(|(name, _)| !self.loose.contains_key(*name)).any(|(_, at)| at == object)
        };
        loose.any(|at: Oid| at == object) || packed()
    }

    /// Whether the stash holds a commit.
    pub fn is_stashed(&self, commit: Oid) -> bool {
        self.stash.contains(&commit)
    }
}

impl Packed {
    fn by_name(&self) -> BTreeMap<&str, Oid> {
        let entry = |line| {
            let (target, name) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            let shared = !NOT_SHARED.iter().any(|prefix| name.starts_with(prefix));
            Some((name, target.parse().ok().filter(|_| shared)?))
        };
        self.text.split(|&byte| byte == b'\n').filter_map(entry).collect()
    }
}
