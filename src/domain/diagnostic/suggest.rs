//! Words for messages: the user's own, cut to size, and the ones that were probably meant.

/// Names longer than this get no suggestion, which also bounds the work.
const LONGEST: usize = 64;

/// Least similarity of a suggestion, from 0 to 1: the default of Python's difflib, whose measure
/// this is.
const NEAR: f32 = 0.6;

/// Longest part of a user's text that a message repeats, in characters.
const LONGEST_QUOTE: usize = 60;

/// A user's text for a message: in backquotes, and not too long.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((cut, _)) => format!("`{}…`", &text[..cut]),
        None => format!("`{text}`"),
    }
}

/// The known name nearest to `wanted`, if it is near enough to be a slip of the fingers. Case is
/// ignored.
pub fn closest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let known: Vec<(String, &str)> =
        known.into_iter().map(|name| (name.to_lowercase(), name)).collect();
    let folded: Vec<&str> = known.iter().map(|(folded, _)| folded.as_str()).collect();
    // In short words changed places weigh more than the measure allows.
    let turned = folded.iter().position(|name| letters(name) == letters(&wanted));
    let nearest = || {
        let near = similar::get_close_matches(wanted.as_str(), &folded, 1, NEAR);
        folded.iter().position(|name| near.first() == Some(name))
    };
    turned.or_else(nearest).map(|at| known[at].1)
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
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
            ("di", "id"),
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
    fn the_nearest_wins_whatever_the_order() {
        for known in [["abcxyf", "abcdex"], ["abcdex", "abcxyf"]] {
            assert_eq!(closest("abcdef", known), Some("abcdex"));
        }
    }
}
