//! Refs that were made while one task alone was at work, which may take away again what it made.

use std::collections::HashMap;

/// A task whose command ran; `None` is a validation.
type Maker = Option<usize>;

/// Those that are still there. The user may have made any of them.
#[derive(Default)]
pub(super) struct Made(HashMap<String, Maker>);

impl Made {
    /// Notes a ref that was made while these were at work.
    pub(super) fn note(&mut self, name: &str, running: &[Maker]) {
        match running {
            [maker] => self.0.insert(name.to_owned(), *maker),
            _ => self.0.remove(name),
        };
    }

    /// Forgets a ref that is gone.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether no other task can have made the ref, nor have changed it while these were at work.
    pub(super) fn by(&self, name: &str, running: &[Maker]) -> bool {
        self.0.get(name).is_some_and(|maker| running == [*maker])
    }
}
