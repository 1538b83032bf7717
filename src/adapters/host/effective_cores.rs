//! The cores that programs really get here, remembered in a file of the user's own.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::machine::load_boot_id;
use super::probe::measure_cores;
use crate::domain::plan::median;
use crate::domain::time::Timestamp;

/// A measurement is repeated after this time.
const FRESH: Duration = Duration::from_secs(3600);

/// Measurements of one machine that count: the latest, so that a busy minute does not.
const COUNTED: usize = 5;

/// Measurements that are kept, of all machines that share the file.
const KEPT: usize = 50;

/// Most that is read of the file, in bytes.
const LARGEST: u64 = 64 << 10;

/// What measurements say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveCores {
    /// Median, from 1 to the cores that the system names.
    pub cores: f64,
    /// Measurements behind it.
    pub samples: usize,
    /// The latest one.
    pub at: Timestamp,
}

/// Measurements of the machines on which this user works.
#[derive(Debug, Clone)]
pub struct CoresCache {
    path: PathBuf,
}

/// One measurement, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Measurement {
    machine: String,
    cores: f64,
    at: Timestamp,
}

impl CoresCache {
    /// The measurements in this cache folder (`$XDG_CACHE_HOME`).
    pub fn at(cache_home: &Path) -> Self {
        Self { path: cache_home.join("wt-orch/cores.json") }
    }

    /// What is known of this machine; measured where nothing is or all of it is old, and kept. A
    /// file that cannot be read or written costs a measurement each time, nothing else.
    pub fn ensure(&self, cores: usize, now: Timestamp) -> EffectiveCores {
        self.ensure_by(&machine(cores), cores, now, measure_cores)
    }

    /// What was measured on this machine, however long ago.
    pub fn load(&self, cores: usize) -> Option<EffectiveCores> {
        known(&self.measurements(), &machine(cores), cores)
    }

    fn ensure_by(
        &self,
        machine: &str,
        cores: usize,
        now: Timestamp,
        measure: impl Fn(usize) -> f64,
    ) -> EffectiveCores {
        let mut all = self.measurements();
        // A date in the future is no date: the clock was wrong then, or is wrong at the moment.
        all.retain(|kept| kept.at <= now);
        if let Some(known) = known(&all, machine, cores)
            && now.since(known.at) < FRESH
        {
            return known;
        }
        let fresh = Measurement {
            machine: machine.to_owned(),
            // To the hundredth: more would be noise.
            cores: (measure(cores) * 100.0).round() / 100.0,
            at: now,
        };
        let only = EffectiveCores { cores: fresh.cores, samples: 1, at: now };
        all.push(fresh);
        let excess = all.len().saturating_sub(KEPT);
        all.drain(..excess);
        let _not_kept = self.write(&all);
        known(&all, machine, cores).unwrap_or(only)
    }

    /// Oldest first.
    fn measurements(&self) -> Vec<Measurement> {
        let mut text = String::new();
        let read = fs::File::open(&self.path)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        let kept: Vec<Measurement> =
            read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default();
        kept.into_iter().filter(|kept| kept.cores.is_finite()).collect()
    }

    fn write(&self, all: &[Measurement]) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(all)?)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

fn known(all: &[Measurement], machine: &str, cores: usize) -> Option<EffectiveCores> {
    let own = || all.iter().rev().filter(|kept| kept.machine == machine).take(COUNTED);
    let at = own().next()?.at;
    let middle = median(own().map(|kept| kept.cores))?;
    let samples = own().count();
    Some(EffectiveCores { cores: middle.clamp(1.0, cores.max(1) as f64), samples, at })
}

/// One boot of one machine, with the cores that this process may use of it: a home folder may be
/// shared between machines, and a restart may bring other neighbours.
fn machine(cores: usize) -> String {
    let system = rustix::system::uname();
    format!("{} {cores} {}", system.nodename().to_string_lossy(), load_boot_id())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Twenty-fourths of the time for which a measurement is fresh.
    fn parts(count: u64) -> Timestamp {
        Timestamp(1_700_000_000_000).after(FRESH.mul_f64(count as f64 / 24.0))
    }

    #[test]
    fn it_is_measured_once_an_hour_and_the_median_of_the_hours_counts() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CoresCache::at(dir.path());
        let measured = Cell::new(0);
        let ensure = |machine: &str, at: u64, value: f64| {
            let measure = |_| {
                measured.set(measured.get() + 1);
                value
            };
            let known = cache.ensure_by(machine, 8, parts(at), measure);
            (known.cores, known.samples, measured.get())
        };
        assert_eq!(ensure("a", 0, 4.001), (4.0, 1, 1));
        assert_eq!(ensure("a", 23, 1.0), (4.0, 1, 1));
        assert_eq!(ensure("b", 23, 7.0), (7.0, 1, 2), "another machine is measured by itself");
        assert_eq!(ensure("a", 24, 1.0), (2.5, 2, 3));
        assert_eq!(ensure("a", 48, 5.0), (4.0, 3, 4));
        for hour in 3..9 {
            ensure("a", 24 * hour, 6.0);
        }
        assert_eq!(ensure("a", 24 * 8, 1.0), (6.0, COUNTED, 10));
        assert_eq!(ensure("a", 47, 3.0), (2.5, 2, 10), "what lies in the future does not count");
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_costs_a_measurement() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CoresCache::at(dir.path());
        fs::create_dir(dir.path().join("wt-orch")).unwrap();
        for text in ["not json", "[{\"machine\":\"a\",\"cores\":null,\"at\":1}]", "[]"] {
            fs::write(&cache.path, text).unwrap();
            assert_eq!(known(&cache.measurements(), "a", 8), None, "{text}");
            assert_eq!(cache.ensure_by("a", 8, parts(0), |_| 3.0).samples, 1, "{text}");
        }
        let nowhere = CoresCache::at(&cache.path);
        let known = nowhere.ensure_by("a", 8, parts(0), |_| 3.0);
        assert_eq!(known, EffectiveCores { cores: 3.0, samples: 1, at: parts(0) });
        assert_eq!(nowhere.load(8), None);
    }

    #[test]
    fn what_was_kept_never_says_more_than_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CoresCache::at(dir.path());
        assert!((cache.ensure_by("a", 2, parts(0), |_| 7.0).cores - 2.0).abs() < f64::EPSILON);
        assert!((cache.ensure_by("b", 2, parts(0), |_| 0.1).cores - 1.0).abs() < f64::EPSILON);
    }
}
