//! Folders level by level, then files unit by unit.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{
    AtFlags, Mode, OFlags, Timestamps, fstat, futimens, mkdirat, openat, statat, symlinkat,
    utimensat,
};

use super::adopt::past;
use super::threads::Threads;
use super::unit::{Unit, units};
use super::{Contents, FileTimes, Ground, Stamp};
use crate::adapters::git::{BlobReader, Conversion, ConvertedReader, FileMode, GitError, as_path};
use crate::adapters::host::crash_point::crash_point;

/// The stamps of all files in all grounds.
pub(super) struct Stamps {
    grounds: usize,
    /// Of each unit: file after file, each with one stamp a ground.
    units: Vec<OnceLock<Vec<Stamp>>>,
    /// Of each file its unit and its place there.
    places: Vec<(u32, u32)>,
}

impl Stamps {
    fn new(units: &[Unit], files: usize, grounds: usize) -> Self {
        let mut places = vec![(0, 0); files];
        for (at, unit) in units.iter().enumerate() {
            for (within, &file) in unit.files.iter().enumerate() {
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                places[file] = (number(at), number(within));
            }
        }
        Self { grounds, units: units.iter().map(|_| OnceLock::new()).collect(), places }
    }

    /// The stamp of a file in a ground; zeros, which make git look, where there is none.
    pub(super) fn of(&self, file: usize, ground: usize) -> Stamp {
        let (unit, within) = self.places[file];
        let stamps = self.units[unit as usize].get();
        let at = within as usize * self.grounds + ground;
        stamps.and_then(|stamps| stamps.get(at)).copied().unwrap_or_default()
    }
}

/// Makes all folders and files.
///
/// # Errors
/// A content cannot be read.
pub(super) fn write(contents: &Contents<'_>, grounds: &[Ground]) -> Result<Stamps, GitError> {
    let units = units(contents.listing);
    let stamps = Stamps::new(&units, contents.listing.files.len(), grounds.len());
    let threads = Threads::at_most(units.len().max(grounds.len()))?;
    make_folders(contents, grounds, &threads);
    let next = AtomicUsize::new(0);
    let times = contents.times.timestamps();
    let ended = threads.on_each(|| -> Result<(), GitError> {
        let mut source = Source::open(contents)?;
        let work = Work { contents, grounds, times: times.as_ref() };
        while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
            let at = stamps.places[unit.files[0]].0 as usize;
            match work.unit(unit, &mut source) {
                Ok(written) => drop(stamps.units[at].set(written)),
                Err(error) => {
                    // Nobody can have a worktree without this content.
                    next.store(units.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    });
    ended.into_iter().collect::<Result<(), GitError>>()?;
    Ok(stamps)
}

/// Each level after the one above it, all grounds at once.
fn make_folders(contents: &Contents<'_>, grounds: &[Ground], threads: &Threads) {
    let mut levels: Vec<Vec<&[u8]>> = Vec::new();
    for folder in contents.listing.folders.iter().skip(1).filter(|folder| folder.files > 0) {
        levels.resize(levels.len().max(folder.depth), Vec::new());
        levels[folder.depth - 1].push(&folder.path);
    }
    for level in levels {
        // A piece of a level in one ground: siblings stay together.
        let piece = level.len().div_ceil(threads.count()).max(1);
        let pieces: Vec<&[&[u8]]> = level.chunks(piece).collect();
        threads.for_each(grounds.len() * pieces.len(), |at| {
            let (ground, piece) = (&grounds[at % grounds.len()], pieces[at / grounds.len()]);
            ground.attempt(|ground| {
                let make = |path: &&[u8]| {
                    mkdirat(ground.root(), as_path(path), Mode::from_raw_mode(0o777))
                        .map_err(|error| ground.error("create", path, error))
                };
                piece.iter().try_for_each(make)
            });
        });
    }
}

/// Where one thread's contents come from.
struct Source {
    stored: BlobReader,
    converted: Option<ConvertedReader>,
}

impl Source {
    fn open(contents: &Contents<'_>) -> Result<Self, GitError> {
        let converted = match contents.conversion {
            Conversion::Some(converted) => Some(converted.open(contents.repo)?),
            Conversion::Nothing | Conversion::ByGit { .. } => None,
        };
        Ok(Self { stored: BlobReader::open(contents.repo)?, converted })
    }
}

struct Work<'a> {
    contents: &'a Contents<'a>,
    grounds: &'a [Ground],
    times: Option<&'a Timestamps>,
}

impl Work<'_> {
    /// Writes the files of one unit everywhere and returns their stamps.
    fn unit(&self, unit: &Unit, source: &mut Source) -> Result<Vec<Stamp>, GitError> {
        let path = &self.contents.listing.folders[unit.folder].path;
        // For one or two files a folder is not worth opening.
        let few = unit.files.len() <= 2;
        let folders: Vec<Option<OwnedFd>> = if few {
            Vec::new()
        } else {
            self.grounds.iter().map(|ground| ground.attempt(|g| g.folder(path))).collect()
        };
        let mut stamps = Vec::with_capacity(unit.files.len() * self.grounds.len());
        for &number in &unit.files {
            let file = &self.contents.listing.files[number];
            let mut put = |content: &[u8]| {
                for (at, ground) in self.grounds.iter().enumerate() {
                    let place = match folders.get(at) {
                        Some(folder) => folder.as_ref().map(|folder| (folder, file.name())),
                        None => Some((ground.root(), &file.path[..])),
                    };
                    let written = place.and_then(|(folder, name)| {
                        ground.attempt(|ground| {
                            self.put(folder, as_path(name), (file.mode, content))
                                .map_err(|error| ground.error("write", &file.path, error))
                        })
                    });
                    stamps.push(written.unwrap_or_default());
                }
            };
            match (&mut source.converted, self.contents.conversion) {
                (_, _) if file.mode == FileMode::Submodule => put(&[]),
                (Some(reader), Conversion::Some(converted)) if converted.has(number) => {
                    put(&reader.read(file.id, &file.path)?);
                }
                (_, _) => source.stored.with(file.id, put)?,
            }
        }
        Ok(stamps)
    }

    /// Writes one file below an open folder.
    fn put(
        &self,
        folder: &OwnedFd,
        name: &Path,
        (mode, content): (FileMode, &[u8]),
    ) -> Result<Stamp, std::io::Error> {
        let bits = match mode {
            FileMode::Link if self.contents.links_are_links() => {
                symlinkat(as_path(content), folder, name)?;
                return self.stamp_at(folder, name);
            }
            FileMode::Submodule => {
                mkdirat(folder, name, Mode::from_raw_mode(0o777))?;
                return self.stamp_at(folder, name);
            }
            FileMode::Executable => 0o777,
            FileMode::File | FileMode::Link => 0o666,
        };
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut out = File::from(openat(folder, name, flags, Mode::from_raw_mode(bits))?);
        crash_point("worktree: a file made");
        out.write_all(content)?;
        if let Some(times) = self.times {
            futimens(&out, times)?;
        }
        Ok(Stamp::of(&fstat(&out)?))
    }

    fn stamp_at(&self, folder: &OwnedFd, name: &Path) -> Result<Stamp, std::io::Error> {
        if let Some(times) = self.times {
            utimensat(folder, name, times, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        Ok(Stamp::of(&statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }
}

impl FileTimes {
    fn timestamps(self) -> Option<Timestamps> {
        match self {
            Self::Past => Some(past()),
            Self::Present => None,
        }
    }
}
