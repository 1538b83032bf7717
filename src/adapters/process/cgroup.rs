//! Control groups of version 2: whether and where one can be made for a command, as files tell it.
//! A process leaves its control group by nobody's will but that of a process with rights over
//! another group, so what is in it is what the command started.

mod leaf;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Access, access};

pub(super) use leaf::{Leaf, load_leftover_pids, load_leftovers};

/// Owner of a group that is made to see whether one can be.
const PROBE: &str = "probe";

/// The control group that this process is in, in which others can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home {
    /// Where control groups are mounted.
    mount: PathBuf,
    /// The group's own folder, in or at `mount`.
    folder: PathBuf,
}

/// Why no control group can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// Not of version 2, or not on this system.
    NotMounted,
    /// The own group is not below the mount.
    NotVisible,
    /// The kernel cannot end a group at once.
    NoKill,
    /// Not by this user.
    Denied { folder: PathBuf, why: String },
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMounted => f.write_str("no control groups of version 2 are mounted here"),
            Self::NotVisible => f.write_str("the control group of wt-orch itself is not visible"),
            Self::NoKill => f.write_str("`cgroup.kill` needs Linux 5.14"),
            Self::Denied { folder, why } => {
                write!(f, "no control group can be made in {}: {why}", folder.display())
            }
        }
    }
}

/// The home, tried out once for this process.
pub(super) fn home() -> Result<&'static Home, &'static Unavailable> {
    static HOME: OnceLock<Result<Home, Unavailable>> = OnceLock::new();
    HOME.get_or_init(|| Home::find().and_then(Home::tried)).as_ref()
}

impl Home {
    /// Where its groups are.
    #[cfg(test)]
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn find() -> Result<Self, Unavailable> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let group = own_group(&groups).ok_or(Unavailable::NotMounted)?;
        let (root, mount) = mount_of(&mounts).ok_or(Unavailable::NotMounted)?;
        let inside = group.strip_prefix(&root).map_err(|_| Unavailable::NotVisible)?;
        let folder = mount.join(inside);
        // Something else may be mounted over it.
        if !folder.join("cgroup.procs").is_file() {
            return Err(Unavailable::NotVisible);
        }
        Ok(Self { mount, folder })
    }

    /// Makes a group, looks whether it is of use, and takes it away.
    fn tried(self) -> Result<Self, Unavailable> {
        let denied = |source: io::Error| Unavailable::Denied {
            folder: self.folder.clone(),
            why: io_text(&source),
        };
        // Whoever moves a process needs a say where it comes from, too.
        access(self.folder.join("cgroup.procs"), Access::WRITE_OK).map_err(|e| denied(e.into()))?;
        leaf::remove_deserted(&self, PROBE);
        let leaf = Leaf::create(&self, PROBE).map_err(denied)?;
        let ends = leaf.can_kill();
        leaf.remove().map_err(denied)?;
        if ends { Ok(self) } else { Err(Unavailable::NoKill) }
    }
}

fn io_text(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::PermissionDenied {
        "no permission".to_owned()
    } else {
        error.to_string()
    }
}

/// The path of the group, from the root of its hierarchy.
fn own_group(groups: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(PathBuf::from(path))
}

/// Which part of the hierarchy is mounted, and where.
fn mount_of(mounts: &str) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, mount) = (place.next()?, place.next()?);
        (kind.split(' ').next() == Some("cgroup2")).then(|| (unescaped(root), unescaped(mount)))
    })
}

/// Blanks and the like are written as `\040`.
fn unescaped(path: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(|_| first == b'\\') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    let path: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(&bytes);
    Path::new(path).to_owned()
}

#[cfg(test)]
mod tests;
