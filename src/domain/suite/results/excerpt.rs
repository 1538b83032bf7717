//! Long texts, cut in their middle.

/// The text, of at most about so many bytes: its beginning and its end, with what was left out told
/// where it stood.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let (mut head, mut tail) = (most / 2, text.len() - most / 2);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    let (first, last) =
        (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
    // Whole lines, unless one is very long.
    let first = first.rsplit_once('\n').map_or(first, |(first, _)| first);
    let last = last.split_once('\n').map_or(last, |(_, last)| last);
    let left_out = text.len() - first.len() - last.len();
    format!("{first}\n---- {left_out} bytes left out here ----\n{last}")
}
