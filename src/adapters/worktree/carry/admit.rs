//! Holding a selection against the limit and against what the file system can, before anything is
//! made.

use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;

use super::folder::{open_below, open_file, open_top, split};
use super::select::{Item, Kind, Root, Selection};
use super::share::can_share;
use crate::domain::plan::{Amount, CarryLoad};
use crate::domain::task::human_size;

/// How many paths a message names.
const SHOWN: usize = 3;

/// A selection that may be brought into worktrees.
#[derive(Debug, Clone)]
pub struct Carry {
    pub(super) selection: Selection,
    pub(super) shares: bool,
}

/// More would have to be copied into each worktree than the limit allows. Nothing was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TooLarge {
    /// Bytes to be copied for one worktree.
    pub bytes: u64,
    /// `include_limit`.
    pub limit: u64,
    /// The largest of what the patterns name, with their bytes.
    pub biggest: Vec<(String, u64)>,
}

impl TooLarge {
    /// What the user can do.
    pub const WAY_OUT: &'static str = "name less in `.worktreeinclude` and `worktree.include` (a \
        line with `!` leaves something out), or raise `worktree.include_limit`";
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |(path, bytes): &(String, u64)| format!("`{path}` {}", human_size(*bytes));
        let biggest: Vec<String> = self.biggest.iter().map(named).collect();
        write!(
            f,
            "the ignored files that each worktree would get take {}, more than the {} that may be \
             copied; the biggest: {}",
            human_size(self.bytes),
            human_size(self.limit),
            biggest.join(", ")
        )
    }
}

impl Selection {
    /// Whether worktrees whose folders lie in `beside` can get it. Where the file system shares
    /// blocks there is no limit; where it does not, caches stay behind, and the rest is allowed up to
    /// `include_limit`.
    ///
    /// # Errors
    /// [`TooLarge`]: nothing half is brought, and nothing was made.
    pub fn admit(mut self, beside: &Path) -> Result<Carry, TooLarge> {
        let shares = self.items.iter().any(|item| matches!(item.kind, Kind::File { .. }))
            && self.can_share(beside);
        if !shares {
            self.drop_caches();
            if self.amount(false).bytes > self.limit {
                return Err(self.too_large());
            }
        }
        Ok(Carry { selection: self, shares })
    }

    fn can_share(&self, beside: &Path) -> bool {
        let Ok(top) = open_top(&self.checkout) else { return false };
        let opened = |item: &Item| {
            let (parent, name) = split(&item.path);
            open_file(open_below(top.as_fd(), parent).ok()?.as_fd(), name).ok()
        };
        // An empty file would say nothing about blocks.
        let files =
            self.items.iter().filter(|item| matches!(item.kind, Kind::File { bytes } if bytes > 0));
        files.take(SHOWN).find_map(opened).is_some_and(|file| can_share(&file, beside))
    }

    fn drop_caches(&mut self) {
        let caches: Vec<String> = self
            .roots
            .iter()
            .filter(|root| root.is_cache)
            .map(|root| format!("`{}`", root.shown()))
            .collect();
        if caches.is_empty() {
            return;
        }
        let bytes = self.amount(true).bytes;
        self.notes.push(format!(
            "the build caches ({}, {}) were not brought along: the file system of the worktrees \
             cannot share blocks with the checkout, and caches are never copied",
            caches.join(", "),
            human_size(bytes)
        ));
        let Self { items, roots, .. } = self;
        items.retain(|item| !roots[item.root].is_cache);
        for root in roots.iter_mut().filter(|root| root.is_cache) {
            (root.files, root.bytes) = (0, 0);
        }
    }

    fn amount(&self, caches: bool) -> Amount {
        let roots = self.roots.iter().filter(|root| root.is_cache == caches);
        roots.fold(Amount::default(), |sum, root| Amount {
            files: sum.files + root.files,
            bytes: sum.bytes + root.bytes,
        })
    }

    pub(super) fn too_large(&self) -> TooLarge {
        let mut roots: Vec<&Root> =
            self.roots.iter().filter(|root| !root.is_cache && root.bytes > 0).collect();
        roots.sort_by_key(|root| (std::cmp::Reverse(root.bytes), &root.path));
        let biggest = roots.iter().take(SHOWN).map(|root| (root.shown(), root.bytes)).collect();
        TooLarge { bytes: self.amount(false).bytes, limit: self.limit, biggest }
    }
}

impl Carry {
    /// Whether there is nothing to bring.
    pub fn is_empty(&self) -> bool {
        self.selection.items.is_empty()
    }

    /// Whether worktrees get build products: then every file that differs from the checkout's must
    /// be newer than they are (landing.md rule 9).
    pub fn has_products(&self) -> bool {
        self.selection.amount(true).files > 0
    }

    /// What one worktree gets.
    pub fn load(&self) -> CarryLoad {
        let (files, caches) = (self.selection.amount(false), self.selection.amount(true));
        if self.shares {
            let shared =
                Amount { files: files.files + caches.files, bytes: files.bytes + caches.bytes };
            CarryLoad { copied: Amount::default(), shared }
        } else {
            CarryLoad { copied: files, shared: Amount::default() }
        }
    }

    /// What was named and goes along, caches or not; a folder ends with `/`.
    pub fn paths(&self, caches: bool) -> Vec<String> {
        let roots =
            self.selection.roots.iter().filter(|root| root.is_cache == caches && root.files > 0);
        let mut paths: Vec<String> = roots.map(|root| root.shown()).collect();
        paths.sort();
        paths
    }

    /// What stays behind, and why, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.selection.notes
    }
}
