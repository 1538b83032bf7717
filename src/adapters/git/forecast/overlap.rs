//! Where the work of two branches meets.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::adapters::git::path::quote_path;

/// The paths that a branch changed, so that those of another are quickly held against them.
pub(super) struct Names {
    by_skeleton: HashMap<String, Vec<Vec<u8>>>,
    /// Skeletons of the folders that they lie in.
    folders: HashSet<String>,
}

/// What two branches have in common.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shared {
    /// Paths that both changed.
    pub(super) same: BTreeSet<Vec<u8>>,
    /// Paths, two and two, that some file systems take for one.
    pub(super) alike: BTreeSet<Vec<u8>>,
}

impl Names {
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut by_skeleton: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        let mut folders = HashSet::new();
        for path in paths {
            by_skeleton.entry(skeleton(path)).or_default().push(path.to_vec());
            let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            folders.extend(slashes.map(|(at, _)| skeleton(&path[..at])));
        }
        Self { by_skeleton, folders }
    }

    /// The path is one of them, or may be a folder of one.
    pub(super) fn touch(&self, path: &[u8]) -> bool {
        let name = skeleton(path);
        let found = self.by_skeleton.get(&name);
        found.is_some_and(|paths| paths.iter().any(|known| known == path))
            || self.folders.contains(&name)
    }

    /// No path of one is near any path of the other, for any file system.
    pub(super) fn are_apart(&self, other: &Self) -> bool {
        let (few, many) = match self.by_skeleton.len() <= other.by_skeleton.len() {
            true => (self, other),
            false => (other, self),
        };
        let taken = |name| many.by_skeleton.contains_key(name) || many.folders.contains(name);
        !few.by_skeleton.keys().any(taken)
            && !few.folders.iter().any(|folder| many.by_skeleton.contains_key(folder))
    }

    /// A path of one is a folder of the other.
    pub(super) fn nest(&self, other: &Self) -> bool {
        let over = |one: &Self, two: &Self| {
            one.by_skeleton.keys().any(|skeleton| two.folders.contains(skeleton))
        };
        over(self, other) || over(other, self)
    }

    pub(super) fn shared(&self, other: &Self) -> Shared {
        let mut shared = Shared::default();
        for (skeleton, paths) in &self.by_skeleton {
            let others = other.by_skeleton.get(skeleton).into_iter().flatten();
            for (one, two) in others.flat_map(|two| paths.iter().map(move |one| (one, two))) {
                if one == two {
                    shared.same.insert(one.clone());
                } else if are_alike(one, two) {
                    shared.alike.extend([one.clone(), two.clone()]);
                }
            }
        }
        shared
    }
}

impl Shared {
    pub(super) fn is_empty(&self) -> bool {
        self.same.is_empty() && self.alike.is_empty()
    }

    /// All of the paths for people, sorted.
    pub(super) fn paths(&self) -> Vec<String> {
        let paths: BTreeSet<String> =
            self.same.union(&self.alike).map(|path| quote_path(path)).collect();
        paths.into_iter().collect()
    }
}

/// Whether names of one skeleton are one file where case or normalisation does not count.
fn are_alike(one: &[u8], two: &[u8]) -> bool {
    let (one, two) = (fold(one), fold(two));
    one == two || [one, two].iter().any(|name| name.chars().any(is_mark))
}

/// Equal for names that a case-insensitive system takes for one.
fn fold(path: &[u8]) -> String {
    quote_path(path).to_lowercase()
}

/// Equal for names that differ by case or Unicode normalisation only, and for some that differ by
/// more: letters outside ASCII are dropped, with the letter that a combining mark belongs to.
fn skeleton(path: &[u8]) -> String {
    let mut kept = String::with_capacity(path.len());
    for c in fold(path).chars() {
        if is_mark(c) {
            kept.pop();
        } else if c.is_ascii() {
            kept.push(c);
        }
    }
    kept
}

/// A mark that combines with the letter before it.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Names {
        Names::of(paths.iter().map(|path| path.as_bytes()))
    }

    #[test]
    fn names_that_differ_by_normalisation_have_one_skeleton() {
        assert_eq!(skeleton("caf\u{e9}.rs".as_bytes()), skeleton("cafe\u{301}.rs".as_bytes()));
        assert_ne!(skeleton(b"cafe.rs"), skeleton(b"cafx.rs"));
    }

    #[test]
    fn only_names_that_nobody_confuses_are_apart() {
        let apart = |one: &[&str], two: &[&str]| {
            let (one, two) = (names(one), names(two));
            assert_eq!(one.are_apart(&two), two.are_apart(&one));
            one.are_apart(&two)
        };
        assert!(apart(&["src/a", "src/b"], &["src/c", "lib/a"]));
        assert!(!apart(&["src/a"], &["x", "y", "src/a"]));
        assert!(!apart(&["src/a"], &["Src/A"]));
        assert!(!apart(&["caf\u{e9}"], &["cafe\u{301}"]));
        assert!(!apart(&["src"], &["src/a/b", "x"]));
        assert!(!apart(&["SRC/a/b", "x"], &["src"]));
    }

    #[test]
    fn names_that_are_alike_are_told_with_both_spellings() {
        let shared = |one: &str, two: &str| names(&[one, "z"]).shared(&names(&[two, "y"])).paths();
        assert_eq!(shared("a/B", "A/b"), ["A/b", "a/B"]);
        assert_eq!(shared("caf\u{e9}", "cafe\u{301}"), ["cafe\u{301}", "caf\u{e9}"]);
        assert_eq!(shared("f", "f"), ["f"]);
        assert_eq!(shared("\u{e4}.txt", "\u{f6}.txt"), [""; 0]);
    }
}
