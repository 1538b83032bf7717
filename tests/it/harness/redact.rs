//! Replaces what differs from run to run by a word for what it is.
//!
//! | text | becomes |
//! |---|---|
//! | the world's folder | `[TMP]` |
//! | object ids of 10, 40 or 64 digits | `[ID]` |
//! | `2026-11-20T09:38:00Z`, `09:38`, `09:38:00` | `[TIME]` |
//! | `0.4s`, `3m 05s`, `250ms` | `[DURATION]` |
//! | `12B`, `3.4MiB` | `[SIZE]` |
//! | `93%` | `[PERCENT]` |
//! | `pid 123` | `pid [PID]` |
//! | the package's version | `[VERSION]` |
//!
//! A duration behind a backtick is quoted from what the user wrote, and stays. Blanks beside a
//! replaced text shrink to one, so that the padding of a column does not differ.

/// The text with everything replaced; `root` is the world's folder.
pub(super) fn redact(text: &str, root: &str) -> String {
    let text = text.replace(root, "[TMP]");
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let quoted = if redacted.ends_with('`') { duration(rest) } else { 0 };
        if quoted > 0 {
            redacted.push_str(&rest[..quoted]);
            rest = &rest[quoted..];
            continue;
        }
        let previous = redacted.chars().next_back();
        let inside = previous.is_some_and(|c| c.is_alphanumeric() || "_.:-".contains(c));
        match (!inside).then(|| recognise(rest, &redacted)).flatten() {
            Some((length, word)) => {
                let blanks = redacted.len() - redacted.trim_end_matches(' ').len();
                redacted.truncate(redacted.len() - blanks.saturating_sub(1));
                redacted.push_str(word);
                rest = &rest[length..];
                let trimmed = rest.trim_start_matches(' ');
                if trimmed.len() < rest.len() && !trimmed.starts_with('\n') && !trimmed.is_empty() {
                    redacted.push(' ');
                }
                rest = trimmed;
            }
            None => {
                redacted.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    redacted
}

/// What stands at the start of the text, with its length; `before` is the text ahead of it.
fn recognise(text: &str, before: &str) -> Option<(usize, &'static str)> {
    let lengths: [(usize, &str); 7] = [
        (id(text), "[ID]"),
        (time(text), "[TIME]"),
        (duration(text), "[DURATION]"),
        (with_unit(text, &["B", "KiB", "MiB", "GiB"]), "[SIZE]"),
        (with_unit(text, &["%"]), "[PERCENT]"),
        (if before.ends_with("pid ") { digits(text) } else { 0 }, "[PID]"),
        (literal(text, env!("CARGO_PKG_VERSION")), "[VERSION]"),
    ];
    lengths.into_iter().find(|&(length, _)| length > 0 && ends_word(&text[length..]))
}

/// Whether no word goes on here; a dot ends a sentence unless a digit follows it.
fn ends_word(rest: &str) -> bool {
    let mut next = rest.chars();
    match next.next() {
        Some('.') => !next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => !c.is_alphanumeric() && c != '_',
        None => true,
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn literal(text: &str, wanted: &str) -> usize {
    if text.starts_with(wanted) { wanted.len() } else { 0 }
}

fn id(text: &str) -> usize {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    match text.bytes().take_while(hex).count() {
        length @ (10 | 40 | 64) => length,
        _ => 0,
    }
}

fn time(text: &str) -> usize {
    let date = shaped(text, "0000-00-00");
    if date == 0 {
        return shaped(text, "00:00:00").max(shaped(text, "00:00"));
    }
    let clock = shaped(&text[date..], "T00:00:00").max(shaped(&text[date..], " 00:00:00"));
    let mut end = date + clock;
    if clock > 0 && text[end..].starts_with('.') {
        end += 1 + digits(&text[end + 1..]);
    }
    end + literal(&text[end..], "Z")
}

/// Length of the shape, if the text starts with it; a `0` of the shape stands for any digit.
fn shaped(text: &str, shape: &str) -> usize {
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'0' => found.is_ascii_digit(),
        _ => found == wanted,
    };
    let long_enough = text.len() >= shape.len();
    if long_enough && text.bytes().zip(shape.bytes()).all(fits) { shape.len() } else { 0 }
}

/// `2h 10m`: any number of parts, each ending a word.
fn duration(text: &str) -> usize {
    let mut end = 0;
    loop {
        let start = if end == 0 { 0 } else { end + literal(&text[end..], " ") };
        let part = with_unit(&text[start..], &["ms", "s", "m", "h"]);
        if part == 0 || (end > 0 && start == end) || !ends_word(&text[start + part..]) {
            return end;
        }
        end = start + part;
    }
}

/// A number, perhaps with a fraction, and one of the units.
fn with_unit(text: &str, units: &[&str]) -> usize {
    let mut end = digits(text);
    if end > 0 && text[end..].starts_with('.') && digits(&text[end + 1..]) > 0 {
        end += 1 + digits(&text[end + 1..]);
    }
    let unit = units.iter().map(|unit| literal(&text[end..], unit)).find(|&length| length > 0);
    if end > 0 { unit.map_or(0, |unit| end + unit) } else { 0 }
}

#[test]
fn what_differs_from_run_to_run_is_replaced() {
    let redacted = |text: &str| redact(text, "/tmp/wtoAbc");
    assert_eq!(redacted("in /tmp/wtoAbc/repo-a."), "in [TMP]/repo-a.");
    assert_eq!(redacted("base 0123456789 (main)"), "base [ID] (main)");
    assert_eq!(redacted(&"ab".repeat(20)), "[ID]");
    assert_eq!(redacted("at 2026-11-20T09:38:00Z,"), "at [TIME],");
    assert_eq!(redacted("at 2026-11-20T09:38:00.123Z"), "at [TIME]");
    assert_eq!(redacted("ends 14:02, or 14:02:33"), "ends [TIME], or [TIME]");
    assert_eq!(
        redacted("3m 05s of 2h 10m, 0.4s. 250ms"),
        "[DURATION] of [DURATION], [DURATION]. [DURATION]"
    );
    assert_eq!(redacted("took 12s 3 tasks"), "took [DURATION] 3 tasks");
    assert_eq!(redacted("3.4MiB, 93% cpu, pid 77"), "[SIZE], [PERCENT] cpu, pid [PID]");
    assert_eq!(
        redacted(concat!("wt-orch ", env!("CARGO_PKG_VERSION"), "\n")),
        "wt-orch [VERSION]\n"
    );
}

#[test]
fn the_padding_of_a_column_does_not_differ() {
    let short = "  api     9.9s  done\n  web    12s\n";
    let long = "  api    12s    done\n  web     9.9s\n";
    assert_eq!(redact(short, "/none"), redact(long, "/none"));
    assert_eq!(redact(short, "/none"), "  api [DURATION] done\n  web [DURATION]\n");
}

#[test]
fn what_is_the_same_in_every_run_stays() {
    for text in [
        "tasks.toml:12:10",
        "[tasks.toml:3:5]",
        "3 tasks, 2 slots",
        "exit: 2",
        "task-10m is a name, and so is a1s",
        "v10.1.0.7",
        "write it like `90s` or `1h 30m`",
        "decade effaced 12345",
        "é ü → ─",
    ] {
        assert_eq!(redact(text, "/none"), text);
    }
}
