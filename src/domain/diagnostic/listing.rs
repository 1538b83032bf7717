//! The first few of a list, in a sentence.

/// How many of `len` names are told where `shown` are enough: one more takes no more room than "1 more".
pub fn told_of(len: usize, shown: usize) -> usize {
    if len <= shown.saturating_add(1) { len } else { shown }
}

/// The first `shown` of these names with commas between them, and how many more there are: `a, b, c and
/// 4 more`.
pub fn some_of<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let told = told_of(names.len(), shown);
    let first: Vec<&str> = names.iter().take(told).map(AsRef::as_ref).collect();
    let first = first.join(", ");
    match names.len() - told {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// As [`some_of`], each in backticks.
pub fn some_quoted<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    some_of(&quoted(names), shown)
}

/// As [`some_quoted`], as the subject of a sentence: `a`, `b` and `c`.
pub fn some_quoted_subject<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let quoted = quoted(names);
    match quoted.split_last() {
        Some((last, before @ [_, ..])) if told_of(names.len(), shown) == names.len() => {
            format!("{} and {last}", before.join(", "))
        }
        Some(_) | None => some_of(&quoted, shown),
    }
}

fn quoted<T: AsRef<str>>(names: &[T]) -> Vec<String> {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_names_than_wanted_are_shown_and_the_others_are_counted() {
        assert_eq!(some_of(&["a", "b"], 2), "a, b");
        assert_eq!(some_of(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(some_quoted(&["a", "b", "c", "d", "e"], 2), "`a`, `b` and 3 more");
        assert_eq!(some_of::<&str>(&[], 2), "");
    }

    #[test]
    fn one_name_is_told_rather_than_counted() {
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b, c");
        assert_eq!(some_quoted_subject(&["a", "b", "c"], 2), "`a`, `b` and `c`");
    }

    #[test]
    fn a_subject_has_an_and_before_its_last_name() {
        assert_eq!(some_quoted_subject(&["a"], 2), "`a`");
        assert_eq!(some_quoted_subject(&["a", "b"], 2), "`a` and `b`");
        assert_eq!(some_quoted_subject(&["a", "b", "c", "d"], 2), "`a`, `b` and 2 more");
    }
}
