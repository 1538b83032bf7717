//! Starting a process the short way: until it is the command it shares the memory of this one, which
//! therefore need not be copied, and it is born in its control group, which to enter later makes the
//! kernel wait for every processor. As vfork(2) has it, the thread that starts it sleeps meanwhile;
//! flags and arguments are those of clone3(2).

use std::arch::asm;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use rustix::process::{Pid, WaitOptions, waitpid};

use super::image::Image;
use super::streams::Streams;
use crate::adapters::process::CommandSpec;
use crate::adapters::process::cgroup::Leaf;
use crate::adapters::process::entry::Entry;

/// Bytes for what the process calls before it is the command.
const STACK: usize = 64 * 1024;

/// Handlers of this program would run in memory that is not theirs. Linux 5.5.
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
/// Linux 5.7.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Why there is no process.
#[derive(Debug)]
pub(super) enum Unborn {
    /// This kernel or sandbox does not start any in this way.
    Unsupported,
    /// It is as the error says, in any way.
    Failed(io::Error),
}

/// As in `linux/sched.h`.
#[repr(C)]
#[derive(Default)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// What parent and child both see: all that the child needs, and why it could not become the command.
struct Shared<'a> {
    image: Image,
    folder: CString,
    streams: [BorrowedFd<'a>; 3],
    entry: &'a Entry,
    failure: Option<i32>,
}

/// Starts the command of `spec` in the control group.
pub(super) fn start(
    spec: &CommandSpec,
    leaf: Option<&Leaf>,
    streams: &Streams,
    entry: &Entry,
) -> Result<Pid, Unborn> {
    let image = Image::prepare(&spec.argv, &spec.env).map_err(Unborn::Failed)?;
    let folder = CString::new(spec.cwd.as_os_str().as_bytes());
    let folder = folder.map_err(|error| Unborn::Failed(error.into()))?;
    let group = leaf.map(Leaf::open_folder).transpose().map_err(Unborn::Failed)?;
    let flags = libc::CLONE_VM as u64 | libc::CLONE_VFORK as u64 | CLONE_CLEAR_SIGHAND;
    // Aligned as calls want it.
    let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
    let arguments = Arguments {
        flags: flags | if group.is_some() { CLONE_INTO_CGROUP } else { 0 },
        exit_signal: libc::SIGCHLD as u64,
        stack: stack.as_mut_ptr() as u64,
        stack_size: STACK as u64,
        cgroup: group.as_ref().map_or(0, |group| group.as_raw_fd() as u64),
        ..Arguments::default()
    };
    let mut shared = Shared { image, folder, streams: streams.ends(), entry, failure: None };
    let blocked = BlockedSignals::all().map_err(Unborn::Failed)?;
    // SAFETY: stack and arguments live until the call returns, by when the child no longer shares this
    // memory; until then this thread, which alone uses them, sleeps.
    let answer = unsafe { clone(&arguments, &raw mut shared) };
    drop(blocked);
    let pid = match i32::try_from(answer) {
        Ok(pid) if pid > 0 => Pid::from_raw(pid),
        Ok(error) => {
            return Err(match -error {
                libc::EAGAIN | libc::ENOMEM => Unborn::Failed(io::Error::from_raw_os_error(-error)),
                // Kernels and sandboxes have many ways to refuse it.
                _ => Unborn::Unsupported,
            });
        }
        Err(_) => None,
    };
    let pid = pid.ok_or_else(|| Unborn::Failed(io::ErrorKind::Other.into()))?;
    let Some(error) = shared.failure else { return Ok(pid) };
    rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()).map(drop)).ok();
    Err(Unborn::Failed(io::Error::from_raw_os_error(error)))
}

impl Shared<'_> {
    /// Runs in the child, as what [`Image::execute`] says of itself.
    fn become_command(&mut self) -> io::Error {
        let prepared = || {
            for (stream, place) in self.streams.iter().zip(0..) {
                // SAFETY: these are numbers of this process's own table.
                if unsafe { libc::dup2(stream.as_raw_fd(), place) } < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            rustix::process::chdir(self.folder.as_c_str())?;
            self.entry.carry_out()?;
            // SAFETY: the default action runs no code of this program, which ignores the signal.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            unblock_all()
        };
        match prepared() {
            Ok(()) => self.image.execute(),
            Err(error) => error,
        }
    }
}

/// The first code of the child.
extern "C" fn begin(shared: *mut Shared<'_>) -> ! {
    // SAFETY: the parent keeps it and does not touch it before this process has another memory.
    let shared = unsafe { &mut *shared };
    let error = shared.become_command();
    shared.failure = Some(error.raw_os_error().unwrap_or(libc::EIO));
    // SAFETY: ends the process at once, and runs nothing of the parent's.
    unsafe { libc::_exit(127) }
}

/// The number of the child, or an error of the system below zero. The C library has no call for it that
/// gives the child a stack of its own, without which it would write over the caller's.
///
/// # Safety
/// Stack and `shared` must live and be used by nobody else while the call lasts.
#[cfg(target_arch = "x86_64")]
unsafe fn clone(arguments: &Arguments, shared: *mut Shared<'_>) -> i64 {
    let answer;
    // SAFETY: the parent goes on behind the label with the registers as stated; the child never leaves
    // `begin`.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, {shared}",
            "call {begin}",
            "ud2",
            "2:",
            shared = in(reg) shared,
            begin = in(reg) begin as extern "C" fn(*mut Shared<'_>) -> !,
            inlateout("rax") libc::SYS_clone3 => answer,
            in("rdi") ptr::from_ref(arguments),
            in("rsi") size_of::<Arguments>(),
            out("rcx") _,
            out("r11") _,
        );
    }
    answer
}

/// See the other one.
///
/// # Safety
/// As there.
#[cfg(target_arch = "aarch64")]
unsafe fn clone(arguments: &Arguments, shared: *mut Shared<'_>) -> i64 {
    let answer;
    // SAFETY: as there.
    unsafe {
        asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, {shared}",
            "blr {begin}",
            "brk 1",
            "2:",
            shared = in(reg) shared,
            begin = in(reg) begin as extern "C" fn(*mut Shared<'_>) -> !,
            in("x8") libc::SYS_clone3,
            inlateout("x0") ptr::from_ref(arguments) as i64 => answer,
            in("x1") size_of::<Arguments>(),
        );
    }
    answer
}

/// While it lives, this thread, and a process that it starts, hears no signal.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn all() -> io::Result<Self> {
        set_mask(|set| {
            // SAFETY: `set` is valid for writing.
            unsafe { libc::sigfillset(set) };
        })
        .map(Self)
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set was filled in by the system.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

fn unblock_all() -> io::Result<()> {
    set_mask(|set| {
        // SAFETY: `set` is valid for writing.
        unsafe { libc::sigemptyset(set) };
    })
    .map(drop)
}

/// Answers the mask before.
fn set_mask(fill: impl FnOnce(*mut libc::sigset_t)) -> io::Result<libc::sigset_t> {
    let mut set = std::mem::MaybeUninit::uninit();
    let mut before = std::mem::MaybeUninit::uninit();
    fill(set.as_mut_ptr());
    // SAFETY: `set` is filled in, and `before` valid for writing.
    let error =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), before.as_mut_ptr()) };
    match error {
        // SAFETY: filled in by the call.
        0 => Ok(unsafe { before.assume_init() }),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests;
