//! What a command left behind when it ended.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::AttemptEnd;
use super::state::TaskRecord;

/// Something of a command outlived it, and was ended or waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Leak {
    /// Somebody held its output open.
    pub output: bool,
    /// Processes that were ended.
    pub processes: u32,
}

impl Leak {
    fn and(self, other: Self) -> Self {
        Self {
            output: self.output || other.output,
            processes: self.processes.saturating_add(other.processes),
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.processes {
            0 => return f.write_str("its output was held open after its end"),
            1 => f.write_str("left 1 process behind, which was ended")?,
            more => write!(f, "left {more} processes behind, which were ended")?,
        }
        f.write_str(if self.output { "; its output was held open" } else { "" })
    }
}

impl AttemptEnd {
    /// What it left behind, if anything.
    pub fn leak(&self) -> Option<Leak> {
        let leak = Leak { output: self.leaked_output, processes: self.leaked_processes };
        (leak != Leak::default()).then_some(leak)
    }
}

impl TaskRecord {
    /// What the last attempt's command and its check left behind, if anything.
    pub fn leak(&self) -> Option<Leak> {
        let check = self.check.as_ref().and_then(|end| end.as_ref().ok());
        [self.end.as_ref(), check]
            .into_iter()
            .flatten()
            .filter_map(AttemptEnd::leak)
            .reduce(Leak::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_told_in_plain_words() {
        let told = [(true, 0), (false, 1), (false, 3), (true, 2)]
            .map(|(output, processes)| Leak { output, processes }.to_string());
        let expected = [
            "its output was held open after its end",
            "left 1 process behind, which was ended",
            "left 3 processes behind, which were ended",
            "left 2 processes behind, which were ended; its output was held open",
        ];
        assert_eq!(told, expected);
    }
}
