//! Globs a task may write, and whether two tasks may write the same path.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::glob::{ClaimError, Glob};

/// Globs of one task. Stored as a list of strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Claims {
    globs: Vec<Glob>,
}

impl Claims {
    /// Reads globs; the errors name the index of the glob they belong to.
    pub fn parse<S: AsRef<str>>(globs: &[S]) -> Result<Self, Vec<(usize, ClaimError)>> {
        let mut errors = Vec::new();
        let mut parsed = Vec::with_capacity(globs.len());
        for (index, glob) in globs.iter().enumerate() {
            match Glob::parse(glob.as_ref()) {
                Ok(glob) => parsed.push(glob),
                Err(error) => errors.push((index, error)),
            }
        }
        if errors.is_empty() { Ok(Self { globs: parsed }) } else { Err(errors) }
    }

    /// The globs as the user wrote them.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.globs.iter().map(Glob::as_str)
    }

    /// Whether a path, relative to the root and with `/` between segments, may be written.
    pub fn matches(&self, path: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(path))
    }

    /// The globs that, as far as their texts tell, cover nothing but what `other` covers.
    pub fn within(&self, other: &Self) -> Vec<String> {
        let inside = |own: &&Glob| other.globs.iter().any(|theirs| own.lies_within(theirs));
        self.globs.iter().filter(inside).map(|glob| glob.as_str().to_owned()).collect()
    }

    /// Every pair of globs that admits a common path, whether or not such a file exists. A pair is
    /// shown by its narrower glob where the texts tell which one that is, else as `a & b`. Sorted,
    /// and the same from either side.
    pub fn overlap(&self, other: &Self) -> Vec<String> {
        let mut shown = BTreeSet::new();
        for own in &self.globs {
            for theirs in other.globs.iter().filter(|theirs| own.overlaps(theirs)) {
                shown.insert(shared(own.as_str(), theirs.as_str()));
            }
        }
        shown.into_iter().collect()
    }
}

/// Places (a, b), a < b, of those that may overlap: of all others the beginnings of the globs show
/// that they do not. In ascending order.
pub fn likely_overlaps(claims: &[&Claims]) -> Vec<(usize, usize)> {
    let mut owners: BTreeMap<Vec<&str>, BTreeSet<usize>> = BTreeMap::new();
    for (at, own) in claims.iter().enumerate() {
        for beginning in own.globs.iter().flat_map(Glob::beginnings) {
            owners.entry(beginning).or_default().insert(at);
        }
    }
    let mut pairs = Vec::new();
    for (beginning, inner) in &owners {
        for &own in inner {
            pairs.extend(inner.range(own + 1..).map(|&other| (own, other)));
        }
        let outer = (0..beginning.len()).filter_map(|length| owners.get(&beginning[..length]));
        for &other in outer.flatten() {
            let differ = inner.iter().filter(|&&own| own != other);
            pairs.extend(differ.map(|&own| (own.min(other), own.max(other))));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

impl TryFrom<Vec<String>> for Claims {
    type Error = ClaimError;
    fn try_from(globs: Vec<String>) -> Result<Self, ClaimError> {
        globs
            .iter()
            .map(|glob| Glob::parse(glob))
            .collect::<Result<_, _>>()
            .map(|globs| Self { globs })
    }
}

impl From<Claims> for Vec<String> {
    fn from(claims: Claims) -> Self {
        claims.globs().map(str::to_owned).collect()
    }
}

fn shared(a: &str, b: &str) -> String {
    if a == b || covers(b, a) {
        a.to_owned()
    } else if covers(a, b) {
        b.to_owned()
    } else {
        format!("{} & {}", a.min(b), a.max(b))
    }
}

/// Whether `outer` is a folder (`dir`, `dir/` or `dir/**`, or `**` for the root) that by its text
/// holds `inner`.
fn covers(outer: &str, inner: &str) -> bool {
    let folder = outer.strip_suffix("**").unwrap_or(outer).trim_end_matches('/');
    let plain = !folder.contains(['*', '?', '[', '{', '\\']);
    let beneath = |rest: &str| folder.is_empty() || rest.is_empty() || rest.starts_with('/');
    plain && inner.strip_prefix(folder).is_some_and(beneath)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(globs: &[&str]) -> Claims {
        Claims::parse(globs).unwrap()
    }

    #[test]
    fn overlaps_are_shown_by_the_narrower_glob() {
        for (a, b, shown) in [
            ("src/api/**", "src/api/**", "src/api/**"),
            ("src", "src/api/**", "src/api/**"),
            ("src/", "src/*/x", "src/*/x"),
            ("**", "a?", "a?"),
            ("src/*/mod.rs", "src/api/**", "src/*/mod.rs & src/api/**"),
            ("Cargo.lock", "*.lock", "*.lock & Cargo.lock"),
        ] {
            let (a, b) = (claims(&[a]), claims(&[b]));
            assert_eq!(a.overlap(&b), [shown]);
            assert_eq!(b.overlap(&a), [shown]);
        }
        assert_eq!(claims(&["src/a"]).overlap(&claims(&["src/ab/**", "lib"])), [""; 0]);
    }

    #[test]
    fn whatever_overlaps_is_likely_to_by_its_beginnings() {
        let globs = ["a/**", "a/b/c", "a/b", "**/c", "ab", "{a,x}/b?", "x/b/*", "x", "[a]/q", "z/"];
        let own: Vec<Claims> = globs.iter().map(|glob| claims(&[glob, "own/*/"])).collect();
        let alone: Vec<Claims> = globs.iter().map(|glob| claims(&[glob])).collect();
        for all in [own, alone] {
            let likely = likely_overlaps(&all.iter().collect::<Vec<_>>());
            for a in 0..all.len() {
                for b in a + 1..all.len() {
                    let overlap = !all[a].overlap(&all[b]).is_empty();
                    assert!(!overlap || likely.contains(&(a, b)), "{} {}", globs[a], globs[b]);
                }
            }
        }
        let apart = claims(&["src/a/**"]);
        assert!(likely_overlaps(&[&apart, &claims(&["src/b/*"])]).is_empty());
    }

    #[test]
    fn every_bad_glob_is_named_by_its_index() {
        let errors = Claims::parse(&["ok", "/etc", "a/../b", "", "[", "x"]).unwrap_err();
        assert_eq!(errors.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn claims_are_stored_as_the_texts_they_came_from() {
        let own = claims(&["src/**", "a{b,c}"]);
        let json = serde_json::to_string(&own).unwrap();
        assert_eq!(json, r#"["src/**","a{b,c}"]"#);
        assert_eq!(serde_json::from_str::<Claims>(&json).unwrap(), own);
        assert!(serde_json::from_str::<Claims>(r#"["../x"]"#).is_err());
    }
}
