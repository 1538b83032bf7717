//! What stays behind, told once per reason and not once per file.

use std::collections::BTreeMap;

use crate::adapters::git::quote_path;
use crate::domain::diagnostic::some_quoted_subject;

/// How many paths a sentence names.
const SHOWN: usize = 3;

/// Why a path that is wanted does not go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// A repository or worktree inside the checkout.
    Repository,
    /// A link whose end is outside of the tree.
    LeadsOut,
    /// A socket, a pipe or a device.
    Special,
    /// It cannot be read.
    Unreadable,
    /// A Python environment, whose files name the place where it was made.
    Environment,
    /// It went away after it was found.
    Gone,
    /// The worktree's commit tracks the path.
    Tracked,
    /// Something of the worktree's own is there.
    Occupied,
    /// One of its parents is a link or a file in the worktree.
    Blocked,
    /// Blocks could not be shared, and caches are never copied.
    NotShared,
}

impl Why {
    fn phrase(self, many: bool) -> &'static str {
        match (self, many) {
            (Self::Repository, false) => "it is a repository of its own",
            (Self::Repository, true) => "they are repositories of their own",
            (Self::LeadsOut, false) => {
                "it is a link that leads out of the checkout (a `[[setup]]` hook can put there what is \
                 needed)"
            }
            (Self::LeadsOut, true) => {
                "they are links that lead out of the checkout (a `[[setup]]` hook can put there what is \
                 needed)"
            }
            (Self::Special, false) => "it is no regular file",
            (Self::Special, true) => "they are no regular files",
            (Self::Unreadable, false) => "it cannot be read",
            (Self::Unreadable, true) => "they cannot be read",
            (Self::Environment, false) => {
                "it is a Python environment, which works only where it was made"
            }
            (Self::Environment, true) => {
                "they are Python environments, which work only where they were made"
            }
            (Self::Gone, false) => "it went away meanwhile",
            (Self::Gone, true) => "they went away meanwhile",
            (Self::Tracked, false) => "it is tracked in the commit that the worktree stands at",
            (Self::Tracked, true) => "they are tracked in the commit that the worktree stands at",
            (Self::Occupied, false) => "something else is there in the worktree",
            (Self::Occupied, true) => "something else is there in the worktree",
            (Self::Blocked, false) => "one of its folders is a link or a file in the worktree",
            (Self::Blocked, true) => "one of their folders is a link or a file in the worktree",
            (Self::NotShared, false) => "its blocks could not be shared with the checkout",
            (Self::NotShared, true) => "their blocks could not be shared with the checkout",
        }
    }
}

/// Paths by reason.
#[derive(Debug, Clone, Default)]
pub(super) struct Skipped(BTreeMap<Why, Vec<Vec<u8>>>);

impl Skipped {
    pub(super) fn add(&mut self, why: Why, path: &[u8]) {
        self.0.entry(why).or_default().push(path.to_vec());
    }

    /// One sentence for each reason.
    pub(super) fn notes(mut self) -> Vec<String> {
        let sentence = |(why, paths): (&Why, &mut Vec<Vec<u8>>)| {
            paths.sort();
            let names: Vec<String> = paths.iter().map(|path| quote_path(path)).collect();
            let names = some_quoted_subject(&names, SHOWN);
            let many = paths.len() > 1;
            let were = if many { "were" } else { "was" };
            format!("{names} {were} not brought along: {}", why.phrase(many))
        };
        self.0.iter_mut().map(sentence).collect()
    }
}
