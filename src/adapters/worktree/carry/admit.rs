//! Holding a selection against the limit and against what the file system can, before anything is
//! made.

use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;

use super::folder::{open_below, open_file, open_top, split};
use super::select::{Item, Kind, Nature, Root, Selection};
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
    /// `include_limit`: beyond it installed packages stay behind with a note.
    ///
    /// # Errors
    /// [`TooLarge`]: nothing half is brought, and nothing was made.
    pub fn admit(mut self, beside: &Path) -> Result<Carry, TooLarge> {
        let shares = self.items.iter().any(|item| matches!(item.kind, Kind::File { .. }))
            && self.can_share(beside);
        if !shares {
            self.drop(Nature::Cache, |_| {
                "the file system of the worktrees cannot share blocks with the checkout, and caches \
                 are never copied"
                    .to_owned()
            });
            let named = self.amount(Nature::Named).bytes;
            if named > self.limit {
                return Err(self.too_large());
            }
            if named + self.amount(Nature::Installed).bytes > self.limit {
                self.drop(Nature::Installed, |limit| {
                    format!(
                        "`worktree.include_limit` allows to copy {} into each worktree; raise it, \
                         or let a `[[setup]]` hook install them",
                        human_size(limit)
                    )
                });
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

    /// Leaves everything of a nature behind, and says why.
    fn drop(&mut self, nature: Nature, why: impl FnOnce(u64) -> String) {
        let caches: Vec<String> = self
            .roots
            .iter()
            .filter(|root| root.nature == nature && root.files > 0)
            .map(|root| format!("`{}`", root.shown()))
            .collect();
        if caches.is_empty() {
            return;
        }
        let what = match nature {
            Nature::Named => "files",
            Nature::Cache => "build caches",
            Nature::Installed => "installed packages",
        };
        let (caches, size) = (caches.join(", "), human_size(self.amount(nature).bytes));
        let why = why(self.limit);
        self.notes.push(format!("the {what} ({caches}, {size}) were not brought along: {why}"));
        let Self { items, roots, .. } = self;
        items.retain(|item| roots[item.root].nature != nature);
        for root in roots.iter_mut().filter(|root| root.nature == nature) {
            (root.files, root.bytes) = (0, 0);
        }
    }

    fn amount(&self, nature: Nature) -> Amount {
        let roots = self.roots.iter().filter(|root| root.nature == nature);
        roots.fold(Amount::default(), |sum, root| Amount {
            files: sum.files + root.files,
            bytes: sum.bytes + root.bytes,
        })
    }

    pub(super) fn too_large(&self) -> TooLarge {
        let mut roots: Vec<&Root> = self
            .roots
            .iter()
            .filter(|root| root.nature != Nature::Cache && root.bytes > 0)
            .collect();
        roots.sort_by_key(|root| (std::cmp::Reverse(root.bytes), &root.path));
        let biggest = roots.iter().take(SHOWN).map(|root| (root.shown(), root.bytes)).collect();
        let bytes = roots.iter().map(|root| root.bytes).sum();
        TooLarge { bytes, limit: self.limit, biggest }
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
        self.selection.amount(Nature::Cache).files > 0
    }

    /// What one worktree gets.
    pub fn load(&self) -> CarryLoad {
        let all = self.selection.roots.iter().fold(Amount::default(), |sum, root| Amount {
            files: sum.files + root.files,
            bytes: sum.bytes + root.bytes,
        });
        if self.shares {
            CarryLoad { copied: Amount::default(), shared: all }
        } else {
            CarryLoad { copied: all, shared: Amount::default() }
        }
    }

    /// What goes along: what was named, or (`whole`) caches and installed packages; a folder ends
    /// with `/`.
    pub fn paths(&self, whole: bool) -> Vec<String> {
        let roots =
            self.selection.roots.iter().filter(|root| root.is_whole() == whole && root.files > 0);
        let mut paths: Vec<String> = roots.map(|root| root.shown()).collect();
        paths.sort();
        paths
    }

    /// What stays behind, and why, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.selection.notes
    }
}
