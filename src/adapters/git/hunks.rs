//! Excerpts of conflicts for people: the colliding files merged once more, in the style `zdiff3`.

use super::merge::Hunk;
use super::path::quote_path;
use super::read::Reader;
use crate::domain::id::Oid;

/// Most excerpts of one merge, of one file, lines and bytes of one excerpt.
const MAX_HUNKS: usize = 20;
const MAX_HUNKS_PER_FILE: usize = 3;
const MAX_LINES: usize = 60;
const MAX_LINE: usize = 300;
/// Larger files are not excerpted.
const MAX_FILE: usize = 4 << 20;

/// How an excerpt begins and ends.
const BEGIN: &str = "<<<<<<< ours";
const END: &str = ">>>>>>> theirs";

impl Hunk {
    /// The text, with these names for the two sides.
    pub fn labelled(&self, ours: &str, theirs: &str) -> String {
        let begun = self.text.replacen(BEGIN, &format!("<<<<<<< {ours}"), 1);
        begun.replacen(END, &format!(">>>>>>> {theirs}"), 1)
    }
}

/// The three versions of a colliding file; none where a side has no plain file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stages {
    pub(super) base: Option<Oid>,
    pub(super) ours: Option<Oid>,
    pub(super) theirs: Option<Oid>,
}

/// Excerpts of the files that both sides have; files that cannot be read are left out.
pub(super) fn excerpts(reader: &dyn Reader, files: &[(Vec<u8>, Stages)]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    for (path, stages) in files {
        let path = quote_path(path);
        let texts = merged(reader, stages).map(|text| cut(&text)).unwrap_or_default();
        hunks.extend(texts.into_iter().map(|text| Hunk { path: path.clone(), text }));
        if hunks.len() >= MAX_HUNKS {
            hunks.truncate(MAX_HUNKS);
            break;
        }
    }
    hunks
}

fn merged(reader: &dyn Reader, stages: &Stages) -> Option<String> {
    let (ours, theirs) = (stages.ours?, stages.theirs?);
    let ids: Vec<Oid> = [ours, theirs].into_iter().chain(stages.base).collect();
    let mut texts = reader.blobs(&ids, MAX_FILE).ok()?.into_iter();
    let text = |content: Vec<u8>| (!is_binary(&content)).then_some(content);
    let (ours, theirs) = (text(texts.next()??)?, text(texts.next()??)?);
    let base = texts.next().flatten().and_then(text).unwrap_or_default();
    let input = |content| {
        let mut input = git2::MergeFileInput::new();
        input.content(content);
        input
    };
    let mut options = git2::MergeFileOptions::new();
    options.style_zdiff3(true).ancestor_label("base").our_label("ours").their_label("theirs");
    // `merge_file` takes libgit2 for ready, which it is not where git reads the repository.
    git2::Oid::from_bytes(&[0; 20]).ok()?;
    let result =
        git2::merge_file(&input(&base), &input(&ours), &input(&theirs), Some(&mut options)).ok()?;
    Some(String::from_utf8_lossy(result.content()).into_owned())
}

/// As git tells it: a zero near the beginning.
fn is_binary(content: &[u8]) -> bool {
    content.iter().take(8000).any(|&byte| byte == 0)
}

fn cut(text: &str) -> Vec<String> {
    let mut hunks = Vec::new();
    let mut lines = text.lines();
    while hunks.len() < MAX_HUNKS_PER_FILE {
        let Some(first) = lines.by_ref().find(|line| line.starts_with(BEGIN)) else { break };
        let mut hunk = format!("{first}\n");
        for (count, line) in (1..).zip(lines.by_ref()) {
            let last = line.starts_with(END);
            if count < MAX_LINES || last {
                let end = line.floor_char_boundary(MAX_LINE);
                hunk.push_str(&line[..end]);
                hunk.push_str(if end < line.len() { "…\n" } else { "\n" });
            } else if count == MAX_LINES {
                hunk.push_str("…\n");
            }
            if last {
                break;
            }
        }
        hunks.push(hunk);
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_bounded_in_lines_and_width_and_keeps_its_end() {
        let body = "é".repeat(MAX_LINE);
        let text = format!(
            "a\n<<<<<<< ours\n{}=======\nx\n>>>>>>> theirs\nrest\n",
            format!("{body}\n").repeat(200)
        );
        let hunks = cut(&text);
        assert_eq!(hunks.len(), 1);
        assert!(hunks[0].lines().count() <= MAX_LINES + 2);
        assert!(hunks[0].lines().all(|line| line.len() <= MAX_LINE + "…".len()));
        assert!(hunks[0].ends_with(">>>>>>> theirs\n"));
    }
}
