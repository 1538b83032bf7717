//! One path segment of a pattern.

use super::{Steps, braces, reachable};

/// One element of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A character that stands for itself.
    Char(char),
    /// `?`, and classes that are negated: any character outside of the ranges.
    Except(Vec<(char, char)>),
    /// A class: any character inside of the ranges.
    Among(Vec<(char, char)>),
    /// `*`: any characters, also none.
    Star,
    /// `/`.
    Separator,
}

/// The tokens of a pattern without braces whose syntax globset has accepted.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        at = next;
        tokens.push(match c {
            '*' => Token::Star,
            '?' => Token::Except(Vec::new()),
            '/' => Token::Separator,
            '[' => {
                let end = braces::class_end(text, next - 1);
                at = end;
                class(text.get(next..end.saturating_sub(1)).unwrap_or_default())
            }
            '\\' => match text[next..].chars().next() {
                Some('/') => {
                    at = next + 1;
                    Token::Separator
                }
                Some(escaped) => {
                    at = next + escaped.len_utf8();
                    Token::Char(escaped)
                }
                None => Token::Char('\\'),
            },
            c => Token::Char(c),
        });
    }
    tokens
}

/// The inside of `[…]`. A `-` first or last stands for itself, as does any first character.
fn class(inside: &str) -> Token {
    let members = inside.strip_prefix(['!', '^']);
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut chars = members.unwrap_or(inside).chars().peekable();
    while let Some(c) = chars.next() {
        match (c, ranges.last_mut(), chars.peek()) {
            ('-', Some(range), Some(&end)) => {
                range.1 = end;
                chars.next();
            }
            _ => ranges.push((c, c)),
        }
    }
    if members.is_some() { Token::Except(ranges) } else { Token::Among(ranges) }
}

impl Token {
    fn admits(&self, c: char) -> bool {
        let inside = |ranges: &[(char, char)]| ranges.iter().any(|&(a, b)| (a..=b).contains(&c));
        match self {
            Self::Char(own) => *own == c,
            Self::Except(ranges) => c != '/' && !inside(ranges),
            Self::Among(ranges) => c != '/' && inside(ranges),
            Self::Star => c != '/',
            Self::Separator => c == '/',
        }
    }

    fn sample(&self) -> char {
        match self {
            Self::Char(c) => *c,
            Self::Among(ranges) => ranges.first().map_or(UNHEARD_OF, |(start, _)| *start),
            Self::Except(_) | Self::Star | Self::Separator => UNHEARD_OF,
        }
    }

    /// Whether one character is admitted by both. A set of ranges that is not empty has a member
    /// at the start of a range of its own, or just behind a range that the other one excludes.
    fn meets(&self, other: &Self) -> bool {
        let both = |c: char| self.admits(c) && other.admits(c);
        let candidates = |token: &Self| match token {
            Self::Char(c) => vec![*c],
            Self::Among(ranges) => starts_and_successors(ranges),
            Self::Except(ranges) => {
                let mut candidates = starts_and_successors(ranges);
                candidates.extend(['\u{1}', '0']);
                candidates
            }
            Self::Star | Self::Separator => Vec::new(),
        };
        candidates(self).into_iter().any(both) || candidates(other).into_iter().any(both)
    }
}

fn starts_and_successors(ranges: &[(char, char)]) -> Vec<char> {
    let after = |c: char| (c..).nth(1);
    // `/` belongs to no class, so the character behind it is where a range goes on.
    let starts = ranges.iter().map(|&(start, _)| start).chain(['0']);
    starts.chain(ranges.iter().filter_map(|&(_, end)| after(end))).collect()
}

/// In the place of a wildcard: a character that no pattern names.
pub(super) const UNHEARD_OF: char = '\u{1}';

/// What stands between two separators; not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Without wildcards.
    Literal(String),
    /// With wildcards.
    Wild(Vec<Token>),
}

impl Segment {
    pub(super) fn new(tokens: &[Token]) -> Self {
        let literal = |token: &Token| match token {
            Token::Char(c) => Some(*c),
            Token::Except(_) | Token::Among(_) | Token::Star | Token::Separator => None,
        };
        if let Some(text) = tokens.iter().map(literal).collect() {
            return Self::Literal(text);
        }
        let mut tokens = tokens.to_vec();
        tokens.dedup_by(|a, b| *a == Token::Star && *b == Token::Star);
        Self::Wild(tokens)
    }

    /// Every segment.
    pub(super) fn any() -> Self {
        Self::Wild(vec![Token::Star])
    }

    /// A text that it admits.
    pub(super) fn sample(&self) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Wild(tokens) => tokens.iter().map(Token::sample).collect(),
        }
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let tokens = match self {
            Self::Literal(own) => return own == text,
            Self::Wild(tokens) => tokens,
        };
        let chars: Vec<char> = text.chars().collect();
        reachable(tokens.len(), chars.len(), |from, to| match (tokens.get(from), chars.get(to)) {
            (Some(Token::Star), Some(_)) => Steps { left: true, right: true, both: false },
            (Some(Token::Star), None) => Steps { left: true, right: false, both: false },
            (Some(token), Some(&c)) => Steps::both(token.admits(c)),
            (Some(_), None) | (None, _) => Steps::both(false),
        })
    }

    /// Whether a text that is not empty is admitted by both. The empty text cannot mislead: only
    /// segments of `*` alone admit it, and those admit every other text too.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = match (self, other) {
            (Self::Literal(text), segment) | (segment, Self::Literal(text)) => {
                return segment.matches(text);
            }
            (Self::Wild(a), Self::Wild(b)) => (a, b),
        };
        reachable(a.len(), b.len(), |from, to| match (a.get(from), b.get(to)) {
            (Some(Token::Star), b) => Steps { left: true, right: b.is_some(), both: false },
            (a, Some(Token::Star)) => Steps { left: a.is_some(), right: true, both: false },
            (Some(a), Some(b)) => Steps::both(a.meets(b)),
            (Some(_), None) | (None, _) => Steps::both(false),
        })
    }
}
