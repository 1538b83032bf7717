//! Below the live lines of a run that is watched: how its branches will merge.

use super::{Progress, styled, unseen_bar};
use crate::domain::report::MatrixEntry;
use crate::domain::run::RunState;
use crate::render::report_text::forecast_lines;

/// Most lines: those of the tasks stand above them.
const MOST_LINES: usize = 12;

impl Progress {
    /// Shows the predicted conflicts of the run's branches instead of those shown so far; a line that
    /// stays as it is is not drawn again.
    pub fn show_forecast(&mut self, state: &RunState, matrix: &[MatrixEntry]) {
        let mut lines = forecast_lines(state, matrix, self.style);
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES - 1);
            lines.push(format!("  `wt-orch status {}` shows all", state.spec.run));
        }
        for bar in self.forecast.drain(lines.len().min(self.forecast.len())..) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
        for (at, line) in lines.into_iter().enumerate() {
            if at == self.forecast.len() {
                let bar = self.screen.add(unseen_bar(None));
                bar.set_style(styled("{wide_msg}", self.style.color));
                self.forecast.push(bar);
            }
            let bar = &self.forecast[at];
            if bar.message() != line {
                bar.set_message(line);
            }
        }
    }
}
