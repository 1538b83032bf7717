//! The size of the machine, and which boot of it this is.

use std::thread;

/// What the host has for tasks to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Cores this process may use (affinity and CPU quota taken off), at least 1.
    pub cores: usize,
    /// Bytes of memory, the limit of a surrounding control group taken into account; 0 when
    /// unknown.
    pub memory: u64,
}

impl Machine {
    /// Asks the system.
    pub fn load() -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cores, memory: load_memory() }
    }
}

/// Text that differs after every start of the system; empty where the system has none.
pub fn load_boot_id() -> String {
    boot::load_id()
}

fn load_memory() -> u64 {
    let limit = group::load_memory_limit().unwrap_or(u64::MAX);
    load_physical_memory().map_or(0, |total| total.min(limit))
}

/// Total memory in bytes, `None` when the system does not say.
fn load_physical_memory() -> Option<u64> {
    // SAFETY: sysconf reads no memory of ours.
    let (pages, page) =
        unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    u64::try_from(pages).ok()?.checked_mul(u64::try_from(page).ok()?).filter(|&total| total > 0)
}

#[cfg(target_os = "linux")]
mod boot {
    pub(super) fn load_id() -> String {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        id.map(|id| id.trim().to_owned()).unwrap_or_default()
    }
}

#[cfg(target_os = "macos")]
mod boot {
    pub(super) fn load_id() -> String {
        let mut text = [0_u8; 64];
        let mut len = text.len();
        // SAFETY: the name ends in NUL; `text` is valid for `len` bytes, which the call updates.
        let code = unsafe {
            libc::sysctlbyname(
                c"kern.bootsessionuuid".as_ptr(),
                text.as_mut_ptr().cast(),
                &raw mut len,
                std::ptr::null_mut(),
                0,
            )
        };
        let known = if code == 0 { &text[..len.min(text.len())] } else { &[] };
        String::from_utf8_lossy(known).trim_end_matches('\0').to_owned()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod boot {
    pub(super) fn load_id() -> String {
        String::new()
    }
}

#[cfg(target_os = "linux")]
mod group {
    use std::fs;
    use std::path::Path;

    /// The smallest limit among the control groups (version 2) around this process.
    pub(super) fn load_memory_limit() -> Option<u64> {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        smallest_limit(Path::new("/sys/fs/cgroup"), own)
    }

    pub(super) fn smallest_limit(root: &Path, own: &str) -> Option<u64> {
        let limit = |folder: &Path| {
            let text = fs::read_to_string(root.join(folder).join("memory.max")).ok()?;
            text.trim().parse::<u64>().ok()
        };
        Path::new(own).ancestors().filter_map(limit).min()
    }
}

#[cfg(not(target_os = "linux"))]
mod group {
    pub(super) fn load_memory_limit() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_memory_and_a_boot() {
        let machine = Machine::load();
        assert!(machine.cores >= 1);
        assert!(machine.memory > 1 << 20, "{machine:?}");
        assert!(!load_boot_id().is_empty());
        assert_eq!(load_boot_id(), load_boot_id());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_tightest_control_group_counts() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b/c")).unwrap();
        std::fs::write(root.path().join("a/b/c/memory.max"), "max\n").unwrap();
        std::fs::write(root.path().join("a/b/memory.max"), "2048\n").unwrap();
        std::fs::write(root.path().join("a/memory.max"), "4096\n").unwrap();
        assert_eq!(group::smallest_limit(root.path(), "a/b/c"), Some(2048));
        assert_eq!(group::smallest_limit(root.path(), "elsewhere"), None);
    }
}
