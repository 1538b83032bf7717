//! Starting a process as the standard library does, on any system.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::Pid;

use super::streams::Streams;
use crate::adapters::process::CommandSpec;
use crate::adapters::process::cgroup::Leaf;
use crate::adapters::process::entry::Entry;

/// Starts the command of `spec`, which goes into the control group by itself.
pub(super) fn start(
    spec: &CommandSpec,
    leaf: Option<&Leaf>,
    streams: &Streams,
    entry: Entry,
) -> io::Result<Pid> {
    let (program, arguments) = spec.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&spec.cwd).env_clear();
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    let own = |end: BorrowedFd<'_>| end.try_clone_to_owned().map(Stdio::from);
    let [stdin, stdout, stderr] = streams.ends();
    command.stdin(own(stdin)?).stdout(own(stdout)?).stderr(own(stderr)?);
    let entrance = leaf.map(Leaf::open_entrance).transpose()?;
    let enter = move || {
        if let Some(entrance) = &entrance {
            rustix::io::write(entrance, b"0\n")?;
        }
        entry.carry_out()
    };
    // SAFETY: what is called makes system calls only, neither allocates nor locks, and reads what was
    // prepared before the fork.
    unsafe { command.pre_exec(enter) };
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other("the system gave an impossible process id"))
}
