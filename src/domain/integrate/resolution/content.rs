//! The content checks: lines of one file in its three versions and in the result.

use std::collections::HashMap;

use crate::domain::diagnostic::some_of;

/// Lines named in one sentence, and characters of each.
const MAX_LINES: usize = 12;
const MAX_WIDTH: usize = 80;

/// Length of conflict markers, unless an attribute makes them longer.
const MARKER: usize = 7;

/// One file in its versions; `None` where there is no file.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileVersions<'a> {
    /// Before both sides.
    pub base: Option<&'a [u8]>,
    /// What is merged so far.
    pub ours: Option<&'a [u8]>,
    /// What is being merged.
    pub theirs: Option<&'a [u8]>,
    /// The resolution.
    pub result: Option<&'a [u8]>,
}

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is merged so far.
    Ours,
    /// What is being merged.
    Theirs,
    /// What both have, and neither changed.
    Both,
}

/// What the result does not have of one side's work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SideLoss {
    /// Lines that it added and the result lacks.
    pub lost: Vec<String>,
    /// Lines that it removed and the result has.
    pub revived: Vec<String>,
    /// Nothing is left of what it did to the file.
    pub undone: bool,
    /// The file, which is no text and was not in conflict, is another than the merge gave.
    pub replaced: bool,
    /// The file has a mode that the merge does not give it.
    pub mode_changed: bool,
}

impl<'a> FileVersions<'a> {
    /// Numbers of the lines, from 1, that are conflict markers and that no side had written itself.
    /// A line that merely looks like one (`=======` below a heading) may be there as often as a merge
    /// of both sides would have it.
    pub fn markers(&self) -> Vec<usize> {
        let Some(result) = self.result.filter(|content| is_text(content)) else {
            return Vec::new();
        };
        let marks =
            |content: Option<&'a [u8]>| counts(lines(content).filter(|line| is_marker(line)));
        let (base, ours, theirs) = (marks(self.base), marks(self.ours), marks(self.theirs));
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        let mut left = Vec::new();
        for (number, line) in (1..).zip(lines(Some(result))) {
            if !is_marker(line) {
                continue;
            }
            let of = |counts: &HashMap<&[u8], usize>| counts.get(line).copied().unwrap_or(0);
            let merged = (of(&ours) + of(&theirs)).saturating_sub(of(&base));
            let written = merged.max(of(&ours)).max(of(&theirs));
            let so_far = seen.entry(line).or_default();
            *so_far += 1;
            if *so_far > written {
                left.push(number);
            }
        }
        left
    }

    /// What the result lacks of a side's work. Of files that are no text it is all or nothing.
    pub fn loss(&self, side: Side) -> SideLoss {
        let (own, other) = match side {
            Side::Ours => (self.ours, self.theirs),
            Side::Theirs => (self.theirs, self.ours),
            Side::Both => return SideLoss::of_lines(self.inherited_lost(None)),
        };
        if own == self.base {
            return SideLoss::default();
        }
        let Some(result) = self.result else {
            // Only who removed it has no part in it that is gone.
            let lost = if is_text(own.unwrap_or_default()) {
                texts(lines_beyond(own, self.base, &[]))
            } else {
                Vec::new()
            };
            return SideLoss { lost, undone: own.is_some(), ..SideLoss::default() };
        };
        if !self.sides_are_text() {
            let undone =
                Some(result) != own && (Some(result) == other || Some(result) == self.base);
            return SideLoss::of_whole(undone);
        }
        if own.is_none() {
            // The side removed the file.
            return SideLoss::of_whole(true);
        }
        let added = lines_beyond(own, self.base, &[]);
        let lost = lines_beyond(own, self.base, &[self.result]);
        let removed = lines_beyond(self.base, own, &[]);
        let revived = self.revived(own, other);
        let undone = if added.is_empty() {
            !removed.is_empty() && revived.len() == removed.len()
        } else {
            lost.len() == added.len() && !self.is_woven_in(own)
        };
        let (lost, revived) = (texts(lost), texts(revived));
        SideLoss { lost, revived, undone, ..SideLoss::default() }
    }

    /// Whether lines can be compared. Of a text that became none, all lines are gone.
    pub(super) fn sides_are_text(&self) -> bool {
        [self.base, self.ours, self.theirs].iter().flatten().all(|content| is_text(content))
    }

    /// Lines that `own` removed and that the result has nevertheless, though the other side added no
    /// more of them.
    fn revived(&self, own: Option<&'a [u8]>, other: Option<&'a [u8]>) -> Vec<&'a [u8]> {
        let (base, own) = (counts(lines(self.base)), counts(lines(own)));
        let (other, result) = (counts(lines(other)), counts(lines(self.result)));
        let of = |counts: &HashMap<&[u8], usize>, line| counts.get(line).copied().unwrap_or(0);
        let mut revived = Vec::new();
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for line in lines(self.base).filter(|line| !is_blank(line)) {
            let added = of(&other, line).saturating_sub(of(&base, line));
            let beyond = of(&result, line).saturating_sub(of(&own, line) + added);
            let most = beyond.min(of(&base, line).saturating_sub(of(&own, line)));
            let so_far = seen.entry(line).or_default();
            if *so_far < most {
                *so_far += 1;
                revived.push(line);
            }
        }
        revived
    }

    /// Whether every word that a side brought in is in the result, though in lines of other words:
    /// `f(a, b)` of `f(a)` and `f(b)`.
    fn is_woven_in(&self, own: Option<&[u8]>) -> bool {
        let (base, result) = (counts(words(self.base)), counts(words(self.result)));
        let own = counts(words(own));
        let mut brought = 0;
        for (word, count) in own {
            let before = base.get(word).copied().unwrap_or(0);
            if count > before {
                brought += 1;
                if result.get(word).copied().unwrap_or(0) < count {
                    return false;
                }
            }
        }
        brought > 0
    }
}

impl SideLoss {
    /// Of what cannot be compared line by line: nothing is left of it, or nothing is lost.
    pub fn of_whole(undone: bool) -> Self {
        Self { undone, ..Self::default() }
    }

    /// Lines that are gone, and nothing else.
    pub(super) fn of_lines(lost: Vec<&[u8]>) -> Self {
        Self { lost: texts(lost), ..Self::default() }
    }

    /// Sentences for people: whose work, in which file.
    pub fn notes(&self, whose: &str, path: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.lost.is_empty() {
            let (count, are) = counted(&self.lost);
            notes.push(format!(
                "{count} of {whose} in `{path}` {are} not in the result: {}",
                named(&self.lost)
            ));
        }
        if !self.revived.is_empty() {
            let (count, are) = counted(&self.revived);
            notes.push(format!(
                "{count} that {whose} removed from `{path}` {are} still in the result: {}",
                named(&self.revived)
            ));
        }
        if self.undone && notes.is_empty() {
            notes.push(format!("nothing of what {whose} did to `{path}` is in the result"));
        }
        if self.replaced {
            notes.push(format!("`{path}` was not in conflict, and is not what its merge gives"));
        }
        if self.mode_changed {
            notes.push(format!("the file mode of `{path}` is not the one that its merge gives"));
        }
        notes
    }
}

fn counted(lines: &[String]) -> (String, &'static str) {
    match lines.len() {
        1 => ("1 line".to_owned(), "is"),
        count => (format!("{count} lines"), "are"),
    }
}

fn named(lines: &[String]) -> String {
    let short = |line: &String| {
        let text = line.trim();
        let end = text.floor_char_boundary(MAX_WIDTH);
        format!("`{}{}`", &text[..end], if end < text.len() { "…" } else { "" })
    };
    some_of(&lines.iter().map(short).collect::<Vec<_>>(), MAX_LINES)
}

/// As git tells it: a zero near the beginning is in no text.
pub(super) fn is_text(content: &[u8]) -> bool {
    !content.iter().take(8000).any(|&byte| byte == 0)
}

/// Lines without their ends.
pub(super) fn lines(content: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    content
        .unwrap_or_default()
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Names, numbers, and every other character on its own.
fn words(content: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    content
        .unwrap_or_default()
        .chunk_by(move |a, b| is_part(a) && is_part(b))
        .filter(|word| !word.iter().all(u8::is_ascii_whitespace))
}

pub(super) fn counts<'a>(items: impl Iterator<Item = &'a [u8]>) -> HashMap<&'a [u8], usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// The two outer markers may be longer than usual (`conflict-marker-size`); the inner ones alone, at any
/// other length, are more often the line below a heading or the edge of a table.
fn is_marker(line: &[u8]) -> bool {
    let Some(&first) = line.first() else { return false };
    let length = line.iter().take_while(|&&byte| byte == first).count();
    let fits = match first {
        b'<' | b'>' => length >= MARKER,
        b'=' | b'|' => length == MARKER,
        _ => false,
    };
    fits && line.get(length).is_none_or(|&next| next == b' ')
}

/// Lines of which `content` has more than `before` has, and more than each of `in_place` has; each as
/// often as is missing there.
fn lines_beyond<'a>(
    content: Option<&'a [u8]>,
    before: Option<&[u8]>,
    in_place: &[Option<&[u8]>],
) -> Vec<&'a [u8]> {
    let (own, before) = (counts(lines(content)), counts(lines(before)));
    let in_place: Vec<_> = in_place.iter().map(|content| counts(lines(*content))).collect();
    let mut seen: HashMap<&[u8], usize> = HashMap::new();
    let mut beyond = Vec::new();
    for line in lines(content).filter(|line| !is_blank(line)) {
        let of = |counts: &HashMap<&[u8], usize>| counts.get(line).copied().unwrap_or(0);
        let mut most = of(&own).saturating_sub(of(&before));
        for there in &in_place {
            most = most.min(of(&own).saturating_sub(of(there)));
        }
        let so_far = seen.entry(line).or_default();
        if *so_far < most {
            *so_far += 1;
            beyond.push(line);
        }
    }
    beyond
}

pub(super) fn texts(lines: Vec<&[u8]>) -> Vec<String> {
    lines.into_iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}
