//! Which branches will collide: a grid of all pairs where there are few, else those worth a look.

use super::conflict_section::excerpt;
use super::forecast_document::ForecastDocument;
use super::integrate_document::MatrixEntry;
use super::plan_report::Detail;
use super::prose::{Line, Mark};
use super::section::{Block, Report, Section, Step, Table};
use crate::domain::diagnostic::some_of;
use crate::domain::integrate::ForecastKind;

/// Most branches that a grid has room for on a terminal of 80 columns.
const MOST_IN_GRID: usize = 8;
/// Their numbers, which head the columns.
const NUMBERS: [&str; MOST_IN_GRID] = ["1", "2", "3", "4", "5", "6", "7", "8"];
/// Most pairs listed one below the other.
const MOST_LISTED: usize = 50;
/// Most conflicts shown with their lines.
const MOST_SHOWN: usize = 10;
/// Most paths named in a sentence.
const PATHS_NAMED: usize = 5;

/// What `forecast` prints for people; `ways` is what to type next.
pub fn forecast_report(document: &ForecastDocument, ways: Vec<Step>, detail: Detail) -> Report {
    let matrix = document.matrix.as_slice();
    let names: Vec<&str> = document.branches.iter().map(|branch| branch.name.as_str()).collect();
    let mut sections =
        vec![Section { heading: "Forecast", blocks: matrix_blocks(&names, matrix, detail) }];
    let conflicts = conflict_blocks(matrix);
    if !conflicts.is_empty() {
        sections.push(Section { heading: "Conflicts", blocks: conflicts });
    }
    if !ways.is_empty() {
        sections.push(Section { heading: "Next", blocks: vec![Block::Commands(ways)] });
    }
    Report { title: headline(matrix), sections }
}

/// The pairs of an integration, with what else its branches were held against.
pub(super) fn forecast_section(names: &[&str], matrix: &[MatrixEntry]) -> Option<Section> {
    let mut blocks = matrix_blocks(names, matrix, Detail::Screen);
    blocks.extend(conflict_blocks(matrix));
    (!matrix.is_empty()).then_some(Section { heading: "Forecast", blocks })
}

/// The pairs of a run whose branches have commits, as far as there is something to say.
pub(super) fn live_section(names: &[&str], matrix: &[MatrixEntry]) -> Option<Section> {
    if matrix.is_empty() {
        return None;
    }
    let mut blocks: Vec<Block> = matrix
        .iter()
        .filter(|entry| entry.forecast == ForecastKind::Conflict)
        .take(MOST_SHOWN)
        .map(|entry| Block::Line(collision(entry, " will ")))
        .collect();
    match matrix.iter().all(|entry| entry.forecast == ForecastKind::Clean) {
        true => blocks.push(Block::Line(headline(matrix))),
        false => blocks.extend(matrix_blocks(names, matrix, Detail::Screen)),
    }
    Some(Section { heading: "Forecast", blocks })
}

fn count(matrix: &[MatrixEntry], kind: ForecastKind) -> usize {
    matrix.iter().filter(|entry| entry.forecast == kind).count()
}

fn headline(matrix: &[MatrixEntry]) -> Line {
    let pairs = |count: usize| match matrix.len() {
        1 => "the pair".to_owned(),
        all if all == count => format!("all {all} pairs"),
        all => format!("{count} of {all} pairs"),
    };
    let verb = |one: &'static str, many: &'static str| if matrix.len() == 1 { one } else { many };
    let (conflicts, unknown) =
        (count(matrix, ForecastKind::Conflict), count(matrix, ForecastKind::Unknown));
    if conflicts > 0 {
        let line = Line::new().mark(Mark::Bad, "conflict");
        return line.text(format!(": {} {}", pairs(conflicts), verb("collides", "collide")));
    }
    if unknown > 0 {
        let line = Line::new().mark(Mark::Warn, "no conflict found");
        return line.text(format!(", but {} could not be compared", pairs(unknown)));
    }
    let line = Line::new().mark(Mark::Good, "no conflict");
    line.text(format!(": {} {}", pairs(matrix.len()), verb("merges", "merge")))
}

/// Every pair, or those worth a look and how many the others are.
fn matrix_blocks(names: &[&str], matrix: &[MatrixEntry], detail: Detail) -> Vec<Block> {
    let mut blocks = Vec::new();
    if names.len() <= MOST_IN_GRID {
        blocks.push(Block::Table(grid(names, matrix)));
        let remarks: Vec<Line> = matrix.iter().filter_map(remark).take(MOST_LISTED).collect();
        if !remarks.is_empty() {
            blocks.push(Block::List(remarks));
        }
        return blocks;
    }
    let worth = |entry: &&MatrixEntry| match entry.forecast {
        ForecastKind::Clean => false,
        ForecastKind::SamePath => detail == Detail::Full,
        ForecastKind::OrderSensitive | ForecastKind::Conflict | ForecastKind::Unknown => true,
    };
    let listed: Vec<&MatrixEntry> = matrix.iter().filter(worth).collect();
    let mut table = Table::new(&["A", "B", "Forecast", "Where or why"]);
    let most = if detail == Detail::Full { listed.len() } else { MOST_LISTED };
    for entry in listed.iter().take(most) {
        let why = match &entry.note {
            Some(note) => Line::prose(note),
            None => Line::new().some_codes(&entry.paths, PATHS_NAMED),
        };
        let name = |name: &str| Line::new().text(name);
        table.rows.push(vec![name(&entry.a), name(&entry.b), word(entry.forecast), why]);
    }
    if !table.rows.is_empty() {
        blocks.push(Block::Table(table));
    }
    if listed.len() > most {
        let more = listed.len() - most;
        blocks.push(Block::Line(format!("and {more} more; `-v` lists all").into()));
    }
    let told = |kind, words: &str| match count(matrix, kind) {
        0 => None,
        count => Some(format!("{count} {words}")),
    };
    let sums = [
        told(ForecastKind::Clean, "clean"),
        told(ForecastKind::SamePath, "on the same paths, merging"),
        told(ForecastKind::OrderSensitive, "depending on the order"),
        told(ForecastKind::Conflict, "in conflict"),
        told(ForecastKind::Unknown, "unknown"),
    ];
    let sums: Vec<String> = sums.into_iter().flatten().collect();
    blocks.push(Block::Line(Line::new().text(format!("pairs: {}", sums.join(", ")))));
    blocks
}

/// All pairs, each once, above the diagonal.
fn grid(names: &[&str], matrix: &[MatrixEntry]) -> Table {
    let columns = NUMBERS.into_iter().take(names.len()).skip(1);
    let headings: Vec<&'static str> = [">", ""].into_iter().chain(columns).collect();
    let mut table = Table::new(&headings);
    let at = |one: &str, two: &str| {
        let of = |entry: &&MatrixEntry| {
            (entry.a == one && entry.b == two) || (entry.a == two && entry.b == one)
        };
        matrix.iter().find(of).map_or_else(Line::new, |entry| word(entry.forecast))
    };
    for ((row, name), number) in names.iter().enumerate().zip(NUMBERS) {
        let cells = (1..names.len()).map(|column| match column > row {
            true => at(name, names[column]),
            false => Line::new(),
        });
        let lead = [Line::new().text(number), Line::new().text(*name)];
        table.rows.push(lead.into_iter().chain(cells).collect());
    }
    table
}

fn word(kind: ForecastKind) -> Line {
    let (mark, word) = match kind {
        ForecastKind::Clean => (Mark::Dim, "clean"),
        ForecastKind::SamePath => (Mark::Strong, "same"),
        ForecastKind::OrderSensitive => (Mark::Warn, "order"),
        ForecastKind::Conflict => (Mark::Bad, "conflict"),
        ForecastKind::Unknown => (Mark::Warn, "unknown"),
    };
    Line::new().mark(mark, word)
}

fn pair(entry: &MatrixEntry) -> Line {
    Line::new().code(entry.a.as_str()).text(" and ").code(entry.b.as_str())
}

/// What the word of a pair stands for, where it is no conflict: those stand by themselves.
fn remark(entry: &MatrixEntry) -> Option<Line> {
    let paths = |line: Line| line.some_codes(&entry.paths, PATHS_NAMED);
    match entry.forecast {
        ForecastKind::SamePath => Some(paths(
            Line::new().text("same: ").join(pair(entry)).text(" both change, and merge, "),
        )),
        ForecastKind::OrderSensitive => Some(paths(
            Line::new()
                .text("order: ")
                .join(pair(entry))
                .text(" merge, but the result depends on the order: "),
        )),
        ForecastKind::Unknown => {
            let why = entry.note.as_deref().map_or_else(Line::new, Line::prose);
            Some(Line::new().text("unknown: ").join(pair(entry)).text(": ").join(why))
        }
        ForecastKind::Clean | ForecastKind::Conflict => None,
    }
}

fn collision(entry: &MatrixEntry, verb: &str) -> Line {
    let line = pair(entry).text(verb).mark(Mark::Bad, "conflict");
    match entry.paths.is_empty() {
        true => line,
        false => line.text(" in ").some_codes(&entry.paths, PATHS_NAMED),
    }
}

fn conflict_blocks(matrix: &[MatrixEntry]) -> Vec<Block> {
    let conflicts: Vec<&MatrixEntry> =
        matrix.iter().filter(|entry| entry.forecast == ForecastKind::Conflict).collect();
    let mut blocks = Vec::new();
    for entry in conflicts.iter().take(MOST_SHOWN) {
        blocks.push(Block::Line(collision(entry, " ")));
        let lines = excerpt(&entry.hunks);
        if !lines.is_empty() {
            blocks.push(Block::Verbatim(lines));
        }
    }
    let rest: Vec<String> =
        conflicts.iter().skip(MOST_SHOWN).map(|e| format!("`{}`/`{}`", e.a, e.b)).collect();
    if !rest.is_empty() {
        let named = some_of(&rest, MOST_SHOWN);
        blocks.push(Block::Line(Line::new().text("as well: ").join(Line::prose(&named))));
    }
    blocks
}

#[cfg(test)]
mod tests;
