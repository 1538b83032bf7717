//! What an agent said, as one line that is safe to show.

/// Characters kept of what was said.
const SAID_MAX: usize = 240;

/// Text as one line: no escape sequences or control characters, single blanks, not too long.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut chars = text.chars();
    let mut count = 0;
    let mut gap = false;
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            match chars.next() {
                Some('[') => drop(chars.find(|c| ('\u{40}'..='\u{7e}').contains(c))),
                Some(']') => drop(chars.find(|c| matches!(c, '\u{7}' | '\u{1b}'))),
                Some(_) | None => {}
            }
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            gap = !line.is_empty();
            continue;
        }
        if count >= SAID_MAX {
            line.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            count += 1;
        }
        line.push(c);
        count += 1;
    }
    line
}
