//! The first few of a list, in a sentence.

/// At most `shown` of these names with commas between them, and how many more there are: `a, b, c and
/// 4 more`.
pub fn some_of<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let first: Vec<&str> = names.iter().take(shown).map(AsRef::as_ref).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// As [`some_of`], each in backticks.
pub fn some_quoted<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    some_of(&quoted, shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_names_than_wanted_are_shown_and_the_others_are_counted() {
        assert_eq!(some_of(&["a", "b"], 2), "a, b");
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(some_quoted(&["a", "b", "c", "d"], 2), "`a`, `b` and 2 more");
        assert_eq!(some_of::<&str>(&[], 2), "");
    }
}
