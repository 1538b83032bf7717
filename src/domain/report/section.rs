//! A report as data: sections of blocks. The text and the Markdown printer print the same one, so
//! they cannot disagree.

use super::plan_facts::Squeeze;
use super::prose::Line;
use super::timeline::Timeline;

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The main thing in one line.
    pub title: Line,
    /// In order.
    pub sections: Vec<Section>,
}

impl Report {
    /// Makes it shorter. What is left out is named under `also`.
    pub fn squeeze(&mut self, squeeze: Squeeze) {
        let blocks = self.sections.iter_mut().flat_map(|section| &mut section.blocks);
        for block in blocks {
            let Block::Facts(facts) = block else { continue };
            match squeeze {
                Squeeze::Shorten(label) => {
                    for fact in facts.iter_mut().filter(|fact| fact.label == label) {
                        fact.rows = 1;
                    }
                }
                Squeeze::LeaveOut(label) => leave_out(facts, label),
            }
        }
    }
}

/// Names of what a screen has no room for.
const ALSO: &str = "also";

fn leave_out(facts: &mut Vec<Fact>, label: &str) {
    let before = facts.len();
    facts.retain(|fact| fact.label != label);
    if facts.len() == before {
        return;
    }
    let named = match facts.iter().position(|fact| fact.label == ALSO) {
        Some(at) => facts.remove(at).lines,
        None => Vec::new(),
    };
    let named = match named.into_iter().next() {
        Some(line) => line.text(format!(", {label}")),
        None => Line::new().text(format!("with -v: {label}")),
    };
    facts.push(Fact { label: ALSO, lines: vec![named], rows: 1 });
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its name; empty for what stands right below the title.
    pub heading: &'static str,
    /// In order; a section without any is left out by whoever builds the report.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// One sentence.
    Line(Line),
    /// Several.
    List(Vec<Line>),
    /// Sentences by what they are about.
    Facts(Vec<Fact>),
    /// What the blocks below are about.
    Subheading(&'static str),
    /// Rows and columns.
    Table(Table),
    /// Bars over time.
    Timeline(Timeline),
    /// Lines as they are: a tree, an excerpt, output of a command.
    Verbatim(Vec<String>),
    /// What to type.
    Commands(Vec<Step>),
}

/// Sentences about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What they are about, in a word or two.
    pub label: &'static str,
    /// The most important one first.
    pub lines: Vec<Line>,
    /// Rows of text that are shown of it where room is scarce; the first sentence always is.
    pub rows: usize,
}

/// A command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The command line.
    pub command: String,
    /// What it is good for.
    pub why: String,
}

impl Step {
    /// A command with what it is good for.
    pub fn new(command: impl Into<String>, why: impl Into<String>) -> Self {
        Self { command: command.into(), why: why.into() }
    }
}

/// Rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// Each with one cell for each column.
    pub rows: Vec<Vec<Line>>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub heading: &'static str,
    /// Where its cells stand.
    pub align: Align,
}

/// Where a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

impl Table {
    /// A table without rows; a heading that starts with `>` is of a column of numbers.
    pub fn new(headings: &[&'static str]) -> Self {
        let column = |heading: &&'static str| match heading.strip_prefix('>') {
            Some(heading) => Column { heading, align: Align::Right },
            None => Column { heading, align: Align::Left },
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new() }
    }
}
