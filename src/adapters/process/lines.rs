//! The last lines of a command's output, made harmless for a terminal.

use std::collections::VecDeque;

/// Lines kept for reports.
const KEPT: usize = 20;
/// Bytes kept of one line.
const LINE_MAX: usize = 1024;
/// Characters shown of one line.
const SHOWN_MAX: usize = 400;

/// Lines of up to two streams, each cut at newlines and carriage returns.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: [Vec<u8>; 2],
    last: VecDeque<Vec<u8>>,
    /// The stream that spoke last since the last look.
    news: Option<usize>,
}

impl Lines {
    /// Takes in what stream `stream` said.
    pub(super) fn take(&mut self, stream: usize, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let open = &mut self.open[stream];
            let (text, ends) = match piece {
                [text @ .., b'\n' | b'\r'] => (text, true),
                text => (text, false),
            };
            let room = LINE_MAX.saturating_sub(open.len());
            open.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                self.close(stream);
            }
        }
        self.news = Some(stream);
    }

    /// Whether there was output since the last call of [`Lines::latest`].
    pub(super) fn has_news(&self) -> bool {
        self.news.is_some()
    }

    /// The last line, be it complete or not.
    pub(super) fn latest(&mut self) -> Option<String> {
        let open = &self.open[self.news.take()?];
        let open = Some(open).filter(|line| !is_blank(line));
        open.or(self.last.back()).map(|line| printable(line))
    }

    /// The last lines, incomplete ones included.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.close(0);
        self.close(1);
        self.last.iter().map(|line| printable(line)).filter(|line| !line.is_empty()).collect()
    }

    fn close(&mut self, stream: usize) {
        if is_blank(&self.open[stream]) {
            self.open[stream].clear();
            return;
        }
        // The oldest line's memory serves the next one.
        let mut spare = Vec::new();
        if self.last.len() == KEPT {
            spare = self.last.pop_front().unwrap_or_default();
            spare.clear();
        }
        self.last.push_back(std::mem::replace(&mut self.open[stream], spare));
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Text without escape sequences, control characters and marks that reorder or hide text.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut chars = text.chars();
    let mut shown = String::new();
    let mut count = 0;
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut chars),
            _ if count == SHOWN_MAX => break,
            '\t' => {
                shown.push(' ');
                count += 1;
            }
            _ if c.is_control() || is_hidden(c) => {}
            _ => {
                shown.push(c);
                count += 1;
            }
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

fn skip_escape(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => skip_control_sequence(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        Some(' '..='/') => {
            chars.find(|c| !(' '..='/').contains(c));
        }
        Some(_) | None => {}
    }
}

fn skip_control_sequence(chars: &mut std::str::Chars<'_>) {
    chars.find(|c| ('\u{40}'..='\u{7e}').contains(c));
}

/// Up to the bell, or the string terminator in either form.
fn skip_string(chars: &mut std::str::Chars<'_>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next();
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(chunks: &[(usize, &str)]) -> Vec<String> {
        let mut lines = Lines::default();
        for (stream, text) in chunks {
            lines.take(*stream, text.as_bytes());
        }
        lines.finish()
    }

    #[test]
    fn lines_of_two_streams_do_not_run_into_each_other() {
        assert_eq!(
            last(&[(0, "one"), (1, "two\n"), (0, " more\n \n"), (1, "end")]),
            ["two", "one more", "end"]
        );
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        let mut lines = Lines::default();
        lines.take(0, b"10%\r50%\r");
        assert_eq!(lines.latest().as_deref(), Some("50%"));
        assert_eq!(lines.latest(), None);
        lines.take(0, b"ask: ");
        assert_eq!(lines.latest().as_deref(), Some("ask:"));
    }

    #[test]
    fn only_the_last_twenty_lines_and_the_first_kilobyte_of_each_are_kept() {
        let mut lines = Lines::default();
        for n in 0..100 {
            lines.take(0, format!("{n}\n").as_bytes());
        }
        for _ in 0..1000 {
            lines.take(0, &[b'x'; 4096]);
        }
        assert_eq!(lines.open[0].len(), LINE_MAX);
        let last = lines.finish();
        assert_eq!((last.len(), last[0].as_str()), (KEPT, "81"));
        assert_eq!(last[19].len(), SHOWN_MAX);
    }

    #[test]
    fn nothing_that_could_steer_a_terminal_gets_through() {
        for (raw, shown) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]52;c;ZXZpbA==\u{7}a", "a"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Ja\u{9d}0;title\u{9c}b", "ab"),
            ("\u{1b}(Ba\u{1b}cb", "ab"),
            ("a\u{8}\u{0}b\tc", "ab c"),
            ("\u{202e}evil\u{2066}", "evil"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("\u{1b}Pnever ended", ""),
        ] {
            assert_eq!(printable(raw.as_bytes()), shown, "{raw:?}");
        }
        assert_eq!(printable(b"a\xff\xfe"), "a\u{fffd}\u{fffd}");
    }
}
