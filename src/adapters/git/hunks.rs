//! Excerpts of conflicts for people: the colliding files merged once more, in the style `zdiff3`.

use super::merge::Hunk;
use super::oid::to_git2;
use super::path::quote_path;
use crate::domain::id::Oid;

/// Most excerpts of one merge, of one file, lines and bytes of one excerpt.
const MAX_HUNKS: usize = 20;
const MAX_HUNKS_PER_FILE: usize = 3;
const MAX_LINES: usize = 60;
const MAX_LINE: usize = 300;
/// Larger files are not excerpted.
const MAX_FILE: usize = 4 << 20;

/// The three versions of a colliding file; none where a side has no plain file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stages {
    pub(super) base: Option<Oid>,
    pub(super) ours: Option<Oid>,
    pub(super) theirs: Option<Oid>,
}

/// Excerpts of the files that both sides have; files that cannot be read are left out.
pub(super) fn excerpts(repo: &git2::Repository, files: &[(Vec<u8>, Stages)]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    for (path, stages) in files {
        let path = quote_path(path);
        let texts = merged(repo, stages).map(|text| cut(&text)).unwrap_or_default();
        hunks.extend(texts.into_iter().map(|text| Hunk { path: path.clone(), text }));
        if hunks.len() >= MAX_HUNKS {
            hunks.truncate(MAX_HUNKS);
            break;
        }
    }
    hunks
}

fn merged(repo: &git2::Repository, stages: &Stages) -> Option<String> {
    let blob = |id: Option<Oid>| {
        let blob = repo.find_blob(to_git2(id?).ok()?).ok()?;
        (blob.size() <= MAX_FILE && !blob.is_binary()).then(|| blob.content().to_vec())
    };
    let (ours, theirs) = (blob(stages.ours)?, blob(stages.theirs)?);
    let base = blob(stages.base).unwrap_or_default();
    let input = |content| {
        let mut input = git2::MergeFileInput::new();
        input.content(content);
        input
    };
    let mut options = git2::MergeFileOptions::new();
    options.style_zdiff3(true).ancestor_label("base").our_label("ours").their_label("theirs");
    let result =
        git2::merge_file(&input(&base), &input(&ours), &input(&theirs), Some(&mut options)).ok()?;
    Some(String::from_utf8_lossy(result.content()).into_owned())
}

fn cut(text: &str) -> Vec<String> {
    let mut hunks = Vec::new();
    let mut lines = text.lines();
    while hunks.len() < MAX_HUNKS_PER_FILE {
        let Some(first) = lines.by_ref().find(|line| line.starts_with("<<<<<<< ours")) else {
            break;
        };
        let mut hunk = format!("{first}\n");
        for (count, line) in (1..).zip(lines.by_ref()) {
            let last = line.starts_with(">>>>>>> theirs");
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
