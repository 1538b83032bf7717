//! Where the work of two branches meets.

use std::collections::{BTreeMap, BTreeSet};

use super::Forecast;
use crate::adapters::git::path::quote_path;

/// The paths that two branches share.
pub(super) struct Overlap {
    pub(super) shared: BTreeSet<String>,
    /// No path of one is near any path of the other, for any file system.
    pub(super) disjoint: bool,
}

impl Overlap {
    pub(super) fn of(one: &BTreeSet<Vec<u8>>, two: &BTreeSet<Vec<u8>>) -> Self {
        let same = one.intersection(two);
        let mut shared: BTreeSet<String> = same.map(|path| quote_path(path)).collect();
        let folded: BTreeMap<String, &[u8]> =
            one.iter().map(|path| (fold(path), path.as_slice())).collect();
        for path in two {
            if let Some(twin) = folded.get(&fold(path)).filter(|twin| **twin != path.as_slice()) {
                shared.extend([quote_path(path), quote_path(twin)]);
            }
        }
        let skeletons: BTreeSet<String> = one.iter().map(|path| skeleton(path)).collect();
        let meets = |from: &BTreeSet<Vec<u8>>, to: &BTreeSet<Vec<u8>>| {
            let slashes = |path: &Vec<u8>| {
                let at = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
                at.map(|(at, _)| path[..at].to_vec()).collect::<Vec<_>>()
            };
            from.iter().flat_map(slashes).any(|dir| to.contains(&dir))
        };
        let disjoint = shared.is_empty()
            && !two.iter().any(|path| skeletons.contains(&skeleton(path)))
            && !meets(one, two)
            && !meets(two, one);
        Self { shared, disjoint }
    }

    /// What a merge without a conflict comes to.
    pub(super) fn forecast(self) -> Forecast {
        if self.shared.is_empty() {
            return Forecast::Clean;
        }
        Forecast::SamePath { paths: self.shared.into_iter().collect() }
    }
}

/// Equal for names that a case-insensitive system takes for one.
fn fold(path: &[u8]) -> String {
    quote_path(path).to_lowercase()
}

/// Equal for names that differ by Unicode normalisation only, and for some that differ by more:
/// letters outside ASCII are dropped, with the letter that a combining mark belongs to.
fn skeleton(path: &[u8]) -> String {
    let mut kept = String::new();
    for c in fold(path).chars() {
        match c {
            '\u{300}'..='\u{36f}' => drop(kept.pop()),
            c if c.is_ascii() => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_normalisation_have_one_skeleton() {
        assert_eq!(skeleton("caf\u{e9}.rs".as_bytes()), skeleton("cafe\u{301}.rs".as_bytes()));
        assert_ne!(skeleton(b"cafe.rs"), skeleton(b"cafx.rs"));
    }
}
