//! Telling a machine that has run out of something from everything else that can go wrong.

use std::error::Error;
use std::fs;
use std::io;

use crate::domain::run::Shortage;

/// Why something failed, when the machine had no room for it: by the number that the system gave, or
/// by its words where a library (libgit2) or a program (git) passes on only those.
pub fn shortage_of(error: &(dyn Error + 'static)) -> Option<Shortage> {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.find_map(|cause| {
        let number = cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        number.and_then(of_number).or_else(|| shortage_told(&cause.to_string()))
    })
}

/// The same for what the system said in words, in the language of programs (`LC_ALL=C`).
pub fn shortage_told(text: &str) -> Option<Shortage> {
    let of = |(words, shortage): &(&str, Shortage)| text.contains(words).then_some(*shortage);
    WORDS.iter().find_map(of)
}

/// Processes that the system has killed for lack of memory since it started; `None` where it does
/// not say.
pub fn load_memory_kills() -> Option<u64> {
    let counters = fs::read_to_string("/proc/vmstat").ok()?;
    let line = counters.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
    line.trim().parse().ok()
}

const WORDS: [(&str, Shortage); 6] = [
    ("No space left on device", Shortage::Space),
    ("Disk quota exceeded", Shortage::Space),
    ("Too many open files", Shortage::Handles),
    ("Cannot allocate memory", Shortage::Memory),
    ("Out of memory", Shortage::Memory),
    ("Resource temporarily unavailable", Shortage::Processes),
];

fn of_number(number: i32) -> Option<Shortage> {
    match number {
        libc::ENOSPC | libc::EDQUOT => Some(Shortage::Space),
        libc::EMFILE | libc::ENFILE => Some(Shortage::Handles),
        libc::ENOMEM => Some(Shortage::Memory),
        libc::EAGAIN => Some(Shortage::Processes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("a step failed")]
    struct Step {
        source: io::Error,
    }

    #[test]
    fn a_shortage_is_told_by_its_number_at_any_depth_and_by_its_words() {
        for (number, shortage) in [
            (libc::EAGAIN, Some(Shortage::Processes)),
            (libc::ENFILE, Some(Shortage::Handles)),
            (libc::ENOMEM, Some(Shortage::Memory)),
            (libc::EDQUOT, Some(Shortage::Space)),
            (libc::EACCES, None),
        ] {
            let source = io::Error::from_raw_os_error(number);
            let words = source.to_string();
            assert_eq!(shortage_of(&Step { source }), shortage);
            assert_eq!(shortage_told(&words), shortage, "{words}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_counts_what_it_kills_for_lack_of_memory() {
        assert!(load_memory_kills().is_some());
    }
}
