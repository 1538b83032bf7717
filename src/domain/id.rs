//! Names and object ids: parsed once, so that later code never meets an invalid one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest id or run name, in bytes.
pub const SLUG_MAX: usize = 64;

/// Why a text is no slug. The message is a fragment that fits after "the id `x` ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// More than [`SLUG_MAX`] bytes.
    #[error("is longer than 64 characters")]
    TooLong,
    /// A character outside the alphabet, with its place.
    #[error("has `{found}` where only a-z, 0-9, `.`, `_` and `-` may stand")]
    Character {
        /// The offending character.
        found: char,
    },
    /// The first character is punctuation.
    #[error("starts with `{found}`; it must start with a-z or 0-9")]
    Start {
        /// The offending character.
        found: char,
    },
    /// Git refuses a branch of this name.
    #[error("{reason}, which git does not allow in a branch name")]
    Ref {
        /// What git objects to.
        reason: &'static str,
    },
}

fn check_slug(text: &str) -> Result<(), SlugError> {
    let first = text.chars().next().ok_or(SlugError::Empty)?;
    if text.len() > SLUG_MAX {
        return Err(SlugError::TooLong);
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if let Some(found) = text.chars().find(|&c| !allowed(c)) {
        return Err(SlugError::Character { found });
    }
    if !(first.is_ascii_lowercase() || first.is_ascii_digit()) {
        return Err(SlugError::Start { found: first });
    }
    let reason = if text.contains("..") {
        "contains `..`"
    } else if text.ends_with('.') {
        "ends with `.`"
    } else if text.ends_with(".lock") {
        "ends with `.lock`"
    } else {
        return Ok(());
    };
    Err(SlugError::Ref { reason })
}

/// The nearest valid slug to any text: lower-cased, other characters turned into `-`.
pub fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let keep = c.is_ascii_lowercase() || c.is_ascii_digit() || (c == '_' && !slug.is_empty());
        if keep {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with(['-', '.']) {
            slug.push(if c == '.' { '.' } else { '-' });
        }
        if slug.len() >= SLUG_MAX - 8 {
            break;
        }
    }
    let slug = slug.trim_end_matches(['-', '.', '_']).trim_end_matches(".lock");
    if slug.is_empty() { "run".to_owned() } else { slug.to_owned() }
}

macro_rules! slug_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = SlugError;
            fn from_str(text: &str) -> Result<Self, SlugError> {
                check_slug(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = SlugError;
            fn try_from(text: String) -> Result<Self, SlugError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

slug_type! {
    /// Name of a task within its file: `[a-z0-9][a-z0-9._-]{0,63}` (DESIGN.md §4).
    TaskId
}
slug_type! {
    /// Name of a run, unique in its repository: the file's `name`, with `-2` and so on for a repeat.
    RunId
}

/// A git object id, SHA-1 (40 hex digits) or SHA-256 (64).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Oid {
    bytes: [u8; 32],
    len: u8,
}

/// The text is not 40 or 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an object id")]
pub struct OidError {
    /// What was given.
    pub text: String,
}

impl Oid {
    /// An id from its raw bytes (20 or 32), `None` for any other length.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        let len = u8::try_from(raw.len()).ok().filter(|len| matches!(len, 20 | 32))?;
        bytes[..raw.len()].copy_from_slice(raw);
        Some(Self { bytes, len })
    }

    /// The raw bytes, 20 or 32 of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// The all-zero id of the same length, which git uses for "no object".
    pub fn zero(&self) -> Self {
        Self { bytes: [0; 32], len: self.len }
    }
}

impl FromStr for Oid {
    type Err = OidError;
    fn from_str(text: &str) -> Result<Self, OidError> {
        let error = || OidError { text: text.to_owned() };
        if !matches!(text.len(), 40 | 64) || !text.is_ascii() {
            return Err(error());
        }
        let raw: Vec<u8> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16))
            .collect::<Result<_, _>>()
            .map_err(|_| error())?;
        Self::from_bytes(&raw).ok_or_else(error)
    }
}

impl TryFrom<String> for Oid {
    type Error = OidError;
    fn try_from(text: String) -> Result<Self, OidError> {
        text.parse()
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.to_string()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.short())
    }
}

/// A hash that stays the same between builds of the program and from machine to machine (FNV-1a).
pub fn stable_hash(parts: &[&[u8]]) -> u64 {
    parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(stable_hash(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_slug_is_also_a_branch_name_component() {
        for good in ["a", "api", "2fa", "a.b_c-d", &"x".repeat(64)] {
            assert!(good.parse::<TaskId>().is_ok(), "{good}");
        }
        for bad in
            ["", "-a", ".a", "A", "a b", "a/b", "a..b", "a.", "x.lock", "é", "@{", &"x".repeat(65)]
        {
            assert!(bad.parse::<TaskId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn slugify_always_makes_a_slug() {
        for text in ["User Auth!", "..", "x.lock", "", "--", "ÄÖ", &"long ".repeat(40)] {
            let slug = slugify(text);
            assert!(slug.parse::<RunId>().is_ok(), "{text:?} -> {slug:?}");
        }
        assert_eq!(slugify("User Auth!"), "user-auth");
    }

    #[test]
    fn an_oid_survives_the_round_trip_through_text() {
        for text in ["0123456789abcdef0123456789abcdef01234567", &"ab".repeat(32)] {
            assert_eq!(text.parse::<Oid>().unwrap().to_string(), text);
        }
        for bad in ["", "abc", &"g".repeat(40), &"é".repeat(20)] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
    }
}
