//! `{a,b}`: the patterns without braces that one with braces stands for.

use std::ops::Range;

/// All alternatives, in order; `None` when there would be more than `most`. Groups nest, an empty
/// alternative counts, and braces in `[…]` or behind `\` are ordinary characters.
pub(super) fn expanded(text: &str, most: usize) -> Option<Vec<String>> {
    let mut finished = Vec::new();
    let mut waiting = vec![text.to_owned()];
    let mut steps = 0;
    while let Some(text) = waiting.pop() {
        let Some(group) = first_group(&text) else {
            finished.push(text);
            continue;
        };
        // Alternatives that are groups themselves take further steps without adding any.
        steps += group.alternatives.len();
        if finished.len() + waiting.len() + group.alternatives.len() > most || steps > 4 * most {
            return None;
        }
        let (before, after) = (&text[..group.whole.start], &text[group.whole.end..]);
        for alternative in group.alternatives.iter().rev() {
            waiting.push([before, &text[alternative.clone()], after].concat());
        }
    }
    Some(finished)
}

struct Group {
    whole: Range<usize>,
    alternatives: Vec<Range<usize>>,
}

/// The first outermost group; `None` when there is none or it is never closed.
fn first_group(text: &str) -> Option<Group> {
    let mut depth = 0;
    let (mut start, mut from) = (0, 0);
    let mut alternatives = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            '\\' => at = next + text[next..].chars().next().map_or(0, char::len_utf8),
            '[' => at = class_end(text, at),
            '{' => {
                if depth == 0 {
                    (start, from) = (at, next);
                }
                depth += 1;
                at = next;
            }
            ',' if depth == 1 => {
                alternatives.push(from..at);
                (from, at) = (next, next);
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    alternatives.push(from..at);
                    return Some(Group { whole: start..next, alternatives });
                }
                at = next;
            }
            _ => at = next,
        }
    }
    None
}

/// The offset behind the class that opens at `open`; behind the bracket when it is never closed.
/// The first character of a class belongs to it whatever it is, and `\` means itself.
pub(super) fn class_end(text: &str, open: usize) -> usize {
    let mut inner = text[open + 1..].char_indices().peekable();
    inner.next_if(|&(_, c)| c == '!' || c == '^');
    inner.next();
    inner.find(|&(_, c)| c == ']').map_or(open + 1, |(at, _)| open + 1 + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_nest_and_multiply() {
        let all = |text| expanded(text, 9).unwrap();
        assert_eq!(all("a"), ["a"]);
        assert_eq!(all("{a,b}/{c,d}"), ["a/c", "a/d", "b/c", "b/d"]);
        assert_eq!(all("x{a,{b,c}d}"), ["xa", "xbd", "xcd"]);
        assert_eq!(all("a{,b}"), ["a", "ab"]);
        assert_eq!(all(r"\{a,b\}"), [r"\{a,b\}"]);
        assert_eq!(all("[{]{a,[,}]}"), ["[{]a", "[{][,}]"]);
        assert_eq!(all("[]{,}]{é}"), ["[]{,}]é"]);
    }

    #[test]
    fn bombs_are_refused() {
        assert_eq!(expanded(&"{a,b}".repeat(4), 16).map(|all| all.len()), Some(16));
        assert_eq!(expanded(&"{a,b}".repeat(5), 16), None);
        assert_eq!(expanded(&"{a,b}".repeat(200), 256), None);
        let nested = format!("{}a{}", "{".repeat(500), "}".repeat(500));
        assert_eq!(expanded(&nested, 256).map(|all| all.len()), Some(1));
    }
}
