//! Bringing what was admitted into one worktree: everything is put where nothing was, and below open
//! folders, so that neither a tracked file nor anything behind a link is ever written.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd;
use std::path::Path;

use rayon::prelude::*;

use super::admit::{Carry, TooLarge};
use super::deliver::{Delivered, Delivery, why_not_read};
use super::errands::{Errand, Site, folders, tracked};
use super::folder::{open_below, open_top, split};
use super::frame::Frame;
use super::record::{Record, State};
use super::select::{Item, Kind, Nature};
use super::skipped::{Skipped, Why};
use crate::adapters::git::{GitError, Repo, as_path, io};
use crate::adapters::host::crash_point::crash_point;
use crate::domain::plan::CarryLoad;

/// Why a worktree did not get everything.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// Blocks could not be shared although they should, and copying is more than the limit allows.
    #[error("{0}; {way_out}", way_out = TooLarge::WAY_OUT)]
    TooLarge(TooLarge),
    /// Git or the file system.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What came into a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival {
    /// How much, and in which way; what was there already does not count.
    pub load: CarryLoad,
    /// Build products are among it.
    pub products: bool,
    /// What stayed behind for reasons of this worktree, as sentences.
    pub notes: Vec<String>,
}

impl Carry {
    /// Brings everything into a worktree whose index and files stand at its commit. Files that an
    /// earlier call brought and that changed since are brought again, as the checkout has them, and
    /// those that are not wanted any more go; caches are brought only where none is, and packages
    /// where none are or the checkout's changed since. A call after one
    /// that was cut short ends its work.
    ///
    /// # Errors
    /// [`CarryError`]; what arrived by then stays, and is remembered.
    pub fn bring(
        &self,
        repo: &Repo,
        worktree: &Path,
        git_dir: &Path,
    ) -> Result<Arrival, CarryError> {
        let mut record = Record::load(git_dir)?;
        if self.is_empty() && record.is_empty() {
            return Ok(Arrival::default());
        }
        let to = open_top(worktree).map_err(io("open", worktree))?;
        let from = &self.selection.checkout;
        let from = open_top(from).map_err(io("open", from))?;
        let tracked = tracked(repo, worktree, git_dir)?;
        record.entries.retain(|path, _| !tracked.contains(path.as_slice()));
        let site = Site { worktree, from, to, tracked };
        self.take_back_unwanted(&site, &mut record);
        let mut skipped = Skipped::default();
        let wanted = self.wanted(&site, &record, &mut skipped)?;
        if wanted.is_empty() {
            record.save(git_dir)?;
            return Ok(Arrival { notes: skipped.notes(), ..Arrival::default() });
        }
        self.begin(&wanted, &mut record);
        record.save(git_dir)?;
        let needed = folders(wanted.iter().map(|errand| errand.item));
        let frame = Frame::build(site.from.as_fd(), site.to.as_fd(), needed)
            .map_err(|(path, error)| io("create", &worktree.join(as_path(&path)))(error))?;
        let results = self.deliver(&site, &frame, &wanted)?;
        frame.keep_times();
        let arrival = self.note_down(&results, &site, (&mut record, skipped))?;
        record.save(git_dir)?;
        Ok(arrival)
    }

    fn begin(&self, wanted: &[Errand<'_>], record: &mut Record) {
        for Errand { item, .. } in wanted {
            let root = &self.selection.roots[item.root];
            if root.is_whole() {
                record.entries.insert(root.path.clone(), State::CacheBegun);
            } else if item.kind != Kind::Folder {
                record.entries.insert(item.path.clone(), State::Begun);
            }
        }
    }

    fn deliver<'a>(
        &self,
        site: &Site<'_>,
        frame: &Frame<'_>,
        wanted: &[Errand<'a>],
    ) -> Result<Vec<(&'a Item, Delivered)>, CarryError> {
        let delivery = Delivery::new(self.shares, self.selection.limit);
        let mut by_folder: HashMap<&[u8], Vec<&Errand<'a>>> = HashMap::new();
        for errand in wanted.iter().filter(|errand| errand.item.kind != Kind::Folder) {
            by_folder.entry(split(&errand.item.path).0).or_default().push(errand);
        }
        let results = by_folder.into_par_iter().map(|(folder, errands)| {
            if frame.is_blocked(folder) {
                let left = Delivered::Left(Why::Blocked);
                return Ok(errands.iter().map(|e| (e.item, left)).collect());
            }
            let at = |path: &[u8]| site.worktree.join(as_path(path));
            let to = open_below(site.to.as_fd(), folder).map_err(io("open", &at(folder)))?;
            let from = match open_below(site.from.as_fd(), folder) {
                Ok(from) => from,
                Err(error) => {
                    let path = self.selection.checkout.join(as_path(folder));
                    let why = why_not_read(&error).ok_or_else(|| io("open", &path)(error))?;
                    return Ok(errands.iter().map(|e| (e.item, Delivered::Left(why))).collect());
                }
            };
            let mut done = Vec::with_capacity(errands.len());
            for Errand { item, replace } in errands {
                let copies = self.selection.roots[item.root].nature != Nature::Cache;
                let what = delivery
                    .bring((from.as_fd(), to.as_fd()), item, (*replace, copies))
                    .map_err(io("bring along", &at(&item.path)))?;
                if what == Delivered::TooMuch {
                    return Err(CarryError::TooLarge(self.selection.measured_again().too_large()));
                }
                crash_point("brought along: a file");
                done.push((*item, what));
            }
            Ok(done)
        });
        let results: Vec<Vec<(&Item, Delivered)>> = results.collect::<Result<_, CarryError>>()?;
        Ok(results.into_iter().flatten().collect())
    }

    fn note_down(
        &self,
        results: &[(&Item, Delivered)],
        site: &Site<'_>,
        (record, mut skipped): (&mut Record, Skipped),
    ) -> Result<Arrival, GitError> {
        let roots = &self.selection.roots;
        let broken: BTreeSet<usize> = results
            .iter()
            .filter(|(_, what)| *what == Delivered::Left(Why::NotShared))
            .map(|(item, _)| item.root)
            .collect();
        for &index in &broken {
            site.remove(&roots[index].path)?;
            record.entries.remove(&roots[index].path);
            skipped.add(Why::NotShared, &roots[index].path);
        }
        let mut arrival = Arrival::default();
        for (item, what) in results.iter().filter(|(item, _)| !broken.contains(&item.root)) {
            let root = &roots[item.root];
            let stamp = match what {
                Delivered::Left(why) => {
                    skipped.add(*why, &item.path);
                    record.entries.remove(&item.path);
                    continue;
                }
                Delivered::TooMuch => continue,
                Delivered::Shared(stamp) => {
                    arrival.load.shared.add(stamp.size);
                    stamp
                }
                Delivered::Copied(stamp) => {
                    arrival.load.copied.add(stamp.size);
                    stamp
                }
            };
            if root.is_whole() {
                arrival.products |= root.nature == Nature::Cache;
                let state = match root.nature {
                    Nature::Installed => State::Installed(root.stamp()),
                    Nature::Cache | Nature::Named => State::Cache,
                };
                record.entries.insert(root.path.clone(), state);
            } else {
                record.entries.insert(item.path.clone(), State::There(*stamp));
            }
        }
        arrival.notes = skipped.notes();
        Ok(arrival)
    }
}
