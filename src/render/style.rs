//! Colour and width of the terminal that is written to.

use anstyle::{AnsiColor, Effects};

use crate::domain::report::Mark;

/// How text is laid out. Colour only repeats what words and signs say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Escape sequences for colour may be written.
    pub color: bool,
    /// Columns of a line.
    pub width: usize,
}

impl Style {
    /// `text` in the colour of its meaning. The text must be safe already.
    pub fn paint(&self, mark: Mark, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let color = |color: AnsiColor| anstyle::Style::new().fg_color(Some(color.into()));
        let style = match mark {
            Mark::Good => color(AnsiColor::Green),
            Mark::Bad => color(AnsiColor::Red).effects(Effects::BOLD),
            Mark::Warn => color(AnsiColor::Yellow),
            Mark::Strong => anstyle::Style::new().effects(Effects::BOLD),
            Mark::Dim => anstyle::Style::new().effects(Effects::DIMMED),
        };
        format!("{style}{text}{style:#}")
    }
}
