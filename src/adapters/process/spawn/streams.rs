//! What a command reads from and writes to.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A number above those of stdin, stdout and stderr.
const ABOVE: i32 = 3;

/// The command's ends.
#[derive(Debug)]
pub(super) struct Streams {
    nothing: OwnedFd,
    out: OwnedFd,
    /// Where it is not `out` as well.
    err: Option<OwnedFd>,
}

impl Streams {
    /// Nothing to read. One pipe for stdout and stderr keeps them in order; two keep them apart. Also
    /// answers the reading ends.
    pub(super) fn open(apart: bool) -> io::Result<(Self, [Option<OwnedFd>; 2])> {
        let nothing = above(File::open("/dev/null")?.into())?;
        let own = |reader: PipeReader| Some(OwnedFd::from(reader));
        let (out, out_end) = io::pipe()?;
        let (err, err_end) = apart.then(io::pipe).transpose()?.unzip();
        let err_end = err_end.map(|end| above(end.into())).transpose()?;
        let streams = Self { nothing, out: above(out_end.into())?, err: err_end };
        Ok((streams, [own(out), err.and_then(own)]))
    }

    /// Stdin, stdout and stderr.
    pub(super) fn ends(&self) -> [BorrowedFd<'_>; 3] {
        let err = self.err.as_ref().unwrap_or(&self.out);
        [self.nothing.as_fd(), self.out.as_fd(), err.as_fd()]
    }
}

/// A program that was started without one of the three may be given its number, where the command's
/// own would then be put over it.
fn above(end: OwnedFd) -> io::Result<OwnedFd> {
    if end.as_raw_fd() >= ABOVE {
        return Ok(end);
    }
    Ok(rustix::io::fcntl_dupfd_cloexec(end, ABOVE)?)
}
