//! The lines of an output, without what is only there for a terminal.

use std::borrow::Cow;
use std::iter;

/// How the line begins that stands in a bounded log for what was left out.
pub const LEFT_OUT: &str = "---- wt-orch left out ";

/// A line of an output.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its end, colours and blanks at the end.
    Text(Cow<'a, str>),
    /// Here something was left out. The lines around it, of which only parts are there, are left out too.
    Cut,
}

/// All lines of an output.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut rest = text.split('\n').peekable();
    let mut after_cut = false;
    iter::from_fn(move || {
        let mut line = rest.next()?;
        if std::mem::take(&mut after_cut) && !line.starts_with(LEFT_OUT) {
            line = rest.next()?;
        }
        if rest.peek().is_some_and(|next| next.starts_with(LEFT_OUT)) {
            line = rest.next()?;
        }
        if line.starts_with(LEFT_OUT) {
            after_cut = true;
            return Some(Line::Cut);
        }
        Some(Line::Text(plain(line)))
    })
}

/// A line as it looks: what a carriage return wrote over is gone, too.
pub(in crate::domain) fn plain(line: &str) -> Cow<'_, str> {
    let line = line.trim_end();
    let line = line.rsplit('\r').next().unwrap_or(line);
    if !line.contains(is_invisible) {
        return Cow::Borrowed(line);
    }
    let mut seen = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            c if is_invisible(c) => {}
            c => seen.push(c),
        }
    }
    seen.truncate(seen.trim_end().len());
    Cow::Owned(seen)
}

/// Control characters but the tab, among them the one that `go test` marks its own lines with.
fn is_invisible(c: char) -> bool {
    c.is_control() && c != '\t'
}

fn skip_escape(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => drop(chars.find(|c| ('\u{40}'..='\u{7e}').contains(c))),
        Some(']') => {
            if chars.find(|c| matches!(c, '\u{7}' | '\u{1b}')) == Some('\u{1b}') {
                chars.next();
            }
        }
        Some(_) | None => {}
    }
}
