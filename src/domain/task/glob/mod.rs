//! Patterns of paths, and whether two of them admit a common path.
//!
//! Matching and overlap read the same tokens, so they cannot disagree. Syntax is globset's: `*` and
//! `?` within one path segment, `**` across segments, `[a-z]` and `[!a-z]` for one character
//! (never `/`), `{a,b}` for alternatives, `\` before a character that means itself. `dir/` stands
//! for `dir/**`, and a pattern without wildcards also covers everything beneath it.

mod braces;
mod segment;

use std::sync::Arc;

use segment::{Segment, Token};

/// Why a text is no usable pattern. The message is a fragment that fits after "the glob `x` ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Starts at the root of the file system.
    #[error("is absolute; paths are relative to the repository's root")]
    Absolute,
    /// A `..` component.
    #[error("has a `..` component; paths are relative to the repository's root")]
    Parent,
    /// A NUL byte, which no path can hold.
    #[error("has a NUL byte")]
    Nul,
    /// globset refuses it.
    #[error("is malformed: {reason}")]
    Syntax {
        /// globset's reason.
        reason: String,
    },
    /// More than 1024 bytes.
    #[error("is longer than 1024 bytes")]
    TooLong,
    /// Its braces stand for more than 256 patterns.
    #[error("stands for more than 256 alternatives")]
    TooManyAlternatives,
}

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;

/// Most patterns that the braces of one glob may stand for.
const MOST_ALTERNATIVES: usize = 256;

/// A valid pattern of paths relative to the repository's root, with `/` between segments.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    alternatives: Arc<[Pattern]>,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl Glob {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, ClaimError> {
        if text.is_empty() {
            return Err(ClaimError::Empty);
        }
        if text.len() > LONGEST {
            return Err(ClaimError::TooLong);
        }
        if text.contains('\0') {
            return Err(ClaimError::Nul);
        }
        globset::GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| ClaimError::Syntax { reason: error.kind().to_string() })?;
        let alternatives = braces::expanded(text, MOST_ALTERNATIVES)
            .ok_or(ClaimError::TooManyAlternatives)?
            .iter()
            .map(|alternative| Pattern::parse(alternative))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), alternatives })
    }

    /// The text as the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern covers a path. An empty path is never covered.
    pub fn matches(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        !segments.is_empty() && self.alternatives.iter().any(|pattern| pattern.matches(&segments))
    }

    /// Whether `other` covers a path that is made from this pattern with a name in the place of every
    /// wildcard that no other pattern has: then it covers, by its text, whatever this one does.
    pub fn lies_within(&self, other: &Self) -> bool {
        self.alternatives.iter().all(|pattern| other.matches(&pattern.sample()))
    }

    /// For each alternative of its braces the folders and names that it begins with, up to the first
    /// wildcard. Two globs overlap only where one of those of the one begins with one of the other.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = Vec<&str>> {
        self.alternatives.iter().map(|pattern| pattern.0.iter().map_while(Part::literal).collect())
    }

    /// Whether some path is covered by both patterns, whether or not such a file exists.
    pub fn overlaps(&self, other: &Self) -> bool {
        let meets = |a: &Pattern| other.alternatives.iter().any(|b| a.overlaps(b));
        self.alternatives.iter().any(meets)
    }
}

/// One alternative of a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Any number of segments, also none.
    Deep,
    /// Exactly one segment.
    One(Segment),
}

impl Part {
    fn literal(&self) -> Option<&str> {
        match self {
            Self::One(Segment::Literal(text)) => Some(text),
            Self::One(Segment::Wild(_)) | Self::Deep => None,
        }
    }
}

impl Pattern {
    /// Reads a text without braces whose syntax globset has accepted.
    fn parse(text: &str) -> Result<Self, ClaimError> {
        let tokens = segment::tokens(text);
        let mut written = tokens.split(|token| *token == Token::Separator).peekable();
        if tokens.first() == Some(&Token::Separator) {
            return Err(ClaimError::Absolute);
        }
        let (mut parts, mut wild, mut folder) = (Vec::new(), false, false);
        while let Some(segment) = written.next() {
            folder = segment.is_empty() && written.peek().is_none();
            match segment {
                [] | [Token::Char('.')] => {}
                [Token::Char('.'), Token::Char('.')] => return Err(ClaimError::Parent),
                [Token::Star, Token::Star] => {
                    wild = true;
                    parts.push(Part::Deep);
                }
                segment => {
                    let segment = Segment::new(segment);
                    wild |= !segment.is_literal();
                    parts.push(Part::One(segment));
                }
            }
        }
        if tokens.is_empty() {
            return Err(ClaimError::Empty);
        }
        parts.dedup_by(|a, b| *a == Part::Deep && *b == Part::Deep);
        let open_end = parts.last().is_none_or(|part| *part == Part::Deep);
        if folder || open_end {
            // What ends with `**` covers what lies beneath, not the folder itself.
            if !open_end || parts.is_empty() {
                parts.push(Part::Deep);
            }
            parts.push(Part::One(Segment::any()));
        } else if !wild {
            parts.push(Part::Deep);
        }
        Ok(Self(parts))
    }

    fn matches(&self, path: &[&str]) -> bool {
        reachable(self.0.len(), path.len(), |from, to| match (&self.0.get(from), path.get(to)) {
            (Some(Part::Deep), Some(_)) => Steps { left: true, right: true, both: false },
            (Some(Part::Deep), None) => Steps { left: true, right: false, both: false },
            (Some(Part::One(segment)), Some(text)) => Steps::both(segment.matches(text)),
            (Some(Part::One(_)), None) | (None, _) => Steps::both(false),
        })
    }

    /// A path that it covers.
    fn sample(&self) -> String {
        let segments = self.0.iter().map(|part| match part {
            Part::Deep => segment::UNHEARD_OF.to_string(),
            Part::One(segment) => segment.sample(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether they part before either has a wildcard.
    fn parts_from(&self, other: &Self) -> bool {
        let literal = |part: &Part| matches!(part, Part::One(segment) if segment.is_literal());
        let mut pairs = self.0.iter().zip(&other.0).take_while(|(a, b)| literal(a) && literal(b));
        pairs.any(|(a, b)| a != b)
    }

    fn overlaps(&self, other: &Self) -> bool {
        // Most pairs of tasks work in different folders, and there are many pairs.
        if self.parts_from(other) {
            return false;
        }
        reachable(self.0.len(), other.0.len(), |a, b| match (self.0.get(a), other.0.get(b)) {
            (Some(Part::One(a)), Some(Part::One(b))) => Steps::both(a.overlaps(b)),
            (a, b) => {
                let deep = matches!(a, Some(Part::Deep)) || matches!(b, Some(Part::Deep));
                // Beside `**` any segment will do; alone it can stand for none.
                let passes = |part: Option<&Part>| match part {
                    Some(Part::Deep) => true,
                    Some(Part::One(_)) => deep,
                    None => false,
                };
                Steps { left: passes(a), right: passes(b), both: false }
            }
        })
    }
}

/// Where a walk over two lists at once may go next.
struct Steps {
    left: bool,
    right: bool,
    both: bool,
}

impl Steps {
    fn both(both: bool) -> Self {
        Self { left: false, right: false, both }
    }
}

/// Whether a walk from the starts of two lists can reach both ends, by steps that `steps` allows at
/// each pair of places. Every pair is asked at most once.
fn reachable(left: usize, right: usize, steps: impl Fn(usize, usize) -> Steps) -> bool {
    let mut row = vec![false; right + 2];
    row[0] = true;
    for from in 0..=left {
        let mut next = vec![false; right + 2];
        for to in 0..=right {
            if !row[to] {
                continue;
            }
            let steps = steps(from, to);
            row[to + 1] |= steps.right;
            next[to] |= steps.left;
            next[to + 1] |= steps.both;
        }
        if from == left {
            return row[right];
        }
        if !next.contains(&true) {
            return false;
        }
        row = next;
    }
    false
}

#[cfg(test)]
mod tests;
