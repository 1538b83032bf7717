//! The repository's folder of hooks.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::adapters::git::error::{GitError, io};
use crate::adapters::host::crash_point::crash_point;

/// Largest hook whose bytes are kept.
const KEPT: u64 = 1 << 20;

/// Most files and folders that are looked at, and how deep.
const LOOKED_AT: usize = 1000;
const DEPTH: usize = 4;

/// What is in the folder, by path in it; `""` is the folder itself where it is a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Hooks {
    pub(super) files: BTreeMap<PathBuf, Hook>,
    /// The folder is there.
    pub(super) there: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hook {
    Link(OsString),
    File { mode: u32, content: Content },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    /// Not kept, as too large: size and time of the last change.
    Large {
        size: u64,
        changed: (i64, i64),
    },
}

impl Hook {
    fn load(path: &Path, meta: &Metadata) -> Option<Self> {
        if meta.is_symlink() {
            return Some(Self::Link(path.read_link().ok()?.into_os_string()));
        }
        if !meta.is_file() {
            return None;
        }
        let content = if meta.len() > KEPT {
            Content::Large { size: meta.len(), changed: (meta.ctime(), meta.ctime_nsec()) }
        } else {
            Content::Bytes(std::fs::read(path).ok()?)
        };
        Some(Self::File { mode: meta.mode() & 0o777, content })
    }

    /// Whether git, or a hook, would run it.
    fn runs(&self) -> bool {
        match self {
            Self::Link(_) => true,
            Self::File { mode, .. } => mode & 0o111 != 0,
        }
    }
}

impl Hooks {
    /// Reads the folder; samples, which git does not run, are left out.
    pub(super) fn load(folder: &Path) -> Self {
        let mut hooks = Self::default();
        let Ok(meta) = folder.symlink_metadata() else { return hooks };
        hooks.there = true;
        if meta.is_symlink() {
            let hook = Hook::load(folder, &meta);
            hooks.files.extend(hook.map(|hook| (PathBuf::new(), hook)));
            // What it leads to may be files that the user is just editing.
            return hooks;
        }
        let mut open = vec![(PathBuf::new(), 0)];
        let mut seen = 0;
        while let Some((below, depth)) = open.pop() {
            let Ok(entries) = folder.join(&below).read_dir() else { continue };
            for entry in entries.flatten() {
                seen += 1;
                if seen > LOOKED_AT {
                    return hooks;
                }
                let name = below.join(entry.file_name());
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() && depth < DEPTH {
                    open.push((name, depth + 1));
                } else if name.extension().is_none_or(|end| end != "sample")
                    && let Some(hook) = Hook::load(&entry.path(), &meta)
                {
                    hooks.files.insert(name, hook);
                }
            }
        }
        hooks
    }

    /// The bytes of one of them, where it is a file and they were kept.
    pub(super) fn bytes(&self, name: &Path) -> Option<&[u8]> {
        match self.files.get(name)? {
            Hook::File { content: Content::Bytes(bytes), .. } => Some(bytes),
            Hook::File { content: Content::Large { .. }, .. } | Hook::Link(_) => None,
        }
    }

    /// What would run and differs, by path in the folder; also what is new under a name that git may
    /// run, as it can be made executable at any later moment.
    pub(super) fn changed(&self, after: &Self) -> Vec<PathBuf> {
        let is_link = |hooks: &Self| hooks.files.get(Path::new("")).cloned();
        if is_link(self) != is_link(after) {
            return vec![PathBuf::new()];
        }
        let differs = |name: &&PathBuf| {
            let (old, new) = (self.files.get(*name), after.files.get(*name));
            let is_planted = old.is_none() && may_be_run(name);
            old != new && (is_planted || [old, new].into_iter().flatten().any(Hook::runs))
        };
        let mut names: Vec<PathBuf> =
            self.files.keys().chain(after.files.keys()).filter(differs).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether this is one, and would run.
    pub(super) fn runs(&self, name: &Path) -> bool {
        self.files.get(name).is_some_and(Hook::runs)
    }

    /// Makes one of them again what it was, so that at no moment what it was is nowhere; what is
    /// there is kept at `aside`. `draft` names a file that is not there, for what is to come.
    ///
    /// # Errors
    /// The folder cannot be written, or the hook was too large to be kept; it is then gone.
    pub(super) fn put_back(
        &self,
        folder: &Path,
        name: &Path,
        aside: &Path,
        draft: &Path,
    ) -> Result<(), GitError> {
        let path = if name.as_os_str().is_empty() { folder.to_owned() } else { folder.join(name) };
        let drafted = self.write_draft(name, draft);
        crash_point("hook: drafted");
        if matches!(drafted, Ok(true)) && path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            std::fs::copy(&path, aside).map_err(io("copy", &path))?;
        } else {
            move_away(&path, aside)?;
        }
        crash_point("hook: kept aside");
        if drafted? {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(io("create", folder))?;
            }
            move_in(draft, &path)?;
            crash_point("hook: put back");
        }
        if !self.there {
            // Only an empty one goes.
            let _kept = std::fs::remove_dir(folder).is_err();
        }
        Ok(())
    }

    /// Writes what it was; `false` when it was not there.
    pub(super) fn write_draft(&self, name: &Path, draft: &Path) -> Result<bool, GitError> {
        if let Some(hook) = self.files.get(name) {
            write(draft, hook)?;
        } else if name.as_os_str().is_empty() && self.there {
            std::fs::create_dir_all(draft).map_err(io("create", draft))?;
            for (name, hook) in &self.files {
                write(&draft.join(name), hook)?;
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Whether git's hooks are called like this: what editors and people leave beside them is not.
fn may_be_run(name: &Path) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let bytes = name.as_os_str().as_bytes();
    bytes.first().is_some_and(u8::is_ascii_lowercase) && bytes.iter().all(is_word)
}

fn move_in(draft: &Path, path: &Path) -> Result<(), GitError> {
    match std::fs::rename(draft, path) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices && draft.is_file() => {
            std::fs::copy(draft, path).map_err(io("write", path))?;
            std::fs::remove_file(draft).map_err(io("delete", draft))
        }
        moved => moved.map_err(io("replace", path)),
    }
}

fn move_away(path: &Path, aside: &Path) -> Result<(), GitError> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    match std::fs::rename(path, aside) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices && meta.is_file() => {
            std::fs::copy(path, aside).map_err(io("copy", path))?;
            std::fs::remove_file(path).map_err(io("delete", path))
        }
        moved => moved.map_err(io("move", path)),
    }
}

fn write(path: &Path, hook: &Hook) -> Result<(), GitError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io("create", folder))?;
    }
    match hook {
        Hook::Link(target) => symlink(target, path).map_err(io("create", path)),
        Hook::File { mode, content: Content::Bytes(bytes) } => {
            std::fs::write(path, bytes).map_err(io("write", path))?;
            std::fs::set_permissions(path, Permissions::from_mode(*mode)).map_err(io("write", path))
        }
        Hook::File { content: Content::Large { size, .. }, .. } => Err(GitError::Mismatch {
            what: format!("the hook `{}`", path.display()),
            expected: format!("at most {KEPT} bytes"),
            found: format!("{size}, which were not kept"),
        }),
    }
}
