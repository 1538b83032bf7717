//! Text that is safe to write to a terminal, and its width there.
//!
//! Names, paths, messages and output come from repositories and commands that nobody vouches for:
//! an escape sequence among them could rewrite what stands above it, set the clipboard or hide a
//! part of a name. Everything from outside passes through [`visible`] or [`stripped`].

use unicode_width::UnicodeWidthChar;

/// Columns of a tab.
const TAB: &str = "    ";

/// The text with every control character made visible: nothing acts, nothing is hidden.
pub fn visible(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => safe.push_str(TAB),
            '\0'..='\x1f' => safe.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            '\x7f' => safe.push('\u{2421}'),
            c if c.is_control() || is_deceptive(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A line of a command's output as a terminal would have left it standing: what a `\r` overwrote
/// and whole escape sequences are gone; every other control character is made visible.
pub fn stripped(line: &str) -> String {
    let line = line.trim_end_matches(['\r', '\n']);
    let last = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or("");
    let mut rest = last;
    let mut kept = String::with_capacity(last.len());
    while let Some(at) = rest.find(['\x1b', '\u{9b}']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = sequence_length(rest).unwrap_or_else(|| {
            kept.push('\u{fffd}');
            rest.chars().next().map_or(0, char::len_utf8)
        });
        rest = &rest[length..];
    }
    kept.push_str(rest);
    visible(&kept)
}

/// Characters that turn the direction of text around them, break lines or are invisible.
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Bytes of the escape sequence at the start; `None` when it is not complete.
fn sequence_length(text: &str) -> Option<usize> {
    let introducer = text.chars().next()?.len_utf8();
    let eight_bit = introducer > 1;
    let body = &text[introducer..];
    let kind = if eight_bit { '[' } else { body.chars().next()? };
    let body = if eight_bit { body } else { &body[kind.len_utf8()..] };
    let consumed = text.len() - body.len();
    match kind {
        '[' => {
            let end = body.find(|c: char| !(' '..='?').contains(&c))?;
            let last = body[end..].chars().next()?;
            ('@'..='~').contains(&last).then_some(consumed + end + 1)
        }
        ']' | 'P' | 'X' | '^' | '_' => {
            let ends = [("\x07", 1), ("\x1b\\", 2), ("\u{9c}", 2)];
            let end = ends.iter().filter_map(|(end, n)| body.find(end).map(|at| at + n)).min()?;
            Some(consumed + end)
        }
        '0'..='~' => Some(consumed),
        ' '..='/' => Some(consumed + body.chars().next().filter(char::is_ascii)?.len_utf8()),
        _ => None,
    }
}

/// Columns that safe text takes on a terminal.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

fn char_columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The text in at most `width` columns, with `…` at its end where something was cut off.
pub fn cut(text: &str, width: usize) -> String {
    // A heap of combining characters takes no column but a lot of screen.
    let longest = width.saturating_mul(4).saturating_add(16);
    if columns(text) <= width && text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let kept = text.chars().take(longest).take_while(|&c| {
        used += char_columns(c);
        used <= room
    });
    kept.chain(['…']).collect()
}

/// The text with spaces up to `width` columns; longer text stays as it is.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_and_bidi_characters_become_visible() {
        assert_eq!(visible("a\x1b[31mred\x1b[0m"), "a␛[31mred␛[0m");
        assert_eq!(visible("one\r\ntwo\x07\x7f\u{9b}2J"), "one␍␊two␇␡\u{fffd}2J");
        assert_eq!(
            visible("user\u{202e}gpj.exe\u{2066}\u{200b}"),
            "user\u{fffd}gpj.exe\u{fffd}\u{fffd}"
        );
        assert_eq!(visible("a\tb"), "a    b");
        assert_eq!(visible("naïve 日本 👩‍💻"), "naïve 日本 👩‍💻");
    }

    #[test]
    fn output_loses_whole_escape_sequences_and_what_was_overwritten() {
        assert_eq!(stripped("\x1b[1;32m   Compiling\x1b[0m x"), "   Compiling x");
        assert_eq!(stripped(" 10%\r 20%\r 30%\r\n"), " 30%");
        assert_eq!(stripped("\x1b]52;c;ZXZpbA==\x07ok"), "ok");
        assert_eq!(stripped("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"), "link");
        assert_eq!(stripped("\u{9b}31mred\x1b(Bok\x1b7\x1b="), "redok");
    }

    #[test]
    fn an_escape_sequence_without_end_hides_nothing() {
        assert_eq!(stripped("\x1b]0;title and the rest"), "\u{fffd}]0;title and the rest");
        assert_eq!(stripped("\x1b["), "\u{fffd}[");
        assert_eq!(stripped("\x1b"), "\u{fffd}");
        assert_eq!(stripped("\x1b[3\u{e9}x"), "\u{fffd}[3\u{e9}x");
    }

    #[test]
    fn text_is_cut_by_columns_not_by_characters() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!([cut("abc", 0), cut("abc", 1), cut("", 0)], ["", "…", ""]);
        assert_eq!(pad("日", 4), "日  ");
        assert!(cut(&"e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".repeat(900), 10).len() < 400);
    }

    proptest! {
        #[test]
        fn any_text_is_harmless_and_fits(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f]|\u{202e}|\x1b\\[|\x1b\\]){0,60}", width in 0_usize..40) {
            for safe in [visible(&text), stripped(&text)] {
                prop_assert!(!safe.chars().any(|c| c.is_control() || is_deceptive(c)), "{safe:?}");
                prop_assert!(columns(&cut(&safe, width)) <= width);
            }
        }
    }
}
