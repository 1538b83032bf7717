//! What ran programs, in the form in which it is stored: the contents of what is small, and digests
//! of the rest.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hooks::{Content, Hook, Hooks};
use crate::adapters::git::path::{quote_path, unquote_path};
use crate::adapters::host::digest::sha256;

/// How many more bytes of contents may be stored.
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(256 << 10)
    }
}

/// Bytes that need not be text, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Bytes(String);

impl Bytes {
    pub(super) fn of_path(path: &Path) -> Self {
        Self(quote_path(path.as_os_str().as_bytes()))
    }

    pub(super) fn path(&self) -> PathBuf {
        OsString::from_vec(unquote_path(&self.0)).into()
    }
}

/// The contents of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stored {
    Whole(Bytes),
    Digest { size: u64, sha256: String },
}

impl Stored {
    pub(super) fn of(bytes: &[u8], room: &mut Room) -> Self {
        if let Some(left) = room.0.checked_sub(bytes.len()) {
            room.0 = left;
            return Self::Whole(Bytes(quote_path(bytes)));
        }
        Self::Digest { size: bytes.len() as u64, sha256: sha256(&[bytes]) }
    }

    /// What was stored; of a digest it is known only where it is still there, else only the size.
    pub(super) fn bytes(&self, now: Option<&[u8]>) -> Result<Vec<u8>, u64> {
        match self {
            Self::Whole(Bytes(text)) => Ok(unquote_path(text)),
            Self::Digest { size, sha256: known } => {
                let same = |now: &&[u8]| now.len() as u64 == *size && sha256(&[now]) == *known;
                now.filter(same).map(<[u8]>::to_vec).ok_or(*size)
            }
        }
    }
}

/// The folder of hooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredHooks {
    files: Vec<(Bytes, StoredHook)>,
    there: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredHook {
    Link(Bytes),
    File { mode: u32, content: Stored },
    Large { mode: u32, size: u64, changed: (i64, i64) },
}

impl StoredHooks {
    pub(super) fn of(hooks: &Hooks, room: &mut Room) -> Self {
        let mut stored = |hook: &Hook| match hook {
            Hook::Link(target) => StoredHook::Link(Bytes::of_path(Path::new(target))),
            Hook::File { mode, content: Content::Bytes(bytes) } => {
                StoredHook::File { mode: *mode, content: Stored::of(bytes, room) }
            }
            Hook::File { mode, content: Content::Large { size, changed } } => {
                StoredHook::Large { mode: *mode, size: *size, changed: *changed }
            }
        };
        let files =
            hooks.files.iter().map(|(name, hook)| (Bytes::of_path(name), stored(hook))).collect();
        Self { files, there: hooks.there }
    }

    /// The hooks as they were. One that is not known any more is told as too large to be kept, which
    /// differs from what is there.
    pub(super) fn restored(self, now: &Hooks) -> Hooks {
        let restored = |(name, hook): (Bytes, StoredHook)| {
            let name = name.path();
            let hook = match hook {
                StoredHook::Link(target) => Hook::Link(target.path().into_os_string()),
                StoredHook::File { mode, content } => {
                    let content = match content.bytes(now.bytes(&name)) {
                        Ok(bytes) => Content::Bytes(bytes),
                        Err(size) => Content::Large { size, changed: (0, 0) },
                    };
                    Hook::File { mode, content }
                }
                StoredHook::Large { mode, size, changed } => {
                    Hook::File { mode, content: Content::Large { size, changed } }
                }
            };
            (name, hook)
        };
        Hooks { files: self.files.into_iter().map(restored).collect(), there: self.there }
    }
}
