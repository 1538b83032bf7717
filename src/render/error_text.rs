//! Errors, warnings and hints for stderr.

use super::blocks::wrapped;
use super::style::Style;
use super::text::visible;
use crate::domain::report::{Line, Mark};

/// An error: what went wrong, what caused it, and after a blank line the way out.
pub fn error_text(message: &str, causes: &[String], hint: Option<&str>, style: Style) -> String {
    let mut text = labelled(Mark::Bad, "error", message, style);
    for cause in causes {
        text += &labelled(Mark::Dim, "caused by", cause, style);
    }
    if let Some(hint) = hint {
        text += "\n";
        text += &hint_text(hint, style);
    }
    text
}

/// `warning: …`
pub fn warning_text(message: &str, style: Style) -> String {
    labelled(Mark::Warn, "warning", message, style)
}

/// `hint: …`
pub fn hint_text(message: &str, style: Style) -> String {
    labelled(Mark::Strong, "hint", message, style)
}

/// Lines of a message stay lines: messages of git have several, and a command that was broken in
/// two could not be copied.
fn labelled(mark: Mark, label: &str, message: &str, style: Style) -> String {
    let mut lines = message.lines();
    let first = Line::new()
        .mark(mark, format!("{label}:"))
        .text(" ")
        .join(Line::new().text(visible(lines.next().unwrap_or(""))));
    let mut shown = wrapped(&first, "", "  ", Style { width: usize::MAX, ..style });
    shown.extend(lines.map(|line| format!("  {}", visible(line))));
    shown.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_stands_apart_from_what_went_wrong() {
        let style = Style { color: false, width: 60 };
        let causes =
            ["`git worktree add` failed".to_owned(), "fatal: a\nfatal: b\x1b[2J".to_owned()];
        let hint = "run `wt-orch clean auth`";
        insta::assert_snapshot!(error_text("`feature/api` is there already", &causes, Some(hint), style), @r"
        error: `feature/api` is there already
        caused by: `git worktree add` failed
        caused by: fatal: a
          fatal: b␛[2J

        hint: run `wt-orch clean auth`
        ");
        assert_eq!(error_text("", &[], None, style), "error:\n");
        assert_eq!(warning_text("odd", style), "warning: odd\n");
    }
}
