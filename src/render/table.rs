//! Rows and columns as text.

use super::blocks::{Piece, painted, pieces};
use super::style::Style;
use super::text::{columns, cut, pad, visible};
use crate::domain::report::{Align, Mark, Table};

/// Between two columns.
const GAP: usize = 2;
/// No column is made narrower to save room.
const NARROWEST: usize = 4;

/// The table. Its widest columns give way where it is too wide.
pub(super) fn table_lines(table: &Table, style: Style) -> Vec<String> {
    let heading = table.columns.iter().map(|column| vec![(Some(Mark::Dim), column.heading.into())]);
    let heading: Vec<Vec<Piece>> = heading.collect();
    let body = table.rows.iter().map(|row| row.iter().map(pieces).collect::<Vec<Vec<Piece>>>());
    let rows: Vec<Vec<Vec<Piece>>> = std::iter::once(heading).chain(body).collect();
    let mut widths = vec![0; table.columns.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell_columns(cell));
        }
    }
    let gaps = GAP * widths.len().saturating_sub(1);
    shrink(&mut widths, style.width.saturating_sub(gaps));
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&table.columns).zip(&widths);
            let cells =
                cells.map(|((cell, column), &width)| fitted(cell, width, column.align, style));
            cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        })
        .collect()
}

/// Names and values below one another, as `doctor` and the like print them.
pub fn key_value_text(rows: &[(&str, &str)]) -> String {
    let widest = rows.iter().map(|(key, _)| columns(&visible(key))).max().unwrap_or(0);
    rows.iter()
        .map(|(key, value)| {
            let line = format!("{}  {}", pad(&visible(key), widest), visible(value));
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

fn cell_columns(cell: &[Piece]) -> usize {
    cell.iter().map(|(_, text)| columns(text)).sum()
}

/// Takes from the widest column until everything fits or nothing more is to be had.
fn shrink(widths: &mut [usize], room: usize) {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let widest = widths.iter().copied().max().unwrap_or(0);
        if widest <= NARROWEST {
            return;
        }
        let next = widths.iter().copied().filter(|&w| w < widest).max().unwrap_or(0);
        let floor = next.max(NARROWEST).min(widest - 1);
        let sharing = widths.iter().filter(|&&width| width == widest).count();
        let step = (widest - floor).min(excess.div_ceil(sharing));
        for width in widths.iter_mut().filter(|width| **width == widest) {
            let less = step.min(excess);
            *width -= less;
            excess -= less;
        }
    }
}

fn fitted(cell: &[Piece], width: usize, align: Align, style: Style) -> String {
    let mut room = width;
    let mut text = String::new();
    let whole = cell_columns(cell) <= width;
    for (mark, part) in cell {
        // A piece that fills the room and is not the last one makes room for the sign of the cut.
        let part = if whole || columns(part) < room {
            part.clone()
        } else {
            cut(&format!("{part}…"), room)
        };
        let used = columns(&part);
        text += &painted(&(*mark, part), style);
        room = room.saturating_sub(used);
        if room == 0 {
            break;
        }
    }
    let padding = " ".repeat(room);
    match align {
        Align::Left => text + &padding,
        Align::Right => padding + &text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::Line;

    fn table() -> Table {
        let mut table = Table::new(&["Task", ">Time", "Why"]);
        let row = |cells: [&str; 3]| cells.map(Line::prose).to_vec();
        table.rows.push(row(["api", "12s", "changed 3 paths"]));
        table.rows.push(row([
            "日本",
            "1m 02s",
            "`src/model/user.rs` was changed outside its `owns`",
        ]));
        table
    }

    fn drawn(width: usize) -> String {
        table_lines(&table(), Style { color: false, width }).join("\n")
    }

    #[test]
    fn the_widest_column_gives_way() {
        insta::assert_snapshot!(drawn(200), @r"
        Task    Time  Why
        api      12s  changed 3 paths
        日本  1m 02s  `src/model/user.rs` was changed outside its `owns`
        ");
        insta::assert_snapshot!(drawn(40), @r"
        Task    Time  Why
        api      12s  changed 3 paths
        日本  1m 02s  `src/model/user.rs` was c…
        ");
    }

    #[test]
    fn every_width_is_drawn_without_a_panic_and_colour_changes_no_column() {
        for width in 0..90 {
            let plain = table_lines(&table(), Style { color: false, width });
            let coloured = table_lines(&table(), Style { color: true, width });
            for (plain, coloured) in plain.iter().zip(&coloured) {
                assert!(columns(plain) <= width.max(3 * NARROWEST + 2 * GAP), "{width}: {plain}");
                assert_eq!(*plain, crate::render::stripped(coloured).trim_end());
            }
        }
    }

    #[test]
    fn keys_stand_above_one_another() {
        assert_eq!(key_value_text(&[("git", "2.47"), ("cores", "8\x1b[2J")]), {
            "git    2.47\ncores  8␛[2J\n"
        });
    }
}
