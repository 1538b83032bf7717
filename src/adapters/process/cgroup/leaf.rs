//! The control group of one command.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::{Home, home};
use crate::adapters::host::crash_point::crash_point;

/// A group that is dropped with processes in it is asked so often whether they have ended, with these
/// waits between.
const FAREWELLS: usize = 100;
const FAREWELL: Duration = Duration::from_millis(1);

/// A control group, with those that a wt-orch among its processes made in it. Dropped before it is
/// removed, it is ended by force.
#[derive(Debug)]
pub(in crate::adapters::process) struct Leaf {
    folder: PathBuf,
    home: PathBuf,
    is_removed: bool,
}

impl Leaf {
    /// Makes one that bears the name of its owner.
    pub(in crate::adapters::process) fn create(home: &Home, owner: &str) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{}-{number}", prefix(owner), std::process::id());
        let folder = home.folder.join(name);
        fs::create_dir(&folder)?;
        crash_point("control group: made");
        Ok(Self { folder, home: home.folder.clone(), is_removed: false })
    }

    /// One that a killed process made; `None` when it is gone.
    pub(in crate::adapters::process) fn reopen(folder: PathBuf) -> Option<Self> {
        let home = folder.parent()?.to_owned();
        let leaf = Self { folder, home, is_removed: false };
        leaf.folder.join("cgroup.procs").is_file().then_some(leaf)
    }

    /// Where it is.
    pub(in crate::adapters::process) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A process that writes `0` into it is in the group from then on, with all that it starts.
    pub(in crate::adapters::process) fn open_entrance(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.folder.join("cgroup.procs"))
    }

    /// A process can be born in it, see `CLONE_INTO_CGROUP` in clone3(2).
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(in crate::adapters::process) fn open_folder(&self) -> io::Result<File> {
        File::open(&self.folder)
    }

    /// Whether it can be ended at once.
    pub(super) fn can_kill(&self) -> bool {
        self.folder.join("cgroup.kill").exists()
    }

    /// All processes in it that are alive.
    pub(in crate::adapters::process) fn load_pids(&self) -> Vec<u32> {
        load_pids(&self.folder)
    }

    /// Ends everything in it at once, whoever is being started included.
    pub(in crate::adapters::process) fn kill(&self) -> io::Result<()> {
        self.write("cgroup.kill", "1")
    }

    /// Holds everything in it, or lets it go on.
    pub(in crate::adapters::process) fn freeze(&self, held: bool) -> io::Result<()> {
        self.write("cgroup.freeze", if held { "1" } else { "0" })
    }

    /// Puts a process outside, where this program is.
    pub(in crate::adapters::process) fn release(&self, pid: u32) -> io::Result<()> {
        fs::write(self.home.join("cgroup.procs"), pid.to_string())
    }

    /// Bounds the memory of all of it together; `false` where groups do not count memory.
    pub(in crate::adapters::process) fn limit_memory(&self, bytes: u64) -> bool {
        if self.write("memory.max", &bytes.to_string()).is_err() {
            return false;
        }
        // What is held includes what was put off to the disk; there may be no such place.
        self.write("memory.swap.max", "0").ok();
        // One half of a task is of no use without the other.
        self.write("memory.oom.group", "1").ok();
        true
    }

    /// Whether it was ended for its memory.
    pub(in crate::adapters::process) fn ran_out_of_memory(&self) -> bool {
        self.number("memory.events", "oom_kill").is_some_and(|count| count > 0)
    }

    /// Processor time of everything that was ever in it.
    pub(in crate::adapters::process) fn load_cpu(&self) -> Option<Duration> {
        self.number("cpu.stat", "usage_usec").map(Duration::from_micros)
    }

    /// Takes it away; an error while anything is in it.
    pub(in crate::adapters::process) fn remove(mut self) -> io::Result<()> {
        self.try_remove()
    }

    /// See [`Self::remove`]; may be asked again.
    pub(in crate::adapters::process) fn try_remove(&mut self) -> io::Result<()> {
        if !self.is_removed {
            crash_point("control group: before it goes");
            // Seldom is anything in it.
            remove(std::slice::from_ref(&self.folder)).or_else(|_| remove(&self.folders()))?;
            self.is_removed = true;
        }
        Ok(())
    }

    /// Its own and those in it, outer ones first.
    fn folders(&self) -> Vec<PathBuf> {
        with_inner(&self.folder)
    }

    fn number(&self, file: &str, name: &str) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join(file)).ok()?;
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(known, _)| *known == name).and_then(|(_, value)| value.parse().ok())
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        // Without this a file that is not there would be made, on anything but a control group.
        OpenOptions::new()
            .write(true)
            .open(self.folder.join(file))
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        if self.is_removed || self.try_remove().is_ok() {
            return;
        }
        // Whatever goes wrong here is put right by `clean`.
        self.kill().ok();
        // Processes end some time after they are told to, and nothing but asking tells when.
        for _ in 0..FAREWELLS {
            if self.try_remove().is_ok() {
                break;
            }
            thread::sleep(FAREWELL);
        }
    }
}

/// Groups that earlier processes of this program made for the owner, wherever they were then. One
/// that this process itself is in is not among them.
pub(in crate::adapters::process) fn load_leftovers(owner: &str) -> Vec<Leaf> {
    let Ok(home) = home() else { return Vec::new() };
    let leaf = |folder| Leaf { folder, home: home.folder.clone(), is_removed: false };
    left_folders(home, owner).into_iter().map(leaf).collect()
}

/// All processes in these groups that are alive; nothing is done to them.
pub(in crate::adapters::process) fn load_leftover_pids(owner: &str) -> Vec<u32> {
    let Ok(home) = home() else { return Vec::new() };
    left_folders(home, owner).iter().flat_map(|folder| load_pids(folder)).collect()
}

fn left_folders(home: &Home, owner: &str) -> Vec<PathBuf> {
    let prefix = prefix(owner);
    let mut left = Vec::new();
    let mut unseen = vec![home.mount.clone()];
    while let Some(folder) = unseen.pop() {
        for inner in folders_in(&folder) {
            let name = inner.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !name.starts_with(&prefix) {
                unseen.push(inner);
            } else if !home.folder.starts_with(&inner) {
                left.push(inner);
            }
        }
    }
    left
}

fn load_pids(folder: &Path) -> Vec<u32> {
    let mut pids = Vec::new();
    for folder in with_inner(folder) {
        let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        pids.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
    }
    pids
}

/// The folder and those in it, outer ones first.
fn with_inner(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(folder) = found.get(next) {
        let inner = folders_in(folder);
        found.extend(inner);
        next += 1;
    }
    found
}

/// Takes away empty groups in `home` of processes that were killed before they could.
pub(super) fn remove_deserted(home: &Home, owner: &str) {
    let prefix = prefix(owner);
    for folder in folders_in(&home.folder) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix(&prefix).and_then(|rest| rest.split_once('-'));
        let process = number.and_then(|(pid, _)| Pid::from_raw(pid.parse().ok()?));
        if process.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
            // It is in nobody's way; the next one tries again.
            let _gone = fs::remove_dir(&folder).is_ok();
        }
    }
}

fn prefix(owner: &str) -> String {
    format!("wt-orch.{owner}.")
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Inner ones first.
fn remove(folders: &[PathBuf]) -> io::Result<()> {
    for folder in folders.iter().rev() {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
