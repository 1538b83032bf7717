//! Files that the check of a race names.

use std::collections::BTreeSet;

/// Those of the paths that stand in the check as words, with or without `./`: an arm that changes one
/// changes what judges it.
pub fn named_paths<'p>(check: &str, paths: impl IntoIterator<Item = &'p String>) -> Vec<String> {
    let parts = |c: char| c.is_whitespace() || "'\"`;&|<>()=,".contains(c);
    let words = check.split(parts).map(|word| word.trim_start_matches("./"));
    let words: BTreeSet<&str> = words.collect();
    paths.into_iter().filter(|path| words.contains(path.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_a_whole_word_of_the_check() {
        let paths = ["a b", "lib.sh", "t/test.sh", "test.sh"].map(str::to_owned);
        let named = |check: &str| named_paths(check, &paths).join(" ");
        assert_eq!(named("sh ./test.sh && grep -q x <'lib.sh'"), "lib.sh test.sh");
        assert_eq!(named("sh t/test.sh; X=lib.sh true"), "lib.sh t/test.sh");
        assert_eq!(named("sh my-test.sh test.sh.old a b"), "");
    }
}
