//! What was measured beside what it may be.

use std::fmt::Write;

/// What a quantity may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
    Between(f64, f64),
    /// Only shown.
    Shown,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) quantity: String,
    /// Not a number: there was nothing to measure it on.
    pub(crate) measured: f64,
    pub(crate) unit: &'static str,
    pub(crate) limit: Limit,
}

impl Row {
    /// A line for data that is not there.
    pub(crate) fn missing(what: &str) -> Self {
        Self { quantity: what.to_owned(), measured: f64::NAN, unit: "", limit: Limit::Shown }
    }

    /// Whether the limit is kept; `None` where there is none.
    pub(crate) fn is_kept(&self) -> Option<bool> {
        match self.limit {
            Limit::AtMost(most) => Some(self.measured <= most),
            Limit::AtLeast(least) => Some(self.measured >= least),
            Limit::Between(least, most) => Some((least..=most).contains(&self.measured)),
            Limit::Shown => None,
        }
    }
}

/// The rows as text, in columns.
pub(crate) fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let measured = match row.measured.is_nan() {
            true if row.limit == Limit::Shown => "no data".to_owned(),
            _ => amount(row.measured, row.unit),
        };
        let limit = match row.limit {
            Limit::AtMost(most) => format!("<= {}", amount(most, row.unit)),
            Limit::AtLeast(least) => format!(">= {}", amount(least, row.unit)),
            Limit::Between(least, most) => {
                format!("{} to {}", number(least), amount(most, row.unit))
            }
            Limit::Shown => String::new(),
        };
        let kept = row.is_kept().map_or("", |kept| if kept { "ok" } else { "MISSED" });
        [row.quantity.clone(), measured, limit, kept.to_owned()]
    });
    let head = ["quantity", "measured", "limit", "ok?"].map(str::to_owned);
    let cells: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for [quantity, measured, limit, kept] in &cells {
        let line = format!(
            "{quantity:<0$} | {measured:>1$} | {limit:>2$} | {kept}",
            widths[0], widths[1], widths[2]
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn amount(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// Three digits behind the point where there are few before it.
fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value.abs() < 10.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    }
}
