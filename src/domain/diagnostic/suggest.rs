//! Words for messages: the user's own, cut to size, and the ones that were probably meant.

/// Names longer than this get no suggestion, which also bounds the work.
const LONGEST: usize = 64;

/// Longest part of a user's text that a message repeats, in characters.
const LONGEST_QUOTE: usize = 60;

/// A user's text for a message: in backquotes, and not too long.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((cut, _)) => format!("`{}…`", &text[..cut]),
        None => format!("`{text}`"),
    }
}

/// The known name nearest to `wanted`, if it is near enough to be a slip of the fingers.
///
/// Case is ignored, two neighbouring characters that changed places count as one slip, and at most
/// about a third of the characters may differ. The first of several equally near names wins.
pub fn closest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = folded(wanted);
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let candidate = folded(name);
        let allowed = (wanted.len().max(candidate.len()) / 3).max(1);
        let bound = best.map_or(allowed, |(distance, _)| allowed.min(distance.saturating_sub(1)));
        if best.is_some_and(|(distance, _)| distance == 0) {
            break;
        }
        if let Some(distance) = distance_within(&wanted, &candidate, bound) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn folded(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect()
}

/// Optimal string alignment distance, `None` when above `bound` or when nothing would be left of
/// either text.
fn distance_within(a: &[char], b: &[char], bound: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > bound || bound >= a.len().max(b.len()) {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &to) in b.iter().enumerate() {
            let mut cost =
                (above[j] + usize::from(from != to)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        if row.iter().min().is_some_and(|&least| least > bound) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|&distance| distance <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 6] = ["id", "depends_on", "run", "reads", "retries", "timeout"];

    #[test]
    fn slips_of_the_fingers_find_their_word() {
        for (slip, meant) in [
            ("depend_on", "depends_on"),
            ("depends-on", "depends_on"),
            ("rnu", "run"),
            ("Run", "run"),
            ("timeuot", "timeout"),
            ("retires", "retries"),
            ("ids", "id"),
        ] {
            assert_eq!(closest(slip, KEYS), Some(meant), "{slip}");
        }
    }

    #[test]
    fn other_words_find_nothing() {
        for other in ["", "x", "foreach", "tests", "hypothesis", &"run".repeat(60)] {
            assert_eq!(closest(other, KEYS), None, "{other}");
        }
    }

    #[test]
    fn the_nearest_wins_and_then_the_first() {
        assert_eq!(closest("abcdef", ["abcxyf", "abcdex", "abcdey"]), Some("abcdex"));
    }

    #[test]
    fn changed_places_are_one_slip_not_two() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance_within(&chars("abcd"), &chars("abdc"), 3), Some(1));
        assert_eq!(distance_within(&chars("abcd"), &chars("cdab"), 3), None);
    }
}
