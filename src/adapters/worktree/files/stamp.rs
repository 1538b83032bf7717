//! What an index remembers of a file, to see without reading it that it is unchanged.

use rustix::fs::Stat;

/// The parts of `stat(2)` in an index entry, cut to 32 bits as git cuts them
/// (gitformat-index(5)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) ctime: (u32, u32),
    pub(super) mtime: (u32, u32),
    pub(super) dev: u32,
    pub(super) ino: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u32,
}

impl Stamp {
    #[expect(
        clippy::unnecessary_cast,
        reason = "the fields have other types on other systems; only the low 32 bits are stored"
    )]
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            ctime: (stat.st_ctime as u32, stat.st_ctime_nsec as u32),
            mtime: (stat.st_mtime as u32, stat.st_mtime_nsec as u32),
            dev: stat.st_dev as u32,
            ino: stat.st_ino as u32,
            uid: stat.st_uid as u32,
            gid: stat.st_gid as u32,
            size: stat.st_size as u32,
        }
    }
}
