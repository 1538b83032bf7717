//! Refs that were made while commands ran: whoever made one may move and delete it.

use std::collections::HashMap;

/// A task whose command ran; `None` is a validation.
type Maker = Option<usize>;

/// Those that are still there.
#[derive(Default)]
pub(super) struct Made(HashMap<String, Vec<Maker>>);

/// Whose a ref is that moved or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// One of those at work made it.
    AtWork,
    /// One of those at work may have made it, or one that has ended.
    Doubtful,
    /// None of those at work made it.
    Another,
}

impl Made {
    /// Notes a ref that was made while these were at work.
    pub(super) fn note(&mut self, name: &str, running: impl Iterator<Item = Maker>) {
        self.0.insert(name.to_owned(), running.collect());
    }

    /// Forgets a ref that is gone.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whose a ref is, while these are at work.
    pub(super) fn owner(&self, name: &str, running: &[Maker]) -> Owner {
        let makers = self.0.get(name).map_or(&[][..], Vec::as_slice);
        let at_work = makers.iter().filter(|maker| running.contains(maker)).count();
        match at_work {
            0 => Owner::Another,
            all if all == makers.len() => Owner::AtWork,
            _ => Owner::Doubtful,
        }
    }
}
