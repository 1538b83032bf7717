//! What mocha tells at the end of tests that failed.

use super::excerpt::Excerpt;
use super::mocha_tree::{is_path_of, path, without_time};

/// Blanks before what is told, and before the name of the outermost group's test less two.
const INDENT: usize = 5;
/// Names of a path that are kept.
const NAMES_MAX: usize = 256;

/// Blocks behind `  2 failing`.
#[derive(Debug)]
pub(super) struct Failures {
    expected: u64,
    blocks: Vec<Block>,
    in_names: bool,
    /// Empty lines that came last.
    blanks: usize,
    done: bool,
}

/// A test that failed.
#[derive(Debug)]
pub(super) struct Block {
    /// From 1.
    pub(super) number: u64,
    /// Of its groups and itself, from the outside in.
    names: Vec<String>,
    /// Why.
    pub(super) output: Excerpt,
}

impl Failures {
    /// So many are to come.
    pub(super) fn new(expected: u64) -> Self {
        Self { expected, blocks: Vec::new(), in_names: false, blanks: 0, done: expected == 0 }
    }

    /// Takes the next line; `false` where all was told before.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let told = u64::try_from(self.blocks.len()).unwrap_or(u64::MAX);
        self.blanks = if line.is_empty() { self.blanks + 1 } else { 0 };
        self.done |= told == self.expected && self.blanks >= 2;
        if self.done {
            return line.is_empty();
        }
        let next = told + 1;
        if told < self.expected
            && let Some(name) = line.strip_prefix(&format!("  {next}) "))
        {
            let (names, output) = (vec![name.to_owned()], Excerpt::default());
            self.blocks.push(Block { number: next, names, output });
            self.in_names = true;
            return true;
        }
        let Some(block) = self.blocks.last_mut() else { return line.is_empty() };
        let said = line.trim_start_matches(' ');
        let blanks = line.len() - said.len();
        let depth = block.names.len();
        if self.in_names && blanks == INDENT + 2 * depth && depth < NAMES_MAX && !said.is_empty() {
            block.names.push(said.to_owned());
        } else {
            self.in_names = false;
            block.output.push(line.strip_prefix("     ").unwrap_or(line));
        }
        true
    }

    /// All that were told.
    pub(super) fn finish(mut self) -> Vec<Block> {
        for name in self.blocks.iter_mut().filter_map(|block| block.names.last_mut()) {
            let own = without_time(name.strip_suffix(':').unwrap_or(name)).to_owned();
            *name = own;
        }
        self.blocks
    }
}

impl Block {
    /// Whether it is the test of this path.
    pub(super) fn is_of(&self, path: &str) -> bool {
        is_path_of(path, &self.names)
    }

    pub(super) fn path(&self) -> String {
        path(&self.names)
    }
}
